# Shared by the integration suites: a state folder of their own, images, and small helpers. A suite begins with
#   load helpers
#   setup_file() { suite_begin; image busybox; }
#   teardown_file() { suite_end; }
# and uses `berth ...` (the program under test on that state folder) in its tests.

suite_begin() {
	export SUITE_DIR
	SUITE_DIR=$(mktemp -d /tmp/berth-test.XXXXXX)
	chmod 0711 "$SUITE_DIR"
	export BERTH_ROOT=$SUITE_DIR/root BERTH_RUN=$SUITE_DIR/run
	export CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/berth-test
	: "${BERTH:?the program under test}"
	export BERTH
}

suite_end() {
	local ids
	ids=$(berth ps -aq --no-trunc 2>/dev/null) && [ -n "$ids" ] && berth rm -f $ids >/dev/null 2>&1
	rm -rf --one-file-system "$SUITE_DIR"
	[ ! -e "$SUITE_DIR" ]
}

berth() { "$BERTH" "$@"; }

# Imports busybox or debian from the cache under its name.
image() { berth import -q "$CACHE/$1.tar" "$1" >/dev/null; }

# Fails with the output of the last `run` unless it exited with $1.
expect_status() {
	[ "$status" -eq "$1" ] || {
		echo "status $status, wanted $1; output:"
		echo "$output"
		return 1
	}
}

# The output contains the text.
expect() {
	[[ $output == *"$1"* ]] || {
		echo "output lacks: $1"
		echo "output: $output"
		return 1
	}
}

refute() {
	[[ $output != *"$1"* ]] || {
		echo "output has: $1"
		echo "output: $output"
		return 1
	}
}

# Repeats a command until it succeeds, at most 10 seconds.
eventually() {
	local i
	for i in $(seq 100); do
		"$@" && return 0
		sleep 0.1
	done
	echo "never came true: $*"
	return 1
}

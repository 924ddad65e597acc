# SPDX-License-Identifier: Apache-2.0
# Streams, terminals, attaching and waiting: what goes in and out of a container, byte for byte.
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
	suite_begin
	image busybox
}
teardown_file() { suite_end; }

pty() { timeout 60 python3 "$BATS_TEST_DIRNAME/streams.py" "$1"; }

@test "streams: 50 MB in and out, unchanged" {
	head -c 50000000 /dev/urandom >"$BATS_TEST_TMPDIR/in"
	berth run --rm -i --log-driver none busybox cat <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
	cat "$BATS_TEST_TMPDIR/in" | "$BERTH" run --rm -i --log-driver none busybox cat | cmp - "$BATS_TEST_TMPDIR/in"
}

@test "streams: the end of input ends the payload's" {
	run timeout 10 sh -c 'echo hi | "$BERTH" run --rm -i busybox cat'
	expect_status 0
	[ "$output" = hi ]
	run timeout 10 sh -c '"$BERTH" run --rm -i busybox cat </dev/null'
	expect_status 0
	run timeout 10 sh -c 'printf skipREST >"$0"; { dd bs=4 count=1 2>/dev/null >&2; exec "$BERTH" run --rm -i busybox cat; } <"$0"' "$BATS_TEST_TMPDIR/f"
	[ "$output" = REST ]
}

@test "streams: a gigabyte costs the monitor no memory" {
	! ldd "$BERTH" | grep -q libasan || skip "the sanitizer's own memory would be counted"
	"$BERTH" run -d --name giga --log-driver none busybox sh -c 'sleep 1; head -c 1000000000 /dev/zero; sleep 30'
	pid=$(berth inspect -f '{{.State.Pid}}' giga)
	monitor=$(awk '{print $4}' "/proc/$pid/stat")
	sleep 4
	kb=$(awk '/^Private_Dirty/ {print $2}' "/proc/$monitor/smaps_rollup")
	berth rm -f giga
	echo "private: $kb kB"
	[ "$kb" -lt 600 ]
}

@test "streams: a line without end is split in the log" {
	berth run --name endless --log-opt max-size=1m busybox sh -c 'head -c 30000000 /dev/zero | tr "\0" x' >/dev/null
	[ "$(berth logs endless | tr -d x | wc -c)" -eq 0 ]
	[ "$(berth logs endless | wc -c)" -gt 500000 ]
	berth rm endless
}

@test "streams: the payload keeps its output when the reader was slow" {
	[ "$("$BERTH" run --rm busybox sh -c 'head -c 2000000 /dev/zero' | { sleep 2; wc -c; })" -eq 2000000 ]
}

@test "streams: a reader that goes away, and a payload that does not care" {
	run timeout 20 sh -c '"$BERTH" run --name nocare busybox sh -c "while :; do echo x; sleep 0.05; done" 2>/dev/null | head -1'
	expect_status 0
	[ "$output" = x ]
	berth rm -f nocare
}

@test "streams: a closed descriptor, a full device" {
	run timeout 10 sh -c '"$BERTH" run --rm busybox sh -c "echo x; exit 3" >&-'
	expect_status 3
	run timeout 10 sh -c '"$BERTH" run --rm busybox sh -c "echo x; exit 4" >/dev/full'
	expect_status 4
}

@test "streams: flags of the caller's descriptors stay" {
	run python3 - <<'PY'
import fcntl, os, subprocess
r, w = os.pipe()
subprocess.run([os.environ["BERTH"], "run", "--rm", "busybox", "echo", "x"], stdout=w, check=True)
assert not fcntl.fcntl(w, fcntl.F_GETFL) & os.O_NONBLOCK
PY
	expect_status 0
}

@test "attach: output, input, status; several at once" {
	berth run -d -i --name att busybox sh -c 'while read l; do echo "got $l"; [ "$l" = q ] && exit 7; done'
	timeout 20 "$BERTH" attach --no-stdin att >"$BATS_TEST_TMPDIR/one" &
	one=$!
	eventually sh -c 'sleep 0.3; true'
	run timeout 20 sh -c '{ echo a; sleep 0.3; echo q; sleep 0.5; } | "$BERTH" attach att'
	expect "got a"
	expect_status 7
	status=0
	wait $one || status=$?
	[ "$status" -eq 7 ]
	grep -q 'got a' "$BATS_TEST_TMPDIR/one"
	run berth attach att
	expect_status 125
	expect "is not running"
}

@test "attach: a stuck client is dropped, the container goes on" {
	berth run -d --name stuck --log-driver none busybox sh -c 'sleep 1; head -c 3000000 /dev/zero; echo through > /done; sleep 100'
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo" # nobody reads it
	timeout 60 "$BERTH" attach stuck >"$BATS_TEST_TMPDIR/fifo" 7>&- &
	for i in $(seq 30); do
		[ "$(berth exec stuck cat /done 2>/dev/null)" = through ] && break
		sleep 1
	done
	[ "$(berth exec stuck cat /done)" = through ]
	exec 7>&-
	berth rm -f stuck
	wait
}

@test "attach: garbage on the socket harms nothing" {
	berth run -d --name fuzz busybox sleep 100
	id=$(berth inspect -f '{{.Id}}' fuzz)
	run python3 - "$BERTH_RUN/containers/$id/attach" <<'PY'
import os, socket, sys
os.chdir(os.path.dirname(sys.argv[1]))
for i in range(200):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("attach")
    try:
        for _ in range(3):
            s.send(os.urandom(1 + i * 80))
    except OSError:
        pass
    s.close()
assert os.stat(sys.argv[1]).st_mode & 0o777 == 0o600
keep = []
for i in range(100):  # more than it takes
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("attach")
    keep.append(s)
PY
	expect_status 0
	berth exec fuzz true
	timeout 20 "$BERTH" stop -t 0 fuzz
	[ "$(berth inspect -f '{{.State.ExitCode}}' fuzz)" -eq 137 ]
}

@test "wait: many waiters, --rm containers too" {
	berth run -d --rm --name ww busybox sh -c 'sleep 1; exit 12'
	for i in 1 2 3; do
		timeout 20 "$BERTH" wait ww >"$BATS_TEST_TMPDIR/w$i" &
	done
	wait
	[ "$(cat "$BATS_TEST_TMPDIR"/w?)" = $'12\n12\n12' ]
	run berth inspect ww
	[ "$status" -ne 0 ]
}

@test "start --attach loses nothing" {
	berth create --name sa busybox sh -c 'echo at once; exit 5' >/dev/null
	for i in 1 2 3; do
		run timeout 20 "$BERTH" start -a sa
		expect_status 5
		[ "$output" = "at once" ]
	done
	[ "$(berth logs sa | wc -l)" -eq 3 ]
}

@test "pause and unpause" {
	berth run -d --name pz busybox sh -c 'i=0; while :; do i=$((i+1)); echo $i > /n; sleep 0.05; done'
	sleep 0.5
	berth pause pz
	expect_paused=$(berth ps --format '{{.Status}}' --filter name=pz)
	[[ $expect_paused == *Paused* ]]
	run berth exec pz true
	expect "is paused"
	run berth pause pz
	expect "already paused"
	berth unpause pz
	berth exec pz true
	berth pause pz
	timeout 20 "$BERTH" kill pz
	[ "$(berth inspect -f '{{.State.Running}}' pz)" = false ]
}

@test "exec: streams, status, signals" {
	berth run -d --name box busybox sleep 1000
	run timeout 10 sh -c 'printf "a\0b" | "$BERTH" exec -i box cat | od -c | head -1'
	expect 'a  \0   b'
	run berth exec box sh -c 'echo out; echo err >&2; exit 6'
	expect_status 6
	expect out
	expect err
	run berth exec box sh -c 'kill -9 $$'
	expect_status 137
	head -c 5000000 /dev/urandom >"$BATS_TEST_TMPDIR/in"
	berth exec -i box cat <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" # files are pumped, never handed over
	cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
	run sh -c '"$BERTH" exec box sh -c "ls -l /proc/self/fd/1" >"$0"; cat "$0"' "$BATS_TEST_TMPDIR/ls"
	expect pipe:
	run berth exec -d box sh -c 'echo yes > /made; sleep 1000'
	expect_status 0
	eventually sh -c '[ "$("$BERTH" exec box cat /made)" = yes ]'
	run -127 berth exec box nosuch
	run berth exec -w relative box true
	expect_status 125
}

@test "terminal: sizes and keys" { pty sizes_and_keys; }
@test "terminal: detach and attach" { pty detach_and_attach; }
@test "terminal: Ctrl-C without a tty goes to the container" {
	pty interrupts
	berth rm -f deaf
}
@test "terminal: the keyboard without a tty" { pty keyboard_without_tty; }
@test "terminal: all output before the end" { pty all_output; }
@test "terminal: exec" {
	pty exec_terminal
	eventually sh -c '[ "$("$BERTH" exec box cat /detached)" = "done" ]'
}

#!/usr/bin/env bats
# SIGKILL at any point, damaged state, full disks: the next command copes.
load helpers

setup_file() {
	suite_begin
	image busybox
}
teardown_file() { suite_end; }

monitor_of() { berth inspect -f '{{.State.MonitorPid}}' "$1"; }

@test "killed monitor: told, and removed with everything in it" {
	berth run -d --name orphan busybox sh -c 'sleep 4321 & sleep 4321'
	kill -9 "$(monitor_of orphan)"
	sleep 0.5
	run berth ps -a
	expect orphan
	refute "Up "
	[ "$(berth inspect -f '{{.State.Running}}' orphan)" = false ]
	berth rm -f orphan
	! pgrep -f '[s]leep 4321'
	[ -z "$(berth ps -aq)" ]
}

@test "killed command line: the container goes on and can be stopped" {
	"$BERTH" run --name fg busybox sleep 5432 &
	cli=$!
	eventually sh -c '[ -n "$("$BERTH" ps -q --filter name=fg)" ]'
	kill -9 $cli
	sleep 0.5
	[ "$(berth inspect -f '{{.State.Running}}' fg)" = true ]
	berth rm -f fg
	! pgrep -f '[s]leep 5432'
}

@test "killed command line at random moments of run: rm -f or the next command cleans up" {
	for i in $(seq 40); do
		"$BERTH" run --rm --name rnd$i busybox sleep 6543 >/dev/null 2>&1 &
		cli=$!
		sleep "0.0$(printf %03d $((RANDOM % 30)))"
		kill -9 $cli 2>/dev/null || true
		wait $cli 2>/dev/null || true
	done
	sleep 0.5
	ids=$(berth ps -aq --no-trunc)
	[ -z "$ids" ] || berth rm -f $ids
	[ -z "$(berth ps -aq)" ]
	eventually sh -c '! pgrep -f "[s]leep 6543"'
	[ -z "$(ls -A "$BERTH_ROOT/containers")" ]
	berth run --rm busybox true
}

# Monitors of this suite, and of no other that runs at the same time; their inits have the same name until they execute.
our_monitors() {
	local p
	for p in $(pgrep -x berth-monitor); do
		grep -qzxF "BERTH_ROOT=$BERTH_ROOT" "/proc/$p/environ" 2>/dev/null && echo "$p"
	done
}

@test "killed monitor at random moments" {
	for i in $(seq 20); do
		"$BERTH" run -d --name mon$i busybox sleep 7654 >/dev/null 2>&1 &
		cli=$!
		sleep "0.0$(printf %03d $((RANDOM % 30)))"
		kill -9 $(our_monitors) 2>/dev/null || true
		wait $cli 2>/dev/null || true
	done
	ids=$(berth ps -aq --no-trunc)
	[ -z "$ids" ] || berth rm -f $ids
	eventually sh -c '! pgrep -f "[s]leep 7654"'
	[ -z "$(berth ps -aq)" ]
	[ -z "$(ls -A "$BERTH_ROOT/containers")" ]
}

@test "killed load and import leave nothing that counts" {
	for i in $(seq 8); do
		"$BERTH" import -q "$CACHE/debian.tar" big >/dev/null 2>&1 &
		pid=$!
		sleep "0.$((RANDOM % 6 + 1))"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
	done
	sleep 1
	berth rmi -f big >/dev/null 2>&1 || true
	berth import -q "$CACHE/debian.tar" big >/dev/null
	[ "$(berth run --rm big cat /etc/hostname | wc -l)" -eq 1 ]
	berth rmi big
	[ "$(ls "$BERTH_ROOT/layers" | wc -l)" -eq 1 ]
}

@test "damaged database: named, no crash" {
	mkdir "$BATS_TEST_TMPDIR/root"
	head -c 8192 /dev/urandom >"$BATS_TEST_TMPDIR/root/berth.db"
	run env BERTH_ROOT="$BATS_TEST_TMPDIR/root" BERTH_RUN="$BATS_TEST_TMPDIR/run" "$BERTH" ps
	expect_status 125
	expect berth.db
	[ "${#lines[@]}" -eq 1 ]
}

@test "damaged container folder: named, removable" {
	id=$(berth create --name broken busybox true)
	rm -rf "$BERTH_ROOT/containers/$id"
	run berth start broken
	expect_status 125
	berth rm broken
	[ -z "$(berth ps -aq)" ]
}

@test "run --rm: the folder is gone at once, its remains soon, a killed monitor's by the next list" {
	for i in 1 2 3; do
		berth run --rm busybox sh -c 'mkdir -p /a/b/c; echo x >/a/b/c/d'
		[ -z "$(ls -A "$BERTH_ROOT/containers")" ]
	done
	eventually sh -c '[ -z "$(ls -A "$BERTH_ROOT/gone")" ]'
	mkdir -p "$BERTH_ROOT/gone/$(printf '%064d' 7)/upper/deep"
	berth ps >/dev/null
	[ -z "$(ls -A "$BERTH_ROOT/gone")" ]
}

@test "full disk: clear error, nothing left" {
	mkdir "$BATS_TEST_TMPDIR/small"
	mount -t tmpfs -o size=3m tmpfs "$BATS_TEST_TMPDIR/small"
	run env BERTH_ROOT="$BATS_TEST_TMPDIR/small/root" BERTH_RUN="$BATS_TEST_TMPDIR/run2" "$BERTH" import -q "$CACHE/debian.tar" x
	st=$status out=$output
	umount "$BATS_TEST_TMPDIR/small"
	status=$st output=$out
	expect_status 125
	expect "No space left"
}

@test "few descriptors: clear error" {
	run sh -c 'ulimit -n 12; "$BERTH" run --rm busybox true'
	[ "$status" -eq 125 ] || [ "$status" -eq 0 ]
	[ -z "$(berth ps -aq)" ]
}

@test "a start that was killed before its row: its folder and its groups, below any parent, go with the next command" {
	id=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
	berth run --rm busybox true
	mkdir "$BERTH_ROOT/containers/$id"
	ln -s /berth-test-parent "$BERTH_ROOT/containers/$id/cgroup-parent"
	group=/sys/fs/cgroup/pids
	[ -d "$group" ] || group=/sys/fs/cgroup
	mkdir -p "$group/berth-test-parent/$id"
	berth ps
	[ ! -e "$group/berth-test-parent/$id" ]
	[ ! -e "$BERTH_ROOT/containers/$id" ]
	rmdir "$group/berth-test-parent"
}

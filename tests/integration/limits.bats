#!/usr/bin/env bats
# Resource limits: applied, told, and hit.
load helpers

setup_file() {
	suite_begin
	image busybox
}
teardown_file() { suite_end; }

# A file of the container's own cgroup, v1 controller $1 or v2.
cg() {
	local pid=$1 controller=$2 file=$3 path
	path=$(awk -F: -v c="$controller" '$2 ~ "(^|,)"c"(,|$)" {print $3}' "/proc/$pid/cgroup")
	if [ -n "$path" ]; then cat "/sys/fs/cgroup/$controller$path/$file"; else cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/$file"; fi
}

@test "limits: written to the cgroup" {
	berth run -d --name l1 -m 64m --memory-swap 64m --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 --pids-limit 77 busybox sleep 100
	pid=$(berth inspect -f '{{.State.Pid}}' l1)
	if [ -d /sys/fs/cgroup/memory ]; then
		[ "$(cg "$pid" memory memory.limit_in_bytes)" = 67108864 ]
		[ "$(cg "$pid" cpu cpu.cfs_quota_us)" = 50000 ]
		[ "$(cg "$pid" cpu cpu.shares)" = 512 ]
		[ "$(cg "$pid" cpuset cpuset.cpus)" = 0 ]
	else
		[ "$(cg "$pid" memory memory.max)" = 67108864 ]
		[ "$(cg "$pid" cpu cpu.max)" = "50000 100000" ]
	fi
	[ "$(cg "$pid" pids pids.max)" = 77 ]
	berth rm -f l1
}

@test "limits: the default number of processes" {
	berth run -d --name l2 busybox sleep 100
	pid=$(berth inspect -f '{{.State.Pid}}' l2)
	[ "$(cg "$pid" pids pids.max)" = 2048 ]
	berth rm -f l2
}

@test "limits: the OOM killer strikes inside only, and is told" {
	run berth run --name oom -m 32m --memory-swap 32m busybox sh -c 'head -c 200m /dev/zero | tail -c 150m | wc -c'
	[ "$status" -ne 0 ] || [ "$(berth inspect -f '{{.State.OOMKilled}}' oom)" = true ]
	[ "$(berth inspect -f '{{.State.OOMKilled}}' oom)" = true ]
	berth rm oom
}

@test "limits: a fork bomb stays inside" {
	run timeout 60 "$BERTH" run --rm --pids-limit 30 busybox sh -c 'i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done; wait' 
	expect "fork"
	berth run -d --name bomb --pids-limit 50 busybox sh -c 'b() { b | b & }; while :; do b 2>/dev/null; done'
	sleep 1
	berth rm -f bomb
	[ -z "$(berth ps -aq)" ]
}

@test "limits: impossible ones are refused with the reason" {
	run berth run --rm -m 1m busybox true
	expect_status 125
	expect 6
	run berth run --rm -m 64m --memory-swap 32m busybox true
	expect_status 125
	run berth run --rm --cpuset-cpus 999 busybox true
	expect_status 125
	expect 999
	run berth run --rm --cpus 1000 busybox true
	expect_status 125
	expect CPU
	run berth run --rm --cpuset-cpus nonsense busybox true
	expect_status 125
	[ -z "$(berth ps -aq)" ]
}

@test "limits: a parent group of one's own" {
	run berth run --rm --cgroup-parent /berth-test-parent --cgroupns host busybox cat /proc/self/cgroup
	expect_status 0
	expect /berth-test-parent/
	for d in /sys/fs/cgroup/*/berth-test-parent /sys/fs/cgroup/berth-test-parent; do [ ! -d "$d" ] || rmdir "$d"; done
}

@test "limits: stats count" {
	berth run -d --name st -m 64m busybox sh -c 'while :; do :; done'
	sleep 1
	run berth stats --no-stream --format '{{.CPUPerc}} {{.PIDs}}' st
	expect_status 0
	[ "${output%%.*}" -gt 10 ]
	berth rm -f st
}

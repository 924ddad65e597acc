#!/usr/bin/env bats
# A container's life in the background: names, lists, logs, exec, signals, ends.
load helpers

setup_file() {
	suite_begin
	image busybox
}
teardown_file() { suite_end; }
teardown() {
	local ids
	ids=$(berth ps -aq --no-trunc)
	[ -z "$ids" ] || berth rm -f $ids >/dev/null
}

@test "detached: id, ps, logs, wait, rm" {
	run berth run -d --name web busybox sh -c 'echo one; echo two >&2; sleep 0.3; exit 3'
	expect_status 0
	[ "${#output}" -eq 64 ]
	run berth ps
	expect web
	expect busybox
	expect Up
	run berth wait web
	[ "$output" = 3 ]
	run berth logs web
	expect one
	expect two
	[ "$(berth logs web 2>/dev/null)" = one ]
	run berth ps
	refute web
	run berth ps -a
	expect "Exited (3)"
	run berth rm web
	[ "$output" = web ]
	run berth logs web
	expect_status 125
	expect "web"
}

@test "names: taken, malformed, made up, prefixes of ids" {
	id=$(berth create --name n1 busybox true)
	run berth create --name n1 busybox true
	expect_status 125
	expect n1
	[ "${#lines[@]}" -eq 1 ]
	run berth create --name 'bad/name' busybox true
	expect_status 125
	run berth create --name '../x' busybox true
	expect_status 125
	berth inspect "${id:0:8}" >/dev/null
	run berth inspect nosuch
	expect_status 125
	expect nosuch
	berth create busybox true
	berth create busybox true
	[ "$(berth ps -a --format '{{.Names}}' | sort -u | wc -l)" -eq 3 ]
	berth rename n1 n2
	berth inspect n2 >/dev/null
	run berth inspect n1
	expect_status 125
}

@test "create and start, and start again" {
	berth create --name again busybox sh -c 'date +%s%N >>/times; cat /times | wc -l'
	[ "$(berth ps -a --filter name=again --format '{{.State}}')" = created ]
	run berth start -a again
	[ "$output" = 1 ]
	run berth start -a again
	[ "$output" = 2 ]
	[ "$(berth inspect -f '{{.State.Status}} {{.State.ExitCode}}' again)" = "exited 0" ]
	berth run -d --name running busybox sleep 100
	run berth rm running
	expect_status 125
	expect "running"
	berth rm -f running
}

@test "stop: asks, then kills; kill: only what runs" {
	berth run -d --name polite busybox sh -c 'trap "exit 4" TERM; while :; do sleep 0.05; done'
	eventually sh -c '"$BERTH" exec polite true'
	sleep 0.3
	berth stop polite
	[ "$(berth inspect -f '{{.State.ExitCode}}' polite)" = 4 ]
	berth run -d --name deaf --stop-timeout 1 busybox sh -c 'trap "" TERM; while :; do sleep 0.05; done'
	sleep 0.3
	time berth stop deaf
	[ "$(berth inspect -f '{{.State.ExitCode}}' deaf)" = 137 ]
	berth stop deaf
	run berth kill deaf
	expect_status 125
	expect "not running"
	berth run -d --name sig --stop-signal USR1 busybox sh -c 'trap "exit 6" USR1; while :; do sleep 0.05; done'
	sleep 0.3
	berth stop sig
	[ "$(berth inspect -f '{{.State.ExitCode}}' sig)" = 6 ]
	berth run -d --name k busybox sleep 100
	berth kill -s KILL k
	[ "$(berth wait k)" = 137 ]
	run berth kill -s NOSUCH k
	expect_status 125
}

@test "exec: in the container's namespaces, with its limits and status" {
	berth run -d --name ex -e A=fromrun --hostname exhost --pids-limit 50 busybox sleep 100
	run berth exec ex sh -c 'hostname; echo $A; exit 9'
	expect_status 9
	[ "${lines[0]}" = exhost ]
	[ "${lines[1]}" = fromrun ]
	run berth exec -u app -w /tmp -e B=2 ex sh -c 'id -u; pwd; echo $B; echo $HOME'
	[ "${lines[0]}" = 1000 ]
	[ "${lines[1]}" = /tmp ]
	[ "${lines[2]}" = 2 ]
	run sh -c 'echo piped | "$BERTH" exec -i ex cat'
	[ "$output" = piped ]
	run berth exec ex nosuch
	expect_status 127
	run berth exec ex /etc/passwd
	expect_status 126
	run berth exec ex grep -E 'CapEff|Seccomp:' /proc/self/status
	expect 00000000800405fb
	expect "2"
	run berth exec ex sh -c 'cat /proc/self/cgroup | grep pids'
	[ "$output" = "$(berth exec ex sh -c 'cat /proc/1/cgroup | grep pids')" ]
	run berth exec -d ex sh -c 'echo x >/made'
	expect_status 0
	eventually berth exec ex test -f /made
	run berth exec nosuch true
	expect_status 125
	berth stop -t 0 ex
	run berth exec ex true
	expect_status 125
	expect "not running"
}

@test "exec: the payload cannot reach our files through it" {
	berth run -d --name ex2 busybox sleep 100
	run berth exec ex2 sh -c 'ls -l /proc/self/fd; ls -l /proc/self/exe'
	refute "$BERTH_ROOT"
	refute berth
}

@test "logs: tail, follow, since, timestamps, long lines" {
	berth run -d --name lg busybox sh -c 'for i in 1 2 3; do echo line$i; done; sleep 1; echo late'
	sleep 0.3
	run berth logs -n 2 lg
	expect line3
	refute line1
	run timeout 10 "$BERTH" logs -f lg
	expect_status 0
	expect line1
	expect late
	run berth logs -t lg
	expect "Z line1"
	run berth logs --since 1h lg
	expect late
	run berth logs --until 1h lg
	[ -z "$output" ]
	berth run --name long busybox sh -c 'head -c 200000 /dev/zero | tr "\0" x' >/dev/null
	[ "$(berth logs long | wc -c)" -eq 200000 ]
}

@test "logs: rotation keeps the newest" {
	berth run --name rot --log-opt max-size=20k --log-opt max-file=2 busybox sh -c 'i=0; while [ $i -lt 2000 ]; do echo "line number $i"; i=$((i+1)); done' >/dev/null
	run berth logs rot
	expect "line number 1999"
	refute "line number 5
"
	[ "$(du -sb "$BERTH_ROOT/containers/$(berth inspect -f '{{.Id}}' rot)/log"* | awk '{s+=$1} END {print s}')" -lt 70000 ]
}

@test "ps: filters and formats" {
	berth run -d --name f1 -l team=a busybox sleep 100
	berth create --name f2 -l team=b busybox true
	[ "$(berth ps -a --filter label=team=a --format '{{.Names}}')" = f1 ]
	[ "$(berth ps -a --filter label=team --format '{{.Names}}' | wc -l)" -eq 2 ]
	[ "$(berth ps -a --filter status=created --format '{{.Names}}')" = f2 ]
	[ "$(berth ps --filter ancestor=busybox --format '{{.Names}}')" = f1 ]
	[ "$(berth ps -aq | wc -l)" -eq 2 ]
	berth ps -a --format json | python3 -c 'import json,sys; [json.loads(l) for l in sys.stdin]'
	run berth ps -a --format 'table {{.Names}}\t{{.State}}'
	expect NAMES
	run berth ps --filter nosuch=1
	expect_status 125
	run berth ps --format '{{.Nope'
	expect_status 125
}

@test "inspect: JSON as Docker shapes it" {
	berth run -d --name insp -m 64m --cpus 0.5 -e A=b -v "$BATS_TEST_TMPDIR:/mnt:ro" busybox sleep 100
	berth inspect insp | python3 -c '
import json,sys
d=json.load(sys.stdin)[0]
assert d["Name"]=="/insp", d["Name"]
assert d["State"]["Running"] is True and d["State"]["Pid"]>0
assert d["HostConfig"]["Memory"]==64<<20
assert d["HostConfig"]["NanoCpus"]==500000000
assert "A=b" in d["Config"]["Env"]
assert d["Path"]=="sleep" and d["Args"]==["100"]
m=d["Mounts"][0]
assert m["Destination"]=="/mnt" and m["RW"] is False
'
	[ "$(berth inspect -f '{{json .State.Running}}' insp)" = true ]
	berth inspect busybox | python3 -c 'import json,sys; d=json.load(sys.stdin)[0]; assert d["RepoTags"]==["busybox:latest"], d'
}

@test "top, diff, stats" {
	berth run -d --name t1 busybox sh -c 'echo x >/new; rm /etc/group; echo y >>/etc/passwd; sleep 100'
	sleep 0.3
	run berth top t1
	expect "sleep 100"
	expect PID
	run berth diff t1
	expect "A /new"
	expect "D /etc/group"
	expect "C /etc/passwd"
	expect "C /etc"
	run berth stats --no-stream t1
	expect t1
	run berth pause t1
	expect_status 0
	[ "$(berth inspect -f '{{.State.Status}}' t1)" = paused ]
	berth unpause t1
	[ "$(berth inspect -f '{{.State.Status}}' t1)" = running ]
}

@test "the payload's children end with it" {
	berth run -d --name kids busybox sh -c 'sleep 1234 & sleep 1234 & sleep 0.2'
	berth wait kids
	! pgrep -f 'sleep 1234'
}

@test "32 workers, one name: one winner" {
	for i in $(seq 32); do
		(berth run -d --name race busybox sleep 100 >/dev/null 2>&1 && echo won >>"$BATS_TEST_TMPDIR/won") &
	done
	wait
	[ "$(wc -l <"$BATS_TEST_TMPDIR/won")" -eq 1 ]
	[ "$(berth ps -aq | wc -l)" -eq 1 ]
}

@test "many workers, many names" {
	for i in $(seq 16); do
		berth run --rm --name w$i busybox sh -c "exit $i" &
	done
	wait
	[ -z "$(berth ps -aq)" ]
}

#!/usr/bin/env bats
# A debootstrapped Debian behaves as in Docker.
load helpers

setup_file() {
	suite_begin
	image debian
	image busybox
}
teardown_file() { suite_end; }

@test "debian: apt, perl, python3, su, limits" {
	run berth run --rm -m 256m --cpus 0.5 --pids-limit 100 debian bash -c 'apt-get --version | head -1; apt list 2>/dev/null | head -3; perl -e "print 6*7, qq(\n)"; python3 -c "print(6*7)"'
	expect_status 0
	expect "apt 2."
	expect 42
	run berth run --rm debian su nobody -s /bin/sh -c 'id -un; exit 3'
	expect_status 3
	[ "${lines[0]}" = nobody ]
	run berth run --rm debian bash -c 'echo $BASH_VERSION; hostname; cat /etc/debian_version'
	expect_status 0
}

@test "debian: file capabilities and setuid survive the import" {
	run berth run --rm debian sh -c 'stat -c %a /bin/su /usr/bin/passwd /tmp'
	expect_status 0
	[ "${lines[0]}" = 4755 ]
	[ "${lines[2]}" = 1777 ]
}

@test "terminal: job control, window size, Ctrl-C, Ctrl-D, status" {
	run timeout 120 python3 "$BATS_TEST_DIRNAME/terminal.py" debian bash
	echo "$output"
	expect_status 0
}

@test "terminal: busybox sh" {
	run timeout 60 python3 "$BATS_TEST_DIRNAME/terminal.py" busybox sh
	echo "$output"
	expect_status 0
}

@test "terminal: exec -it, detach keys, attach again" {
	run timeout 60 python3 "$BATS_TEST_DIRNAME/terminal.py" --detach busybox sh
	echo "$output"
	expect_status 0
}

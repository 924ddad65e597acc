#!/usr/bin/env bats
# The command line itself: help, suggestions, exit statuses.
load helpers

setup_file() { suite_begin; }
teardown_file() { suite_end; }

@test "help for every command, from the tables" {
	run berth --help
	expect_status 0
	expect "Common commands:"
	for c in $(berth --help | sed -nE 's/^  ([a-z]+) +[A-Z].*/\1/p'); do
		run berth "$c" --help
		expect_status 0
		expect "Usage:  berth $c"
	done
	run berth help run
	expect "--memory"
	run berth container --help
	expect "berth container COMMAND"
	run berth
	expect_status 0
}

@test "unknown commands and flags get a suggestion" {
	run berth rnu
	expect_status 125
	expect "did you mean 'berth run'"
	run berth run --memroy 1g x
	expect_status 125
	expect "--memory"
	run berth ps --al
	expect_status 125
	expect "--all"
	run berth run
	expect_status 125
	expect "IMAGE"
	run berth rm
	expect_status 125
	run berth --nosuch
	expect_status 125
}

@test "flags in every spelling" {
	[ "$(berth ps -aq --format={{.ID}})" = "" ]
	run berth ps --all=false -q=true
	expect_status 0
	run berth ps --all=maybe
	expect_status 125
	run berth ps extra
	expect_status 125
	run berth logs -n
	expect_status 125
	expect "needs a value"
}

@test "version and info" {
	run berth version
	expect_status 0
	expect "Berth version"
	run berth --version
	expect "berth version"
	run berth version --format '{{.Client.Version}}'
	expect_status 0
	run berth info
	expect_status 0
	expect cgroup
	berth info --format json | python3 -c 'import json,sys; json.load(sys.stdin)'
	[ ! -e /nonexistent ]
}

@test "a closed or full standard output is no crash" {
	run sh -c '"$BERTH" --help >/dev/full'
	expect_status 125
	run sh -c '"$BERTH" version | true'
	expect_status 0
}

@test "control characters in names do not reach the terminal" {
	run berth run "$(printf 'a\033[31mb')" true
	expect_status 125
	[[ $output != *$'\033'* ]]
}

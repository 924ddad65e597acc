#!/usr/bin/env bats
# The built-in image `host`: this machine, copied on write.
load helpers

setup_file() { suite_begin; }
teardown_file() { suite_end; }

@test "host: this machine's programs, without touching its files" {
	run berth run --rm host cat /etc/os-release
	expect_status 0
	[ "$output" = "$(cat /etc/os-release)" ]
	berth run --name hst host sh -c 'echo changed >/etc/berth-test-file; rm -f /etc/debian_version; mkdir -p /opt/berth-test'
	[ ! -e /etc/berth-test-file ]
	[ ! -e /opt/berth-test ]
	run berth diff hst
	expect "A /etc/berth-test-file"
	expect "A /opt/berth-test"
	[ ! -e /etc/debian_version ] || expect "D /etc/debian_version"
	berth rm hst
}

@test "host: never into its own store" {
	run berth run --rm host ls -A "$BERTH_ROOT"
	[ "$status" -ne 0 ] || [ -z "$output" ]
}

@test "host: an own shell by default, pid 1, limits" {
	run sh -c 'echo "echo pid \$\$" | "$BERTH" run -i --rm host'
	expect_status 0
	expect "pid 1"
	run berth run --rm --pids-limit 20 host sh -c 'ls /usr/bin | wc -l; ls -d /home /var /usr'
	expect_status 0
}

@test "host: two at once do not see each other" {
	berth run -d --name host-a host sh -c 'echo a >/tmp/berth-who; sleep 100'
	berth run -d --name host-b host sh -c 'sleep 100'
	sleep 0.3
	run berth exec host-b cat /tmp/berth-who
	[ "$status" -ne 0 ]
	berth rm -f host-a host-b
}

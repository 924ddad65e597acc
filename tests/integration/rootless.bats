#!/usr/bin/env bats
# As an ordinary user with subordinate ids.
load helpers

setup_file() {
	suite_begin
	chmod 0755 "$SUITE_DIR"
	export USER_NAME=berthtest
	getent passwd $USER_NAME >/dev/null && skip "the account $USER_NAME exists"
	useradd -m -d "$SUITE_DIR/home" $USER_NAME
	grep -q "^$USER_NAME:" /etc/subuid || usermod --add-subuids 300000-365535 --add-subgids 300000-365535 $USER_NAME
	chmod 0755 "$SUITE_DIR/home"
	install -o $USER_NAME -m 0700 -d "$SUITE_DIR/xdg"
	cp "$CACHE/busybox.tar" "$SUITE_DIR/busybox.tar"
	chmod 0644 "$SUITE_DIR/busybox.tar"
	# The program must be reachable for the user: a copy with its parts.
	mkdir -p "$SUITE_DIR/bin" "$SUITE_DIR/lib/berth"
	cp "$BERTH" "$SUITE_DIR/bin/berth"
	cp "$(dirname "$BERTH")"/init/berth-init "$(dirname "$BERTH")"/image/berth-codec.so "$SUITE_DIR/lib/berth/"
	chmod -R a+rX "$SUITE_DIR/bin" "$SUITE_DIR/lib"
	as berth import -q "$SUITE_DIR/busybox.tar" busybox
}
teardown_file() {
	as 'ids=$(berth ps -aq); [ -z "$ids" ] || berth rm -f $ids' >/dev/null
	pkill -9 -u "$USER_NAME" || true
	sleep 0.2
	userdel -f $USER_NAME 2>/dev/null
	rm -rf --one-file-system "$SUITE_DIR"
}

as() {
	env -i PATH="$SUITE_DIR/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" HOME="$SUITE_DIR/home" USER=$USER_NAME \
		XDG_RUNTIME_DIR="$SUITE_DIR/xdg" ASAN_OPTIONS="${ASAN_OPTIONS-}" \
		setpriv --reuid=$USER_NAME --regid=$USER_NAME --init-groups --reset-env sh -c "export PATH='$SUITE_DIR/bin:/usr/bin:/bin:/usr/sbin:/sbin' XDG_RUNTIME_DIR='$SUITE_DIR/xdg' HOME='$SUITE_DIR/home' ASAN_OPTIONS='${ASAN_OPTIONS-}'; cd; $*"
}

@test "rootless: run, status, ids" {
	run as berth run --rm --network none busybox sh -c "'id -u; cat /proc/self/uid_map; exit 4'"
	expect_status 4
	[ "${lines[0]}" = 0 ]
	expect 65536
	run as berth run --rm -u app busybox id -u
	[ "${lines[-1]}" = 1000 ]
	run as berth run --rm --network host busybox readlink /proc/self/ns/net
	expect "$(readlink /proc/self/ns/net)"
}

@test "rootless: detached, exec, logs, stop, rm" {
	run as berth run -d --name web busybox sh -c "'echo hello; sleep 100'"
	expect_status 0
	run as berth exec web id -u
	expect_status 0
	run as berth exec -u app web id -u
	[ "${lines[-1]}" = 1000 ]
	run as berth logs web
	expect hello
	run as berth ps
	expect web
	run as berth stop -t 1 web
	expect_status 0
	run as berth rm web
	expect_status 0
}

@test "rootless: a process of another id in the container is killed too" {
	run as berth run -d --name other -u app busybox sleep 100
	expect_status 0
	run as berth rm -f other
	expect_status 0
	! pgrep -f 'sleep 100' -u 300999
}

@test "rootless: limits are applied or refused with the reason, never ignored" {
	run as berth run --rm -m 64m busybox true
	if [ "$status" -ne 0 ]; then
		expect_status 125
		expect cgroup
	fi
}

@test "rootless: files of the image belong to the user's ids, and removal works" {
	run as berth run --rm busybox sh -c "'touch /x; chown 1000:1000 /x; stat -c %u /x'"
	[ "${lines[-1]}" = 1000 ]
	run as berth rmi busybox
	expect_status 0
	[ -z "$(ls -A "$SUITE_DIR/home/.local/share/berth/layers")" ]
	as berth import -q "$SUITE_DIR/busybox.tar" busybox
}

@test "rootless: other users cannot look in" {
	run setpriv --reuid=65534 --clear-groups ls "$SUITE_DIR/home/.local/share/berth/containers"
	[ "$status" -ne 0 ]
}

@test "rootless: the host image, the user's own files copied on write" {
	echo machine >"$SUITE_DIR/home/mine"
	chown "$USER_NAME:$(id -gn $USER_NAME)" "$SUITE_DIR/home/mine"
	run as berth run --name sandbox host sh -c "'cat ~/mine; echo changed >~/mine; touch /etc/berth-test-file; cat /etc/shadow; ls ~/.local/share/berth'"
	[ "${lines[0]}" = machine ]
	expect "Permission denied"
	expect "cannot access"
	[ "$(cat "$SUITE_DIR/home/mine")" = machine ]
	[ ! -e /etc/berth-test-file ]
	run as berth diff sandbox
	expect "C $SUITE_DIR/home/mine"
	expect "A /etc/berth-test-file"
	as berth rm sandbox
}

#!/usr/bin/env bats
# berth run: what a container sees, what it may do, and how it ends.
load helpers

setup_file() {
	suite_begin
	image busybox
}
teardown_file() { suite_end; }

@test "run: a command's output and status" {
	run berth run --rm --network none busybox echo hello
	expect_status 0
	[ "$output" = hello ]
	run berth run --rm busybox sh -c 'exit 7'
	expect_status 7
	# pid 1 of a namespace ignores signals it has no handler for: the shell is not it here
	run berth run --rm --init busybox sh -c 'kill -9 $$'
	expect_status 137
	run berth run --rm --init busybox sh -c 'kill -TERM $$; sleep 1'
	expect_status 143
}

@test "run: stdout and stderr stay apart, in full" {
	berth run --rm busybox sh -c 'echo out; echo err >&2' >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
	[ "$(cat "$BATS_TEST_TMPDIR/o")" = out ]
	[ "$(cat "$BATS_TEST_TMPDIR/e")" = err ]
	n=$(berth run --rm busybox sh -c 'dd if=/dev/zero bs=64k count=320 2>/dev/null' | wc -c)
	[ "$n" -eq $((320 * 65536)) ]
}

@test "run: standard input comes only with -i" {
	run sh -c 'echo hi | "$BERTH" run -i --rm busybox cat'
	expect_status 0
	[ "$output" = hi ]
	run sh -c 'echo hi | "$BERTH" run --rm busybox cat'
	expect_status 0
	[ -z "$output" ]
	n=$(head -c 5000000 /dev/zero | berth run -i --rm busybox wc -c)
	[ "$n" -eq 5000000 ]
}

@test "run: a reader that goes away ends the container" {
	run timeout 20 sh -c '"$BERTH" run --rm busybox yes 2>/dev/null | head -1'
	expect_status 0
	[ "$output" = y ]
}

@test "run: 127 for a command that does not exist, 126 for one that cannot be executed" {
	run berth run --rm busybox /nosuch
	expect_status 127
	expect nosuch
	[ "${#lines[@]}" -eq 1 ]
	run berth run --rm busybox nosuch-command
	expect_status 127
	expect nosuch-command
	run berth run --rm busybox /etc/passwd
	expect_status 126
	run berth run --rm busybox /etc
	expect_status 126
	[ -z "$(berth ps -aq)" ]
}

@test "run: bad input gets one line and 125" {
	run berth run --rm nosuchimage true
	expect_status 125
	[ "${#lines[@]}" -eq 1 ]
	expect nosuchimage
	expect busybox
	run berth run --rm -u nosuchuser busybox true
	expect_status 125
	expect nosuchuser
	[ "${#lines[@]}" -eq 1 ]
	run berth run --rm -m 1k busybox true
	expect_status 125
	run berth run --rm --cpus 9999 busybox true
	expect_status 125
	run berth run --rm --mount type=bind,source=/no/such/folder,target=/x busybox true
	expect_status 125
	expect /no/such/folder
	run berth run --rm --network bridge2 busybox true
	expect_status 125
	run berth run --rm --cap-add NOSUCH busybox true
	expect_status 125
	expect NOSUCH
	run berth run --rm --security-opt seccomp=/no/such busybox true
	expect_status 125
	expect /no/such
	run berth run --rm --ulimit nofile=10:5 busybox true
	expect_status 125
	run berth run --rm --sysctl kernel.panic=1 busybox true
	expect_status 125
	expect kernel.panic
	run berth run --nosuchflag busybox true
	expect_status 125
	expect nosuchflag
	run berth run --hostnam x busybox true
	expect_status 125
	expect hostname
	[ -z "$(berth ps -aq)" ]
}

@test "run: pid 1, an own host name, an empty network" {
	run berth run --rm busybox sh -c 'echo $$; ls /proc | grep -c "^[0-9]"'
	[ "${lines[0]}" = 1 ]
	run berth run --rm --hostname box busybox sh -c 'hostname; cat /etc/hostname; grep box /etc/hosts'
	expect_status 0
	[ "${lines[0]}" = box ]
	[ "${lines[1]}" = box ]
	run berth run --rm --network none busybox sh -c 'ls /sys/class/net; ip addr show lo'
	[ "${lines[0]}" = lo ]
	expect 127.0.0.1
	refute eth0
	run berth run --rm --network host busybox readlink /proc/self/ns/net
	[ "$output" = "$(readlink /proc/self/ns/net)" ]
	host_ns=$(readlink /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/mnt /proc/self/ns/pid)
	run berth run --rm busybox sh -c 'for n in ipc uts mnt pid; do readlink /proc/self/ns/$n; done'
	for n in "${lines[@]}"; do [[ $host_ns != *"$n"* ]]; done
}

@test "run: namespaces of the host on request" {
	run berth run --rm --pid host --ipc host --uts host --cgroupns host busybox sh -c 'for n in pid ipc uts cgroup; do readlink /proc/self/ns/$n; done'
	expect_status 0
	for n in pid ipc uts cgroup; do expect "$(readlink /proc/self/ns/$n)"; done
}

@test "run: namespaces of another container" {
	berth run -d --name target busybox sleep 100
	pid=$(berth inspect -f '{{.State.Pid}}' target)
	run berth run --rm --network container:target --pid container:target --ipc container:target busybox sh -c 'for n in net pid ipc; do readlink /proc/self/ns/$n; done; ps'
	expect_status 0
	for n in net pid ipc; do expect "$(readlink /proc/$pid/ns/$n)"; done
	expect "sleep 100"
	berth rm -f target
}

@test "run: environment, files of it, and the caller's" {
	printf '# comment\nA=1\n\nB=two words\n' >"$BATS_TEST_TMPDIR/env"
	FROM_HOST=yes run berth run --rm --env-file "$BATS_TEST_TMPDIR/env" -e C=3 -e FROM_HOST -e NOT_SET_ANYWHERE busybox env
	expect_status 0
	expect A=1
	expect "B=two words"
	expect C=3
	expect FROM_HOST=yes
	refute NOT_SET_ANYWHERE
	expect HOME=/root
	expect PATH=
	expect HOSTNAME=
}

@test "run: users and groups by name and number" {
	run berth run --rm -u app busybox id
	expect "uid=1000(app) gid=1000(app) groups=50(staff),1000(app)"
	run berth run --rm -u 1234 busybox id
	expect "uid=1234 gid=0"
	run berth run --rm -u 1000:50 busybox sh -c 'id; echo $HOME'
	[[ $output =~ uid=1000(\(app\))?\ gid=50(\(staff\))? ]]
	expect /home/app
	run berth run --rm --group-add staff --group-add 4242 busybox id -G
	expect "50"
	expect "4242"
	run berth run --rm -u 4294967295 busybox id
	expect_status 125
	run berth run --rm -u -1 busybox id
	expect_status 125
}

@test "run: working folder, made if it is missing" {
	run berth run --rm -w /a/b/c busybox pwd
	expect_status 0
	[ "$output" = /a/b/c ]
	run berth run --rm -w relative busybox pwd
	expect_status 125
}

@test "run: capabilities: the default set, added, dropped, privileged" {
	run berth run --rm busybox grep CapEff /proc/self/status
	expect 00000000800405fb
	run berth run --rm busybox grep -E 'Cap(Inh|Amb)' /proc/self/status
	[ "$(echo "$output" | grep -c 0000000000000000)" -eq 2 ]
	run berth run --rm --cap-drop ALL busybox grep CapEff /proc/self/status
	expect 0000000000000000
	run berth run --rm --cap-drop all --cap-add net_raw busybox grep CapEff /proc/self/status
	expect 0000000000002000
	run berth run --rm --cap-add CAP_SYS_TIME busybox grep CapBnd /proc/self/status
	expect 00000000820405fb
	run berth run --rm -u app busybox grep CapEff /proc/self/status
	expect 0000000000000000
}

@test "run: the default seccomp profile denies, unconfined does not" {
	run berth run --rm busybox grep Seccomp: /proc/self/status
	expect 2
	run berth run --rm busybox unshare -m true
	[ "$status" -ne 0 ]
	run berth run --rm --security-opt seccomp=unconfined busybox grep Seccomp: /proc/self/status
	expect "0"
	cat >"$BATS_TEST_TMPDIR/p.json" <<-J
		{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}
	J
	run berth run --rm --security-opt seccomp="$BATS_TEST_TMPDIR/p.json" busybox mkdir /x
	[ "$status" -ne 0 ]
	expect "No space left"
}

@test "run: no new privileges" {
	run berth run --rm --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status
	expect 1
	run berth run --rm busybox grep NoNewPrivs /proc/self/status
	expect 0
}

@test "run: privileged has everything" {
	run berth run --rm --privileged busybox sh -c 'grep Seccomp: /proc/self/status; mkdir -p /m && mount -t tmpfs t /m && echo mounted; ls /dev | wc -l'
	expect_status 0
	expect mounted
}

@test "run: masked and read-only paths of /proc and /sys" {
	run berth run --rm busybox sh -c 'cat /proc/timer_list | wc -c; ls /sys/firmware | wc -l; echo 1 >/proc/sys/kernel/panic'
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = 0 ]
	[ "$status" -ne 0 ]
	run berth run --rm busybox sh -c 'touch /sys/x'
	[ "$status" -ne 0 ]
	run berth run --rm busybox sh -c 'echo b > /proc/sysrq-trigger'
	[ "$status" -ne 0 ]
}

@test "run: /dev has what it should and no more" {
	run berth run --rm busybox sh -c 'for d in null zero full random urandom tty; do test -c /dev/$d || echo missing $d; done; ls -l /dev/fd /dev/stdin /dev/ptmx; test -e /dev/kmsg && echo kmsg; test -e /dev/mem && echo mem; true'
	expect_status 0
	refute missing
	refute kmsg
	refute "mem"
	expect /proc/self/fd
	run berth run --rm --cap-add MKNOD busybox sh -c 'mknod /tmp/d b 254 0 && cat /tmp/d'
	[ "$status" -ne 0 ]
}

@test "run: a device on request" {
	run berth run --rm --device /dev/zero:/dev/nought:r busybox sh -c 'head -c 4 /dev/nought | wc -c'
	expect_status 0
	[ "$output" = 4 ]
	run berth run --rm --device /dev/nosuch busybox true
	expect_status 125
	expect /dev/nosuch
}

@test "run: binds, read-only binds, files, and what is missing" {
	mkdir -p "$BATS_TEST_TMPDIR/src"
	echo data >"$BATS_TEST_TMPDIR/src/f"
	run berth run --rm -v "$BATS_TEST_TMPDIR/src:/mnt" busybox sh -c 'cat /mnt/f; echo new >/mnt/g'
	expect_status 0
	expect data
	[ "$(cat "$BATS_TEST_TMPDIR/src/g")" = new ]
	run berth run --rm -v "$BATS_TEST_TMPDIR/src:/mnt:ro" busybox sh -c 'echo no >/mnt/h'
	[ "$status" -ne 0 ]
	[ ! -e "$BATS_TEST_TMPDIR/src/h" ]
	run berth run --rm --mount "type=bind,source=$BATS_TEST_TMPDIR/src/f,target=/etc/file,readonly" busybox cat /etc/file
	[ "$output" = data ]
	run berth run --rm -v "$BATS_TEST_TMPDIR/made:/mnt" busybox true
	expect_status 0
	[ -d "$BATS_TEST_TMPDIR/made" ]
	run berth run --rm -v relative:/x:badoption busybox true
	expect_status 125
}

@test "run: tmpfs, read-only root, shm size" {
	run berth run --rm --tmpfs /scratch:size=1m,mode=700 busybox sh -c 'df -k /scratch | tail -1; stat -c %a /scratch'
	expect_status 0
	expect 1024
	expect 700
	run berth run --rm --read-only busybox sh -c 'touch /x'
	[ "$status" -ne 0 ]
	expect "ead-only"
	run berth run --rm --read-only --tmpfs /tmp busybox touch /tmp/x
	expect_status 0
	run berth run --rm --shm-size 2m busybox sh -c 'df -k /dev/shm | tail -1'
	expect 2048
}

@test "run: volumes: named ones last, anonymous ones go with --rm" {
	berth run --rm -v data1:/data busybox sh -c 'echo kept >/data/f'
	run berth run --rm -v data1:/data:ro busybox cat /data/f
	[ "$output" = kept ]
	run berth run --rm -v data2:/etc busybox cat /etc/passwd
	expect "root:x:0"
	n=$(ls "$BERTH_ROOT/volumes" | wc -l)
	berth run --rm -v /anon busybox touch /anon/x
	[ "$(ls "$BERTH_ROOT/volumes" | wc -l)" -eq "$n" ]
}

@test "run: a hostile image cannot send a mount elsewhere" {
	mkdir -p "$BATS_TEST_TMPDIR/r/bin" "$BATS_TEST_TMPDIR/canary"
	cp /bin/busybox "$BATS_TEST_TMPDIR/r/bin/sh"
	ln -s /../../../../../../../../"$BATS_TEST_TMPDIR/canary" "$BATS_TEST_TMPDIR/r/data"
	tar -C "$BATS_TEST_TMPDIR/r" -cf "$BATS_TEST_TMPDIR/evil.tar" .
	berth import -q "$BATS_TEST_TMPDIR/evil.tar" evil
	mkdir -p "$BATS_TEST_TMPDIR/src"
	berth run --rm --tmpfs /data/x evil sh -c 'true' || true
	berth run --rm -w /data/y evil sh -c 'true' || true
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/canary")" ]
	rm -rf "$BATS_TEST_TMPDIR/r/proc"
	ln -s /tmp "$BATS_TEST_TMPDIR/r/proc"
	tar -C "$BATS_TEST_TMPDIR/r" -cf "$BATS_TEST_TMPDIR/evil2.tar" .
	berth import -q "$BATS_TEST_TMPDIR/evil2.tar" evil2
	run berth run --rm evil2 sh -c true
	expect_status 125
	expect /proc
	berth rmi evil evil2
}

@test "run: ulimits, sysctls, oom score" {
	run berth run --rm --ulimit nofile=123:456 --ulimit core=0 busybox sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
	expect_status 0
	[ "${lines[0]}" = 123 ]
	[ "${lines[1]}" = 456 ]
	[ "${lines[2]}" = 0 ]
	run berth run --rm --sysctl net.ipv4.ip_default_ttl=33 --sysctl kernel.msgmax=9999 busybox cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/msgmax
	[ "${lines[0]}" = 33 ]
	[ "${lines[1]}" = 9999 ]
	run berth run --rm --oom-score-adj 321 busybox cat /proc/self/oom_score_adj
	[ "$output" = 321 ]
}

@test "run: hosts and name servers" {
	run berth run --rm --add-host db:10.1.2.3 --dns 9.9.9.9 --dns-search example.org --dns-option ndots:3 busybox cat /etc/hosts /etc/resolv.conf
	expect "10.1.2.3"
	expect db
	expect "nameserver 9.9.9.9"
	expect "search example.org"
	expect "options ndots:3"
	run berth run --rm --dns not-an-address busybox true
	expect_status 125
}

@test "run: --init reaps and passes signals on" {
	run berth run --rm --init busybox sh -c 'cat /proc/1/comm; exit 5'
	expect_status 5
	expect init
	berth run -d --name initc --init busybox sh -c 'trap "exit 9" TERM; while :; do sleep 0.1; done'
	sleep 0.5
	berth stop -t 5 initc
	[ "$(berth inspect -f '{{.State.ExitCode}}' initc)" = 9 ]
	berth rm initc
}

@test "run: entrypoint, and what the image says" {
	berth import -q -c 'ENTRYPOINT ["echo","from"]' -c 'CMD ["cmd"]' -c 'ENV X=1' -c 'USER app' -c 'WORKDIR /srv' -c 'LABEL a=b' -c 'STOPSIGNAL SIGUSR1' -c 'VOLUME /vol' "$CACHE/busybox.tar" configured
	run berth run --rm configured
	[ "$output" = "from cmd" ]
	run berth run --rm configured other
	[ "$output" = "from other" ]
	run berth run --rm --entrypoint id configured -u
	[ "$output" = 1000 ]
	run berth run --rm --entrypoint sh configured -c 'pwd; echo $X; mount | grep " /vol "'
	[ "${lines[0]}" = /srv ]
	[ "${lines[1]}" = 1 ]
	expect /vol
	run berth run --rm --entrypoint "" configured echo bare
	[ "$output" = bare ]
	berth create --name cfg configured
	[ "$(berth inspect -f '{{index .Config.Labels "a"}}' cfg)" = b ]
	[ "$(berth inspect -f '{{.Config.StopSignal}}' cfg)" = SIGUSR1 ]
	berth rm -v cfg
	berth rmi configured
}

@test "run: user namespace on request" {
	run berth run --rm --userns auto busybox sh -c 'id -u; cat /proc/self/uid_map; touch /x; stat -c %u /x'
	expect_status 0
	[ "${lines[0]}" = 0 ]
	refute "0          0 4294967295"
	[ "${lines[-1]}" = 0 ]
	run berth run --rm --userns host busybox cat /proc/self/uid_map
	expect 4294967295
}

@test "run: no descriptor of ours reaches the payload" {
	run berth run --rm busybox sh -c 'ls /proc/self/fd | wc -l'
	[ "$output" -le 4 ]
	run berth run --rm busybox sh -c 'ls -l /proc/1/fd'
	refute socket
	refute "$BERTH_ROOT"
	refute berth.db
}

@test "run: 100 containers share one copy of the layers" {
	before=$(du -s "$BERTH_ROOT/layers" | cut -f1)
	for i in $(seq 20); do berth run -d --name many$i busybox sleep 100 >/dev/null; done
	[ "$(berth ps -q | wc -l)" -eq 20 ]
	[ "$(du -s "$BERTH_ROOT/layers" | cut -f1)" -eq "$before" ]
	berth rm -f $(berth ps -q) >/dev/null
	[ -z "$(berth ps -aq)" ]
}

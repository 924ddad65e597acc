#!/usr/bin/env bats
# What hostile images and hostile root inside a container try: the engine's own files, the host's devices, mounts, names.
# The attacks are programs (hostile/) that print a line with REACHED for what they got at; every test also shows that the
# attack really ran.
load helpers

setup_file() {
	suite_begin
	export BIN=$SUITE_DIR/bin OUT=$SUITE_DIR/out
	mkdir -p "$BIN" "$OUT"
	# A copy that no other test runs: when the last process of it is gone, nothing keeps it busy.
	cp "$BERTH" "$BIN/berth"
	local part
	for part in init/berth-init image/berth-codec.so berth-init berth-codec.so; do
		[ ! -f "$(dirname "$BERTH")/$part" ] || cp "$(dirname "$BERTH")/$part" "$BIN/"
	done
	export BERTH=$BIN/berth
	hostile_image
	image busybox
	state_of >"$SUITE_DIR/state"
}
teardown_file() {
	state_of | diff "$SUITE_DIR/state" -
	suite_end
}
teardown() {
	[ "$(stat -c '%a %u %g %t:%T' /dev/null)" = "666 0 0 1:3" ] || {
		chmod 666 /dev/null
		chown 0:0 /dev/null
		echo "/dev/null of the host was changed"
		return 1
	}
}

# Content, mode, owner, times of our files: ctime changes with any of them.
state_of() {
	stat -c '%n %i %a %u %g %s %Y %Z' "$BIN"/*
	sha256sum "$BIN"/*
}
unharmed() {
	state_of | diff "$SUITE_DIR/state" - || {
		echo "our own files were changed"
		return 1
	}
	refute REACHED
}

hostile_image() {
	local r=$SUITE_DIR/rootfs loader
	mkdir -p "$r"
	tar -C "$r" -xf "$CACHE/busybox.tar"
	gcc -O2 -static -o "$r/attack" "$BATS_TEST_DIRNAME/hostile/attack.c"
	loader=$(readelf -lW "$BERTH" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
	mkdir -p "$r$(dirname "$loader")"
	gcc -O2 -fPIE -static-pie -nostdlib -ffreestanding -fno-stack-protector -o "$r$loader" "$BATS_TEST_DIRNAME/hostile/loader.c"
	printf '#!/proc/self/exe\n' >"$r/script"
	printf '#!/proc/self/exe run\n' >"$r/script2"
	printf '#!/proc/thread-self/exe\n' >"$r/script3"
	chmod 755 "$r"/script*
	printf 'int main(void) { return 0; }' | gcc -x c -o "$r/interp" -Wl,--dynamic-linker=/proc/self/exe -
	tar -C "$r" -cf "$SUITE_DIR/hostile.tar" .
	rm -rf "$r"
	berth import -q "$SUITE_DIR/hostile.tar" hostile >/dev/null
}

inode() { stat -c %i "$1"; }

# ---- our own program file

@test "program: a payload that is #!/proc/self/exe" {
	for s in /script /script2 /script3; do
		run berth run --rm hostile $s
		expect "kept /proc/self/fd/"
		expect "inode $(inode "$BERTH")" # it is our program that was executed
		expect "chmod: EROFS"
		expect "make its mount writable: EPERM"
		expect "attack over"
		unharmed
	done
}

@test "program: with rights to mount, without a filter, in a user namespace" {
	for how in --privileged "--cap-add SYS_ADMIN --security-opt seccomp=unconfined" "--userns=auto --cap-add SYS_ADMIN"; do
		run berth run --rm $how hostile /script
		expect "inode $(inode "$BERTH")"
		expect "make its mount writable: EINVAL"
		expect "attack over"
		unharmed
	done
}

@test "program: an ELF payload with the interpreter /proc/self/exe" {
	run berth run --rm hostile /interp
	[ "$status" -ne 0 ]
	unharmed
}

@test "program: the environment of the payload is not ours" {
	printf '#include <stdio.h>\n__attribute__((constructor)) static void f(void) { fclose(fopen("%s/loaded", "w")); }' "$OUT" |
		gcc -x c -shared -fPIC -o "$SUITE_DIR/evil.so" -
	run berth run --rm -e LD_PRELOAD="$SUITE_DIR/evil.so" -e LD_LIBRARY_PATH="$SUITE_DIR" -e GCONV_PATH="$SUITE_DIR" busybox true
	expect_status 0
	run berth run --rm --init -e LD_PRELOAD="$SUITE_DIR/evil.so" busybox true
	expect_status 0
	[ ! -e "$OUT/loaded" ]
	unharmed
}

@test "program: the payload outlives the monitor and every process of ours" {
	echo 4 >"$OUT/seconds"
	: >"$OUT/report"
	berth run -d --name patient -v "$OUT/seconds:/seconds:ro" -v "$OUT/report:/report" hostile /script
	sleep 1
	monitor=$(berth inspect -f '{{.State.MonitorPid}}' patient)
	[ "$monitor" -gt 1 ]
	kill -9 "$monitor"
	run berth logs patient
	expect "inode $(inode "$BERTH")"
	unharmed
	pid=$(pgrep -f '^/attack keep' | head -1)
	[ -n "$pid" ]
	eventually sh -c "! fuser -s '$BERTH' 2>/dev/null"
	sleep 1
	unharmed
	eventually sh -c "! kill -0 $pid 2>/dev/null"
	run cat "$OUT/report"
	expect "open for writing: ETXTBSY"
	expect "open for writing: EROFS" # it is not busy any more, and still cannot be written
	unharmed
	berth rm -f patient
	unharmed
}

@test "program: exec of #!/proc/self/exe, and its command line killed" {
	berth run -d --name prey hostile sh -c 'sleep 1000'
	run berth exec prey /script
	expect "inode $(inode "$BERTH")"
	expect "chmod: EROFS"
	unharmed
	berth exec prey sh -c 'echo 3 >/seconds'
	"$BERTH" exec prey /script >"$OUT/exec" &
	cli=$!
	sleep 1
	kill -9 $cli
	sleep 1
	berth exec -d prey /script
	sleep 1
	run cat "$OUT/exec"
	expect "inode $(inode "$BERTH")"
	unharmed
	berth rm -f prey
	unharmed
}

@test "program: a process in the container waits for whoever enters" {
	for caps in "" "--cap-add SYS_PTRACE"; do
		berth run -d --name hunter $caps -e INODE="$(inode "$BERTH")" hostile sh -c '/attack hunt 6 >/log 2>&1; sleep 1000'
		for i in $(seq 25); do
			berth exec hunter true
			"$BERTH" exec -d hunter sleep 0.05
			[ $((i % 5)) -ne 0 ] || { "$BERTH" exec hunter true & sleep 0.00$((RANDOM % 9)); kill -9 $! 2>/dev/null || true; }
		done
		eventually sh -c 'berth() { "$BERTH" "$@"; }; berth exec hunter grep -q "attack over" /log'
		run berth exec hunter cat /log
		expect "attack over"
		[ -z "$caps" ] || expect "found it" # with that right it sees the program, read-only
		unharmed
		berth rm -f hunter
	done
}

@test "program: the init in front" {
	for user in 0 1000; do
		run berth run --rm --init -u $user hostile /attack file /proc/1/exe
		expect "attack over"
		expect "open for writing"
		unharmed
	done
	run berth run --rm --init hostile /attack file /proc/1/exe
	expect "chmod: EROFS"
}

# ---- what else of the host is in sight

@test "host: the null device behind stdin and behind masked files" {
	run berth run --rm hostile /attack file /proc/self/fd/0 /dev/stdin /proc/keys /proc/timer_list
	expect "attack over"
	refute "/proc/keys chmod: done"
	refute "/proc/timer_list chmod: done"
	[ "$(stat -c '%a %u %g' /dev/null)" = "666 0 0" ]
	berth run -d --name idle hostile sleep 1000
	run berth exec idle /attack file /proc/self/fd/0
	expect "chmod: EROFS"
	[ "$(stat -c '%a %u %g' /dev/null)" = "666 0 0" ]
	berth rm -f idle
}

@test "host: no descriptor, working folder or argument of ours" {
	exec 7</etc/hostname 8</
	run berth run --rm busybox sh -c 'ls -l /proc/self/fd | grep -v -e "/proc/[0-9]*/fd" -e total; cat /proc/self/cmdline | tr "\0" " "; ls -l /proc/1/cwd /proc/1/root'
	exec 7<&- 8<&-
	expect_status 0
	refute /etc/hostname
	refute "$SUITE_DIR"
	for fd in 5 6 7 8 9 10 11 12; do
		run berth run --rm -w /proc/self/fd/$fd busybox sh -c 'cd ..; ls -d */berth-test* 2>/dev/null'
		[ "$status" -ne 0 ]
		refute berth-test
	done
	berth run -d --name cwd busybox sleep 1000
	for fd in 5 6 7 8 9 10; do
		run berth exec -w /proc/self/fd/$fd cwd sh -c 'ls -d ../*/berth-test* ../../tmp/berth-test*'
		refute "$SUITE_DIR"
		[ "$status" -ne 0 ]
	done
	berth rm -f cwd
}

@test "mounts: none can be made, changed or taken away; no namespaces" {
	run berth run --rm hostile /attack mounts
	expect "attack over"
	expect "tmpfs: EPERM"
	expect "unshare users: EPERM"
	unharmed
	# With a process's own rights, but the filter left out: the capabilities alone must hold.
	run berth run --rm --security-opt seccomp=unconfined hostile sh -c '/attack mounts | grep -v -e users -e clone -e cgroups'
	expect "attack over"
	unharmed
}

@test "devices: no node can be made, and with the right to make them none opened" {
	run berth run --rm hostile /attack nodes
	expect "mem: EPERM"
	unharmed
	run berth run --rm --cap-add MKNOD hostile /attack nodes
	expect "attack over"
	unharmed
}

@test "terminal: nothing can be typed into it from inside" {
	run timeout 20 script -qec "'$BERTH' run --rm -t hostile /attack tiocsti" /dev/null
	expect "attack over"
	expect "TIOCSTI: EPERM"
	expect "TIOCSTI with high bits: EPERM"
	expect "TIOCLINUX: EPERM"
	unharmed
	run script -qec "'$BERTH' run --rm hostile /attack tiocsti" /dev/null
	unharmed
}

# ---- hostile images

# An image from a folder that fn fills.
trap_image() {
	local r=$BATS_TEST_TMPDIR/$1
	mkdir -p "$r"
	tar -C "$r" -xf "$CACHE/busybox.tar"
	(cd "$r" && "$2")
	tar -C "$r" -cf "$BATS_TEST_TMPDIR/$1.tar" .
	rm -rf "$r"
	berth import -q "$BATS_TEST_TMPDIR/$1.tar" "$1"
}

@test "image: /proc and /sys are links, files or full" {
	canary=$BATS_TEST_TMPDIR/canary
	mkdir -p "$canary"
	linked() { rmdir proc && ln -s "$canary" proc; }
	dotted() { rmdir proc && ln -s ../../../../../../../../tmp proc; }
	filed() { rmdir proc && echo x >proc; }
	sysed() { rmdir sys && ln -s /etc sys; }
	full() { mkdir -p proc/self proc/sys/kernel && echo 1 >proc/sys/kernel/panic && ln -s /etc proc/self/attr; }
	for i in linked dotted filed sysed; do
		trap_image $i $i
		run berth run --rm $i true
		expect_status 125
		[ "${#lines[@]}" -eq 1 ]
	done
	trap_image full full
	run berth run --rm full sh -c 'readlink /proc/self; mount | grep -c "on /proc type proc"'
	expect_status 0
	[ -z "$(ls -A "$canary")" ]
}

@test "image: /dev and what is in it leads elsewhere" {
	canary=$BATS_TEST_TMPDIR/canary
	mkdir -p "$canary"
	devlink() { rmdir dev && ln -s "$canary" dev; }
	inside() { ln -s /etc/passwd dev/null && ln -s /etc/shadow dev/console && mkdir dev/pts && ln -s /etc dev/shm && ln -s "$canary" dev/mqueue; }
	trap_image devlink devlink
	run berth run --rm devlink sh -c 'ls -l /dev/null'
	[ "$status" -eq 125 ] || expect "1,   3"
	trap_image inside inside
	run berth run --rm inside sh -c 'stat -c "%t:%T %F" /dev/null; ls -ld /dev/shm'
	expect_status 0
	expect "1:3 character special file"
	[ -z "$(ls -A "$canary")" ]
}

@test "image: etc/passwd and etc/group that are no files" {
	fifo() { rm etc/passwd && mkfifo etc/passwd; }
	folder() { rm etc/passwd && mkdir etc/passwd; }
	device() { rm etc/passwd && mknod etc/passwd c 1 5; }
	outside() { rm etc/passwd && ln -s ../../../../../../../../etc/shadow etc/passwd; }
	loop() { rm etc/passwd && ln -s passwd etc/passwd; }
	huge() { truncate -s 1G etc/passwd; }
	groups() { rm etc/group && mkfifo etc/group; }
	for i in fifo folder device outside loop groups huge; do
		trap_image $i $i
		run timeout 20 "$BERTH" run --rm -u app $i id
		[ "$status" -eq 125 ] || { [ $i = groups ] && [ "$status" -ne 124 ]; }
		[ "${#lines[@]}" -eq 1 ]
		run timeout 20 "$BERTH" run --rm -u 1000:1000 $i true
		[ "$status" -ne 124 ]
		run timeout 20 "$BERTH" run --rm $i true
		[ "$status" -ne 124 ]
		run timeout 20 "$BERTH" run --rm --group-add staff $i true
		[ "$status" -ne 124 ]
		berth rmi $i
	done
}

@test "image: targets of files that we write" {
	canary=$BATS_TEST_TMPDIR/canary
	mkdir -p "$canary"
	echo safe >"$canary/file"
	targets() {
		rm -f etc/hosts etc/hostname etc/resolv.conf
		ln -s "$canary/file" etc/hosts
		ln -s ../../../../../../../../../"$canary/file" etc/resolv.conf
		mkfifo etc/hostname
	}
	trap_image targets targets
	run timeout 20 "$BERTH" run --rm --add-host x:1.2.3.4 targets sh -c 'echo >>/etc/hosts; echo >>/etc/resolv.conf'
	[ "$status" -ne 124 ]
	[ "$(cat "$canary/file")" = safe ]
	[ "$(ls -A "$canary")" = file ]
}

@test "mounts: targets on a shared volume that another container swaps" {
	canary=$BATS_TEST_TMPDIR/canary
	mkdir -p "$canary"
	berth run --rm -v race:/v hostile sh -c "mkdir -p /v/a /v/t/deep; ln -s ../../../../../../../..$canary /v/b; ln -s / /v/c"
	berth run -d --name swapper -v race:/v hostile sh -c '/attack swap /v/a /v/b 40 & /attack swap /v/t /v/c 40'
	for i in $(seq 30); do
		timeout 20 "$BERTH" run --rm -v race:/v --tmpfs /v/a/sub --tmpfs /v/t/deep -w /v/a/wd busybox true >/dev/null 2>&1 || [ $? -ne 124 ]
		timeout 20 "$BERTH" run --rm -v race:/v -v "$BATS_TEST_TMPDIR:/v/a/x" busybox true >/dev/null 2>&1 || [ $? -ne 124 ]
	done
	berth rm -f swapper
	[ -z "$(ls -A "$canary")" ]
	! grep -q " $canary" /proc/self/mountinfo
	[ ! -e /deep ] && [ ! -e /wd ]
	berth run --rm busybox true
}

# ---- names and numbers

@test "names: of users, out of range or odd" {
	for u in 4294967295 4294967296 -1 18446744073709551616 0x0 "0:4294967295" "0:-1" "1000:99999999999" "a b" "app:" ":" "root:root:root" "1e3" "+1" " 1"; do
		run berth run --rm -u "$u" busybox id -u
		[ "$status" -eq 125 ] || { [ "$u" = app: ] && [ "$output" = 1000 ]; } || { [ "$u" = : ] && [ "$output" = 0 ]; } || {
			echo "-u '$u' gave status $status: $output"
			return 1
		}
	done
	run berth run --rm -u 4294967294 busybox id -u
	[ "$output" = 4294967294 ]
}

@test "names: of containers, labels, variables, files" {
	nl=$'\n'
	for name in "a${nl}b" "../x" "a/b" "" "-x" "a b" ".." "a+b" $'a\x01' "$(printf '%0300d' 1)"; do
		run berth create --name "$name" busybox true
		[ "$status" -eq 125 ] || { echo "name '$name' was taken: $output"; return 1; }
	done
	[ -z "$(berth ps -aq)" ]
	run berth run --rm --hostname "a${nl}b" busybox true
	expect_status 125
	run berth run --rm --hostname ../x busybox true
	expect_status 125
	run berth run --rm --sysctl "net.ipv4.ip_forward=1${nl}kernel.panic=1" busybox true
	expect_status 125
	run berth run --rm --sysctl "net/../kernel/panic=1" busybox true
	expect_status 125
	run berth run --rm --sysctl "net.../../kernel/panic=1" busybox true
	expect_status 125
	run berth run --rm --cgroup-parent ../../x busybox true
	expect_status 125
	run berth run --rm --add-host "x:1.2.3.4${nl}6.6.6.6 y" busybox true
	expect_status 125
	run berth run --rm --dns "9.9.9.9${nl}options x" busybox true
	expect_status 125
	run berth run --rm --dns-search "x${nl}nameserver 6.6.6.6" busybox true
	expect_status 125
	run berth run --rm -v "bad${nl}name:/x" busybox true
	expect_status 125
	# These are values: they are kept as they are.
	berth create --name labelled --label "l=x${nl}y" -e "E=x${nl}y" busybox env
	[ "$(berth inspect -f '{{index .Config.Labels "l"}}' labelled)" = "x${nl}y" ]
	run berth start -a labelled
	expect "E=x${nl}y"
	berth rm labelled
	printf 'A=1\0B=2\n' >"$BATS_TEST_TMPDIR/env"
	run berth run --rm --env-file "$BATS_TEST_TMPDIR/env" busybox env
	refute B=2
	run timeout 10 "$BERTH" run --rm --env-file /dev/zero busybox true
	expect_status 125
}

@test "files: a log, id and pid file that are links stay unfollowed" {
	echo safe >"$BATS_TEST_TMPDIR/victim"
	ln -s "$BATS_TEST_TMPDIR/victim" "$BATS_TEST_TMPDIR/link"
	run berth run --rm --cidfile "$BATS_TEST_TMPDIR/link" busybox true
	expect_status 125
	[ "$(cat "$BATS_TEST_TMPDIR/victim")" = safe ]
	berth run -d --name logged busybox sh -c 'while :; do echo line; sleep 0.1; done'
	mode=$(stat -c %a "$BERTH_ROOT/containers")
	[ "$mode" = 700 ] || [ "$mode" = 711 ] || [ "$mode" = 710 ]
	run find "$BERTH_ROOT" "$BERTH_RUN" -perm /o+w ! -type l ! -path '*/layers/*' ! -path '*/upper/*' ! -path '*/volumes/*' ! -path '*/blobs/*' ! -path '*/root/*/work/*'
	[ -z "$output" ]
	run find "$BERTH_RUN" -type s ! -perm 600
	[ -z "$output" ]
	! grep -q "@.*berth" /proc/net/unix
	berth rm -f logged
}

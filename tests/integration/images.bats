#!/usr/bin/env bats
# Images: import, load in every form, list, tag, remove; and archives that are broken or lie.
load helpers

setup_file() {
	suite_begin
	image busybox
	export MAKE=$SUITE_DIR/archives
	mkdir "$MAKE"
	python3 "$BATS_TEST_DIRNAME/mkimages.py" "$CACHE/busybox.tar" "$MAKE"
}
teardown_file() { suite_end; }

@test "import: from a file, from a pipe, compressed, with changes" {
	run berth import "$CACHE/busybox.tar" t1
	expect_status 0
	[[ $output == sha256:* ]]
	berth import - t2:v1 <"$CACHE/busybox.tar"
	gzip -c "$CACHE/busybox.tar" >"$BATS_TEST_TMPDIR/b.tar.gz"
	berth import "$BATS_TEST_TMPDIR/b.tar.gz" t3
	zstd -q "$CACHE/busybox.tar" -o "$BATS_TEST_TMPDIR/b.tar.zst"
	berth import "$BATS_TEST_TMPDIR/b.tar.zst" t4
	for t in t1 t2:v1 t3 t4; do [ "$(berth run --rm "$t" echo ok)" = ok ]; done
	[ "$(ls "$BERTH_ROOT/layers" | wc -l)" -eq 1 ]
	run berth import -c 'NOSUCH x' "$CACHE/busybox.tar" bad
	expect_status 125
	expect NOSUCH
	berth rmi t1 t2:v1 t3 t4
	[ "$(berth images -q | wc -l)" -eq 1 ]
}

@test "load: OCI directory, OCI archive, docker-archive; plain, gzip and zstd layers" {
	for f in oci-dir oci.tar oci.tar.gz oci-zstd.tar docker.tar docker.tar.gz; do
		run berth load -i "$MAKE/$f"
		expect_status 0
		expect "Loaded image: made:$(echo "${f%%.*}" | tr -d -)"
		name=${output#Loaded image: }
		run berth run --rm "$name" cat /etc/second
		expect_status 0
		[ "$output" = "second layer" ]
		run berth run --rm "$name" sh -c 'ls /etc/group /gone 2>&1; ls /opaque; stat -c %a:%u:%g /suid'
		expect "/etc/group: No such file"
		expect new
		refute old
		expect 4755:12:34
		berth rmi "$name"
	done
	run sh -c '"$BERTH" load -q <"$MAKE/oci.tar"'
	expect_status 0
	berth rmi made:oci
}

@test "load: broken archives are refused and leave nothing" {
	before=$(find "$BERTH_ROOT/images" "$BERTH_ROOT/layers" | grep -v index.json | sort | md5sum)
	for f in truncated.tar wrong-digest.tar wrong-diffid.tar not-an-archive empty.tar no-manifest.tar missing-blob.tar bad-json.tar evil-digest.tar; do
		run berth load -i "$MAKE/$f"
		expect_status 125
		[ "${#lines[@]}" -eq 1 ]
		expect "berth: "
	done
	run berth load -i "$MAKE/wrong-digest.tar"
	expect sha256
	run berth load -i /no/such/file
	expect_status 125
	expect /no/such/file
	run berth import "$MAKE/not-an-archive" x
	expect_status 125
	[ "$(find "$BERTH_ROOT/images" "$BERTH_ROOT/layers" | grep -v index.json | sort | md5sum)" = "$before" ]
}

@test "load: hostile layers stay inside" {
	mkdir -p /tmp/berth-canary
	for f in "$MAKE"/evil-*.tar; do
		berth load -q -i "$f" >/dev/null 2>&1 || true
	done
	[ -z "$(ls -A /tmp/berth-canary)" ]
	rmdir /tmp/berth-canary
	for i in $(berth images -q --filter reference='evil*'); do berth rmi -f "$i" >/dev/null; done
}

@test "images: names, ids, formats; tag; inspect" {
	berth tag busybox other:v2
	run berth images
	expect REPOSITORY
	expect other
	expect v2
	[ "$(berth images -q busybox)" = "$(berth images -q other)" ]
	[ "$(berth images --format '{{.Repository}}:{{.Tag}}' | sort | tr '\n' ' ')" = "busybox:latest other:v2 " ]
	id=$(berth images -q --no-trunc busybox)
	[ "$(berth run --rm "${id#sha256:}" echo by-id)" = by-id ]
	[ "$(berth run --rm "$(berth images -q busybox)" echo by-short-id)" = by-short-id ]
	run berth rmi "$(berth images -q busybox)"
	expect_status 125
	run berth rmi other:v2
	expect "Untagged: other:v2"
	refute Deleted
	run berth tag busybox 'Bad Name'
	expect_status 125
	run berth rmi nosuch
	expect_status 125
	expect nosuch
}

@test "rmi: not while a container needs it" {
	berth import -q "$CACHE/busybox.tar" -m other needed >/dev/null
	berth create --name user1 needed true
	run berth rmi needed
	expect_status 125
	expect user1
	berth rm user1
	berth rmi needed
}

@test "the store is an OCI layout" {
	[ -f "$BERTH_ROOT/images/oci-layout" ]
	python3 - "$BERTH_ROOT/images" <<-'P'
		import json, sys, hashlib, os
		root = sys.argv[1]
		assert json.load(open(root + "/oci-layout"))["imageLayoutVersion"] == "1.0.0"
		index = json.load(open(root + "/index.json"))
		assert index["schemaVersion"] == 2 and index["manifests"]
		def blob(d):
		    a, h = d.split(":")
		    data = open(f"{root}/blobs/{a}/{h}", "rb").read()
		    assert hashlib.sha256(data).hexdigest() == h
		    return data
		for m in index["manifests"]:
		    man = json.loads(blob(m["digest"]))
		    cfg = json.loads(blob(man["config"]["digest"]))
		    assert len(cfg["rootfs"]["diff_ids"]) == len(man["layers"])
		    for l in man["layers"]:
		        assert len(blob(l["digest"])) == l["size"]
	P
}

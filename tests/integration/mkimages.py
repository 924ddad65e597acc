#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes image archives for images.bats: good ones in every form, broken ones, and hostile ones.
usage: mkimages.py ROOTFS.tar OUTPUT-FOLDER"""
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

rootfs, out = sys.argv[1], sys.argv[2]
BASE = open(rootfs, "rb").read()
CANARY = "tmp/berth-canary"


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def entry(tar, name, data=None, **attributes):
    info = tarfile.TarInfo(name)
    for key, value in attributes.items():
        setattr(info, key, value)
    if data is not None:
        info.size = len(data)
    tar.addfile(info, io.BytesIO(data) if data is not None else None)


def make_tar(fill, fmt=tarfile.PAX_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=fmt) as tar:
        fill(tar)
    return buffer.getvalue()


def first(tar):
    entry(tar, "gone", b"x")
    entry(tar, "opaque", type=tarfile.DIRTYPE, mode=0o755)
    entry(tar, "opaque/old", b"old")


def second(tar):
    entry(tar, "etc", type=tarfile.DIRTYPE, mode=0o755)
    entry(tar, "etc/second", b"second layer\n")
    entry(tar, "etc/.wh.group", b"")
    entry(tar, ".wh.gone", b"")
    entry(tar, "opaque/.wh..wh..opq", b"")
    entry(tar, "opaque/new", b"new")
    entry(tar, "suid", b"s", mode=0o4755, uid=12, gid=34)
    entry(tar, "hard", type=tarfile.LNKTYPE, linkname="suid")
    entry(tar, "link", type=tarfile.SYMTYPE, linkname="/etc/second")


LAYERS = [BASE, make_tar(first), make_tar(second)]


def compress(data, how):
    if how == "gzip":
        return gzip.compress(data, 1, mtime=0)
    if how == "zstd":
        return subprocess.run(["zstd", "-q", "-1", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


SUFFIX = {"": "", "gzip": "+gzip", "zstd": "+zstd"}


def config(layers, diffids=None):
    return json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["sh"], "Env": ["PATH=/bin"]},
                       "rootfs": {"type": "layers", "diff_ids": diffids or [sha(x) for x in layers]},
                       "history": [{"created_by": "test"} for _ in layers]}).encode()


def oci_files(name, layers, how="gzip", diffids=None, wrong_digest=False, drop=None, evil_digest=False, raw_manifest=None):
    files, descriptors = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}, []
    for data in layers:
        blob = compress(data, how)
        digest = sha(blob)
        if wrong_digest:
            digest = "sha256:" + "0" * 64
        if drop != "layer":
            files["blobs/" + digest.replace(":", "/")] = blob
        descriptors.append({"mediaType": "application/vnd.oci.image.layer.v1.tar" + SUFFIX[how], "digest": digest, "size": len(blob)})
    cfg = config(layers, diffids)
    files["blobs/" + sha(cfg).replace(":", "/")] = cfg
    if evil_digest:
        descriptors[0]["digest"] = "sha256:../../../../../../etc/passwd"
    manifest = raw_manifest or json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                                           "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": sha(cfg), "size": len(cfg)},
                                           "layers": descriptors}).encode()
    if drop != "manifest":
        files["blobs/" + sha(manifest).replace(":", "/")] = manifest
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": sha(manifest), "size": len(manifest),
         "annotations": {"org.opencontainers.image.ref.name": name, "io.containerd.image.name": "docker.io/library/" + name}}]}).encode()
    return files


def archive(files):
    def fill(tar):
        for name, data in files.items():
            entry(tar, name, data)
    return make_tar(fill)


def docker_files(name, layers):
    files, paths = {}, []
    for data in layers:
        path = hashlib.sha256(data).hexdigest() + "/layer.tar"
        files[path] = data
        paths.append(path)
    cfg = config(layers)
    files[hashlib.sha256(cfg).hexdigest() + ".json"] = cfg
    files["manifest.json"] = json.dumps([{"Config": hashlib.sha256(cfg).hexdigest() + ".json", "RepoTags": [name], "Layers": paths}]).encode()
    return files


def write(name, data):
    with open(os.path.join(out, name), "wb") as f:
        f.write(data)


# ---- good ones
for name, data in oci_files("made:ocidir", LAYERS).items():
    path = os.path.join(out, "oci-dir", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
write("oci.tar", archive(oci_files("made:oci", LAYERS, "")))
write("oci.tar.gz", gzip.compress(archive(oci_files("made:oci", LAYERS)), 1))
write("oci-zstd.tar", archive(oci_files("made:ocizstd", LAYERS, "zstd")))
write("docker.tar", archive(docker_files("made:docker", LAYERS)))
write("docker.tar.gz", gzip.compress(archive(docker_files("made:docker", LAYERS)), 1))

# ---- broken ones
whole = archive(oci_files("broken:truncated", LAYERS))
write("truncated.tar", whole[: len(whole) * 2 // 3])
write("wrong-digest.tar", archive(oci_files("broken:digest", LAYERS, wrong_digest=True)))
write("wrong-diffid.tar", archive(oci_files("broken:diffid", LAYERS, diffids=["sha256:" + "1" * 64] * 3)))
write("not-an-archive", b"this is no archive at all\n" * 100)
write("empty.tar", b"")
write("no-manifest.tar", archive(oci_files("broken:manifest", LAYERS, drop="manifest")))
write("missing-blob.tar", archive(oci_files("broken:blob", LAYERS, drop="layer")))
write("bad-json.tar", archive(oci_files("broken:json", LAYERS, raw_manifest=b'{"schemaVersion":2,"layers":[}')))
write("evil-digest.tar", archive(oci_files("broken:path", LAYERS, evil_digest=True)))

# ---- hostile layers: each tries to reach CANARY outside of its folder
up = "../" * 12 + CANARY
hostile = {
    "dotdot": lambda t: entry(t, up + "/x", b"x"),
    "absolute": lambda t: entry(t, "/" + CANARY + "/x", b"x"),
    "symlink": lambda t: (entry(t, "l", type=tarfile.SYMTYPE, linkname="/" + CANARY), entry(t, "l/x", b"x")),
    "symlink-up": lambda t: (entry(t, "l", type=tarfile.SYMTYPE, linkname=up), entry(t, "l/x", b"x")),
    "symlink-chain": lambda t: (entry(t, "a", type=tarfile.SYMTYPE, linkname="b"), entry(t, "b", type=tarfile.SYMTYPE, linkname=up), entry(t, "a/x", b"x")),
    "symlink-file": lambda t: (entry(t, "f", type=tarfile.SYMTYPE, linkname="/" + CANARY + "/x"), entry(t, "f", b"x")),
    "hardlink": lambda t: (entry(t, "h", type=tarfile.LNKTYPE, linkname=up + "/../passwd"), entry(t, "h", b"x")),
    "hardlink-abs": lambda t: entry(t, "h", type=tarfile.LNKTYPE, linkname="/etc/shadow"),
    "whiteout-up": lambda t: entry(t, up + "/.wh.x", b""),
    "whiteout-link": lambda t: (entry(t, "l", type=tarfile.SYMTYPE, linkname="/" + CANARY), entry(t, "l/.wh.x", b"")),
    "opaque-link": lambda t: (entry(t, "l", type=tarfile.SYMTYPE, linkname="/" + CANARY), entry(t, "l/.wh..wh..opq", b"")),
    "whiteout-dotdot": lambda t: entry(t, ".wh...", b""),
    "dir-over-link": lambda t: (entry(t, "l", type=tarfile.SYMTYPE, linkname="/" + CANARY), entry(t, "l", type=tarfile.DIRTYPE, mode=0o777), entry(t, "l/x", b"x")),
    "chmod-link": lambda t: (entry(t, "l", type=tarfile.SYMTYPE, linkname="/" + CANARY, mode=0o777),),
    "fifo": lambda t: (entry(t, "p", type=tarfile.FIFOTYPE), entry(t, "p", b"x")),
    "newline": lambda t: entry(t, "a\nb/c\nd", b"x"),
    "dot-entries": lambda t: (entry(t, ".", type=tarfile.DIRTYPE, mode=0o755), entry(t, "./.", type=tarfile.DIRTYPE), entry(t, "a/./b//c", b"x")),
    "deep": lambda t: entry(t, "/".join(["d"] * 2000) + "/x", b"x"),
    "pax-path": lambda t: entry(t, "x", b"x", pax_headers={"path": up + "/x"}),
    "pax-link": lambda t: entry(t, "x", type=tarfile.SYMTYPE, linkname="y", pax_headers={"linkpath": "/" + CANARY}),
    "device": lambda t: entry(t, "sda", type=tarfile.BLKTYPE, devmajor=8, devminor=0, mode=0o666),
    "self": lambda t: (entry(t, "l", type=tarfile.SYMTYPE, linkname="l"), entry(t, "l/x", b"x")),
    "file-as-dir": lambda t: (entry(t, "f", b"x"), entry(t, "f/x", b"x")),
}
for name, fill in hostile.items():
    layer = make_tar(fill)
    write(f"evil-{name}.tar", archive(oci_files(f"evil{name.replace('-', '')}:1", [layer], "")))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives `berth run -it` on a pseudo-terminal as a person would: prompt, job control, resize, Ctrl-C, Ctrl-D.
usage: terminal.py [--detach] IMAGE SHELL"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

BERTH = os.environ["BERTH"]


class Terminal:
    def __init__(self, *args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "dumb"
            os.execv(BERTH, [BERTH, *args])
        self.size(40, 100)
        self.text = ""

    def size(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait_for(self, pattern, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            m = re.search(pattern, self.text)
            if m:
                self.text = self.text[m.end():]
                return m
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    data = b""
                if not data:
                    if re.search(pattern, self.text):
                        continue
                    break
                self.text += data.decode(errors="replace")
        sys.exit(f"never came: {pattern!r}; got: {self.text!r}")

    def status(self):
        end = time.time() + 20
        while time.time() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
        sys.exit(f"did not end; got {self.text!r}")


def interactive(image, shell):
    t = Terminal("run", "--rm", "-it", "-m", "256m", image, shell)
    t.send("echo ready-$((40+2))\n")
    t.wait_for("ready-42")
    t.send("stty size; tty\n")
    t.wait_for("40 100")
    t.wait_for("/dev/pts/")
    t.size(50, 120)
    time.sleep(0.5)
    t.send("stty size\n")
    t.wait_for("50 120")
    # Ctrl-C ends the foreground command, not the shell.
    t.send("sleep 1000\n")
    time.sleep(0.7)
    t.send("\x03")
    t.send("echo after-$?-int\n")
    t.wait_for("after-130-int")
    # Job control: stop with Ctrl-Z, list, continue, kill.
    t.send("sleep 1000\n")
    time.sleep(0.7)
    t.send("\x1a")
    time.sleep(0.3)
    t.send("jobs\n")
    t.wait_for("(?i)stopped")
    t.send("kill -9 %1; sleep 0.3; echo gone-$((1+1))\n")
    t.wait_for("gone-2")
    t.send("exit 5\n")
    status = t.status()
    assert status == 5, status
    # Ctrl-D ends the shell.
    t = Terminal("run", "--rm", "-it", image, shell)
    t.send("echo ready-$((40+2))\n")
    t.wait_for("ready-42")
    time.sleep(0.7)  # the shell's line editor is at its prompt by then
    t.send("\x04")
    status = t.status()
    assert status == 0, status


def detaching(image, shell):
    t = Terminal("run", "-it", "--name", "detachme", image, shell)
    t.send("echo ready-$((40+2))\n")
    t.wait_for("ready-42")
    t.send("\x10\x11")  # ctrl-p ctrl-q
    status = t.status()
    assert status == 0, status
    t = Terminal("attach", "detachme")
    t.send("echo again-$((40+3))\n")
    t.wait_for("again-43")
    t.send("\x10\x11")
    assert t.status() == 0
    t = Terminal("exec", "-it", "detachme", shell)
    t.send("tty; echo inside-$((40+4))\n")
    t.wait_for("/dev/pts/")
    t.wait_for("inside-44")
    t.size(33, 77)
    time.sleep(0.5)
    t.send("stty size\n")
    t.wait_for("33 77")
    t.send("exit 6\n")
    assert t.status() == 6
    os.spawnv(os.P_WAIT, BERTH, [BERTH, "rm", "-f", "detachme"])


if __name__ == "__main__":
    signal.alarm(110)
    if sys.argv[1] == "--detach":
        detaching(*sys.argv[2:4])
    else:
        interactive(*sys.argv[1:3])
    print("ok")

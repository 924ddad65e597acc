#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a person at a terminal sees of run, attach and exec: sizes, keys, signals, detaching, and a terminal that is as
before when the command ends. usage: streams.py SCENARIO"""
import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import time

BERTH = os.environ["BERTH"]


class Terminal:
    def __init__(self, *args, rows=30, columns=100):
        self.master, self.slave = os.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.text = b""
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.execv(BERTH, [BERTH, *args])

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, data):
        os.write(self.master, data)

    def expect(self, pattern, seconds=15):
        end = time.time() + seconds
        while True:
            m = re.search(pattern, self.text)
            if m:
                self.text = self.text[m.end():]
                return
            if not select.select([self.master], [], [], max(0, end - time.time()))[0]:
                sys.exit(f"never came: {pattern!r}; got {self.text!r}")
            self.text += os.read(self.master, 65536)

    def until_raw(self):
        for _ in range(300):
            if not termios.tcgetattr(self.slave)[3] & termios.ICANON:
                return
            time.sleep(0.02)
        sys.exit("the terminal never became raw")

    def end(self, wanted):
        for _ in range(400):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if select.select([self.master], [], [], 0.05)[0]:
                self.text += os.read(self.master, 65536)
        else:
            sys.exit(f"did not end; got {self.text!r}")
        code = os.waitstatus_to_exitcode(status)
        if code != wanted:
            sys.exit(f"status {code}, wanted {wanted}; got {self.text!r}")
        if termios.tcgetattr(self.slave) != self.before:
            sys.exit("the terminal was not restored")


def sizes_and_keys():
    t = Terminal("run", "--rm", "-it", "busybox", "sh")
    t.until_raw()
    t.send(b"stty size\r")
    t.expect(rb"30 100")
    t.resize(44, 111)
    time.sleep(0.3)
    t.send(b"stty size\r")
    t.expect(rb"44 111")
    t.send(b"sleep 100\r")
    time.sleep(0.5)
    t.send(b"\x03")
    t.send(b"echo again-$((40+2))\r")
    t.expect(rb"again-42")
    t.send(b"cat; echo end-$((40+2))\r")
    time.sleep(0.5)
    t.send(b"line\r")
    t.expect(rb"line\r\nline\r\n")
    t.send(b"\x04")
    t.expect(rb"end-42")
    t.send(b"exit 3\r")
    t.end(3)


def detach_and_attach():
    t = Terminal("run", "-it", "--name", "da", "busybox", "sh")
    t.until_raw()
    t.send(b"X=5\r\x10\x11")
    t.end(0)
    t = Terminal("attach", "da", rows=20, columns=50)
    t.until_raw()
    t.send(b"echo x$X; stty size\r")
    t.expect(rb"x5\r\n20 50")
    os.kill(t.pid, signal.SIGTERM)  # the command ends, the container does not
    t.end(-signal.SIGTERM)
    t = Terminal("attach", "--detach-keys", "ctrl-a,d", "da")
    t.until_raw()
    t.send(b"echo y$X\r")
    t.expect(rb"y5")
    t.send(b"\x01d")
    t.end(0)
    t = Terminal("attach", "da")
    t.until_raw()
    t.send(b"exit 4\r")
    t.end(4)


def interrupts():
    t = Terminal("run", "--rm", "busybox", "sh", "-c", 'trap "echo got; exit 6" INT; echo ready; while :; do sleep 0.1; done')
    t.expect(rb"ready")
    t.send(b"\x03")
    t.expect(rb"got")
    t.end(6)
    # Three for one that heeds none: the command gives up, the container goes on.
    t = Terminal("run", "--name", "deaf", "busybox", "sh", "-c", 'trap "" INT; echo ready; while :; do sleep 0.1; done')
    t.expect(rb"ready")
    for _ in range(3):
        t.send(b"\x03")
        time.sleep(0.2)
    t.end(-signal.SIGINT)


def keyboard_without_tty():
    t = Terminal("run", "--rm", "-i", "busybox", "cat")
    time.sleep(0.5)
    t.send(b"hello\n")
    t.expect(rb"hello\r\nhello")
    t.send(b"\x04")
    t.end(0)


def all_output():
    t = Terminal("run", "--rm", "-it", "busybox", "sh", "-c", "yes | head -c 300000; exit 2")
    n = 0
    while n < 450000:  # each newline came with a carriage return
        if not select.select([t.master], [], [], 10)[0]:
            sys.exit(f"only {n} bytes came")
        n += len(os.read(t.master, 65536))
    t.end(2)


def exec_terminal():
    t = Terminal("exec", "-it", "box", "sh")
    t.until_raw()
    t.send(b"tty; stty size\r")
    t.expect(rb"/dev/pts/\d+\r\n30 100")
    t.resize(33, 99)
    time.sleep(0.3)
    t.send(b"stty size\r")
    t.expect(rb"33 99")
    t.send(b"sleep 100\r")
    time.sleep(0.5)
    t.send(b"\x03")
    t.send(b"exit 9\r")
    t.end(9)
    t = Terminal("exec", "-it", "box", "sh", "-c", "sleep 2; echo done > /detached; sleep 1000")
    t.until_raw()
    t.send(b"\x10\x11")
    t.end(0)


globals()[sys.argv[1]]()

# SPDX-License-Identifier: GPL-2.0-only
"""A vfio-user client and a control client for the simulated card."""

import array
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROFILES = os.path.join(HERE, "..", "profiles")

VERSION, DMA_MAP, DMA_UNMAP, GET_INFO, GET_REGION_INFO = 1, 2, 3, 4, 5
GET_IRQ_INFO, SET_IRQS, REGION_READ, REGION_WRITE = 7, 8, 9, 10
DMA_WRITE, RESET = 12, 13
REPLY, NO_REPLY, ERROR = 0x1, 0x10, 0x20
CONFIG = 7
INTX, MSIX = 0, 2
IRQ_NONE, IRQ_EVENTFD = 1, 4
IRQ_MASK, IRQ_UNMASK, IRQ_TRIGGER = 8, 16, 32

COMMAND, STATUS = 0x04, 0x06
MEMORY, MASTER, INTX_OFF = 0x2, 0x4, 0x400
PM, MSIX_CAP, EXP = 0x40, 0x50, 0x60
MSIX_ENABLE, MSIX_MASKALL = 0x8000, 0x4000


class Refused(Exception):
    """The card replied with an error; args[0] is the errno value."""


class Client:
    """Starts a card, and exchanges messages with it until close()."""

    def __init__(self, program, profile):
        self.dir = tempfile.mkdtemp(prefix="vdfl-card-")
        self.log_path = os.path.join(self.dir, "log")
        paths = {n: os.path.join(self.dir, n) for n in ("sock", "ctl")}
        self.process = subprocess.Popen(
            [program, "--profile", os.path.join(PROFILES, profile + ".json"),
             "--socket", paths["sock"], "--control", paths["ctl"],
             "--log", self.log_path])
        self.next_id = 0
        self.dma_writes = []
        self.sock = self._connect(paths["sock"])
        self.ctl = self._connect(paths["ctl"])
        self.ctl_lines = self.ctl.makefile("r")
        self.request(VERSION, struct.pack("<HH", 0, 0) + b"{}\0")

    def _connect(self, path):
        deadline = time.monotonic() + 10
        while True:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.connect(path)
                sock.settimeout(10)
                return sock
            except OSError:
                sock.close()
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.01)

    def close(self):
        """Disconnect; returns the card's exit status."""
        self.ctl_lines.close()
        self.ctl.close()
        self.sock.close()
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self.dir)

    # -- vfio-user --

    def _receive(self, length):
        data = b""
        while len(data) < length:
            part = self.sock.recv(length - len(data))
            if not part:
                raise EOFError("the card closed the connection")
            data += part
        return data

    def _message(self):
        ident, cmd, size, flags, error = struct.unpack("<HHIII", self._receive(16))
        return ident, cmd, flags, error, self._receive(size - 16)

    def send(self, cmd, body=b"", flags=0, fds=()):
        self.next_id = (self.next_id + 1) & 0xffff
        data = struct.pack("<HHIII", self.next_id, cmd, 16 + len(body), flags, 0) + body
        ancillary = []
        if fds:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
        self.sock.sendmsg([data], ancillary)
        return self.next_id

    def _serve_dma(self, ident, body):
        addr, count = struct.unpack_from("<QQ", body)
        assert len(body) == 16 + count, len(body)
        self.dma_writes.append((addr, body[16:]))
        reply = struct.pack("<HHIII", ident, DMA_WRITE, 16 + 16, REPLY, 0)
        self.sock.sendall(reply + body[:16])

    def serve(self):
        """Handle one request of the card."""
        ident, cmd, _, _, body = self._message()
        assert cmd == DMA_WRITE, cmd
        self._serve_dma(ident, body)

    def request(self, cmd, body=b"", fds=()):
        sent = self.send(cmd, body, 0, fds)
        while True:
            ident, got, flags, error, reply = self._message()
            if flags & REPLY:
                break
            self._serve_dma(ident, reply)
        assert (ident, got) == (sent, cmd), (ident, got)
        if flags & ERROR:
            raise Refused(error)
        return reply

    def read(self, region, off, length=8):
        reply = self.request(REGION_READ, struct.pack("<QII", off, region, length))
        return int.from_bytes(reply[16:16 + length], "little")

    def write(self, region, off, value, length=8, posted=False):
        body = struct.pack("<QII", off, region, length) + value.to_bytes(length, "little")
        if posted:
            self.send(REGION_WRITE, body, NO_REPLY)
        else:
            self.request(REGION_WRITE, body)

    def command(self, value):
        self.write(CONFIG, COMMAND, value, 2)

    def set_irqs(self, index, flags, start=0, count=1, fds=()):
        self.request(SET_IRQS, struct.pack("<IIIII", 20, flags, index, start, count), fds)

    def eventfd(self, index, vector=0):
        """Attach a new eventfd to a vector; returns the file descriptor."""
        fd = os.eventfd(0, os.EFD_NONBLOCK)
        self.set_irqs(index, IRQ_EVENTFD | IRQ_TRIGGER, vector, 1, [fd])
        return fd

    # -- control channel and log --

    def control(self, op, **args):
        self.ctl.sendall(json.dumps({"op": op, **args}).encode() + b"\n")
        return json.loads(self.ctl_lines.readline())

    def stats(self):
        return self.control("stats")

    def block_stats(self, bar, offset):
        for block in self.stats()["blocks"]:
            if (block["bar"], int(block["offset"], 0)) == (bar, offset):
                return block
        raise KeyError((bar, offset))

    def log(self, ev=None):
        with open(self.log_path, encoding="ascii") as lines:
            events = [json.loads(line) for line in lines]
        return [e for e in events if ev is None or e["ev"] == ev]

    # -- ports --

    def set_port_reset(self, bar, port, on):
        """Request or end a reset, and poll until the port acknowledges."""
        self.write(bar, port + 0x38, 1 if on else 0)
        for _ in range(10):
            if bool(self.read(bar, port + 0x38) & 0x10) == on:
                return
        raise TimeoutError("port reset not acknowledged")


def fired(fd):
    """Return how often an eventfd was signalled since the last call."""
    if not select.select([fd], [], [], 0)[0]:
        return 0
    return int.from_bytes(os.read(fd, 8), "little")

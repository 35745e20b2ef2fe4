"""A WebSocket server on loopback that plays a tape at a steady rate, in a process of its own.

  load_source.py --seed S --begin-ms T --rate R --count N [--journal FOLDER] [...]

With --journal it is a source that can be asked again: at each connection it goes on behind the last trade that is in that
journal, so that no interruption may lose anything at all. Without, it is like an exchange: what was sent is sent, and what
nobody took is gone; of what is lost at the very end nobody could tell, for nothing comes behind it, so that the last --held
trades wait for the first connection after SIGUSR1. On stdout it tells, a JSON object a line, where it listens, what each
connection was sent and when it has come to the end of the tape, or to what it holds back.
"""
import argparse
import base64
import hashlib
import json
import os
import select
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../integration/pipeline"))
import journal  # noqa: E402
import tape  # noqa: E402

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, PING = 0x81, 0x89
SLICE_S = 0.005
PING_S = 0.5
SEND_BUFFER = 1 << 20


def tell(**what):
    print(json.dumps(what), flush=True)


def next_sequence(folder):
    """The one behind the last trade of the journal; 0 when there is none."""
    for path in reversed(journal.segments(folder)):
        for frame in journal.frames_from_the_end(path):
            if frame.kind != journal.DATA:
                continue
            try:
                data = json.loads(frame.payload)["data"]
                if data["t"] > 0 and data["p"] != "NaN":
                    return tape.sequence_of(data["s"], data["t"]) + 1
            except (ValueError, KeyError, TypeError):
                pass  # a malformed frame of ours
    return 0


def framed(payload, kind=TEXT):
    length = len(payload)
    if length < 126:
        return bytes((kind, length)) + payload
    if length < 65536:
        return struct.pack(">BBH", kind, 126, length) + payload
    return struct.pack(">BBQ", kind, 127, length) + payload


class Gone(Exception):
    """The other side has closed the connection, or broken it."""


class Source:
    def __init__(self, options):
        self.options = options
        self.tape = (tape.Wide(options.symbols, options.begin_ms) if options.symbols
                     else tape.Tape(options.seed, options.begin_ms))
        self.next = 0
        self.connections = 0
        self.oversized_left = options.oversized
        self.held = options.held
        signal.signal(signal.SIGUSR1, self.release)

    def release(self, *_):
        self.held = 0

    def serve(self):
        listener = socket.create_server(("127.0.0.1", self.options.port), backlog=16)
        tell(listening="127.0.0.1:%d" % listener.getsockname()[1])
        while True:
            client, _ = listener.accept()
            self.connections += 1
            try:
                self.talk(client)
            except (Gone, OSError) as reason:
                tell(connection=self.connections, closed=str(reason))
            finally:
                client.close()

    def talk(self, client):
        client.settimeout(10)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        request = b""
        while b"\r\n\r\n" not in request:
            chunk = client.recv(4096)
            if not chunk:
                raise Gone("closed in the handshake")
            request += chunk
        key = next(line.split(b":", 1)[1].strip() for line in request.split(b"\r\n")
                   if line.lower().startswith(b"sec-websocket-key:"))
        accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
        client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        client.setblocking(False)
        if self.options.journal:
            self.next = next_sequence(self.options.journal)
        first = self.next
        try:
            self.play(client)
        finally:
            tell(connection=self.connections, first=first, end=self.next)

    def send(self, client, data):
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([client], [client], [], 10)
            if readable and not client.recv(65536):
                raise Gone("closed by the pipeline")
            if writable:
                view = view[client.send(view):]

    def play(self, client):
        options, told_end = self.options, False
        count = options.count - self.held
        if self.oversized_left > 0:
            self.oversized_left -= 1
            # Over transport.body_bytes_max, or no UTF-8 in a text: the client must hang up.
            self.send(client, framed(b"x" * (9 << 20) if self.oversized_left % 2 else b"\xff\xfe"))
        begun, offset, next_ping = time.monotonic(), self.next, 0
        while True:
            now = time.monotonic()
            due = min(offset + int((now - begun) * options.rate), count, self.next + 20_000)
            if due > self.next:
                frames = []
                for sequence in range(self.next, due):
                    if options.malformed_every and sequence % options.malformed_every == 0:
                        for copy in range(options.malformed_burst):
                            frames.append(framed(tape.malformed(sequence + copy)))
                    frames.append(framed(self.tape.payload(sequence)))
                self.next = due  # before it is sent: what is cut in the middle counts as sent
                self.send(client, b"".join(frames))
            elif self.next >= count and not told_end:
                told_end = True
                tell(end_of_tape=self.next)
            if now >= next_ping:
                next_ping = now + PING_S
                self.send(client, framed(b"", PING))
            readable, _, _ = select.select([client], [], [], SLICE_S)
            if readable and not client.recv(65536):
                raise Gone("closed by the pipeline")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"seed": 1, "begin-ms": 0, "rate": 100_000, "count": 0, "port": 0, "malformed-every": 0,
                          "malformed-burst": 1, "oversized": 0, "symbols": 0, "held": 0}.items():
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--journal", default="", help="go on behind the last trade in this folder")
    Source(parser.parse_args()).serve()


if __name__ == "__main__":
    main()

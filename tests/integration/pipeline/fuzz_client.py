"""Hostile HTTP and WebSocket clients, from a seed: what a scanner, a broken proxy or an attacker might send."""
import base64
import os
import random
import socket
import struct
import threading

PATHS = ["/", "/live", "/metrics", "/healthz", "/readyz", "/api/bars", "/api/symbols", "/api/alerts", "/api/explain", "/api/quality",
         "/login", "/api/completeness", "/api/status", "/..%2f..%2fetc/passwd", "/%00", "/api/bars?symbol=%27%3B--&interval_s=-1"]
QUERIES = ["", "?symbol=BTC-USD&source=binance&interval_s=1", "?symbol=" + "A" * 3000, "?limit=99999999999999999999", "?%ff=%ff",
           "?interval_s=1e99&after_s=-9223372036854775808", "?id=0-0", "?symbol=';drop table fact_bar;--&source=binance&interval_s=60"]
METHODS = ["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "G\0T", "X" * 200]


class Fuzzer:
    """One seed, one sequence of clients."""

    def __init__(self, address, seed):
        host, port = address.rsplit(":", 1)
        self.address = (host, int(port))
        self.draw = random.Random(seed)
        self.clients = 0

    def round(self):
        """One client from its connection to its end. What the server does with it is the server's affair: it may cut it off."""
        self.clients += 1
        try:
            with socket.create_connection(self.address, timeout=2) as client:
                client.settimeout(0.5)
                self.draw.choice([self.request, self.request, self.bytes, self.websocket, self.websocket, self.dribble, self.pipeline])(client)
        except OSError:
            pass

    def noise(self, most):
        return self.draw.randbytes(self.draw.randint(0, most))

    def mutated(self, text):
        data = bytearray(text)
        for _ in range(self.draw.randint(0, 6)):
            at = self.draw.randrange(len(data) + 1)
            kind = self.draw.randrange(4)
            if kind == 0 and at < len(data):
                data[at] = self.draw.randrange(256)
            elif kind == 1:
                data[at:at] = self.noise(40)
            elif kind == 2:
                del data[at:at + self.draw.randint(1, 30)]
            else:
                data[at:at] = self.draw.choice([b"\r\n", b"\0", b"\r\n\r\n", b" ", b":", b"%"]) * self.draw.randint(1, 5)
        return bytes(data)

    def head(self, method=None, path=None):
        path = path or self.draw.choice(PATHS) + self.draw.choice(QUERIES)
        headers = [("Host", self.draw.choice(["localhost", "127.0.0.1", "evil.example", "", "localhost:99999", "[::1"]))]
        for _ in range(self.draw.randint(0, 4)):
            headers.append(self.draw.choice([
                ("Content-Length", self.draw.choice(["0", "5", "-1", "18446744073709551616", "x", "4096", "1000000"])),
                ("Transfer-Encoding", self.draw.choice(["chunked", "gzip, chunked", "identity", "xchunked"])),
                ("Origin", self.draw.choice(["http://evil.example", "null", "http://localhost"])),
                ("Authorization", "Bearer " + "x" * self.draw.randint(0, 2000)), ("Cookie", "tapeline=" + "%41" * 100),
                ("Connection", self.draw.choice(["close", "keep-alive", "Upgrade"])), ("Upgrade", "websocket"),
                ("Expect", "100-continue"), ("X" * self.draw.randint(1, 300), "y"), ("Range", "bytes=0-0,1-1")]))
        version = self.draw.choice(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "HTP/1.1"])
        lines = [f"{method or self.draw.choice(METHODS)} {path} {version}"] + [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def drain(self, client, most=200_000):
        read = 0
        while read < most:
            got = client.recv(65536)
            if not got:
                return
            read += len(got)

    def request(self, client):
        client.sendall(self.mutated(self.head()) + self.noise(2000))
        if self.draw.random() < 0.7:
            client.shutdown(socket.SHUT_WR)
        self.drain(client)

    def bytes(self, client):
        client.sendall(self.noise(70_000))
        self.drain(client)

    def dribble(self, client):
        for byte in self.head()[:self.draw.randint(1, 60)]:
            client.sendall(bytes([byte]))

    def pipeline(self, client):
        client.sendall(b"".join(self.head("GET") for _ in range(self.draw.randint(2, 20))))
        if self.draw.random() < 0.5:
            self.drain(client, 50_000)  # else it leaves with answers under way

    def frame(self):
        opcode = self.draw.choice([0, 1, 1, 2, 3, 8, 9, 10, 15])
        payload = self.noise(self.draw.choice([0, 10, 125, 126, 300, 70_000]))
        masked = self.draw.random() < 0.9
        length = self.draw.choice([len(payload)] * 6 + [2**63 - 1, 2**64 - 1, 0, 65_537])
        first = opcode | (0x80 if self.draw.random() < 0.7 else 0) | (self.draw.choice([0, 0, 0, 0x40, 0x70]))
        if length < 126:
            head = struct.pack("!BB", first, length | (0x80 if masked else 0))
        elif length < 65536:
            head = struct.pack("!BBH", first, 126 | (0x80 if masked else 0), length)
        else:
            head = struct.pack("!BBQ", first, 127 | (0x80 if masked else 0), length)
        return head + (self.draw.randbytes(4) if masked else b"") + payload

    def websocket(self, client):
        key = base64.b64encode(self.draw.randbytes(16)).decode()
        handshake = (f"GET /live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                     "Sec-WebSocket-Version: 13\r\n\r\n").encode()
        client.sendall(handshake if self.draw.random() < 0.8 else self.mutated(handshake))
        client.recv(4096)
        for _ in range(self.draw.randint(0, 8)):
            if self.draw.random() < 0.3:  # what the page sends, nearly
                text = self.mutated(self.draw.choice([b'{"symbol":"BTC-USD"}', b'{"subscribe":["BTC-USD"]}', b"[" * 5000, b'{"a":1e999}']))
                client.sendall(struct.pack("!BBH", 0x81, 0xFE, len(text)) + bytes(4) + text)
            else:
                client.sendall(self.frame())
        if self.draw.random() < 0.5:
            self.drain(client, 100_000)


class Storm:
    """Fuzzers on threads, until stop()."""

    def __init__(self, address, seed, threads=4):
        self.over = threading.Event()
        self.fuzzers = [Fuzzer(address, seed * 1000 + i) for i in range(threads)]
        self.threads = [threading.Thread(target=self.run, args=(fuzzer,), daemon=True) for fuzzer in self.fuzzers]
        for thread in self.threads:
            thread.start()

    def run(self, fuzzer):
        while not self.over.is_set():
            fuzzer.round()

    @property
    def clients(self):
        return sum(fuzzer.clients for fuzzer in self.fuzzers)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(30)
        return self.clients

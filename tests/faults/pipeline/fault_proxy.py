"""A TCP proxy on loopback that breaks connections in the ways in which networks do.

    FaultProxy(("127.0.0.1", port)) or FaultProxy("/path/of/a/socket"); what asks at .address is connected to that.

  reset()          every connection ends with RST
  cut_mid_frame()  of the next bytes to the client half are handed on, then comes FIN
  stalled = True   half-open: nothing is read or handed on, in both directions, and nobody is told
  delay_s          everything waits this long
  bytes_per_s      no more than this in each direction; 0: no limit
  refusing         new connections are reset at once
"""
import socket
import struct
import threading
import time

CHUNK = 1 << 18
POLL_S = 0.02


class FaultProxy:
    def __init__(self, upstream):
        self.upstream = upstream
        self.stalled = self.refusing = False
        self.delay_s = 0.0
        self.bytes_per_s = 0
        self._cut = False
        self.accepted = 0  # connections so far
        self._pairs = set()
        self._lock = threading.Lock()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._closed = True
        self.stalled = False
        # shutdown, for a close alone does not wake up who waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset()

    def heal(self):
        self.stalled = self.refusing = self._cut = False
        self.delay_s, self.bytes_per_s = 0.0, 0

    def reset(self):
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for end in pair:
                try:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RD)  # wakes the pump, which closes: with the linger above that is a RST
                except OSError:
                    pass  # it has ended by itself

    def cut_mid_frame(self):
        self._cut = True

    @property
    def connections(self):
        with self._lock:
            return len(self._pairs)

    def _accept(self):
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                if self.refusing:
                    raise ConnectionRefusedError
                if isinstance(self.upstream, str):
                    server = socket.socket(socket.AF_UNIX)
                    server.connect(self.upstream)
                else:
                    server = socket.create_connection(self.upstream, 5)
                    server.settimeout(None)
            except OSError:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
                continue
            pair = (client, server)
            with self._lock:
                self._pairs.add(pair)
            threading.Thread(target=self._pump, args=(client, server, pair, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, pair, True), daemon=True).start()

    def _pump(self, source, target, pair, is_answer):
        try:
            while True:
                while self.stalled:
                    time.sleep(POLL_S)
                limit = self.bytes_per_s
                data = source.recv(max(1, min(CHUNK, int(limit * POLL_S))) if limit else CHUNK)
                if not data:
                    break
                while self.stalled:
                    time.sleep(POLL_S)
                if self.delay_s:
                    time.sleep(self.delay_s)
                if limit:
                    time.sleep(len(data) / limit)
                if is_answer and self._cut:
                    self._cut = False
                    target.sendall(data[:len(data) // 2 | 1])
                    break
                target.sendall(data)
        except OSError:
            pass  # either end has gone: so does the other
        with self._lock:
            self._pairs.discard(pair)
        for end in pair:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

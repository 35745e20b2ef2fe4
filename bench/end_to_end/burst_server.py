"""A WebSocket server on loopback that sends a tape as fast as it is read; every frame is made before anyone connects.

  burst_server.py COUNT BEGIN_MS

On stdout, a JSON object a line: where it listens; when the first byte of a connection was sent, in seconds of the wall clock.
"""
import base64
import hashlib
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/faults/pipeline"))
import load_source  # noqa: E402
import tape  # noqa: E402

FRAMES_A_CHUNK = 2_000


def shake_hands(client):
    request = b""
    while b"\r\n\r\n" not in request:
        request += client.recv(4096)
    key = next(line.split(b":", 1)[1].strip() for line in request.split(b"\r\n")
               if line.lower().startswith(b"sec-websocket-key:"))
    accept = base64.b64encode(hashlib.sha1(key + load_source.MAGIC).digest())
    client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")


def main():
    count, begin_ms = int(sys.argv[1]), int(sys.argv[2])
    trades = tape.Tape(1, begin_ms)
    chunks = [b"".join(load_source.framed(trades.payload(sequence))
                       for sequence in range(first, min(first + FRAMES_A_CHUNK, count)))
              for first in range(0, count, FRAMES_A_CHUNK)]
    listener = socket.create_server(("127.0.0.1", 0))
    load_source.tell(listening="127.0.0.1:%d" % listener.getsockname()[1])
    client, _ = listener.accept()
    shake_hands(client)
    load_source.tell(began=time.time())
    try:
        for chunk in chunks:
            client.sendall(chunk)
        client.recv(1)  # until the other side leaves
    except OSError:
        pass


if __name__ == "__main__":
    main()

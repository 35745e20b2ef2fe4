"""A WebSocket server on loopback that sends trades by a schedule that waits for nobody: an open loop.

  open_loop_source.py RATE

The schedule begins with the first connection. A trade's event time is when it was meant to be sent, in microseconds; what is late
goes at once, as it stood in the schedule. On stdout, a JSON object a line: where it listens; and each second of the schedule how
late a trade of it was handed over at most, because this process was not run or because nobody read.
"""
import os
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("bench/end_to_end", "tests/faults/pipeline"):
    sys.path.insert(0, os.path.join(HERE, "../..", folder))
import burst_server  # noqa: E402
import load_source  # noqa: E402
import tape  # noqa: E402

SECOND_NS = 1_000_000_000
# The tape's first trades come again and again, so many that a second of them seldom ends as the one before: bars rise and fall.
CYCLE = 1_237 * tape.COUNT
FIRST_ID = 1_000_000_000  # ids stay as long as this
# Trades that are late go in pieces, so that the first of them need not wait until the last is written down.
TRADES_A_PIECE = 500


class Schedule:
    """Of `rate` trades a second, evenly."""

    def __init__(self, begun_ns, rate):
        self.begun_ns, self.rate = begun_ns, rate

    def intended_ns(self, sequence):
        return self.begun_ns + sequence * SECOND_NS // self.rate

    def due(self, now_ns):
        """How many are meant to be sent by now."""
        return -(-(now_ns - self.begun_ns + 1) * self.rate // SECOND_NS)


class Trades:
    """In frames that lack but time and id before anyone connects: a sender that is busy with writing is late."""

    def __init__(self):
        trades, now_us = tape.Tape(1, time.time_ns() // 1_000_000), time.time_ns() // 1000
        self.frames = []
        for sequence in range(CYCLE):
            trade = trades.trade(sequence)
            text = trades.payload(sequence).replace(b"%d" % trade.event_ms, b"%d").replace(b'"t":%d' % trade.trade_id, b'"t":%d')
            length = len(text % (now_us, FIRST_ID, now_us))
            self.frames.append(load_source.framed(bytes(length))[:-length] + text)

    def frame(self, sequence, time_us):
        return self.frames[sequence % CYCLE] % (time_us, FIRST_ID + sequence // tape.COUNT, time_us)


def play(client, schedule, trades):
    sent, late_ns, told_ns = 0, 0, schedule.begun_ns
    while True:
        now_ns = time.time_ns()
        end = min(schedule.due(now_ns), sent + TRADES_A_PIECE)
        if end <= sent:
            time.sleep((schedule.intended_ns(sent) - now_ns) / SECOND_NS)
            continue
        client.sendall(b"".join([trades.frame(sequence, schedule.intended_ns(sequence) // 1000) for sequence in range(sent, end)]))
        late_ns = max(late_ns, time.time_ns() - schedule.intended_ns(sent))
        sent = end
        if schedule.intended_ns(sent) - told_ns >= SECOND_NS:
            told_ns = schedule.intended_ns(sent)
            load_source.tell(until_ns=told_ns, late_ns=late_ns)
            late_ns = 0


def main():
    trades = Trades()
    listener = socket.create_server(("127.0.0.1", 0))
    load_source.tell(listening="127.0.0.1:%d" % listener.getsockname()[1])
    client, _ = listener.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a trade waits for no answer to the one before
    burst_server.shake_hands(client)
    try:
        play(client, Schedule(time.time_ns(), int(sys.argv[1])), trades)
    except OSError:
        pass  # the other side has left


if __name__ == "__main__":
    main()

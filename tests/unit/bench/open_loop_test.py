"""The arithmetic of the open loop: a stall must count for all who were due in it."""
import json
import os
import random
import re
import socket
import sys
import threading
import time
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../bench/latency"))
import open_loop  # noqa: E402
import open_loop_source  # noqa: E402

MS = 1_000_000


class Schedule(unittest.TestCase):
    def test_a_trade_is_due_from_its_moment_on(self):
        for rate in (1, 7, 1_000, 99_991):
            schedule = open_loop_source.Schedule(1_800_000_000_123_456_789, rate)
            for sequence in range(1_000):
                at_ns = schedule.intended_ns(sequence)
                self.assertEqual((schedule.due(at_ns - 1), schedule.due(at_ns)), (sequence, sequence + 1))


class Trades(unittest.TestCase):
    def test_a_frame_says_its_length_time_and_id(self):
        trades, time_us = open_loop_source.Trades(), 1_800_000_000_123_456
        for sequence in range(0, 3 * open_loop_source.CYCLE, 101):
            frame = trades.frame(sequence, time_us)
            self.assertEqual((frame[:2], int.from_bytes(frame[2:4], "big")), (b"\x81\x7e", len(frame) - 4))
            trade = json.loads(frame[4:])["data"]
            self.assertEqual((trade["E"], trade["T"]), (time_us, time_us))
            self.assertEqual(trade["t"], open_loop_source.FIRST_ID + sequence // 8)
            self.assertEqual(trade["s"], list(open_loop.Source.symbols)[sequence % 8])


class Sender(unittest.TestCase):
    def test_keeps_to_its_schedule_while_nobody_reads_and_tells_how_late_it_was(self):
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        schedule, taken = open_loop_source.Schedule(time.time_ns(), 2_000), b""

        def play():
            with self.assertRaises(OSError):
                open_loop_source.play(ours, schedule, open_loop_source.Trades())

        with mock.patch.object(open_loop_source.load_source, "tell") as tell:
            sender = threading.Thread(target=play)
            sender.start()
            time.sleep(0.4)  # far more is due by then than the sockets hold
            while not tell.called:
                taken += theirs.recv(1 << 16)
            theirs.close()
            sender.join()
        ours.close()
        times = list(map(int, re.findall(rb'"T":(\d{16})', taken)))
        self.assertEqual(times, [schedule.intended_ns(sequence) // 1_000 for sequence in range(len(times))])
        self.assertGreater(len(times), 1_500)
        self.assertGreater(tell.call_args_list[0].kwargs["late_ns"], 200 * MS)


class Times(unittest.TestCase):
    # Ten trades, a millisecond apart, at positions 0, 100, …; nobody read before the tenth was due.
    TRADES = [(sequence * MS, 10 * MS, sequence * 100) for sequence in range(10)]

    def test_all_who_were_due_in_a_stall_wait_from_their_own_moment(self):
        times = open_loop.times_from_intended(self.TRADES, [(1_000, 12 * MS)], {})
        self.assertEqual(times["received"], [each * MS for each in range(1, 11)])
        self.assertEqual(times["committed"], [each * MS for each in range(3, 13)])

    def test_a_row_is_in_the_batch_that_ends_behind_its_frame(self):
        times = open_loop.times_from_intended(self.TRADES, [(100, 20 * MS), (101, 30 * MS), (1_000, 40 * MS)], {})
        self.assertEqual(times["committed"], sorted([20 * MS, 29 * MS] + [(40 - each) * MS for each in range(2, 10)]))

    def test_a_row_without_a_commit_is_no_figure(self):
        with self.assertRaises(IndexError):
            open_loop.times_from_intended(self.TRADES, [(900, 20 * MS)], {})

    def test_alerts_are_of_the_trades_that_raised_them(self):
        times = open_loop.times_from_intended(self.TRADES, [(1_000, 12 * MS)], {300: 15 * MS, 301: 16 * MS})
        self.assertEqual(times["subscriber"], [12 * MS])


class Quantiles(unittest.TestCase):
    def test_are_the_least_that_so_many_are_not_above(self):
        times = list(range(1, 1_001))
        self.assertEqual([open_loop.quantile(times, share) for share in (0.5, 0.99, 0.999, 1)], [500, 990, 999, 1_000])
        self.assertEqual([open_loop.quantile([7], share) for share in (0, 0.5, 1)], [7, 7, 7])

    def test_of_sums_are_bounded_however_the_parts_hang_together(self):
        chance = random.Random(1)
        first = sorted(chance.expovariate(1) for _ in range(1_000))
        for second in (first, first[::-1], chance.sample(first, 1_000)):
            sums = sorted(map(sum, zip(first, second)))
            for share in open_loop.SHARES.values():
                bound = open_loop.at_most(lambda each: open_loop.quantile(first, each),
                                          lambda each: open_loop.quantile(sorted(second), each), share)
                self.assertGreaterEqual(bound, open_loop.quantile(sums, share))


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""Bars in every digit: what `tapeline replay` stores equals an independent computation in exact decimals.

In whatever order the ticks came within the lateness; those that come later are stored and told, and change no closed bar.
"""
import collections
import decimal
import gzip
import json
import os
import random
import unittest

import bars
import harness

# The reference itself must not round.
decimal.getcontext().prec = 60
decimal.getcontext().traps[decimal.Inexact] = True

INTERVALS_S = (1, 60, 300)
LATENESS_NS = 700 * 10**6
CONFIG = f"""
[bars]
intervals_s = {list(INTERVALS_S)}
[sources.binance]
lateness_ms = {LATENESS_NS // 10**6}
"""
# A trade and the very bytes that say so.
Message = collections.namedtuple("Message", "trade payload")


def read_messages(path):
    """The trades of a recording in its order, by a plain JSON reader, and the times of their arrival."""
    messages, receive_ns = [], []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            time, payload = line.rstrip("\n").split(" ", 1)
            body = json.loads(payload)
            data = body.get("data", body)
            if data.get("e") != "trade":
                continue
            trade = bars.Trade(data["s"], data["T"] * 10**6, decimal.Decimal(data["p"]), decimal.Decimal(data["q"]),
                               data["t"])
            messages.append(Message(trade, payload))
            receive_ns.append(int(time))
    return messages, receive_ns


def make_messages(seed, seconds=700):
    """Busy trades of three markets whose prices and volumes differ in scale, ascending in event time."""
    source = random.Random(seed)
    # First price and its exponent, largest volume and its exponent.
    markets = {"BTCUSDT": (6_183_763, -2, 10**6, -5), "PEPEUSDT": (1_234, -8, 10**11, -2),
               "ETHBTC": (4_123_456, -8, 10**4, -4)}
    ids = dict.fromkeys(markets, 70_000)
    prices = {symbol: market[0] for symbol, market in markets.items()}
    now_ms = 1_700_000_037_250
    end_ms = now_ms + seconds * 1000
    messages, receive_ns = [], []
    while now_ms < end_ms:
        # Often several trades in one millisecond, sometimes a second without any.
        now_ms += source.choice((0, 0, 1, 20, 90, 250)) if source.random() < 0.995 else 2_500
        symbol = source.choice(list(markets))
        _, price_exponent, volume_max, volume_exponent = markets[symbol]
        ids[symbol] += 1
        prices[symbol] = max(1_000, prices[symbol] + source.randrange(-40, 41))
        price = decimal.Decimal(prices[symbol]).scaleb(price_exponent)
        volume = decimal.Decimal(source.randrange(1, volume_max)).scaleb(volume_exponent)
        data = {"e": "trade", "E": now_ms + 1, "s": symbol, "t": ids[symbol], "p": f"{price:.8f}", "q": f"{volume:.8f}",
                "T": now_ms, "m": source.random() < 0.5, "M": True}
        payload = json.dumps({"stream": symbol.lower() + "@trade", "data": data}, separators=(",", ":"))
        messages.append(Message(bars.Trade(symbol, now_ms * 10**6, price, volume, ids[symbol]), payload))
        receive_ns.append(now_ms * 10**6 + 3_000_000 + len(messages))
    return messages, receive_ns


def shuffled_within_lateness(messages, seed):
    """Any two are swapped only if they happened less than the lateness apart."""
    source = random.Random(seed)
    return sorted(messages, key=lambda message: message.trade.event_ns + source.randrange(LATENESS_NS))


def closed_bar(trade, interval_s, watermark_ns):
    """Whether the bar that the trade belongs to had ended a lateness before the watermark."""
    width = interval_s * 10**9
    return trade.event_ns // width * width + width + LATENESS_NS <= watermark_ns


def with_late_ones(messages, seed, count=24):
    """Moves some trades behind the end of their bars of 1 s, every third behind the end of its minute.

    Every bar that loses one keeps others, so that it is there, and closed, when the trade comes.
    """
    source = random.Random(seed)
    last_ns = messages[-1].trade.event_ns
    crowd = collections.Counter((m.trade.symbol, m.trade.event_ns // 10**9) for m in messages)
    order = [(m.trade.event_ns, 0, m) for m in messages]
    moved = 0
    for index in source.sample(range(len(order)), len(order)):
        event_ns, _, message = order[index]
        width = (60 if moved % 3 == 2 else 1) * 10**9
        # A trade of the 2 seconds before this time has closed the bar, unless the market was quiet.
        new_ns = event_ns // width * width + width + LATENESS_NS + 2 * 10**9
        second = message.trade.symbol, event_ns // 10**9
        # Not too far: an id that is very old would be told as a duplicate instead (docs/quality.md).
        if new_ns - event_ns > 12 * 10**9 or new_ns > last_ns or crowd[second] < 3:
            continue
        order[index] = (new_ns, 1, message)
        crowd[second] = 0  # one of each bar
        moved += 1
        if moved == count:
            break
    assert moved == count
    return [message for _, _, message in sorted(order, key=lambda item: item[:2])]


class ExactBars:
    """The checks; a class for each origin of the trades follows."""

    def replay(self, lines):
        recording = self.folder.write("recording.txt.gz", gzip.compress("".join(lines).encode(), compresslevel=1))
        return self.replay_file(recording)

    def replay_file(self, recording):
        done = self.run_tapeline("replay", "--config", self.config(CONFIG), "--source", "binance", "--json", recording)
        return harness.summary_of(done.stdout)

    def assert_bars(self, trades_by_interval):
        for interval_s in INTERVALS_S:
            expected = bars.bars_of(trades_by_interval[interval_s], interval_s)
            found = bars.bars_in(self.servers, interval_s)
            self.assertEqual(sorted(found), sorted(expected), f"which bars of {interval_s} s there are")
            for key, bar in expected.items():
                self.assertEqual(found[key], bar, f"a bar of {interval_s} s")

    def assert_stored(self, messages):
        self.assertEqual(sorted(bars.trades_in(self.servers)), sorted(message.trade for message in messages))

    def check_in_order(self, summary, messages):
        self.assertEqual((summary["ticks"], summary["late"], summary["rejects"]), (len(messages), 0, 0))
        self.assert_stored(messages)
        self.assert_bars(dict.fromkeys(INTERVALS_S, [message.trade for message in messages]))

    def check_shuffled(self, messages, receive_ns, seed):
        shuffled = shuffled_within_lateness(messages, seed)
        newest, disorder_ns = 0, 0
        for message in shuffled:
            newest = max(newest, message.trade.event_ns)
            disorder_ns = max(disorder_ns, newest - message.trade.event_ns)
        self.assertGreater(disorder_ns, LATENESS_NS // 2)
        self.assertLess(disorder_ns, LATENESS_NS)
        summary = self.replay(f"{time} {message.payload}\n" for time, message in zip(receive_ns, shuffled))
        self.check_in_order(summary, messages)
        self.assertEqual(self.servers.count("quality_event", "reason = 'late_tick'"), 0)

    def check_late(self, messages, receive_ns, seed):
        arrivals = with_late_ones(messages, seed)
        on_time = {interval_s: [] for interval_s in INTERVALS_S}
        late, late_for_minute = [], 0
        watermark_ns = 0
        for message in arrivals:
            trade = message.trade
            closed = [interval_s for interval_s in INTERVALS_S if closed_bar(trade, interval_s, watermark_ns)]
            for interval_s in INTERVALS_S:
                if interval_s not in closed:
                    on_time[interval_s].append(trade)
            if closed:
                late.append(trade)
                late_for_minute += 60 in closed
            watermark_ns = max(watermark_ns, trade.event_ns)
        self.assertGreaterEqual(len(late), 20)
        self.assertGreaterEqual(late_for_minute, 6)
        # They would be seen in the bars if they had entered them.
        everything = [message.trade for message in messages]
        for interval_s in (1, 60):
            self.assertNotEqual(bars.bars_of(on_time[interval_s], interval_s), bars.bars_of(everything, interval_s))

        summary = self.replay(f"{time} {message.payload}\n" for time, message in zip(receive_ns, arrivals))
        self.assertEqual((summary["ticks"], summary["late"]), (len(messages), len(late)))
        told = self.servers.sql("""
            SELECT DISTINCT t.symbol, t.trade_id
            FROM quality_event q JOIN (SELECT * FROM fact_tick JOIN dim_instrument USING (instrument_id)) t
              ON q.lane_id = t.lane_id AND q.journal_position = t.journal_position
            WHERE q.reason = 'late_tick'""")
        self.assertEqual(sorted((symbol, int(trade_id)) for symbol, trade_id in told),
                         sorted((trade.symbol, trade.trade_id) for trade in late))
        self.assertEqual(self.servers.count("quality_event", "reason = 'late_tick'"), len(late))
        self.assert_stored(messages)
        self.assert_bars(on_time)


class MadeRecording(ExactBars, harness.PipelineTest):
    """Trades that the test makes itself."""

    def test_every_digit(self):
        for seed in (1, 2):
            messages, receive_ns = make_messages(seed)
            self.servers.fresh_database()
            with self.subTest(seed=seed):
                summary = self.replay(f"{time} {message.payload}\n" for time, message in zip(receive_ns, messages))
                self.check_in_order(summary, messages)

    def test_any_order_within_the_lateness_gives_the_same_bars(self):
        messages, receive_ns = make_messages(seed=3)
        for seed in (31, 32, 33):
            self.servers.fresh_database()
            with self.subTest(seed=seed):
                self.check_shuffled(messages, receive_ns, seed)

    def test_later_ones_are_told_and_stored_and_change_no_closed_bar(self):
        self.check_late(*make_messages(seed=4), seed=41)


@harness.needs_payloads
class RealRecording(ExactBars, harness.PipelineTest):
    """Trades of Binance, as they were recorded."""

    def check(self, name, seed):
        recording = os.path.join(harness.PAYLOADS, "binance", name + ".txt.gz")
        harness.require(os.path.exists(recording), f"no recording {recording}")
        messages, receive_ns = read_messages(recording)
        with self.subTest("in order"):
            self.check_in_order(self.replay_file(recording), messages)
        self.servers.fresh_database()
        with self.subTest("shuffled within the lateness"):
            self.check_shuffled(messages, receive_ns, seed)
        self.servers.fresh_database()
        with self.subTest("some later than the lateness"):
            self.check_late(messages, receive_ns, seed)

    def test_btcusdt(self):
        self.check("ws_spot_btcusdt_20240808_2354", seed=5)

    def test_ethusdt(self):
        self.check("ws_spot_ethusdt_20240808_2354", seed=6)

    def test_btcusdt_of_the_futures(self):
        self.check("ws_usdm_btcusdt_20240808_2354", seed=7)


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""Bodies of the polled sources, served over real HTTP, arrive as ticks and bars with exactly their numbers."""
import datetime
import json
import os
import shutil
import subprocess
import sys
import unittest
from decimal import Decimal

import harness

KEY = "KEY0OF0THE0TEST0"
EXPECTED_NUMBERS = os.path.join(harness.ROOT, "tests/unit/feeds/expected_numbers.py")
# What expected_numbers.py stamps where the source gives no time: then it is the time of receipt.
NO_STAMP_NS = 1_900_000_000_000_000_000

# Recorded bodies are years old, and that is no news here.
QUALITY = "[quality]\nstale_event_ms = 0\ndivergence_pct = 0\n"

SOURCES = {
    "alpha_vantage": """
[sources.alpha_vantage]
enabled = true
requests_per_day = 0
base_url = "http://{address}"
api_key = {{ env = "TAPELINE_TEST_KEY" }}
symbols = {symbols}
function = "{endpoint}"
interval_minutes = {interval_minutes}
request_spacing_ms = 0
""",
    "coingecko": """
[sources.coingecko]
enabled = true
base_url = "http://{address}"
symbols = {symbols}
endpoint = "{endpoint}"
""",
    "yahoo": """
[sources.yahoo]
enabled = true
base_url = "http://{address}"
symbols = {symbols}
interval = "{interval}"
request_spacing_ms = 0
""",
}


class RestTest(harness.PipelineTest):
    """One database for a class; each call writes a lane of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers.fresh_database()
        cls.calls = 0

    def setUp(self):
        self.folder = harness.Folder()
        self.addCleanup(self.folder.remove)

    def ask(self, source, path, body, *, symbols, status=200, endpoint="global_quote", interval="1d", interval_minutes=5):
        """`once` against a simulator that answers `path` with `body`; the lane that it wrote, and the call."""
        type(self).calls += 1
        lane = f"call-{self.calls}"
        name = self.folder.write("body.txt", body)
        simulator = self.simulator("--respond", f"{path}={name}@{status}")
        config = self.config(f'lane = "{lane}"\n{QUALITY}' + SOURCES[source].format(
            address=simulator.address, symbols=json.dumps(symbols), endpoint=endpoint, interval=interval,
            interval_minutes=interval_minutes))
        done = harness.tapeline("once", "--config", config, source, var=self.servers.var,
                                environment={"TAPELINE_TEST_KEY": KEY})
        simulator.end()
        self.assertNotIn(KEY, done.stdout + done.stderr, "the key is in no message")
        self.assertNotIn(KEY.encode(), self.journal_bytes(lane), "the key is not in the journal")
        return lane, done

    def journal_bytes(self, lane):
        folder = os.path.join(self.servers.var, "journal", lane)
        content = b""
        for path, _, names in os.walk(folder):  # its snapshots, too
            for name in names:
                with open(os.path.join(path, name), "rb") as file:
                    content += file.read().rstrip(b"\0")
        shutil.rmtree(folder)
        return content

    def of_lane(self, lane):
        return f"lane_id = (SELECT lane_id FROM lane_checkpoint WHERE lane = '{lane}')"

    def ticks(self, lane):
        return [(row[0], int(row[1]), Decimal(row[2]), Decimal(row[3])) for row in self.servers.sql(f"""
            SELECT native_symbol, event_ns, price, volume FROM fact_tick JOIN dim_instrument USING (instrument_id)
            WHERE {self.of_lane(lane)} ORDER BY 1, 2""")]

    def source_bars(self, lane):
        return [(row[0], int(row[1]) * 10**9, *(Decimal(text) for text in row[2:])) for row in self.servers.sql(f"""
            SELECT native_symbol, extract(epoch FROM bar_start)::bigint, open, high, low, close, volume
            FROM fact_bar JOIN dim_instrument USING (instrument_id)
            WHERE is_source_bar AND {self.of_lane(lane)} ORDER BY 1, 2""")]

    def reasons(self, lane):
        return [tuple(row) for row in self.servers.sql(
            f"SELECT kind, reason, detail FROM quality_event WHERE {self.of_lane(lane)} ORDER BY journal_position")]

    def check_refusal(self, reason, source, path, body, **request):
        lane, done = self.ask(source, path, body, **request)
        found = self.reasons(lane)
        # A server's error is asked again at once, so that it may be told more than once.
        self.assertEqual({row[:2] for row in found}, {("refusal", reason)}, f"{body[:200]}\n{done}")
        if reason != "server_error":
            self.assertEqual(len(found), 1, str(done))
        for _, _, detail in found:
            self.assertNotIn(KEY, detail)
        self.assertEqual(self.ticks(lane), [])
        self.assertEqual(self.source_bars(lane), [])


def nanos(text):
    return int(datetime.datetime.fromisoformat(text).timestamp()) * 10**9


class WrittenBodies(RestTest):
    """Bodies of our own, in the shapes that the sources have."""

    def test_alpha_vantage_quote(self):
        body = json.dumps({"Global Quote": {
            "01. symbol": "IBM", "02. open": "221.1000", "03. high": "225.0000", "04. low": "220.5000", "05. price": "224.5050",
            "06. volume": "4012345", "07. latest trading day": "2025-03-07", "08. previous close": "221.0000",
            "09. change": "3.5050", "10. change percent": "1.5860%"}})
        lane, done = self.ask("alpha_vantage", "/query?function=GLOBAL_QUOTE&symbol=IBM", body, symbols=["IBM"])
        self.assertEqual(done.status, 0, str(done))
        # The close of New York: 16:00 at UTC-5.
        self.assertEqual(self.ticks(lane), [("IBM", nanos("2025-03-07T16:00:00-05:00"), Decimal("224.505"), Decimal(4012345))])

    def test_alpha_vantage_quote_as_csv(self):
        body = ("symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent\r\n"
                "IBM,221.1000,225.0000,220.5000,224.5050,4012345,2025-07-07,221.0000,3.5050,1.5860%\r\n")
        lane, _ = self.ask("alpha_vantage", "/query?symbol=IBM", body, symbols=["IBM"])
        self.assertEqual(self.ticks(lane), [("IBM", nanos("2025-07-07T16:00:00-04:00"), Decimal("224.505"), Decimal(4012345))])

    def test_alpha_vantage_intraday_newest_first(self):
        def row(*values):
            return dict(zip(("1. open", "2. high", "3. low", "4. close", "5. volume"), values))
        body = json.dumps({
            "Meta Data": {"1. Information": "Intraday (5min)", "2. Symbol": "IBM", "3. Last Refreshed": "2025-03-07 15:55:00",
                          "4. Interval": "5min", "5. Output Size": "Compact", "6. Time Zone": "US/Eastern"},
            "Time Series (5min)": {"2025-03-07 15:55:00": row("224.1", "224.9000", "224.0001", "224.5000", "1200"),
                                   "2025-03-07 15:50:00": row("223.0", "224.2", "222.75", "224.1", "900")}})
        lane, _ = self.ask("alpha_vantage", "/query?symbol=IBM&interval=5min", body, symbols=["IBM"], endpoint="intraday")
        self.assertEqual(self.source_bars(lane), [
            ("IBM", nanos("2025-03-07T15:50:00-05:00"), *map(Decimal, ("223.0", "224.2", "222.75", "224.1", "900"))),
            ("IBM", nanos("2025-03-07T15:55:00-05:00"), *map(Decimal, ("224.1", "224.9", "224.0001", "224.5", "1200")))])

    def test_coingecko_simple_price(self):
        body = '{"bitcoin":{"usd":61837.630000000001,"last_updated_at":1741359600},"shiba-inu":{"usd":1.2345e-05,"last_updated_at":1741359555}}'
        lane, _ = self.ask("coingecko", "/api/v3/simple/price", body, symbols=["bitcoin/usd", "shiba-inu/usd"],
                           endpoint="simple_price")
        self.assertEqual(self.ticks(lane), [
            ("bitcoin/usd", 1741359600 * 10**9, Decimal("61837.630000000001"), Decimal(0)),
            ("shiba-inu/usd", 1741359555 * 10**9, Decimal("0.000012345"), Decimal(0))])

    def test_coingecko_markets(self):
        body = json.dumps([{"id": "bitcoin", "symbol": "btc", "current_price": 61837, "last_updated": "2025-03-07T15:00:00.123Z"},
                           {"id": "dead-coin", "symbol": "ded", "current_price": None, "last_updated": None}])
        lane, _ = self.ask("coingecko", "/api/v3/coins/markets", body, symbols=["bitcoin/usd", "dead-coin/usd"],
                           endpoint="coins_markets")
        self.assertEqual(self.ticks(lane), [
            ("bitcoin/usd", nanos("2025-03-07T15:00:00+00:00") + 123_000_000, Decimal(61837), Decimal(0))])
        self.assertEqual([row[:2] for row in self.reasons(lane)], [("reject", "no_data")])

    def test_yahoo_chart(self):
        body = json.dumps({"chart": {"error": None, "result": [{
            "meta": {"symbol": "AAPL", "dataGranularity": "5m", "regularMarketTime": 1741381200},
            "timestamp": [1741357800, 1741358100, 1741358400],
            "indicators": {"quote": [{"open": [235.5, None, 236.25], "high": [236.5, None, 237.0], "low": [235.0, None, 236.0],
                                      "close": [236.25, None, 236.125], "volume": [1000, None, 2500]}]}}]}})
        lane, _ = self.ask("yahoo", "/v8/finance/chart/AAPL", body, symbols=["AAPL"], interval="5m")
        self.assertEqual(self.source_bars(lane), [
            ("AAPL", 1741357800 * 10**9, *map(Decimal, ("235.5", "236.5", "235.0", "236.25", "1000"))),
            ("AAPL", 1741358400 * 10**9, *map(Decimal, ("236.25", "237.0", "236.0", "236.125", "2500")))])
        self.assertEqual([row[:2] for row in self.reasons(lane)], [("reject", "no_data")])

    def test_alpha_vantage_days(self):
        header = "timestamp,open,high,low,close,volume\r\n"
        rows = "2025-03-07,221.1,225.0,220.5,224.505,4012345\r\n2025-03-06,220.0,222.0,219.5,221.0,3500000\r\n"
        lane, done = self.ask("alpha_vantage", "/query?function=TIME_SERIES_DAILY&symbol=IBM&outputsize=compact&datatype=csv",
                              header + rows, symbols=["IBM"], endpoint="daily\"\nformat = \"csv")
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(self.source_bars(lane), [
            ("IBM", nanos("2025-03-06T00:00:00-05:00"), *map(Decimal, ("220", "222", "219.5", "221", "3500000"))),
            ("IBM", nanos("2025-03-07T00:00:00-05:00"), *map(Decimal, ("221.1", "225", "220.5", "224.505", "4012345")))])

    def test_coingecko_candles(self):
        body = "[[1741359600000,61942,62211,61721,61845.5],[1741361400000,61845.5,62139,61726,6.2e4]]"
        lane, done = self.ask("coingecko", "/api/v3/coins/bitcoin/ohlc?vs_currency=usd&days=1", body, symbols=["bitcoin/usd"],
                              endpoint="ohlc")
        self.assertEqual(done.status, 0, str(done))
        # The source stamps the end of half an hour.
        self.assertEqual(self.source_bars(lane), [
            ("bitcoin/usd", 1741357800 * 10**9, *map(Decimal, ("61942", "62211", "61721", "61845.5", "0"))),
            ("bitcoin/usd", 1741359600 * 10**9, *map(Decimal, ("61845.5", "62139", "61726", "62000", "0")))])

    def test_coingecko_market_chart(self):
        body = '{"prices":[[1741359600000,100.5],[1741360200000,102],[1741359900000,101]],"market_caps":[],"total_volumes":[]}'
        lane, done = self.ask("coingecko", "/api/v3/coins/bitcoin/market_chart?vs_currency=usd&days=1", body,
                              symbols=["bitcoin/usd"], endpoint="market_chart")
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(self.ticks(lane), [("bitcoin/usd", second * 10**9, price, Decimal(0)) for second, price in (
            (1741359600, Decimal("100.5")), (1741359900, Decimal(101)), (1741360200, Decimal(102)))])

    def test_refusals_are_recognised(self):
        quota = '{"Information":"We have detected your API key as ' + KEY + ' and our standard API rate limit is 25 requests per day."}'
        cases = [
            ("refused_quota", "alpha_vantage", "/query?symbol=IBM", quota, {}),
            ("refused_rate_limit", "alpha_vantage", "/query?symbol=IBM", '{"Note":"5 calls per minute"}', {}),
            ("refused_permanent", "alpha_vantage", "/query?symbol=IBM", '{"Error Message":"Invalid API call."}', {}),
            ("no_data", "alpha_vantage", "/query?symbol=IBM", '{"Global Quote":{}}', {}),
            ("server_error", "alpha_vantage", "/query?symbol=IBM", "<html>Bad Gateway</html>", {"status": 502}),
            ("refused_rate_limit", "coingecko", "/api/v3/simple/price",
             '{"status":{"error_code":429,"error_message":"You\'ve exceeded the Rate Limit."}}', {"status": 429}),
            ("no_data", "coingecko", "/api/v3/simple/price", "{}", {}),
            ("refused_rate_limit", "yahoo", "/v8/finance/chart/AAPL", "Too Many Requests\r\n", {"status": 429}),
            ("no_data", "yahoo", "/v8/finance/chart/AAPL",
             '{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}}', {"status": 404}),
        ]
        defaults = {"alpha_vantage": {"symbols": ["IBM"]}, "yahoo": {"symbols": ["AAPL"]},
                    "coingecko": {"symbols": ["bitcoin/usd"], "endpoint": "simple_price"}}
        for reason, source, path, body, request in cases:
            with self.subTest(source=source, reason=reason):
                self.check_refusal(reason, source, path, body, **defaults[source], **request)


@harness.needs_payloads
class RecordedBodies(RestTest):
    def expected(self, source, channel, context, path):
        """Ticks, bars and symbols without data, by the independent reading of the unit tests."""
        done = subprocess.run([sys.executable, "-B", EXPECTED_NUMBERS, source, channel, context, path], capture_output=True,
                              text=True, timeout=120, check=True)
        ticks, rows, empty = [], [], []
        for line in done.stdout.splitlines():
            fields = line.split()
            if fields[2] == "no_data":
                empty.append(fields[0])
            elif len(fields) == 6:
                ticks.append((fields[0], int(fields[1]), Decimal(fields[2]), Decimal(fields[3])))
            else:
                rows.append((fields[0], int(fields[1]), *map(Decimal, fields[2:])))
        return sorted(ticks), sorted(rows), empty

    def body(self, source, name):
        path = os.path.join(harness.PAYLOADS, source.replace("_", ""), name)
        with open(path, "rb") as file:
            return path, file.read()

    def test_alpha_vantage_quotes(self):
        for symbol, name in (("IBM", "global_quote_IBM.csv"), ("MSFT", "global_quote_MSFT_2018.json"),
                             ("IBM", "java_globalquote.json")):
            with self.subTest(name=name):
                path, body = self.body("alpha_vantage", name)
                lane, done = self.ask("alpha_vantage", f"/query?symbol={symbol}", body, symbols=[symbol])
                self.assertEqual(done.status, 0, str(done))
                ticks, _, _ = self.expected("alpha_vantage", "global_quote", symbol, path)
                self.assertEqual(len(ticks), 1)
                self.assertEqual(self.ticks(lane), ticks)

    def test_alpha_vantage_bars(self):
        for symbol, minutes, name in (("MSFT", 1, "intraday_1min_MSFT_2017.json"),
                                      ("GOOG", 5, "intraday_5min_GOOG_crlf_2019-02-04.csv"),
                                      ("IBM", 5, "intraday_5min_IBM_compact_2026-05-15.csv"),
                                      ("IBM", 1, "intraday_extended_1min_2020.csv"),
                                      ("IBM", 5, "java_intraday.json")):
            with self.subTest(name=name):
                path, body = self.body("alpha_vantage", name)
                lane, done = self.ask("alpha_vantage", f"/query?symbol={symbol}", body, symbols=[symbol], endpoint="intraday",
                                      interval_minutes=minutes)
                self.assertEqual(done.status, 0, str(done))
                _, rows, _ = self.expected("alpha_vantage", "intraday", f"{symbol} {minutes * 60}", path)
                self.assertGreater(len(rows), 0)
                self.assertEqual(self.source_bars(lane), rows)

    def test_coingecko_prices(self):
        for endpoint, currency, name in (("simple_price", "krw", "simple_price/simple_price_krw_2026.json"),
                                         ("simple_price", "usd", "simple_price/simple_price_two_coins_2024.json"),
                                         ("simple_price", "usd", "simple_price/simple_price_vol_change_2023.json"),
                                         ("simple_price", "usd", "price_for_multiple_coins.json"),
                                         ("coins_markets", "usd", "2026/markets_2026-09-02_trimmed_fields.json"),
                                         ("coins_markets", "usd", "2026/markets_shib_dead_null.json"),
                                         ("coins_markets", "eth", "market_data_for_multiple_coins_in_eth_0.json")):
            with self.subTest(name=name):
                path, body = self.body("coingecko", name)
                ticks, _, empty = self.expected("coingecko", endpoint, currency, path)
                symbols = sorted({tick[0] for tick in ticks} | set(empty))
                url = "/api/v3/simple/price" if endpoint == "simple_price" else "/api/v3/coins/markets"
                lane, done = self.ask("coingecko", url, body, symbols=symbols, endpoint=endpoint)
                self.assertEqual(done.status, 0, str(done))
                self.assertGreater(len(ticks), 0)
                stamped = {tick[0]: tick[1] != NO_STAMP_NS for tick in ticks}

                def comparable(found):
                    return sorted((tick[0], tick[1] if stamped[tick[0]] else "received", *tick[2:]) for tick in found)
                self.assertEqual(comparable(self.ticks(lane)), comparable(ticks))
                self.assertEqual([row[:2] for row in self.reasons(lane)], [("reject", "no_data")] * len(empty))

    def test_yahoo_charts(self):
        names = ("AAPL-2020-01-01-to-2020-01-03.json", "BTC-USD-2020-01-01-to-2020-01-03.json",
                 "EURUSD=X-2020-01-01-to-2020-01-03.json", "MSFT-dividends-2021-02-01-to-2022-01-31.csv_hist.json",
                 "SYNTH_fx_daily_null_mid.json", "AAPL_5m_2026-09-02.json", "EURUSD_5m_2026-09-02.json")
        for name in names:
            with self.subTest(name=name):
                path, body = self.body("yahoo", "chart/" + name)
                meta = json.loads(body)["chart"]["result"][0]["meta"]
                symbol, interval = meta["symbol"], meta["dataGranularity"]
                lane, done = self.ask("yahoo", f"/v8/finance/chart/{symbol}", body, symbols=[symbol], interval=interval)
                self.assertEqual(done.status, 0, str(done))
                _, rows, empty = self.expected("yahoo", "chart", symbol, path)
                found = self.source_bars(lane)
                # The last element may be a live point, no bar: it is shown, and not stored.
                self.assertIn(len(rows) - len(found), (0, 1))
                for row, expected in zip(found, rows):
                    self.assertEqual(row, expected)
                self.assertEqual([row[:2] for row in self.reasons(lane)], [("reject", "no_data")] * len(empty))


if __name__ == "__main__":
    unittest.main(verbosity=2)

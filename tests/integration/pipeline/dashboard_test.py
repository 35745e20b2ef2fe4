"""The dashboard in a real browser: live values, candles, alerts, why, a lost connection; and that nothing leaves the host."""
import json
import os
import re
import shutil
import sys
import unittest

import harness

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = os.path.join(harness.ROOT, "build/browser/venv/bin/python")

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    if os.path.exists(DRIVER) and sys.executable != DRIVER:
        os.execv(DRIVER, [DRIVER, "-B", *sys.argv])
    sync_playwright = None

PATIENCE_MS = 1000 * harness.DEADLINE_S


@unittest.skipUnless(BROWSER, "no chromium: ./dev test installs it")
@unittest.skipUnless(sync_playwright, f"no playwright in {DRIVER}: ./dev test fetches it")
class Dashboard(harness.PipelineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        driver = sync_playwright().start()
        cls.addClassCleanup(driver.stop)
        cls.browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        cls.addClassCleanup(cls.browser.close)

    def running(self, dashboard=""):
        simulator = self.simulator("--seed", "3", "--rate", "50")
        config = self.config(f'lane = "shown"\n[bars]\nintervals_s = [1, 5]\n[indicators]\nsma_length = 3\nrsi_length = 2\n'
                             f'bollinger_length = 3\nvolatility_length = 2\n[rules.often]\nwhen = "rsi > 0 and close > 0"\ncooldown_s = 0\n'
                             f'message = "{{symbol}} <b>at</b> {{close}}"\n'
                             f'[sources.binance]\nenabled = true\nwebsocket_url = "ws://{simulator.address}"\n'
                             f'symbols = {{ "BTC-USD" = "BTCUSDT", "ETH-USD" = "ETHUSDT" }}\nlateness_ms = 200\n'
                             f'[dashboard]\nlisten = "{dashboard or "127.0.0.1:0"}"\n')
        running = self.start("run", "--config", config, "--plain")
        self.address = harness.until(lambda: re.search(r"serves http://(\S+)", running.stderr), "it serves").group(1)
        return running

    def page(self, **options):
        """A page of its own; whatever the console says and whoever else is asked ends the test."""
        context = self.browser.new_context(**options)
        self.addCleanup(context.close)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        self.said, self.asked = [], []
        page.on("console", lambda message: self.said.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(f"http://{self.address}/")
        return page

    def test_shows_live_prices_candles_and_alerts_as_the_database_has_them(self):
        self.running()
        page = self.page(viewport={"width": 1440, "height": 900})
        rows = page.locator("#rows .row")
        expect(rows).to_have_count(2, timeout=PATIENCE_MS)
        expect(page.locator("#link")).to_have_text("live", timeout=PATIENCE_MS)
        before = page.locator("#price").text_content()
        page.wait_for_function("before => document.getElementById('price').textContent !== before", arg=before)

        # Alerts come without a reload, and what a rule says is text, whatever it looks like.
        expect(page.locator("#feed li[data-alert]").first).to_contain_text("<b>at</b>", timeout=PATIENCE_MS)
        shown = page.locator("#feed li[data-alert]").first.get_attribute("data-alert")
        harness.until(lambda: self.servers.count("fact_alert", f"alert_id = '{shown}'") == 1, "the alert is stored")

        page.wait_for_function("() => document.querySelectorAll('#canvas canvas').length > 0")
        page.locator("#intervals button", has_text="5s").click()
        expect(page.locator("#legend")).to_contain_text("5s", timeout=PATIENCE_MS)
        answer = page.evaluate("""async () => (await fetch('/api/bars?symbol=BTC-USD&source=binance&interval_s=1')).json()""")
        self.assertGreater(len(answer), 2)
        stored = self.servers.sql("""SELECT extract(epoch FROM bar_start)::bigint, open, high, low, close, sma, bb_upper, bb_lower, rsi
                                     FROM fact_bar JOIN dim_instrument USING (instrument_id)
                                     WHERE symbol = 'BTC-USD' AND interval_s = 1 AND NOT is_source_bar""")
        by_time = {int(row[0]): row[1:] for row in stored}
        for bar in answer:
            row = by_time[bar["time"]]
            for name, text in zip(("open", "high", "low", "close", "sma", "bb_upper", "bb_lower", "rsi"), row):
                self.assertEqual(bar[name], float(text) if text else None, (bar["time"], name))

        page.keyboard.press("e")
        expect(page.locator("#dialogtext")).to_contain_text("recomputed", timeout=PATIENCE_MS)
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        expect(page.locator("#title")).to_contain_text("ETH-USD", timeout=PATIENCE_MS)
        page.keyboard.press("/")
        page.keyboard.type("btc")
        expect(page.locator("#count")).to_have_text("1 of 2", timeout=PATIENCE_MS)
        self.assertEqual(self.said, [])
        self.assertEqual([url for url in self.asked if not url.startswith((f"http://{self.address}/", "data:"))], [])

    def test_shows_that_the_connection_is_lost_and_recovers(self):
        running = self.running()
        page = self.page()
        expect(page.locator("#link")).to_have_text("live", timeout=PATIENCE_MS)
        running.end()
        expect(page.locator("#link")).to_have_text("connection lost", timeout=PATIENCE_MS)
        self.running(dashboard=self.address)
        expect(page.locator("#link")).to_have_text("live", timeout=PATIENCE_MS)
        expect(page.locator("#ready")).to_have_text("ready", timeout=PATIENCE_MS)

    def test_fits_a_phone_and_both_themes(self):
        self.running()
        for scheme in ("light", "dark"):
            page = self.page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
            expect(page.locator("#rows .row").first).to_be_visible(timeout=PATIENCE_MS)
            self.assertEqual(page.evaluate("document.documentElement.dataset.theme"), scheme)
            for view in ("chart", "alerts", "pipeline", "symbols"):
                page.locator(f"#tabs [data-view={view}]").click()
                expect(page.locator(f"#{view}")).to_be_visible(timeout=PATIENCE_MS)
                self.assertEqual(page.locator("main > section:visible").count(), 1, view)
                overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                self.assertLessEqual(overflow, 0, f"{view} is wider than the screen")
            self.assertEqual(self.said, [])

    def test_asks_for_the_token_in_the_browser(self):
        simulator = self.simulator()
        config = self.config(f'[sources.binance]\nenabled = true\nwebsocket_url = "ws://{simulator.address}"\nsymbols = ["BTCUSDT"]\n'
                             f'[dashboard]\nlisten = "127.0.0.1:0"\ntoken = {{ env = "TEST_TOKEN" }}\n')
        running = self.start("run", "--config", config, "--plain", environment={"TEST_TOKEN": "open sesame"})
        self.address = harness.until(lambda: re.search(r"serves http://(\S+)", running.stderr), "it serves").group(1)
        page = self.page()
        page.goto(f"http://{self.address}/login")
        page.fill("#token", "open sesame")
        page.click("button")
        expect(page.locator("#link")).to_have_text("live", timeout=PATIENCE_MS)


if __name__ == "__main__":
    unittest.main()

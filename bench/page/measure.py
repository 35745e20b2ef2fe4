"""The dashboard under load: frames per second and memory of a page that shows 1,000 symbols, each with 10 updates a second.

Usage     ./dev bench-page [SECONDS]      builds, starts private servers, the simulator and the pipeline; needs chromium
Output    a table: frames per second (median and worst second), the longest frame, memory of the page's process
"""
import re
import statistics
import sys
import os

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/integration/pipeline"))
import harness  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

SYMBOLS, RATE = 1_000, 10_000
SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
COUNT_FRAMES = """seconds => new Promise(done => {
  const frames = new Array(seconds).fill(0); let longest = 0, last = performance.now(); const begin = last;
  const tick = now => {
    longest = Math.max(longest, now - last); last = now;
    const second = Math.floor((now - begin) / 1000);
    if (second >= seconds) return done({frames, longest});
    frames[second]++; requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
})"""


class Run(harness.PipelineTest):
    def runTest(self):
        names = [f"S{number:04}" for number in range(SYMBOLS)]
        options = [word for name in names for word in ("--symbol", f"{name}:crypto:{100 + len(name)}:2")]
        simulator = self.simulator("--seed", "1", "--rate", str(RATE), *options)
        symbols = ", ".join(f'"{name}-USD" = "{name}USDT"' for name in names)
        config = self.config(f'lane = "wide"\n[bars]\nintervals_s = [1, 5]\n[sources.binance]\nenabled = true\n'
                             f'websocket_url = "ws://{simulator.address}"\nsymbols = {{ {symbols} }}\n'
                             f'[dashboard]\nlisten = "127.0.0.1:0"\n')
        running = self.start("run", "--config", config, "--plain")
        address = harness.until(lambda: re.search(r"serves http://(\S+)", running.stderr), "it serves").group(1)
        harness.until(lambda: self.servers.count_or_zero("fact_tick") > RATE, "it runs")
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--enable-precise-memory-info"])
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.goto(f"http://{address}/")
            page.get_by_text(f"{SYMBOLS} of {SYMBOLS}").wait_for(timeout=60_000)  # the table holds as many rows as are in view
            measured = page.evaluate(COUNT_FRAMES, SECONDS)
            heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable")
            nodes = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}["Nodes"]
            resident = max(rss_mb(pid) for pid in renderers())
            browser.close()
        self.assertEqual(running.end(), 0, running.stderr)
        ticks = self.servers.count("fact_tick")
        print(f"{SYMBOLS} symbols, {RATE} trades/s asked of the simulator, {ticks} stored, {SECONDS} s watched")
        print(f"frames per second   median {statistics.median(measured['frames'])}   worst second {min(measured['frames'])}   "
              f"longest frame {measured['longest']:.0f} ms")
        print(f"memory              JavaScript heap {heap:.0f} MB   renderer resident {resident:.0f} MB   {nodes:.0f} nodes")


def renderers():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if b"--type=renderer" in file.read():
                    yield int(pid)
        except OSError:
            pass


def rss_mb(pid):
    """Without what it shares with the browser's other processes."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        words = file.read().split()
    return (int(words[1]) - int(words[2])) * os.sysconf("SC_PAGESIZE") / 1e6


if __name__ == "__main__":
    import unittest
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Run)
    sys.exit(0 if unittest.TextTestRunner(verbosity=0).run(suite).wasSuccessful() else 1)

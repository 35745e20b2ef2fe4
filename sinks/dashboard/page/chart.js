// Candles with Bollinger bands, RSI below, signals as markers: closed bars from PostgreSQL, the open one from the feed.
import { decimals, interval, number, price as shownPrice } from "./format.js";

const history_bars = 500;

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Chart {
  constructor() {
    this.place = document.getElementById("canvas");
    this.legend = document.getElementById("legend");
    this.bars = [];
    if (!window.LightweightCharts) {
      this.place.textContent = "This program was built without the charts' library; ./dev build fetches it.";
      return;
    }
    const { createChart, CandlestickSeries, LineSeries, createSeriesMarkers } = window.LightweightCharts;
    this.chart = createChart(this.place, {
      autoSize: true,
      layout: { attributionLogo: false, fontSize: 11, panes: { enableResize: true } },
      timeScale: { timeVisible: true, secondsVisible: true, rightOffset: 4 },
      crosshair: { mode: 0 },
    });
    this.candles = this.chart.addSeries(CandlestickSeries, { borderVisible: false });
    const line = (color, pane, width = 1) =>
      this.chart.addSeries(LineSeries, { color, lineWidth: width, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false }, pane);
    this.lines = { bb_upper: line("#7c8cf8", 0), sma: line("#d9a13c", 0), bb_lower: line("#7c8cf8", 0) };
    this.rsi = line("#a371f7", 1, 2);
    for (const price of [30, 70]) this.rsi.createPriceLine({ price, color: "#8888", lineWidth: 1, lineStyle: 2, axisLabelVisible: true });
    const [upper, lower] = this.chart.panes();
    upper.setStretchFactor(4);
    lower.setStretchFactor(1);
    this.markers = createSeriesMarkers(this.candles, []);
    this.chart.subscribeCrosshairMove((move) => this.tell(move.time));
    this.paint();
  }

  paint() {
    if (!this.chart) return;
    this.chart.applyOptions({
      layout: { background: { color: css("--card") }, textColor: css("--muted") },
      grid: { vertLines: { color: css("--line") }, horzLines: { color: css("--line") } },
      rightPriceScale: { borderColor: css("--line") },
      timeScale: { borderColor: css("--line") },
    });
    const [up, down] = [css("--up"), css("--down")];
    this.candles.applyOptions({ upColor: up, wickUpColor: up, downColor: down, wickDownColor: down });
    this.mark();
  }

  async show(symbol, interval_s) {
    const isOther = symbol !== this.symbol || interval_s !== this.interval_s;
    this.symbol = symbol;
    this.interval_s = interval_s;
    if (!this.chart) return;
    if (isOther) {
      this.bars = [];
      this.draw();
    }
    await this.refresh();
    if (isOther) this.chart.timeScale().scrollToRealTime();
  }

  /// Asks for the bars that closed since the last one, or for all.
  async refresh() {
    const { symbol, interval_s } = this;
    if (!this.chart || !symbol || this.isAsking) return;
    this.isAsking = true;
    try {
      const after_s = this.bars.length ? this.bars[this.bars.length - 1].time - 1 : 0;
      const query = new URLSearchParams({ symbol: symbol.symbol, source: symbol.source, interval_s, after_s, limit: history_bars });
      const answer = await fetch(`/api/bars?${query}`);
      if (!answer.ok) throw new Error(await answer.text());
      const fresh = await answer.json();
      if (symbol !== this.symbol || interval_s !== this.interval_s || fresh.length === 0) return;
      const from = fresh[0].time;
      this.bars = [...this.bars.filter((bar) => bar.time < from), ...fresh].slice(-4 * history_bars);
      this.draw();
    } catch (error) {
      this.legend.textContent = String(error.message ?? error).trim();
    } finally {
      this.isAsking = false;
    }
  }

  draw() {
    const precision = Math.max(2, ...this.bars.slice(-50).map((bar) => decimals(String(bar.close))));
    const priceFormat = { type: "price", precision, minMove: 10 ** -precision };
    this.candles.applyOptions({ priceFormat });
    this.candles.setData(this.bars.map(({ time, open, high, low, close }) => ({ time, open, high, low, close })));
    const points = (key) => this.bars.map((bar) => (bar[key] === null ? { time: bar.time } : { time: bar.time, value: bar[key] }));
    for (const [key, line] of Object.entries(this.lines)) {
      line.applyOptions({ priceFormat });
      line.setData(points(key));
    }
    this.rsi.setData(points("rsi"));
    this.open = null;
    this.mark();
    this.tell();
  }

  mark() {
    if (!this.markers) return;
    const marks = [];
    this.bars.forEach((bar, i) => {
      if (bar.signal === "HOLD" || (i > 0 && this.bars[i - 1].signal === bar.signal)) return;
      const isBuy = bar.signal === "BUY";
      marks.push({ time: bar.time, position: isBuy ? "belowBar" : "aboveBar", shape: isBuy ? "arrowUp" : "arrowDown",
                   color: css(isBuy ? "--up" : "--down"), text: bar.signal });
    });
    this.markers.setMarkers(marks);
  }

  /// The newest price of the symbol that is shown: it moves the open bar.
  tick(latest) {
    if (!this.chart || this.bars.length === 0 || this.interval_s >= 86400) return;
    const time = Math.floor(latest.event_ms / 1000 / this.interval_s) * this.interval_s;
    const last = this.bars[this.bars.length - 1];
    if (time <= last.time) return;
    const price = Number(latest.price);
    if (!this.open || this.open.time !== time) {
      if (this.open && time < this.open.time) return;
      this.open = { time, open: price, high: price, low: price, close: price };
    }
    this.open.high = Math.max(this.open.high, price);
    this.open.low = Math.min(this.open.low, price);
    this.open.close = price;
    this.candles.update(this.open);
  }

  tell(time) {
    const bar = (time && this.bars.find((one) => one.time === time)) || this.bars[this.bars.length - 1];
    if (!bar) {
      this.legend.textContent = this.symbol ? "No closed bar yet." : "";
      return;
    }
    const show = (value) => shownPrice(String(value));
    const at = new Date(bar.time * 1000).toISOString().slice(0, 19).replace("T", " ");
    this.legend.textContent = `${interval(this.interval_s)}  ${at}  O ${show(bar.open)}  H ${show(bar.high)}  L ${show(bar.low)}  C ${show(bar.close)}  V ${bar.volume}  ` +
      `SMA ${bar.sma === null ? "–" : show(bar.sma)}  bands ${bar.bb_lower === null ? "–" : `${show(bar.bb_lower)} … ${show(bar.bb_upper)}`}  RSI ${number(bar.rsi, 1)}  ${bar.signal}`;
  }
}

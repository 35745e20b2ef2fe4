// The table of symbols. Only the rows that can be seen exist: a thousand symbols cost as much as thirty.
import { age, element, number, price as shownPrice, setText, signed } from "./format.js";

const row_px = 30;
const stale_ms = 60_000;

const columns = [
  { name: "Symbol", key: (s) => s.symbol },
  { name: "Price", key: (s) => Number(s.price) },
  { name: "Change", key: (s) => s.change_pct ?? -Infinity },
  { name: "RSI", key: (s) => s.rsi_now ?? s.rsi ?? -Infinity },
  { name: "Trend", key: (s) => s.trend },
  { name: "Signal", key: (s) => s.signal },
  { name: "Age", key: (s) => -s.event_ms },
  { name: "Trust", key: (s) => s.trust ?? 101 },
];

export class Table {
  constructor(symbols, onChoose) {
    this.symbols = symbols; // key -> latest
    this.onChoose = onChoose;
    this.list = document.getElementById("list");
    this.rows = document.getElementById("rows");
    this.filter = document.getElementById("filter");
    this.sortBy = 0;
    this.descending = false;
    this.order = [];
    this.pool = [];
    this.orderIsOld = true;
    this.makeHead();
    this.list.addEventListener("scroll", () => this.draw());
    this.filter.addEventListener("input", () => this.reorder());
    new ResizeObserver(() => this.draw()).observe(this.list);
  }

  makeHead() {
    const head = document.getElementById("head");
    this.heads = columns.map((column, i) => {
      const cell = element("span");
      const button = element("button", "", column.name);
      button.addEventListener("click", () => {
        this.descending = this.sortBy === i ? !this.descending : i > 0;
        this.sortBy = i;
        this.reorder();
      });
      cell.append(button);
      head.append(cell);
      return cell;
    });
  }

  reorder() {
    const wanted = this.filter.value.trim().toLowerCase();
    const key = columns[this.sortBy].key;
    const direction = this.descending ? -1 : 1;
    this.order = [...this.symbols.values()].filter((s) => `${s.symbol} ${s.source}`.toLowerCase().includes(wanted));
    this.order.sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x !== y) return (x < y ? -1 : 1) * direction;
      return a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : a.i - b.i;
    });
    this.heads.forEach((cell, i) => {
      if (i === this.sortBy) cell.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    this.rows.style.height = `${this.order.length * row_px}px`;
    setText(document.getElementById("count"), `${this.order.length} of ${this.symbols.size}`);
    this.orderIsOld = false;
    this.draw();
  }

  makeRow() {
    const row = element("div", "row");
    row.setAttribute("role", "option");
    for (const _ of columns) row.append(element("span"));
    row.addEventListener("click", () => this.choose(row.symbol));
    this.rows.append(row);
    return row;
  }

  draw() {
    const first = Math.max(0, Math.floor(this.list.scrollTop / row_px) - 2);
    const shown = Math.min(this.order.length - first, Math.ceil(this.list.clientHeight / row_px) + 4);
    for (let i = 0; i < Math.max(shown, this.pool.length); i++) {
      if (i >= shown) {
        this.pool[i].hidden = true;
        this.pool[i].style.display = "none";
        continue;
      }
      const row = (this.pool[i] ??= this.makeRow());
      row.style.display = "";
      this.fill(row, this.order[first + i], (first + i) * row_px);
    }
  }

  fill(row, s, top) {
    row.symbol = s;
    const transform = `translateY(${top}px)`;
    if (row.style.transform !== transform) row.style.transform = transform;
    const stale = Date.now() - s.received_ms > stale_ms;
    const className = `row${stale ? " stale" : ""}`;
    if (row.className !== className) row.className = className;
    const selected = String(s === this.chosen);
    if (row.getAttribute("aria-selected") !== selected) row.setAttribute("aria-selected", selected);
    const [symbol, price, change, rsi, trend, signal, fresh, trust] = row.children;
    setText(symbol, s.symbol);
    symbol.title = `${s.symbol} · ${s.source}`;
    setText(price, shownPrice(s.price));
    price.title = s.bid || s.ask ? `${s.price} · bid ${s.bid ?? "–"}, ask ${s.ask ?? "–"}` : s.price;
    setText(change, s.change_pct === null ? "–" : signed(s.change_pct) + "%");
    change.className = s.change_pct > 0 ? "up" : s.change_pct < 0 ? "down" : "";
    setText(rsi, number(s.rsi_now ?? s.rsi, 1));
    setText(trend, s.trend);
    trend.className = s.trend;
    setText(signal, s.signal);
    signal.className = s.signal;
    setText(fresh, age(Date.now() - s.received_ms));
    setText(trust, s.trust === undefined ? "–" : `${Math.floor(s.trust)}%`);
    trust.className = s.trust === undefined || s.trust >= 99.9 ? "" : s.trust >= 95 ? "warn" : "bad";
  }

  choose(symbol) {
    this.chosen = symbol;
    this.onChoose(symbol);
    this.draw();
  }

  /// The next one down (1) or up (-1).
  step(by) {
    if (this.order.length === 0) return;
    const at = this.order.indexOf(this.chosen);
    const next = Math.min(this.order.length - 1, Math.max(0, at + by));
    const top = next * row_px;
    if (top < this.list.scrollTop) this.list.scrollTop = top;
    if (top + row_px > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = top + row_px - this.list.clientHeight;
    this.choose(this.order[next]);
  }
}

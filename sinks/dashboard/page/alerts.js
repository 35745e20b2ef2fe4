// The feed of alerts, newest first, each with its why.
import { clock, count, element, interval } from "./format.js";

const shown_max = 200;

export class Alerts {
  constructor(onExplain, onSymbol) {
    this.feed = document.getElementById("feed");
    this.known = new Set();
    this.onExplain = onExplain;
    this.onSymbol = onSymbol;
    this.newest = null;
  }

  async load() {
    const answer = await fetch("/api/alerts?limit=100");
    if (answer.ok) this.add((await answer.json()).reverse());
  }

  /// Oldest first.
  add(alerts) {
    for (const alert of alerts) {
      if (this.known.has(alert.alert_id)) continue;
      this.known.add(alert.alert_id);
      this.newest = alert;
      this.feed.prepend(this.entry(alert));
    }
    while (this.feed.children.length > shown_max) this.feed.lastChild.remove();
    document.getElementById("alertcount").textContent = this.known.size ? count(this.known.size) : "";
    if (this.known.size === 0 && !this.feed.firstChild) this.feed.append(element("li", "muted", "None yet."));
    else this.feed.querySelector("li.muted")?.remove();
  }

  entry(alert) {
    const item = element("li", "flash");
    item.dataset.alert = alert.alert_id;
    const bar = element("div", "bar");
    const severity = { info: "", warning: "warn", critical: "bad" }[alert.severity] ?? "";
    const symbol = element("button", severity, alert.symbol);
    symbol.addEventListener("click", () => this.onSymbol(alert.symbol));
    const why = element("button", "", "why");
    why.addEventListener("click", () => this.onExplain(alert));
    bar.append(element("span", "muted", clock(alert.bar_end_ms)), symbol, element("span", "muted", interval(alert.interval_s)),
               element("span", "space"), why);
    item.append(bar, element("p", "", alert.message));
    return item;
  }
}

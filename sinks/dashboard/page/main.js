// Wires the page: the feed into the views, keys and clicks into what they do.
import { Alerts } from "./alerts.js";
import { Chart } from "./chart.js";
import { element, interval, price, setText } from "./format.js";
import { Live } from "./live.js";
import { Pipeline } from "./pipeline.js";
import { Table } from "./table.js";

const $ = (id) => document.getElementById(id);
const symbols = new Map(); // number -> latest values
const chart = new Chart();
const pipeline = new Pipeline();
const table = new Table(symbols, choose);
const alerts = new Alerts(explain, (name) => {
  const found = [...symbols.values()].find((one) => one.symbol === name);
  if (found) table.choose(found);
});
let interval_s = null;
let intervals = [];
let isDrawing = false;

function choose(symbol) {
  setText($("title"), `${symbol.symbol} · ${symbol.source}`);
  drawPrice(symbol);
  intervals = [];
  loadIntervals();
}

/// Which lengths of bars there are: more may come while it is looked at.
async function loadIntervals() {
  const symbol = table.chosen;
  if (!symbol) return;
  const answer = await fetch(`/api/intervals?${new URLSearchParams({ symbol: symbol.symbol, source: symbol.source })}`);
  if (!answer.ok || table.chosen !== symbol) return;
  const found = await answer.json();
  if (found.length === 0 && intervals.length === 0) found.push(symbol.interval_s || 60);
  if (found.length === 0 || String(found) === String(intervals)) return;
  intervals = found;
  if (!intervals.includes(interval_s)) interval_s = intervals[0];
  drawIntervals();
  chart.show(symbol, interval_s);
}

function drawIntervals() {
  $("intervals").replaceChildren(...intervals.map((one) => {
    const button = element("button", "", interval(one));
    button.setAttribute("aria-pressed", String(one === interval_s));
    button.addEventListener("click", () => chooseInterval(one));
    return button;
  }));
}

function chooseInterval(chosen) {
  if (chosen === undefined || !table.chosen) return;
  interval_s = chosen;
  drawIntervals();
  chart.show(table.chosen, interval_s);
}

function drawPrice(symbol) {
  setText($("price"), price(symbol.price));
  $("price").title = symbol.price;
  setText($("signal"), symbol.signal);
  $("signal").className = `tag ${symbol.signal}`;
}

function openDialog(title, text) {
  setText($("dialogtitle"), title);
  setText($("dialogtext"), text);
  if (!$("dialog").open) $("dialog").showModal();
}

async function explain(alert) {
  openDialog(`Why ${alert.symbol} ${alert.rule}`, "Computing it again from the journal …");
  const answer = await fetch(`/api/explain?${new URLSearchParams({ alert: alert.alert_id })}`);
  openDialog(`Why ${alert.symbol} ${alert.rule}`, await answer.text());
}

function draw() {
  isDrawing = false;
  if (table.orderIsOld || table.order.length !== symbols.size) table.reorder();
  else table.draw();
  if (table.chosen) {
    drawPrice(table.chosen);
    chart.tick(table.chosen);
  } else if (table.order.length > 0) {
    table.choose(table.order[0]);
  }
}

function onMessage(message) {
  for (const latest of message.latest ?? []) {
    const known = symbols.get(latest.i);
    if (known) Object.assign(known, latest);
    else {
      symbols.set(latest.i, latest);
      table.orderIsOld = true;
    }
  }
  if (message.alerts) alerts.add(message.alerts);
  if (message.status) {
    pipeline.show(message.status, Date.now());
    setText($("lane"), message.status.summary.lane);
    const { health } = message.status;
    $("ready").hidden = false;
    setText($("ready"), health.ready ? "ready" : "not ready");
    $("ready").className = `pill ${health.ready ? "good" : "bad"}`;
    $("ready").title = health.reasons.join("\n");
  }
  if (!isDrawing) {
    isDrawing = true;
    requestAnimationFrame(draw);
  }
}

function onLink(state) {
  setText($("link"), state === "lost" ? "connection lost" : state);
  $("link").className = `pill ${state === "live" ? "good" : state === "lost" ? "bad" : "warn"}`;
}

async function loadTrust() {
  const answer = await fetch("/api/completeness");
  if (!answer.ok) return;
  for (const one of await answer.json()) {
    const all = Number(one.stored) + Number(one.rejected) + Math.max(0, Number(one.missing));
    for (const symbol of symbols.values()) {
      if (symbol.symbol === one.symbol && symbol.source === one.source && all > 0) symbol.trust = (100 * Number(one.stored)) / all;
    }
  }
}

function toggleTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
  chart.paint();
}

const keys_text = `j, ↓   next symbol          /   filter symbols
k, ↑   previous symbol      e   why the newest alert
1 … 9  length of the bars   t   dark or light
Esc    close                ?   this`;

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("dialog").open) return;
  if (event.target === $("filter")) {
    if (event.key === "Escape" || event.key === "Enter") $("filter").blur();
    return;
  }
  const actions = {
    j: () => table.step(1), ArrowDown: () => table.step(1), k: () => table.step(-1), ArrowUp: () => table.step(-1),
    "/": () => $("filter").focus(), t: toggleTheme, "?": () => openDialog("Keys", keys_text),
    e: () => alerts.newest && explain(alerts.newest),
  };
  const action = actions[event.key] ?? (/^[1-9]$/.test(event.key) ? () => chooseInterval(intervals[Number(event.key) - 1]) : null);
  if (!action) return;
  event.preventDefault();
  action();
}

function showView(name) {
  for (const section of document.querySelectorAll("main > section")) section.classList.toggle("shown", section.id === name);
  for (const button of $("tabs").children) button.setAttribute("aria-current", String(button.dataset.view === name));
}

for (const button of $("tabs").children) button.addEventListener("click", () => showView(button.dataset.view));
showView("symbols");
$("theme").addEventListener("click", toggleTheme);
$("help").addEventListener("click", () => openDialog("Keys", keys_text));
document.addEventListener("keydown", onKey);
$("list").addEventListener("dblclick", () => showView("chart"));

alerts.load();
new Live(onMessage, onLink);
setInterval(() => chart.refresh(), 1_000);
setInterval(loadIntervals, 2_000);
setInterval(() => pipeline.events(), 5_000);
setInterval(loadTrust, 15_000);
setTimeout(loadTrust, 1_500);
pipeline.events();

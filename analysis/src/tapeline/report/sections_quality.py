"""Alerts, quality and completeness."""
from __future__ import annotations

from tapeline.plots import plot_latency
from tapeline.report import page
from tapeline.report.data import ReportData

_ALERTS_MAX = 12
_COUNTS = ("received", "stored", "committed", "rejected", "duplicates", "late", "missing", "filled")


def alerts(data: ReportData) -> str:
    found = data.alerts
    if found is None:
        return ""
    lead = "The newest, and how often each rule has fired."
    if not len(found):
        return page.section("Alerts", lead, page.note("No rule has fired in this range."))
    counts = found.groupby(["rule", "severity", "symbol"], observed=True).size().unstack(fill_value=0)
    rules = [[rule, severity, *row.tolist(), int(row.sum())] for (rule, severity), row in counts.iterrows()]
    newest = [[f"{row['time']:%Y-%m-%d %H:%M:%S}", row["symbol"], row["rule"], row["message"]]
              for _, row in found.iloc[::-1].head(_ALERTS_MAX).iterrows()]
    return page.section("Alerts", lead, page.table(["rule", "severity", *map(str, counts.columns), "all"], rules, texts=2),
                        page.table(["bar (UTC)", "symbol", "rule", "message"], newest, texts=4))


def quality(data: ReportData, width: int) -> str:
    lead = ("What was received is stored or rejected with a reason: stored + rejected = received, and stored = committed. "
            "Missing are trade ids that were skipped; filled those of them that came after all.")
    if data.ledger is None or not len(data.ledger):
        said = ("Files have no ledger: completeness is known of what came through the pipeline." if data.ledger is None
                else "The ledger has no row in this range.")
        return page.section("Data quality and completeness", lead, page.note(said))
    sums = data.ledger.groupby(["source", "symbol"])[list(_COUNTS)].sum()
    rows = []
    for (source, symbol), row in sums.iterrows():
        lost = max(0, row["missing"] - row["filled"])
        complete = row["received"] / max(1, row["received"] + lost)
        rows.append([symbol, source, *(f"{int(row[name]):,}" for name in _COUNTS),
                     page.Cell(f'<span class="{"good" if complete > 0.999 else "bad"}">{complete * 100:.3f} %</span>')])
    parts = [page.table(["symbol", "source", *_COUNTS, "complete"], rows, texts=2)]
    balanced = bool((sums["received"] == sums["stored"] + sums["rejected"]).all() and
                    (sums["stored"] == sums["committed"]).all())
    parts.append(page.note("The books balance: every tick that was received is accounted for." if balanced else
                           "The books do not balance yet: rows are on their way, or retention has removed ticks."))
    if data.quality is not None and len(data.quality):
        found = data.quality.assign(symbol=data.quality["symbol"].fillna("none"))
        counts = found.groupby(["kind", "reason", "symbol"], observed=True).size().unstack(fill_value=0)
        parts.append("<h3>Findings</h3>")
        parts.append(page.table(["kind", "reason", *map(str, counts.columns), "all"],
                                [[kind, reason, *row.tolist(), int(row.sum())] for (kind, reason), row in counts.iterrows()],
                                texts=2))
    if data.ticks is not None and len(data.ticks):
        delay_ms = (data.ticks["received"] - data.ticks["time"]).dt.total_seconds() * 1e3
        rows = [[source, *(page.number(value, 1) for value in group.quantile([0.5, 0.9, 0.99, 1.0]))]
                for source, group in delay_ms.groupby(data.ticks["source"], observed=True)]
        parts.append("<h3>Age on arrival</h3>")
        parts.append(page.table(["source", "median, ms", "90 %", "99 %", "worst"], rows))
        parts.append(page.figure(plot_latency(data.ticks), width))
    return page.section("Data quality and completeness", lead, *parts)

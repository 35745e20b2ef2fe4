"""python -m tapeline.report: one report as HTML and PDF."""
from __future__ import annotations

import argparse
import pathlib
import sys

from tapeline.backtest import Backtest, load_backtest, run_backtest
from tapeline.errors import TapelineError
from tapeline.report.data import ReportData, from_database, from_files
from tapeline.report.document import PAPER_PX, render
from tapeline.report.pdf import write_pdf


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tapeline report", description="One report of what is stored, or of CSV files of bars, "
                                                                         "as HTML and PDF.")
    parser.add_argument("files", nargs="*", metavar="SYMBOL=FILE.csv",
                        help="bars with time or date, open, high, low, close and volume; without any, the database")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("report"), metavar="NAME",
                        help="NAME.html and NAME.pdf (default: report)")
    parser.add_argument("--title", default="Market report")
    parser.add_argument("--symbols", help="only these, such as BTC-USD,ETH-USD")
    parser.add_argument("--from", dest="start", metavar="TIME", help="such as 2026-03-02; UTC")
    parser.add_argument("--to", dest="end", metavar="TIME")
    parser.add_argument("--interval", help="bars of this length only: 60, 1m, 1h, 1d")
    parser.add_argument("--lane", help="default: the one that was written last")
    parser.add_argument("--calendar", action="append", default=[], metavar="SYMBOL=crypto|us_equity",
                        help="of files; default: crypto for names such as BTC-USD, else us_equity")
    parser.add_argument("--backtest", type=pathlib.Path, metavar="FOLDER",
                        help="what `tapeline backtest --output` wrote; default: one by the signals is run, of files, or with --config")
    parser.add_argument("--config", type=pathlib.Path, metavar="FILE", help="the lane's, for the backtest of what is stored")
    parser.add_argument("--no-pdf", action="store_true")
    return parser


def _pairs(words: list[str], what: str) -> dict[str, str]:
    pairs = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not (name and sign and value):
            raise TapelineError(f"{word!r} is no {what}")
        pairs[name] = value
    return pairs


def _traded(options: argparse.Namespace, data: ReportData) -> Backtest | None:
    """Signals of files are those of the default options, and so is the backtest; a lane has its own configuration."""
    words = {"config": options.config, "start": options.start, "end": options.end}
    if options.files:
        lengths = data.bars.groupby("symbol", observed=True)["interval_s"].first()
        alike = lengths[lengths == lengths.mode().iloc[0]].index  # one backtest trades bars of one length
        files = _pairs(options.files, "SYMBOL=FILE.csv")
        return run_backtest({symbol: files[symbol] for symbol in alike}, **words)
    if options.config:
        return run_backtest(source="postgres", lane=data.lane, interval=options.interval,
                            symbols=options.symbols.split(",") if options.symbols else None, **words)
    return None


def _collect(options: argparse.Namespace) -> ReportData:
    if options.files:
        data = from_files(_pairs(options.files, "SYMBOL=FILE.csv"), start=options.start, end=options.end,
                          calendars=_pairs(options.calendar, "SYMBOL=CALENDAR"))
    else:
        data = from_database(options.symbols.split(",") if options.symbols else None, options.start, options.end,
                             lane=options.lane, interval=options.interval)
    if options.backtest:
        data.backtest = load_backtest(options.backtest)
        return data
    try:
        data.backtest = _traded(options, data)
    except TapelineError as error:
        data.backtest_missing = str(error)
    return data


def main(words: list[str] | None = None) -> int:
    options = _parser().parse_args(words)
    try:
        data = _collect(options)
        page, paper = (options.output.with_name(options.output.name + suffix) for suffix in (".html", ".pdf"))
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(render(data, options.title), encoding="utf-8")
        print(page)
        if not options.no_pdf:
            write_pdf(render(data, options.title, width=PAPER_PX), paper)
            print(paper)
    except (TapelineError, ValueError, OSError) as error:
        print(f"tapeline report: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

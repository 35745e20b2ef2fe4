"""HTML to PDF by Chromium, without a window."""
from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile

from tapeline.errors import TapelineError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def write_pdf(html: str, path: pathlib.Path) -> None:
    """Prints `html` to `path`; nothing is asked of the network."""
    browser = next(filter(None, map(shutil.which, _NAMES)), None)
    if browser is None:
        raise TapelineError("a PDF needs Chromium: apt-get install chromium, or leave it out with --no-pdf")
    with tempfile.TemporaryDirectory(prefix="tapeline-report-") as folder:
        page = pathlib.Path(folder) / "report.html"
        made = pathlib.Path(folder) / "report.pdf"
        page.write_text(html, encoding="utf-8")
        words = [browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-dev-shm-usage",
                 f"--user-data-dir={folder}/profile", "--host-resolver-rules=MAP * ~NOTFOUND",
                 "--virtual-time-budget=20000", "--no-pdf-header-footer", f"--print-to-pdf={made}", page.as_uri()]
        if os.geteuid() == 0:
            words.insert(1, "--no-sandbox")  # Chromium refuses to run as root otherwise; the page is our own
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=180, check=False)
        except subprocess.TimeoutExpired:
            raise TapelineError("Chromium did not print the report in 180 s; --no-pdf leaves the PDF out") from None
        if done.returncode != 0 or not made.exists():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise TapelineError(f"Chromium did not print the report: {last}")
        shutil.copyfile(made, path)

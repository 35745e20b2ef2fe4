"""One report of what is stored, or of files: a page that needs nothing else, and the same as PDF.

    python -m tapeline.report --output report
"""
from tapeline.report.data import ReportData, from_database, from_files
from tapeline.report.document import render

__all__ = ["ReportData", "from_database", "from_files", "render"]

"""Reports: the table on the terminal and the self-contained HTML page."""

from redink.reports.page import render_page
from redink.reports.terminal import print_comparison
from redink.reports.training import Training, read_trainings

__all__ = ["Training", "print_comparison", "read_trainings", "render_page"]

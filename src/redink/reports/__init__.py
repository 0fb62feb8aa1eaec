"""Reports: the tables on the terminal and the self-contained HTML page."""

from redink.reports.page import render_page
from redink.reports.terminal import marks_of, print_comparison, print_scores
from redink.reports.training import Training, read_trainings

__all__ = [
    "Training",
    "marks_of",
    "print_comparison",
    "print_scores",
    "read_trainings",
    "render_page",
]

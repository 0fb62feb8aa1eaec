"""Reports: the tables on the terminal, and the report of a run as HTML, Markdown and JSON."""

from redink.reports.facts import comparison_facts
from redink.reports.page import render_page
from redink.reports.terminal import marks_of, print_comparison, print_scores
from redink.reports.training import Training, read_trainings

__all__ = [
    "Training",
    "comparison_facts",
    "marks_of",
    "print_comparison",
    "print_scores",
    "read_trainings",
    "render_page",
]

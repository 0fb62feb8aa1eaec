"""What `select` does: duplicates, decontamination, mixtures, length bands, and what was removed."""

from redink.selection.contamination import Match, TestQuestions
from redink.selection.near import near_twins
from redink.selection.twin import Removal, Twin, removals, show_removals

__all__ = [
    "Match",
    "Removal",
    "TestQuestions",
    "Twin",
    "near_twins",
    "removals",
    "show_removals",
]

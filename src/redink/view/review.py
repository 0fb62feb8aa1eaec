"""How far a review has come."""

from typing import Any

from redink.view.table import ViewedTable


def review_of(table: ViewedTable) -> dict[str, Any]:
    """How many critiques of a table have been judged by hand, and of those that disagree with the
    grader."""
    _, edited = table.edited()
    disagrees = table.columns.suspicious["disagrees"]
    return {
        "reviewed": int(edited.sum()),
        "total": len(table),
        "disagreements": int(disagrees.sum()),
        "reviewed_disagreements": int((edited & disagrees).sum()),
    }

"""What finished runs hold: their plans and their scores."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from redink.errors import DataError
from redink.plan import Plan, make_plan
from redink.recipe import check_recipe
from redink.records import Score
from redink.reports.run_folder import read_run
from redink.tables import Table


def read_plan(folder: Path) -> Plan:
    """The plan of a run folder, from its `run.json`. Raises DataError where that is none."""
    try:
        facts = json.loads((folder / "run.json").read_text())
        raw, name, source = yaml.safe_load(facts["recipe_text"]), facts["recipe"], facts["source"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{folder}: no run folder ({type(error).__name__}: {error}); name a folder that "
            "`redink run` or `redink evaluate` made"
        ) from None
    return make_plan(check_recipe(raw, name, source), folder.parent, folder)


def joined_scores(folders: Sequence[Path]) -> Table[Score]:
    """The scores of several runs or tables as one table.

    An arm that two of them name is called `RUN/ARM` in the later ones. Raises DataError for a
    folder without scores.
    """
    rows: list[Score] = []
    tables: list[Table[Score]] = []
    taken: dict[tuple[str, str], Path] = {}
    for folder in folders:
        for place in _score_folders(folder):
            table = Table.read(place)
            if table.kind is not Score:
                raise DataError(f"{place}: no scores; name a run, or a stage that evaluates")
            for score in table:
                owner = taken.setdefault((score.model, score.benchmark), place)
                arm = score.model if owner == place else f"{folder.name}/{score.model}"
                rows.append(replace(score, model=arm))
            tables.append(table)
    return Table(
        Score,
        tuple(rows),
        problems={key: value for table in tables for key, value in table.problems.items()},
        responses={key: value for table in tables for key, value in table.responses.items()},
        provenance={"marks": [m for t in tables for m in t.provenance.get("marks", [])]},
    )


def _score_folders(folder: Path) -> list[Path]:
    if (folder / "table.json").exists():
        return [folder]
    found = [stage.folder for stage in read_run(folder).done("evaluate") if stage.folder]
    if not found:
        raise DataError(f"{folder}: no finished evaluate stage; run it first")
    return found

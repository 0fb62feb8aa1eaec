"""What a run's finished stages wrote beside their tables."""

import json
from collections.abc import Mapping
from typing import Any

from redink.errors import DataError
from redink.reports.run_folder import RunFolder


def read_written(run: RunFolder, verb: str, file: str) -> dict[str, Mapping[str, Any]]:
    """The JSON objects in `file` of a verb's finished stages, by stage; a stage may have none.

    Raises DataError for a file that cannot be read.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for stage in run.done(verb):
        path = stage.folder / file if stage.folder is not None else None
        if path is None or not path.exists():
            continue
        try:
            found[stage.name] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise DataError(
                f"{path}: cannot be read ({error}); run again with --force {stage.name}"
            ) from None
    return found

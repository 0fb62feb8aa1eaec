"""What `redink critique` does with its arguments."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redink.errors import DataError, UsageError
from redink.progress import duration
from redink.records import Response
from redink.tables import KINDS, Table

JOURNAL = "completions.sqlite"


@dataclass(frozen=True)
class Job:
    """Responses, a teacher, its settings, and the folder that takes the critiques."""

    responses: Table[Response]
    teacher: str | Mapping[str, float]
    settings: Mapping[str, Any]
    source: str
    out: Path

    @classmethod
    def of(
        cls,
        source: str,
        columns: Mapping[str, str],
        n: int | None,
        out: Path,
        teachers: Sequence[str],
        settings: Mapping[str, Any],
    ) -> "Job":
        """Reads the responses; those of a file come graded where it has reference answers.

        Raises DataError where there are none.
        """
        return cls(_responses(source, columns, n), _shares(teachers), settings, source, out)

    @property
    def journal(self) -> Path:
        """The journal of completions in the folder."""
        return self.out / JOURNAL

    def run(self, **changed: Any) -> None:
        """Asks for the critiques, writes the table and shows the figures."""
        from redink.run import locked
        from redink.stages.critique import critique

        settings = {**self.settings, **changed}
        with locked(self.out):
            if not changed:
                self._check_reach()
            before, started = _made(self.journal), time.monotonic()
            table = critique(self.responses, teacher=self.teacher, journal=self.journal, **settings)
            seconds = time.monotonic() - started
            told = json.loads(json.dumps(settings, default=str))
            provenance = {
                "verb": "critique",
                "source": self.source,
                "settings": {"teacher": self.teacher, **told},
            }
            replace(table, provenance=provenance).write(self.out)
            asked = _made(self.journal) - before
        _show(table, asked, seconds)
        print(f"critiques: {self.out}")

    def _check_reach(self) -> None:
        """Raises at once where an endpoint that is still needed does not answer."""
        from redink.reach import check_models
        from redink.teachers.estimate import estimate

        names = [self.teacher] if isinstance(self.teacher, str) else list(self.teacher)
        if estimate(
            self.responses, teacher=self.teacher, journal=self.journal, **self.settings
        ).requests:
            check_models(names)

    def single_model(self, what: str) -> str:
        """The one model that a batch runner is asked to be."""
        if not isinstance(self.teacher, str) or self.teacher == "symbolic":
            raise UsageError(f"{what}: name one model as --teacher")
        return self.teacher


def show_estimate(job: Job) -> None:
    """Prints requests, tokens and cost of what the journal does not hold."""
    from redink.teachers.estimate import estimate

    found = estimate(job.responses, teacher=job.teacher, journal=job.journal, **job.settings)
    bound = "at least " if found.at_least else ""
    rows = [
        ("responses", f"{len(job.responses):,}"),
        ("in the journal already", f"{found.kept:,}"),
        ("requests", f"{bound}{found.requests:,}"),
        ("prompt tokens, about", f"{bound}{found.prompt_tokens:,}"),
        ("completion tokens, about", f"{bound}{found.completion_tokens:,}"),
        (
            "cost, about",
            "price not known; give --prices" if found.cost is None else f"{bound}${found.cost:.2f}",
        ),
    ]
    _print(rows)


def write_requests(job: Job, path: Path) -> None:
    """Writes the requests that the journal cannot answer, for a batch runner."""
    from redink.engines.batch import write_batch_file
    from redink.teachers.llm import conversations_for, model_named

    model = model_named(job.single_model("--batch-file"))
    prompt, sampling = _asked(job)
    conversations = conversations_for(prompt, _pairs(job))
    files = write_batch_file(path, conversations, sampling, model=model, journal=job.journal)
    print(files.report())


def answer_offline(job: Job, paths: Sequence[Path]) -> None:
    """Reads a batch runner's results into the journal and makes the table from it."""
    from redink.engines.batch import read_batch_results
    from redink.teachers.llm import conversations_for, model_named
    from redink.teachers.offline import JOURNAL_ONLY

    model = model_named(job.single_model("--batch-results"))
    prompt, sampling = _asked(job)
    conversations = conversations_for(prompt, _pairs(job))
    results = read_batch_results(paths, conversations, sampling, model=model, journal=job.journal)
    for line in results.report():
        print(line, file=sys.stderr)
    job.run(engine=JOURNAL_ONLY)


def _asked(job: Job) -> tuple[Any, Any]:
    from redink.engines.engine import Sampling
    from redink.teachers.presets import TeacherPrompt

    given = job.settings
    prompt = TeacherPrompt.of(given["preset"], given["prompt"])
    sampling = Sampling(
        given["temperature"], given["top_p"], given["max_tokens"], seed=given["seed"]
    )
    return prompt, sampling


def _pairs(job: Job) -> list[Any]:
    return [(job.responses.problems[row.problem_id], row) for row in job.responses]


def _responses(source: str, columns: Mapping[str, str], n: int | None) -> Table[Response]:
    folder = Path(source)
    if folder.is_dir():
        table = Table.read(folder)
        if table.kind is not Response:
            raise DataError(
                f"{source}: a table of {KINDS[table.kind]}; name the folder of a stage that makes "
                "responses (respond, corrupt, load with a response column)"
            )
    else:
        from redink.stages.load import load

        table = load(source, columns=dict(columns), n=n)
    if not len(table):
        raise DataError(f"{source}: no responses to critique")
    return table


def _shares(teachers: Sequence[str]) -> str | dict[str, float]:
    """`NAME`, or several `NAME=SHARE`."""
    if len(teachers) == 1:
        return teachers[0]
    shares: dict[str, float] = {}
    for given in teachers:
        name, _, share = given.rpartition("=")
        try:
            shares[name] = float(share)
        except ValueError:
            name = ""
        if not name:
            raise UsageError(f"--teacher {given}: of several teachers each needs NAME=SHARE")
    return shares


def _made(journal: Path) -> int:
    """Completions in the journal."""
    from redink.engines.journal import Journal

    if not journal.exists():
        return 0
    with Journal(journal) as opened:
        return opened.usage().completions


def _show(table: Table[Any], asked: int, seconds: float) -> None:
    from redink.teachers.summary import Summary

    rows = Summary.of(table).rows()
    if asked:
        rows.append(("completions made now", f"{asked:,} ({asked / max(seconds, 1e-6):.1f}/s)"))
    rows.append(("time", duration(seconds)))
    _print(rows)


def _print(rows: Sequence[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=None, show_header=False)
    grid.add_column()
    grid.add_column(justify="right")
    for name, value in rows:
        grid.add_row(Text(name), Text(value))
    Console().print(grid)

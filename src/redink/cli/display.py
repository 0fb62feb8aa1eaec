"""The terminal while a run works: stages that are done above, the present one redrawn below."""

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.table import Table as Grid
from rich.text import Text

from redink.cli.above import above
from redink.cli.sparkline import sparkline
from redink.progress import duration, shown
from redink.standing import Standing

REDRAWN = 2
"""Times a second."""
WIDEST = 79
"""Columns at most: a window narrowed to 80 has nothing to wrap, and what is redrawn stays whole."""
CURVE = 24
"""Columns of a curve."""


class Display(Standing):
    """Shows a run on a terminal, and what others print above it.

    Everything that comes from recipes, models and servers is shown as text: control characters as
    escapes, and no markup is read.

    Args:
        stages, costs: see `Standing`.
        console: of the terminal; standard error's where not given.
    """

    def __init__(
        self,
        stages: Sequence[tuple[str, str]],
        costs: Mapping[str, float | None],
        console: Console | None = None,
    ) -> None:
        super().__init__(stages, costs)
        self.console = console or Console(file=sys.stderr, highlight=False)
        self.started = time.monotonic()
        self._drawing = ExitStack()
        self._names = min(24, max((len(name) for name, _ in stages), default=0))
        self._draws_curves = self.console.encoding.startswith("utf")
        marks = ("✓", "●", "✗") if self._draws_curves else ("+", "*", "x")
        self._done_mark, self._mark, self._failed_mark = marks

    def __enter__(self) -> "Display":
        self._show()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._hide()
        if kind is not None and self.stage is not None:
            self.console.print(self._stopped(self.stage))

    def left_to(self, path: Path) -> None:
        """Leaves the terminal to the processes that print there themselves."""
        super().left_to(path)
        self._hide()

    def taken_back(self) -> None:
        """Takes the terminal again."""
        super().taken_back()
        self._show()

    def say(self, stage: str, verb: str, what: str, seconds: float | None = None) -> None:
        """Prints a line that stays: a stage that is done."""
        took = "" if seconds is None else duration(seconds)
        self.console.print(self._row(Text(self._done_mark, style="green"), stage, verb, what, took))

    def _show(self) -> None:
        live = Live(
            self,
            console=self.console,
            refresh_per_second=REDRAWN,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        live.start(refresh=True)
        self._drawing.callback(live.stop)
        # A process that is killed cannot give a hidden cursor back.
        self.console.show_cursor(True)
        self._drawing.enter_context(above(self.console))
        self.draws = True

    def _hide(self) -> None:
        self.draws = False
        self._drawing.close()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The present stage, as it is now."""
        if self.stage is not None:
            yield from self._stage(self.stage, self.work())
        yield self._line(Text(f"  {self._summary()}", style="dim"))

    def _stage(self, stage: str, work: Mapping[str, Any]) -> list[RenderableType]:
        head = Text.assemble(
            (f"{self._mark} ", "cyan"),
            (shown(stage), "bold"),
            f"  {shown(work.get('label') or self.verbs.get(stage, ''))}",
        )
        lines: list[RenderableType] = [self._line(head)]
        if work:
            lines.append(self._count(work))
        figures = work.get("figures", {})
        if figures:
            text = "  ".join(f"{shown(name)} {shown(value)}" for name, value in figures.items())
            curve = sparkline(self.curve, CURVE) if self._draws_curves else ""
            lines.append(self._line(Text.assemble(f"  {text}  ", (curve, "cyan"))))
        return lines

    def _count(self, work: Mapping[str, Any]) -> RenderableType:
        total = f"/{work['total']:,}" if work["total"] else ""
        count = Text(f"{work['done']:,}{total} {shown(work['unit'])}")
        if work["left"] is not None:
            count.append(f"  {duration(work['left'])} left")
        if not work["total"]:
            return self._line(Text("  ") + count)
        grid = Grid.grid(padding=(0, 2, 0, 0))
        grid.width = self._width
        grid.add_column(ratio=1)
        grid.add_column(no_wrap=True, overflow="ellipsis")
        bar = ProgressBar(total=work["total"], completed=work["done"])
        grid.add_row(_Indented(bar), count)
        return grid

    def _summary(self) -> str:
        parts = [
            f"{len(self.costs)} of {len(self.verbs)} stages done",
            duration(time.monotonic() - self.started),
        ]
        if self.money is not None:
            parts.append(f"${self.money:.2f}")
        return "  ".join(parts)

    def _stopped(self, stage: str) -> RenderableType:
        work = self.last
        total = f"/{work['total']:,}" if work.get("total") else ""
        where = f"stopped at {work['done']:,}{total} {work['unit']}" if work else "stopped"
        mark = Text(self._failed_mark, style="red")
        return self._row(mark, stage, self.verbs[stage], where, duration(time.time() - self.began))

    def _row(self, mark: Text, stage: str, verb: str, what: str, took: str) -> RenderableType:
        grid = Grid.grid(padding=(0, 1, 0, 0))
        grid.width = self._width
        grid.add_column(width=1)
        grid.add_column(width=min(self._names, self._width // 3), overflow="fold")
        grid.add_column(width=8)
        grid.add_column(ratio=1, overflow="fold")
        grid.add_column(justify="right", no_wrap=True)
        grid.add_row(
            mark, Text(shown(stage), style="bold"), Text(shown(verb)), Text(shown(what)), Text(took)
        )
        return grid

    @property
    def _width(self) -> int:
        return max(20, min(self.console.width - 1, WIDEST))

    def _line(self, text: Text) -> Text:
        """A text that takes one row of the terminal, whatever its length."""
        text.no_wrap = True
        text.truncate(self._width, overflow="ellipsis")
        return text


class _Indented:
    """A renderable, two columns to the right."""

    def __init__(self, inner: ProgressBar) -> None:
        self.inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment("  ")
        yield from console.render(self.inner, options.update(width=max(4, options.max_width - 2)))

"""The terminal while a run works: what is on the screen, and what is left on it afterwards."""

import io
import os
import re
import select
import signal
import sys
import time
from contextlib import contextmanager

import pytest
from rich.console import Console
from rich.control import Control
from rich.table import Table

from redink.cli.display import Display
from redink.cli.sparkline import sparkline
from redink.progress import left_to_others, progress, watched
from tests.forked import forked
from tests.screen import Screen, open_terminal, resize, typed_on_terminal

STAGES = [("problems", "load"), ("critiques", "critique"), ("cft", "finetune")]
RECIPE = """
stages:
  problems: {do: load, source: "gym:chain_sum", n: 24, seed: 1}
  sft: {do: finetune, data: problems, objective: imitate, batch_size: 2, epochs: EPOCHS}
"""


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def terminal():
    """A terminal of 80 columns."""
    return Terminal()


@contextmanager
def showing(terminal, stages=STAGES, costs=None, **more):
    """A display on `terminal`, which standard error and output are for as long."""
    settings = {"color_system": None, "_environ": {"TERM": "xterm"}} | more
    size = {"width": 80, "height": 24}
    console = Console(file=terminal, force_terminal=True, highlight=False, **size, **settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", terminal)
        patch.setattr(sys, "stderr", terminal)
        with Display(stages, costs or {}, console) as display, watched(display):
            yield display
        assert sys.stdout is sys.stderr is terminal


def drawn(stream):
    screen = Screen().feed(stream.getvalue())
    assert screen.unknown == []
    return screen


def test_the_screen_shows_what_is_done_and_how_far_the_present_stage_is(terminal):
    with showing(terminal, STAGES, {"problems": None}) as display:
        display.say("problems", "load", "1200 rows", 2.2)
        display.begin("critiques", "critiques-1")
        with progress("critique", 40, "responses") as bar:
            bar.curve = [2.0, 1.0]
            bar.advance(10, agree="97.5%", cost="$0.12")
            redraw(display)
            lines = drawn(terminal).lines
    assert lines[0].split() == ["✓", "problems", "load", "1200", "rows", "2s"]
    assert lines[1].split() == ["●", "critiques", "critique"]
    assert re.fullmatch(r"  [━╸╺ ]+10/40 responses( +\d+s left)?", lines[2])
    assert lines[3] == "  agree 97.5%  cost $0.12  █▁"
    assert re.fullmatch(r"  1 of 3 stages done  \ds  \$0\.12", lines[4])
    assert max(map(len, lines)) < 80


def test_a_curve_runs_from_its_least_to_its_greatest_value():
    assert sparkline([3.0, 2.0, 1.0], 24) == "█▅▁"
    assert sparkline([1.0] * 9, 4) == "▁▁▁▁"
    assert sparkline([1.0], 24) == sparkline([], 24) == ""
    falling = sparkline([1 / step for step in range(1, 5001)], 24)
    assert len(falling) == 24
    assert sorted(falling, reverse=True) == list(falling)
    assert (falling[0], falling[-1]) == ("█", "▁")


def redraw(display):
    """Draws now what would be drawn within half a second."""
    display.console.print(Control())


def test_nothing_of_what_is_redrawn_stays_on_the_screen(terminal):
    with showing(terminal) as display:
        display.begin("problems", "problems-1")
        with progress("load", 5) as bar:
            for count in range(5):
                bar.advance(loss=str(count))
                print(f"note {count}")
        display.end("problems", {})
        display.say("problems", "load", "5 rows", 0.4)
    screen = drawn(terminal)
    assert [line.split()[0] for line in screen.lines] == ["note"] * 5 + ["✓"]
    assert screen.cursor
    assert screen.column == 0


def test_the_cursor_is_never_left_hidden(terminal):
    with showing(terminal):
        for _ in range(3):
            assert drawn(terminal).cursor  # also where the process is killed here
            print("note")


def test_other_consoles_print_above_with_their_colours(terminal):
    with showing(terminal) as display:
        display.begin("cft", "cft-1")
        table = Table(title="a report")
        table.add_row("[bold]rows[/bold]", "12")
        Console(file=sys.stderr, force_terminal=True, width=80).print(table)
        print("half a line", end="")
    lines = drawn(terminal).lines
    assert any("a report" in line for line in lines)
    assert lines[-1] == "half a line"
    assert "\x1b[1mrows\x1b[0m" in terminal.getvalue()


def test_hostile_text_is_shown_as_text(terminal):
    evil = "\x1b[2J\x1b[31m[red]x[/red]\r\n‮"
    with showing(terminal, [("a", "respond")], {}) as display:
        display.begin("a", "a-1")
        with progress(f"{evil} on gsm8k", 4, "answers") as bar:
            bar.advance(1, **{evil: evil})
            redraw(display)
            lines = drawn(terminal).lines
        display.end("a", {})
        display.say("a", "respond", f"dropped: 3 {evil}", 1.0)
    screen = drawn(terminal)
    visible = r"\x1b[2J\x1b[31m[red]x[/red]\r\n\u202e"
    assert visible in lines[0]
    assert visible in lines[2]
    assert visible in "".join(screen.lines).replace(" ", "")


def fail(terminal):
    with showing(terminal) as display:
        display.begin("cft", "cft-1")
        with progress("finetune", 60, "steps") as bar:
            bar.advance(12)
            raise ValueError("no")


def test_a_stage_that_fails_says_where_it_stopped(terminal):
    with pytest.raises(ValueError, match="no"):
        fail(terminal)
    assert drawn(terminal).lines[-1].split()[:6] == [
        "✗", "cft", "finetune", "stopped", "at", "12/60",
    ]  # fmt: skip


def test_processes_that_print_for_themselves_get_the_terminal(terminal, tmp_path):
    with showing(terminal) as display:
        display.begin("cft", "cft-1")
        with left_to_others(tmp_path / "progress.json"):
            before = drawn(terminal).lines
            terminal.write("finetune: step 1\n")
            time.sleep(1.1)  # longer than it takes to draw again
            assert drawn(terminal).lines == ["finetune: step 1"]
        assert before == []
        assert any("stages done" in line for line in drawn(terminal).lines)
    assert drawn(terminal).lines == ["finetune: step 1"]


def test_without_colours_there_are_none(terminal):
    colourless = {"color_system": "truecolor", "no_color": True}
    with showing(terminal, **colourless) as display:
        display.begin("cft", "cft-1")
        with progress("finetune", 60, "steps") as bar:
            bar.advance(12)
            redraw(display)
    assert re.findall(r"\x1b\[[0-9;]*[34]\d[0-9;]*m", terminal.getvalue()) == []


class Session:
    """`redink run` on a terminal of its own."""

    def __init__(self, tmp_path, student, *, epochs, columns=80, **environment):
        recipe = tmp_path / "recipe.yaml"
        recipe.write_text(RECIPE.replace("EPOCHS", str(epochs)))
        self.near, far = open_terminal(columns)
        self.screen = Screen(columns)
        self.text = ""
        given = ["run", recipe, "--runs", tmp_path / "runs", "--set", f"student={student}"]
        environment = {"TERM": "xterm"} | environment
        self.process = forked(typed_on_terminal, list(map(str, given)), far, environment)

    def read_until(self, found, seconds=60.0):
        end = time.monotonic() + seconds
        while not found(self) and time.monotonic() < end:
            ready, _, _ = select.select([self.near], [], [], 0.05)
            if ready:
                text = os.read(self.near, 65536).decode(errors="replace")
                self.text += text
                self.screen.feed(text)
            elif not self.process.is_alive():
                break
        return self

    def end(self):
        self.read_until(lambda session: False, 0.5)
        self.process.join(60)
        self.read_until(lambda session: False, 0.2)
        os.close(self.near)
        return self.process.exitcode


def is_training(session):
    return any("steps" in line and "━" in line for line in session.screen.lines)


def test_a_whole_run_on_a_terminal(tiny_student, tmp_path):
    session = Session(tmp_path, tiny_student, epochs=1)
    session.read_until(lambda s: not s.process.is_alive())
    assert session.end() == 0
    lines = session.screen.lines
    done = [line.split()[:3] for line in lines if line.startswith("✓")]
    assert done == [["✓", "problems", "load"], ["✓", "sft", "finetune"]]
    assert not [line for line in lines if line.startswith("●") or "stages done" in line]
    assert session.screen.unknown == []
    assert session.screen.cursor


def test_an_interrupt_leaves_a_clean_terminal(tiny_student, tmp_path):
    session = Session(tmp_path, tiny_student, epochs=400).read_until(is_training)
    assert session.process.is_alive()
    os.write(session.near, b"\x03")
    session.read_until(lambda s: not s.process.is_alive())
    assert session.end() == 130
    screen = session.screen
    assert screen.lines[-1] == "redink: interrupted; the same command goes on from here"
    assert [line.split()[:4] for line in screen.lines if line.startswith("✗")] == [
        ["✗", "sft", "finetune", "stopped"]
    ]
    assert not [line for line in screen.lines if "stages done" in line]
    assert screen.cursor
    assert screen.column == 0


def test_a_window_may_change_its_size(tiny_student, tmp_path):
    session = Session(tmp_path, tiny_student, epochs=400, columns=120).read_until(is_training)
    resize(session.near, 80)
    session.screen.columns = 80
    session.text = ""
    session.read_until(lambda s: s.text.count("stages done") > 3)
    resize(session.near, 40)
    session.screen.columns = 40
    session.text = ""
    session.read_until(lambda s: s.text.count("stages done") > 3)
    live = [line for line in session.screen.lines if "stages done" in line]
    os.kill(session.process.pid, signal.SIGTERM)
    session.end()
    assert len(live) == 1
    assert len(live[0]) < 40
    assert session.screen.cursor


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": "unknown"}])
def test_a_dumb_terminal_gets_the_plain_lines(tiny_student, tmp_path, environment):
    session = Session(tmp_path, tiny_student, epochs=1, **environment)
    session.read_until(lambda s: not s.process.is_alive())
    assert session.end() == 0
    assert "\x1b" not in session.text
    assert re.search(r"\[sft\] done in \d+s", session.text)


def test_no_color_is_obeyed(tiny_student, tmp_path):
    session = Session(tmp_path, tiny_student, epochs=1, NO_COLOR="1")
    session.read_until(lambda s: not s.process.is_alive())
    assert session.end() == 0
    assert any(line.startswith("✓ sft") for line in session.screen.lines)
    assert re.findall(r"\x1b\[[0-9;]*[34]\d[0-9;]*m", session.text) == []

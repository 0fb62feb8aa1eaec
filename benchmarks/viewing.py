"""The viewer on a large run: time of a first page, of filters and searches, and its memory.

    python -m benchmarks.viewing [--rows 100000] [--characters 1000]

Makes a run of that many responses with a critique each (texts of about that many characters),
serves it in a process of its own over HTTP as `redink view` does, and asks as the page does, from
the moment the server prints its address: the first page reads the table's columns, the first item
and the first search wait for the texts. Memory is the server's resident memory at its highest.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SENTENCES = (
    "First, write down what the question gives and name each amount.",
    "The total is the product of the number of boxes and what each of them holds.",
    "Adding $x_{1} + y$ to both sides gives an equation with one unknown.",
    "Then $\\frac{a}{b}$ of the rest is taken away, which leaves less than half.",
    "The value from the line above is carried over without a change.",
    "Dividing by the number of days gives the amount for one day.",
    "Both ways of counting lead to the same number, as they should.",
    "So the final amount is what was asked for.",
)
REPEATS = 7


def main() -> None:
    """Prints a table, and as the last line one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--characters", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        folder = Path(name) / "run"
        size = make_run(folder, options.rows, options.characters)
        figures = {
            "rows": options.rows,
            "text_mb": round(size / 1e6),
            **measure(folder, options.rows),
        }
    for key, value in figures.items():
        print(f"{key:28} {value}")
    print(json.dumps(figures))


def make_run(folder: Path, rows: int, characters: int) -> int:
    """Writes a run with one stage of critiques; returns the characters of its texts."""
    from redink.records import Critique, Problem, Response
    from redink.tables import critique_table

    draw = random.Random(0)
    problems, responses, critiques, size = {}, {}, [], 0
    for number in range(rows):
        key = f"p{number // 4:015d}"
        if key not in problems:
            question = f"Question {number}: {' '.join(draw.choices(SENTENCES, k=3))}"
            problems[key] = Problem(key, question, str(number), source=f"set{number % 7}")
        outcome = draw.choice(("correct", "correct", "wrong", "no_answer", "truncated"))
        response = Response(
            f"r{number:015d}", key, _text(draw, number, characters), "respond",
            model=f"model{number % 3}", answer=str(number), outcome=outcome, n_tokens=300,
        )  # fmt: skip
        verdict = draw.choice(("right", "right", "wrong", None))
        agrees = None if verdict is None else (verdict == "right") == (outcome == "correct")
        text = _text(draw, number, characters)
        critiques.append(
            Critique(f"c{number:015d}", response.id, text, verdict, agrees=agrees, teacher="t")
        )
        responses[response.id] = response
        size += len(response.text) + len(text)
    critique_table(critiques, responses, problems).write(folder / "critiques-0123456789")
    (folder / "critiques-0123456789" / "stage.json").write_text('{"verb": "critique"}')
    (folder / "run.json").write_text('{"recipe": "large"}')
    return size


def _text(draw: random.Random, number: int, characters: int) -> str:
    lines = draw.choices(SENTENCES, k=characters // 62)
    if number % 997 == 0:
        lines.insert(draw.randrange(len(lines)), "Here the hypotenuse is forgotten.")
    return "\n".join([f"Row {number}.", *lines, f"The answer is {draw.randrange(10**6)}."])


def measure(folder: Path, rows: int) -> dict[str, Any]:
    """Serves the run and asks; milliseconds, medians of repeats where the page asks again."""
    with served(folder) as (address, pid):
        return _asked(address, pid, rows)


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """The address and the process id of a viewer of the run, while the block runs."""
    code = (
        "import sys; from pathlib import Path; from redink.cli.viewing import view; "
        "view(Path(sys.argv[1]), port=0, browser=False)"
    )
    command = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().split()[-1], server.pid
        finally:
            server.terminate()


def _asked(address: str, pid: int, rows: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"run_ms": took(address, "api/run")}
    figures["first_page_ms"] = took(address, "api/rows/critiques")
    figures["first_item_ms"] = took(address, "api/item/critiques/c000000000000007")
    figures["first_search_ms"] = took(address, "api/rows/critiques", q="hypotenuse")
    filters = [[("agrees", "false")], [("outcome", "wrong"), ("model", "model1")],
               [("suspicious", "unreadable"), ("source", "set3")]]  # fmt: skip
    figures["filter_ms"] = _median(address, [urllib.parse.urlencode(one) for one in filters])
    words = ["forgotten", "carried over", '"Row 9998"', "the", "zebra", "Row 5 hypotenuse"]
    asked = [urllib.parse.urlencode({"q": word}) for word in words]
    figures["search_ms"] = [took(address, f"api/rows/critiques?{one}") for one in asked]
    figures["search_again_ms"] = _median(address, asked)
    figures["longest_ms"] = took(address, "api/rows/critiques", sort="longest")
    figures["page_ms"] = _median(address, [f"offset={n * rows // REPEATS}" for n in range(REPEATS)])
    ids = [f"api/item/critiques/c{n * rows // REPEATS:015d}" for n in range(REPEATS)]
    figures["item_ms"] = round(statistics.median(took(address, one) for one in ids), 1)
    return {**figures, **memory(pid)}


def took(address: str, path: str, **query: str) -> float:
    """Milliseconds of one question."""
    url = address + path + (f"?{urllib.parse.urlencode(query)}" if query else "")
    started = time.perf_counter()
    with urllib.request.urlopen(url, timeout=120) as reply:
        reply.read()
    return round(1000 * (time.perf_counter() - started), 1)


def _median(address: str, queries: Sequence[str]) -> float:
    times = [
        took(address, f"api/rows/critiques?{query}") for query in queries for _ in range(REPEATS)
    ]
    return round(statistics.median(times), 1)


def memory(pid: int) -> dict[str, float]:
    """Resident memory in MB: at its highest, and now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    values = dict(line.split(":", 1) for line in lines)
    named = {"peak_mb": "VmHWM", "resident_mb": "VmRSS", "anonymous_mb": "RssAnon"}
    return {key: round(int(values[name].split()[0]) / 1024) for key, name in named.items()}


if __name__ == "__main__":
    main()

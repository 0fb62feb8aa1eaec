"""The journal: completions stored and found per second, bytes on disk for each.

    python -m benchmarks.journal [--rows 20000] [--tokens 500] [--folder DIR]

Every row is a critique of made-up words, of lengths spread around `--tokens`. They are put in
groups of 1, 32 and 256, each group one durable transaction (2,000 rows at most in groups of 1),
into a file of their own in `--folder` (else the system's folder for temporary files); then all
are asked for at once by a journal that was just opened.

The last line is one JSON object: `puts_per_second` and `cpu_us_per_put` by group size,
`gets_per_second`, `bytes_per_row`, `text_bytes_per_row`, `overhead_bytes_per_row`.
"""

import argparse
import hashlib
import json
import random
import tempfile
import time
from pathlib import Path

from redink.engines.engine import Completion
from redink.engines.journal import Journal

GROUPS = (1, 32, 256)
WORDS = "the solution multiplies both sides so step is correct wrong value should be x 12 7.5 = +"
Rows = list[tuple[str, Completion]]


def main() -> None:
    """Measures and prints the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--tokens", type=int, default=500)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    rows = made_up(options.rows, options.tokens)
    text = sum(len(completion.text.encode()) for _, completion in rows) / len(rows)
    puts, cpu = {}, {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for group in GROUPS:
            path = Path(folder) / f"{group}.sqlite"
            part = rows if group > 1 else rows[:2000]
            puts[group], cpu[group] = put_all(path, part, group)
        size = (path.stat().st_size) / len(rows)
        gets = get_all(path, rows)
    print(f"{len(rows)} completions of {text:.0f} bytes of text")
    for group in GROUPS:
        print(f"put in groups of {group:3}: {puts[group]:8.0f} rows/s, {cpu[group]:5.1f} us of CPU")
    print(f"get, all at once:      {gets:8.0f} rows/s")
    print(f"on disk: {size:.0f} bytes a row, {size - text:.0f} beyond its text")
    figures = {
        "puts_per_second": {str(group): round(value) for group, value in puts.items()},
        "cpu_us_per_put": {str(group): round(value, 1) for group, value in cpu.items()},
        "gets_per_second": round(gets),
        "bytes_per_row": round(size),
        "text_bytes_per_row": round(text),
        "overhead_bytes_per_row": round(size - text),
    }
    print(json.dumps(figures))


def made_up(count: int, tokens: int) -> Rows:
    """Completions under keys like those of the engines."""
    draw, words = random.Random(1), WORDS.split()
    rows = []
    for number in range(count):
        length = draw.randint(tokens // 3, tokens * 5 // 3)
        text = " ".join(draw.choices(words, k=length))
        key = hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest()
        rows.append((key, Completion("", 0, text, 900, length, "stop", draw.random() * 20)))
    return rows


def put_all(path: Path, rows: Rows, group: int) -> tuple[float, float]:
    """Rows stored per second, and microseconds of CPU for each."""
    with Journal(path) as journal:
        started, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(rows), group):
            journal.put(rows[start : start + group], "a-model-2024-11-20")
        seconds, used = time.perf_counter() - started, time.process_time() - cpu
    return len(rows) / seconds, used / len(rows) * 1e6


def get_all(path: Path, rows: Rows) -> float:
    """Rows found per second."""
    keys = [key for key, _ in rows]
    started = time.perf_counter()
    with Journal(path) as journal:
        found = journal.get(keys)
    seconds = time.perf_counter() - started
    if any(found[key].text != completion.text for key, completion in rows):
        raise SystemExit("a completion is not as it was put")
    return len(rows) / seconds


if __name__ == "__main__":
    main()

"""The endpoint engine against a server with faults: nothing lost, nothing twice, at what cost.

    python -m benchmarks.endpoint [--rows 20000] [--in-flight 1024] [--only plain limited faults]

A server on loopback (`benchmarks.endpoint_server`, a process of its own) answers after 0.5 to
1.5 s, prompts have about 1.6 KB, replies about 2.2 KB. Every measurement runs in a fresh process,
with a journal on disk, and its client CPU counts everything from making the keys to the last
completion: requests, retries, journal, generator. Peak memory is the process's, Python and all.

- plain: every row is answered at once.
- limited: 20 % of requests, drawn at random, are answered 429 whatever the load, with
  Retry-After 1. The ideal time is that of the server's own answers, 429s included, at full
  concurrency throughout.
- faults: 500s, drips, cut bodies, dropped connections, wrong JSON, empty choices, null contents,
  429s with Retry-After and rows that are always refused, all mixed, on a quarter of the rows.

After each, the same rows are asked for again with the same journal: nothing may be sent.
The last line is one JSON object: `cpu_ms_per_request`, `peak_mb`, `limited_ratio` (of ideal),
`sent_twice`, `lost`, and the figures of each measurement.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.endpoint_server import start_server

LATENCY = (0.5, 1.5)
LIMITED = {"limited_share": 0.2, "retry_after": 1.0}
FAULTS = {
    "limited_share": 0.1,
    "retry_after": 1.0,
    "broken_share": 0.05,
    "drip_share": 0.05,
    "cut_share": 0.05,
    "drop_share": 0.03,
    "wrong_json_share": 0.05,
    "empty_choices_share": 0.05,
    "null_content_share": 0.02,
    "bad_request_share": 0.01,
}
SCENES: dict[str, dict[str, Any]] = {"plain": {}, "limited": LIMITED, "faults": FAULTS}
CHILD_SECONDS = 280


def main() -> None:
    """Measures and prints the table and the JSON line."""
    options = parsed()
    if options.child:
        print(json.dumps(child(options)))
        return
    figures = {}
    for name in options.only:
        rows = options.rows // 4 if name == "faults" else options.rows
        figures[name] = measured(name, rows, options.in_flight)
        show(name, figures[name])
    print(json.dumps(summary(figures)))


def measured(name: str, rows: int, in_flight: int) -> dict[str, Any]:
    """One scene: its figures by the client, the server's counts, and the second time."""
    with (
        tempfile.TemporaryDirectory() as folder,
        start_server(latency=LATENCY, **SCENES[name]) as server,
    ):
        command = [sys.executable, "-m", "benchmarks.endpoint", "--child", server.url]
        command += ["--rows", str(rows), "--in-flight", str(in_flight)]
        command += ["--journal", str(Path(folder, "journal.sqlite"))]
        first = run(command)
        stats = server.stats()
        again = run(command)
        later = server.stats()
    refused = first["failures"]
    return first | {
        "requests": stats["requests"],
        "server_cpu_s": round(stats["server_cpu_seconds"], 2),
        "peak_in_flight": stats["peak_in_flight"],
        "sent_twice": stats["sent_again_after_success"] + later["sent_again_after_success"],
        "lost": rows - first["completions"] - refused,
        "sent_at_second_run": later["requests"] - stats["requests"],
        "second_run_s": again["seconds"],
        "ideal_s": round(stats["requests"] * sum(LATENCY) / 2 / in_flight, 2),
    }


def run(command: list[str]) -> dict[str, Any]:
    """A child's figures."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=CHILD_SECONDS, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stderr}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def child(options: argparse.Namespace) -> dict[str, Any]:
    """Asks for all rows and counts what comes."""
    from redink.engines.engine import Completion, Conversation, Sampling
    from redink.engines.opening import open_engine
    from redink.records import Message

    filling = "Critique this solution line by line and end with a conclusion. " * 25
    rows = [
        Conversation(f"row{n}", (Message("user", f"Question {n}: {filling}"[:1600]),))
        for n in range(options.rows)
    ]
    engine = open_engine(
        f"endpoint:test-model@{options.child}",
        journal=options.journal,
        concurrency=options.in_flight,
    )
    before, started, completions, failures = time.process_time(), time.monotonic(), 0, 0
    ids = set()
    for result in engine.complete(rows, Sampling(0.3, 0.95, 3200)):
        ids.add(result.id)
        if isinstance(result, Completion):
            completions += 1
        else:
            failures += 1
    seconds, cpu = time.monotonic() - started, time.process_time() - before
    assert len(ids) == completions + failures
    return {
        "rows": options.rows,
        "completions": completions,
        "failures": failures,
        "seconds": round(seconds, 2),
        "cpu_s": round(cpu, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "journal_mb": round(options.journal.stat().st_size / 2**20, 1),
    }


def show(name: str, found: dict[str, Any]) -> None:
    """One scene for people."""
    each = 1000 * found["cpu_s"] / found["requests"]
    print(
        f"{name:8} {found['rows']} rows, {found['requests']} requests in {found['seconds']} s "
        f"(ideal {found['ideal_s']} s), {found['requests'] / found['seconds']:.0f} req/s, "
        f"client CPU {each:.3f} ms a request, peak {found['peak_mb']} MB\n"
        f"{'':8} {found['failures']} refused, {found['lost']} lost, {found['sent_twice']} sent "
        f"twice, {found['sent_at_second_run']} sent at the second run ({found['second_run_s']} s), "
        f"peak in flight {found['peak_in_flight']}",
        flush=True,
    )


def summary(figures: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The JSON line."""
    result: dict[str, Any] = {
        "sent_twice": sum(found["sent_twice"] for found in figures.values()),
        "lost": sum(found["lost"] for found in figures.values()),
    }
    if "plain" in figures:
        plain = figures["plain"]
        result["cpu_ms_per_request"] = round(1000 * plain["cpu_s"] / plain["requests"], 3)
        result["peak_mb"] = plain["peak_mb"]
    if "limited" in figures:
        limited = figures["limited"]
        result["limited_ratio"] = round(limited["seconds"] / limited["ideal_s"], 2)
    return result | figures


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--in-flight", type=int, default=1_024)
    parser.add_argument("--only", nargs="+", choices=list(SCENES), default=list(SCENES))
    parser.add_argument("--child", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--journal", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()

r"""Grading beside math-verify and others on the same pairs: speed, agreement, hostile answers.

    python -m benchmarks.grading --data DIR [--workers N] [--limit SECONDS] [--peer-pairs N]

DIR holds `gsm8k_model_solutions.jsonl`, `math500.jsonl` and `olympiadbench.jsonl`. Typical pairs
are the 5,276 labelled model solutions of GSM8K, and for each gold of MATH-500 and of
OlympiadBench's single answers three texts that begin with the reference solution and end with a
boxed answer: the gold itself, the gold as another author would type it (`\dfrac`, no `\left`,
spaces, `1{,}000`), and the gold of another problem.

math-verify is called as its README does, in one process: `verify(parse(gold), parse(text))`.
redink's `grade_many` uses `--workers` processes for what needs symbols. Both are warm: math-verify
is imported and has read the spellings from which redink's workers learn the grammar, the workers
have had the time to (`from cold`: they start within the time measured). Every pair on which the
two differ is listed with the judgement kept in `grading_differences.json`.

The last line is one JSON object: `speedup_over_math_verify` (typical pairs per second, redink over
math-verify), `speedup_with_one_worker`, `speedup_from_cold`,
`speedup_in_processor_time` (all processes together), `agreement` (share of typical pairs with the
same verdict), `agreement_where_math_verify_is_right` (pairs judged to be math-verify's
errors not counted as differences), `errors` and `errors_math_verify` (against the labels), and for
hostile answers the seconds that they added beside the seconds that the time-outs account for.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.grading_pairs import Pair, hostile_pairs, typical_pairs
from benchmarks.grading_peers import Judge, installed_peers, math_verify
from redink.grading import Grade
from redink.grading.grader import grade_many
from redink.grading.pool import LIMIT_SECONDS, ComparisonPool
from redink.grading.worker import LESSONS
from redink.machine import cores, hardware, version_of

DIFFERENCES = Path(__file__).with_name("grading_differences.json")
NORMAL, HOSTILE = 10_000, 1_000
REPEATS = 5
REST = 3.0
"""Seconds in which workers load and take their lessons (1.3 s of processor time)."""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of benchmark files")
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--limit", type=float, default=1.0, help="seconds, for the hostile mixture")
    parser.add_argument("--peer-pairs", type=int, default=1_500, help="typical pairs for peers")
    parser.add_argument("--skip-hostile", action="store_true")
    options = parser.parse_args()
    print(f"{hardware()}  math-verify {version_of('math-verify')}")
    pairs = typical_pairs(options.data)
    figures = compare_with_math_verify(pairs, options.workers)
    compare_with_peers(pairs, options.peer_pairs)
    if not options.skip_hostile:
        figures |= hostile_alone()
        figures |= hostile_mixture(pairs, options.workers, options.limit)
    print(json.dumps(figures))


@dataclass(frozen=True)
class Timed:
    """What a grader said about some pairs, and what that took."""

    verdicts: list[bool]
    seconds: float
    processor_seconds: float
    """Of this process and its children: what counts where the machine is busy."""

    def row(self, name: str, pairs: Sequence[Pair]) -> str:
        """One line of a table."""
        rate, share = len(pairs) / self.seconds, 1000 / len(pairs)
        wall, processor = self.seconds * share, self.processor_seconds * share
        wrong = errors(self.verdicts, pairs)
        return f"{name:34} {rate:9.0f} {wall:8.2f} {processor:12.2f} {wrong:7}"


HEAD = f"{'grader':34} {'pairs/s':>9} {'ms/pair':>8} {'CPU ms/pair':>12} {'errors':>7}"


def compare_with_math_verify(pairs: Sequence[Pair], workers: int) -> dict[str, Any]:
    """Speed and agreement on the typical pairs."""
    grades, ours = timed_grading(pairs, workers)
    alone = timed_grading(pairs, 1)[1]
    cold = timed_grading(pairs, workers, rest=0)[1]
    theirs = timed_judging(math_verify(), pairs)
    print(f"\n== {len(pairs)} typical pairs; decided by {dict(by_layer(grades))}\n{HEAD}")
    print(ours.row(f"redink, {workers} workers", pairs))
    print(alone.row("redink, 1 worker", pairs))
    print(cold.row(f"redink, {workers} workers, from cold", pairs))
    print(theirs.row("math-verify", pairs))
    unlike = print_differences(pairs, grades, theirs.verdicts)
    return {
        "pairs": len(pairs),
        "speedup_over_math_verify": round(theirs.seconds / ours.seconds, 1),
        "speedup_with_one_worker": round(theirs.seconds / alone.seconds, 1),
        "speedup_from_cold": round(theirs.seconds / cold.seconds, 1),
        "speedup_in_processor_time": round(theirs.processor_seconds / ours.processor_seconds, 1),
        "agreement": round(1 - sum(unlike.values()) / len(pairs), 5),
        "agreement_where_math_verify_is_right": round(
            1 - (sum(unlike.values()) - unlike["redink"]) / len(pairs), 5
        ),
        "differences_judged": dict(unlike),
        "errors": errors(ours.verdicts, pairs),
        "errors_math_verify": errors(theirs.verdicts, pairs),
        "errors_by_source": errors_by_source(ours.verdicts, theirs.verdicts, pairs),
    }


def timed_grading(
    pairs: Sequence[Pair], workers: int, rest: float = REST
) -> tuple[list[Grade], Timed]:
    """Grades and what they took, after `rest` seconds for the workers to load.

    Without rest the time includes the workers' start. The median of a few times, each with new
    workers: one takes a second, in which a busy machine may do anything.
    """
    items = [(pair.text, pair.problem, None) for pair in pairs]
    took = []
    for _ in range(REPEATS):
        with ComparisonPool(workers) as pool:
            if rest:
                pool.start()
                time.sleep(rest)
            began, before = time.perf_counter(), processor_seconds()
            grades = grade_many(items, pool)
            took.append((time.perf_counter() - began, processor_seconds() - before))
    seconds, processor = (statistics.median(times) for times in zip(*took, strict=True))
    return grades, Timed([grade.outcome == "correct" for grade in grades], seconds, processor)


def processor_seconds() -> float:
    """Processor time so far of this process and of its children, living and ended."""
    import psutil

    total = time.process_time()
    for child in psutil.Process().children(recursive=True):
        total += sum(child.cpu_times()[:4])
    return total


def timed_judging(judge: Judge, pairs: Sequence[Pair]) -> Timed:
    """Verdicts of another grader and what they took; what it raises is a no."""
    for text in LESSONS:
        judge(text, f"The answer is $\\boxed{{{text}}}$", text)
    verdicts = []
    began, before = time.perf_counter(), time.process_time()
    for pair in pairs:
        try:
            verdicts.append(judge(pair.gold, pair.text, pair.answer))
        except Exception:
            verdicts.append(False)
    return Timed(verdicts, time.perf_counter() - began, time.process_time() - before)


def by_layer(grades: Sequence[Grade]) -> Counter[str]:
    """How many answers each layer decided."""
    return Counter(grade.compared_by.removesuffix("-fallback") for grade in grades)


def errors(verdicts: Sequence[bool], pairs: Sequence[Pair]) -> int:
    """Verdicts that the label contradicts."""
    return sum(verdict != pair.is_right for verdict, pair in zip(verdicts, pairs, strict=True))


def errors_by_source(
    ours: list[bool], theirs: list[bool], pairs: Sequence[Pair]
) -> dict[str, list[int]]:
    """Per source: pairs, our errors, math-verify's errors."""
    found: dict[str, list[int]] = {}
    for mine, other, pair in zip(ours, theirs, pairs, strict=True):
        file, _, what = pair.name.split(":")
        source = file if file.startswith("gsm8k") else f"{file} {what}"
        counts = found.setdefault(source, [0, 0, 0])
        for place, miss in enumerate((True, mine != pair.is_right, other != pair.is_right)):
            counts[place] += miss
    return found


def print_differences(
    pairs: Sequence[Pair], grades: Sequence[Grade], verdicts: Sequence[bool]
) -> Counter[str]:
    """Lists the pairs on which the graders differ; how many were judged in whose favour."""
    judged: dict[str, list[str]] = (
        json.loads(DIFFERENCES.read_text()) if DIFFERENCES.exists() else {}
    )
    unlike: Counter[str] = Counter()
    print("\n== differences: who is right, pair, gold | extracted answer, how redink decided")
    for pair, grade, theirs in zip(pairs, grades, verdicts, strict=True):
        if (grade.outcome == "correct") == theirs:
            continue
        who, why = judged.get(pair.name, ["unjudged", ""])
        unlike[who] += 1
        print(
            f"{who:12} {pair.name}  {pair.gold!r} | {grade.extracted!r}  redink {grade.outcome} "
            f"({grade.compared_by}: {grade.why[:60]}), math-verify {theirs}  {why}"
        )
    return unlike


def compare_with_peers(pairs: Sequence[Pair], count: int) -> None:
    """The same table for the other graders, on evenly spaced pairs."""
    chosen = pairs[:: max(1, len(pairs) // count)]
    found, missing = installed_peers()
    print(f"\n== other graders on {len(chosen)} of the typical pairs (one process each)\n{HEAD}")
    print(timed_grading(chosen, 1)[1].row("redink, 1 worker", chosen))
    for name, judge in {"math-verify": math_verify(), **found}.items():
        print(timed_judging(judge, chosen).row(name, chosen))
    for name in missing:
        print(f"{name}: not installed")


def hostile_alone() -> dict[str, Any]:
    """Each kind of hostile answer by itself, under the limit that users get."""
    print(f"\n== hostile answers one at a time, limit {LIMIT_SECONDS:g} s")
    longest = 0.0
    folder = Path(tempfile.mkdtemp())
    with ComparisonPool() as pool:
        pool.start()
        time.sleep(REST)
        for pair in hostile_pairs(18, folder / "marker"):
            began = time.perf_counter()
            grade = grade_many([(pair.text, pair.problem, None)], pool)[0]
            seconds = time.perf_counter() - began
            longest = max(longest, seconds)
            print(
                f"{pair.name.split(':')[2]:24} {seconds:6.2f} s  {grade.outcome}: {grade.why[:60]}"
            )
    executed = len(list(folder.iterdir()))
    shutil.rmtree(folder)
    print(f"longest {longest:.2f} s; answers that were executed: {executed}")
    return {"hostile_longest_seconds": round(longest, 2), "hostile_executed": executed}


def hostile_mixture(pairs: Sequence[Pair], workers: int, limit: float) -> dict[str, Any]:
    """10,000 normal answers, then the same with 1,000 hostile ones, all distinct, among them."""
    normal = [pairs[i % len(pairs)] for i in range(NORMAL)]
    folder = Path(tempfile.mkdtemp())
    mixed = list(normal)
    for place, pair in enumerate(hostile_pairs(HOSTILE, folder / "marker")):
        mixed.insert(place * (NORMAL // HOSTILE + 1), pair)
    grades, seconds, _ = watched_grading(normal, workers, limit)
    mixed_grades, mixed_seconds, memory = watched_grading(mixed, workers, limit)
    executed = len(list(folder.iterdir()))
    shutil.rmtree(folder)
    timeouts = sum(grade.why.endswith("time") for grade in mixed_grades) - sum(
        grade.why.endswith("time") for grade in grades
    )
    share = timeouts * limit / workers
    added = mixed_seconds - seconds
    print(
        f"\n== {NORMAL} normal answers {seconds:.1f} s, {HOSTILE} hostile too {mixed_seconds:.1f} s"
    )
    print(f"{timeouts} time-outs x {limit:g} s / {workers} workers = {share:.1f} s", end="; ")
    print(f"added {added:.1f} s; {memory}; executed {executed}")
    return {
        "hostile_added_seconds": round(added, 1),
        "hostile_timeout_share_seconds": round(share, 1),
        "hostile_mixture_executed": executed,
        **memory,
    }


def watched_grading(
    pairs: Sequence[Pair], workers: int, limit: float
) -> tuple[list[Grade], float, dict[str, Any]]:
    """Grades, seconds, and the greatest memory (MiB) of parent and workers meanwhile."""
    items = [(pair.text, pair.problem, None) for pair in pairs]
    done = threading.Event()
    memory: dict[str, Any] = {}
    with ComparisonPool(workers, limit) as pool:
        pool.start()
        time.sleep(REST)
        watcher = threading.Thread(target=watch_memory, args=(done, memory))
        watcher.start()
        began = time.perf_counter()
        grades = grade_many(items, pool)
        seconds = time.perf_counter() - began
        done.set()
        watcher.join()
    return grades, seconds, memory


def watch_memory(done: threading.Event, memory: dict[str, Any]) -> None:
    """Keeps the greatest resident memory of this process and of its largest child, in MiB."""
    import psutil

    process = psutil.Process()
    memory |= {"parent_mib": 0, "largest_worker_mib": 0, "all_workers_mib": 0, "most_processes": 0}
    while not done.wait(0.05):
        sizes = []
        for child in process.children(recursive=True):
            try:
                sizes.append(child.memory_info().rss >> 20)
            except psutil.Error:
                continue
        seen = (process.memory_info().rss >> 20, max(sizes, default=0), sum(sizes), len(sizes))
        for key, value in zip(list(memory), seen, strict=True):
            memory[key] = max(memory[key], value)


if __name__ == "__main__":
    main()

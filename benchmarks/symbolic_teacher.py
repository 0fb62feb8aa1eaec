"""How well the symbolic teacher marks: injected errors, untouched solutions, real solutions.

    python -m benchmarks.symbolic_teacher --data DIR [--problems N]

DIR holds `gsm8k_train.jsonl` and `gsm8k_model_solutions.jsonl`. Every figure is measured with
the `<<a*b=c>>` annotations stripped from the response and with them kept. The last line is one
JSON object for the stripped responses, the harder case: shares between 0 and 1.
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from redink.arithmetic import WorkedSolution, strip_annotations
from redink.corruption import ERROR_KINDS, corrupt_solution
from redink.records import Outcome, Problem, Response, problem_id, response_id
from redink.teachers import SymbolicTeacher

MODELS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")


@dataclass
class Tally:
    """Counts of one group of marked responses."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, problem: Problem, response: Response, teacher: SymbolicTeacher) -> None:
        """Marks one response and counts what came out."""
        critique = teacher.critique(problem, response)
        self.counts["n"] += 1
        self.counts["verdict"] += critique.agrees is True
        self.counts["unknown"] += critique.verdict is None
        self.counts["alarm"] += critique.verdict == "wrong"
        if response.outcome == "wrong":
            self.counts["wrong"] += 1
            self.counts["located"] += critique.first_error is not None
        if response.error is not None:
            self.counts["first_error"] += critique.first_error == response.error.step

    def share(self, key: str, of: str = "n") -> float:
        """A count as a share of another."""
        return self.counts[key] / self.counts[of] if self.counts[of] else 0.0


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of benchmark files")
    parser.add_argument(
        "--problems", type=int, default=1000, help="problems for injected errors (0: all 7473)"
    )
    options = parser.parse_args()
    problems = list(read_gsm8k(options.data / "gsm8k_train.jsonl"))
    random.Random(0).shuffle(problems)
    chosen = problems[: options.problems or None]
    figures: dict[str, float] = {}
    for keep in (True, False):
        print(f"\n== annotations {'kept' if keep else 'stripped'}")
        figures = {
            **injected(chosen, keep=keep),
            **clean(problems, keep=keep),
            **real(options.data / "gsm8k_model_solutions.jsonl", keep=keep),
        }
    print(json.dumps(figures))


def read_gsm8k(path: Path) -> Iterator[Problem]:
    """The problems of GSM8K's own JSONL; the answer stands behind `####`."""
    for row in read_lines(path):
        answer = row["answer"].split("####")[1].strip()
        yield Problem(problem_id(row["question"], answer), row["question"], answer, row["answer"])


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file."""
    with path.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def injected(problems: list[Problem], *, keep: bool) -> dict[str, float]:
    """One injected error of each kind in every solution that allows it."""
    teacher, started = SymbolicTeacher(), time.process_time()
    tallies = {kind: Tally() for kind in ERROR_KINDS}
    reworded = {kind: Tally() for kind in ERROR_KINDS}
    for problem in problems:
        for kind in ERROR_KINDS:
            corruption = corrupt_solution(problem, [kind], seed=0, keep_annotations=keep)
            if isinstance(corruption, str):
                continue
            response = replace(_response(problem, corruption.text, "wrong"), error=corruption.error)
            tallies[kind].add(problem, response, teacher)
            bare = replace(response, text=bare_equations(corruption.text))
            reworded[kind].add(problem, bare, teacher)
    total = _sum(tallies.values())
    seconds = time.process_time() - started
    reworded["all"] = _sum(reworded.values())
    print(
        f"{'injected error':24}{'n':>7}{'possible':>10}{'verdict':>9}{'first error':>13}"
        f"{'equations alone':>17}"
    )
    for kind, tally in [*tallies.items(), ("all", total)]:
        groups = len(problems) * (len(ERROR_KINDS) if kind == "all" else 1)
        print(
            f"{kind:24}{tally.counts['n']:7}{tally.counts['n'] / groups:10.1%}"
            f"{tally.share('verdict'):9.2%}{tally.share('first_error'):13.2%}"
            f"{reworded[kind].share('first_error'):17.2%}"
        )
    print(
        f"corrupted once and marked twice: {total.counts['n'] / seconds:.0f} errors per CPU second"
    )
    return {
        "injected.verdict": total.share("verdict"),
        "injected.first_error": total.share("first_error"),
    }


def bare_equations(text: str) -> str:
    """The response with all words but the equations' own taken out of its steps.

    No step is then worded like one of the reference: the teacher has values alone to go by.
    """
    solution = WorkedSolution.read(text)
    lines = []
    for step in solution.steps:
        spans = [(e.start, e.end) for e in solution.equations_in(step.index)]
        sums = [solution.text[start:end] for start, end in dict.fromkeys(spans)]
        lines.append("; ".join(sums) if sums else step.text)
    return "\n".join(lines)


def clean(problems: list[Problem], *, keep: bool) -> dict[str, float]:
    """Untouched reference solutions: how many are called wrong?"""
    teacher, tally = SymbolicTeacher(), Tally()
    for problem in problems:
        text = problem.solution or ""
        tally.add(problem, _response(problem, _text(text, keep), "correct"), teacher)
    print(
        f"untouched: n {tally.counts['n']}, false alarms {tally.share('alarm'):.2%}, "
        f"cannot tell {tally.share('unknown'):.2%}"
    )
    return {"clean.false_alarm": tally.share("alarm")}


def real(path: Path, *, keep: bool) -> dict[str, float]:
    """Solutions of four models, right and wrong ones, graded by their final answers."""
    teacher = SymbolicTeacher()
    tallies = {model: Tally() for model in MODELS}
    for row in read_lines(path):
        answer = row["ground_truth"].rsplit("A:", 1)[1].strip()
        identity = problem_id(row["question"], answer)
        problem = Problem(identity, row["question"], answer, row["ground_truth"])
        for model in MODELS:
            outcome: Outcome = "correct" if row[model]["is_correct"] else "wrong"
            response = _response(problem, _text(row[model]["solution"], keep), outcome)
            tallies[model].add(problem, response, teacher)
    total = _sum(tallies.values())
    print(
        f"{'model solutions':24}{'n':>7}{'wrong':>7}{'verdict':>9}{'located':>9}{'no verdict':>12}"
    )
    for model, tally in [*tallies.items(), ("all", total)]:
        print(
            f"{model:24}{tally.counts['n']:7}{tally.counts['wrong']:7}{tally.share('verdict'):9.2%}"
            f"{tally.share('located', 'wrong'):9.2%}{tally.share('unknown'):12.2%}"
        )
    return {"real.verdict": total.share("verdict"), "real.located": total.share("located", "wrong")}


def _text(text: str, keep: bool) -> str:
    return text if keep else strip_annotations(text)[0]


def _response(problem: Problem, text: str, outcome: Outcome) -> Response:
    identity = response_id(problem.id, text, "benchmark")
    return Response(identity, problem.id, text, "benchmark", outcome=outcome)


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.counts.update(tally.counts)
    return total


if __name__ == "__main__":
    main()

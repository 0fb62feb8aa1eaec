r"""Minerva-Math: problems of MIT undergraduate courses in science, engineering and economics.

One row, in the shape of the JSONL in wide use:

    {"problem": "A lamp draws 0.5 A at 12 V. What is its power in watts?",
     "solution": "$P = UI = \\boxed{6} \\mathrm{~W}$", "type": "Circuits (6.002 Fall 2000)",
     "idx": 0}

The hub's copy has `question` and `answer` alone. The answer is what the solution boxes last;
decimals are results of measured constants and count as rounded.
"""

import re

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub, Item
from redink.evaluation.benchmarks.gold import is_decimal, is_number, last_boxed
from redink.evaluation.benchmarks.row import RawRow


def read(row: RawRow, seed: int) -> Item:
    """A row of Minerva-Math."""
    solution = row.optional("solution")
    answer = (last_boxed(solution) if solution else None) or row.optional("answer")
    if answer is None:
        raise row.refuse("solution", "boxes no answer")
    answer = tidy(answer)
    return Item(
        question=row.text("problem", "question"),
        answer=answer,
        solution=solution,
        subject=row.optional("type", "subject"),
        answer_type="number" if is_number(answer) else "expression",
        grading={"rounded": True} if is_decimal(answer) else {},
    )


def tidy(answer: str) -> str:
    """A boxed answer without stray dollar signs, `3./2` as `3/2`, `np.arcsin` as `\\arcsin`."""
    answer = re.sub(r"(?<!\\)\$", "", answer)
    answer = re.sub(r"(?<=\d)\.(?=/)", "", answer)
    return re.sub(r"\bnp\.(?=[a-z])", r"\\", answer).strip()


BENCHMARK = Benchmark(
    name="minerva-math",
    about="272 university problems of physics, chemistry, astronomy, economics and calculus",
    source="Lewkowycz et al. 2022, Minerva (arXiv 2206.14858), from MIT OpenCourseWare",
    licence="not stated (MIT OpenCourseWare is CC BY-NC-SA)",
    read=read,
    answers="mixed",
    size=272,
    hub=Hub("math-ai/minervamath"),
    files=("minerva_math", "minervamath"),
    trap="not lm-eval's minerva_math, which is MATH with the prompt of the Minerva paper",
)

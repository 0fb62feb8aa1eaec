"""MAWPS: word problems of one to a few operations.

One row of the hub set, whose question has places for the numbers:

    {"Question": "Kim has N_00 stamps and buys N_01 more . How many stamps has Kim ?",
     "Numbers": "8.0 5.0", "Equation": "N_00 + N_01", "Answer": 13.0}

and one of the JSONL in wide use:

    {"input": "Kim has 8 stamps and buys 5 more. How many stamps has Kim?", "target": 13.0}
"""

import re

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub, Item
from redink.evaluation.benchmarks.gold import is_decimal
from redink.evaluation.benchmarks.row import RawRow

_PLACE = re.compile(r"\bN_(\d\d)\b")
_SPACED_MARK = re.compile(r" +(?=[.,?!;])")


def read(row: RawRow, seed: int) -> Item:
    """A row of MAWPS."""
    question = row.text("Question", "input", "question")
    if _PLACE.search(question):
        question = _filled(question, row)
    answer = row.text("Answer", "target", "answer").removesuffix(".0")
    return Item(
        question=_SPACED_MARK.sub("", question),
        answer=answer,
        grading={"rounded": True} if is_decimal(answer) else {},
    )


def _filled(question: str, row: RawRow) -> str:
    """The question with its numbers in their places, whole ones without `.0`."""
    numbers = [number.removesuffix(".0") for number in row.text("Numbers").split()]

    def number(match: re.Match[str]) -> str:
        index = int(match[1])
        if index >= len(numbers):
            raise row.refuse("Numbers", f"has no number for {match[0]} of the question")
        return numbers[index]

    return _PLACE.sub(number, question)


BENCHMARK = Benchmark(
    name="mawps",
    about="1,772 word problems gathered from older collections",
    source="Koncel-Kedziorski et al. 2016 (ACL N16-1136)",
    licence="not stated",
    read=read,
    answers="number",
    size=1772,
    hub=Hub("mwpt5/MAWPS", split="train"),
    trap="copies differ in number: subsets overlap, and repeated problems are left out here",
)

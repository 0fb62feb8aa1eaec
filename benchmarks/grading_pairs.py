"""The answers that `benchmarks.grading` grades: a typical mixture, and hostile ones."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.records import Problem, problem_id

MODELS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
GOLDS = ("5", r"\frac{3}{7}", "x+1", "[1,2)", "12.5")


@dataclass(frozen=True)
class Pair:
    """A text to grade, the answer in it as it stands there, and what is known about it."""

    name: str
    """File, row (from 0) and what was done with the row."""
    gold: str
    text: str
    answer: str
    is_right: bool
    question: str = ""

    @property
    def problem(self) -> Problem:
        """The pair's problem, as a benchmark without particulars would give it."""
        return Problem(problem_id(self.name, self.gold), self.question, self.gold)


def typical_pairs(data: Path) -> list[Pair]:
    """The mixture of `model_solutions` and `respelled_golds`, shuffled (seed 0)."""
    pairs = list(model_solutions(data / "gsm8k_model_solutions.jsonl"))
    for file in ("math500.jsonl", "olympiadbench.jsonl"):
        pairs += respelled_golds(list(read_golds(data / file)))
    random.Random(0).shuffle(pairs)
    return pairs


def model_solutions(path: Path) -> Iterator[Pair]:
    """Every solution of four models to GSM8K's test problems, with its label."""
    for row, line in enumerate(read_lines(path)):
        gold = line["ground_truth"].rpartition("A:")[2].strip()
        for model in MODELS:
            text = line[model]["solution"]
            answer = text.rpartition("A:")[2].strip()
            name = f"gsm8k_model_solutions:{row}:{model}"
            yield Pair(name, gold, text, answer, line[model]["is_correct"], line["question"])


def read_golds(path: Path) -> Iterator[Pair]:
    """MATH-500's and OlympiadBench's single answers, each with its reference solution as text."""
    for row, line in enumerate(read_lines(path)):
        name = f"{path.stem}:{row}"
        if "answer" in line:
            solution = line["solution"].replace("\\boxed", "")
            yield Pair(name, line["answer"], solution, line["answer"], True, line["problem"])
        elif line["final_answer"] and not line["is_multiple_answer"]:
            gold = line["final_answer"][0].strip().strip("$").strip()
            yield Pair(name, gold, "\n".join(line["solution"]), gold, True, line["question"])


def respelled_golds(golds: list[Pair]) -> Iterator[Pair]:
    """Each gold behind its reference solution: itself, in another usual spelling, and another gold.

    The other gold is a wrong answer unless it is the same text.
    """
    others = [one.gold for one in golds]
    random.Random(0).shuffle(others)
    for one, other in zip(golds, others, strict=True):
        answers = {"itself": one.gold, "respelled": respelled(one.gold), "other": other}
        for what, answer in answers.items():
            text = f"{one.text}\n\nThe final answer is $\\boxed{{{answer}}}$."
            is_right = what != "other" or other == one.gold
            yield Pair(f"{one.name}:{what}", one.gold, text, answer, is_right, one.question)


def respelled(gold: str) -> str:
    """The answer as another author would type it in LaTeX; the same value."""
    text = re.sub(r"\\frac(?![A-Za-z])", r"\\dfrac", gold)
    text = re.sub(r"\\(?:left|right)(?![A-Za-z])", "", text)
    text = re.sub(r"\s*([=+<>])\s*", r" \1 ", text)
    text = re.sub(r"\s*,\s*", ", ", text) if text[:1] in "([\\" else text
    return re.sub(r"(\d{1,3})(\d{3})", r"\1{,}\2", text) if re.fullmatch(r"\d{4,6}", text) else text


def hostile_answers() -> dict[str, str]:
    """Answers that hang, kill or subvert graders, by kind; `{i}` stands where they may vary."""
    return {
        "factorial": "(10^8+{i})!",
        "power tower": "9^{9^{9^{9}}}+{i}",
        "binomial": r"\binom{10^9+{i}}{5\cdot10^8}",
        "big power": "7^{99999999{i}}",
        "expansion": "(x+y+z+{i})^{400}",
        "a million digits": "{i}" + "7" * 1_000_000,
        "nested braces": "{" * 10_000 + "{i}" + "}" * 10_000,
        "nested fractions": r"\frac{1}{" * 2_000 + "{i}" + "}" * 2_000,
        "30 fractions": r"\frac{1}{" * 30 + "{i}" + "}" * 30,
        "power of 10,000 digits": "2^{" + "9" * 10_000 + "{i}}",
        "null bytes": "x\0+\0{i}" + "\0" * 100,
        "lone surrogates": "\ud800x+{i}\udfff",
        "Python code": "__import__('os').system('touch MARKER{i}')",
        "Python in text": r"\text{__import__('os').system('touch MARKER{i}')}",
        "matrix": r"\begin{pmatrix}"
        + r"\\".join(["&".join("x" * 100)] * 100)
        + r"\end{pmatrix}+{i}",
        "white space": "{i}" + " " * 100_000,
        "line feeds": "{i}" + "\n" * 100_000 + "x",
        "boxes": r"\boxed{" * 10_000 + "{i}",
    }


def hostile_pairs(count: int, marker: Path) -> list[Pair]:
    """`count` hostile answers, no two alike, to problems whose golds take turns."""
    kinds = hostile_answers()
    pairs = []
    for i in range(count):
        kind = list(kinds)[i % len(kinds)]
        answer = kinds[kind].replace("{i}", str(i)).replace("MARKER", str(marker))
        gold = GOLDS[i // len(kinds) % len(GOLDS)]
        text = f"So the answer is $\\boxed{{{answer}}}$"
        pairs.append(Pair(f"hostile:{i}:{kind}", gold, text, answer, False))
    return pairs


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)

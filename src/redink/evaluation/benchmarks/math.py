r"""MATH: competition problems in seven subjects, five levels.

One row, in the shape of the hub set (one configuration for each subject):

    {"problem": "Find the sum of the roots of $x^2-5x+1=0.$", "level": "Level 2",
     "type": "Algebra", "solution": "By Vieta's formulas it is $\\boxed{5}.$"}

The answer is what the solution boxes last.
"""

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub, Item
from redink.evaluation.benchmarks.gold import last_boxed
from redink.evaluation.benchmarks.row import RawRow


def read(row: RawRow, seed: int) -> Item:
    """A row of MATH or MATH-500."""
    solution = row.optional("solution")
    answer = row.optional("answer") or (last_boxed(solution) if solution else None)
    if answer is None:
        raise row.refuse("solution", "boxes no answer")
    level = row.optional("level")
    return Item(
        question=row.text("problem", "question"),
        answer=answer,
        solution=solution,
        subject=row.optional("subject", "type"),
        level=level.removeprefix("Level ") if level else None,
    )


BENCHMARK = Benchmark(
    name="math",
    about="5,000 competition problems in seven subjects, with levels 1 to 5",
    source="Hendrycks et al. 2021 (arXiv 2103.03874)",
    licence="MIT (hub card and project)",
    read=read,
    size=5000,
    hub=Hub(
        "EleutherAI/hendrycks_math",
        train="train",
        configs=(
            "algebra",
            "counting_and_probability",
            "geometry",
            "intermediate_algebra",
            "number_theory",
            "prealgebra",
            "precalculus",
        ),
    ),
    files=("math_test",),
    train_files=("math_train",),
    trap="lm-eval calls this set, with another prompt, minerva_math",
)

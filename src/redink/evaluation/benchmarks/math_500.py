r"""MATH-500: 500 test problems of MATH.

One row, in the shape of the project's own JSONL and of the hub set:

    {"problem": "Compute $\\tfrac{3}{4}\\cdot 8.$", "solution": "It is $\\boxed{6}.$",
     "answer": "6", "subject": "Prealgebra", "level": 1, "unique_id": "test/prealgebra/1.json"}
"""

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub
from redink.evaluation.benchmarks.math import read

BENCHMARK = Benchmark(
    name="math-500",
    about="500 competition problems drawn from the test set of MATH",
    source="Lightman et al. 2023, Let's Verify Step by Step (arXiv 2305.20050); MATH",
    licence="MIT (openai/prm800k); the hub card states none",
    read=read,
    size=500,
    hub=Hub("HuggingFaceH4/MATH-500"),
    files=("math500",),
    subset_of="math",
    trap="a subset of the test set of math: what is chosen on one is not tested by the other",
)

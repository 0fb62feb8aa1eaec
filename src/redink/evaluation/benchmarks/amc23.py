r"""AMC 2023: 40 problems of the AMC 12, asked without their options.

One row, in the shape of the JSONL in wide use:

    {"id": 3, "problem": "How many positive divisors does $36$ have?", "answer": 9.0,
     "url": "https://...", "question": "How many positive divisors does $36$ have?"}

The hub's copy has `question` and a text `answer`. `9.0` is the whole number 9.
"""

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub
from redink.evaluation.benchmarks.competition import read_competition

BENCHMARK = Benchmark(
    name="amc23",
    about="40 problems of AMC 12A and 12B of 2023 with a whole number as answer",
    source="Mathematical Association of America, AMC 2023",
    licence="not stated (problems are the MAA's)",
    read=read_competition,
    answers="number",
    size=40,
    hub=Hub("math-ai/amc23"),
    files=("amc23", "amc_2023", "amc2023"),
    trap="40 problems: one is 2.5 points; other sets called AMC have 83 problems of two years",
)

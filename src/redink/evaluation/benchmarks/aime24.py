r"""AIME 2024: both papers of the American Invitational Mathematics Examination.

One row, in the shape of the hub set and of the JSONL in wide use:

    {"id": 90, "problem": "Find the ... less than $1000.$", "solution": "... $\\boxed{7}$",
     "answer": "007", "url": "https://...", "year": "2024"}

Answers are whole numbers from 0 to 999; leading zeros are removed.
"""

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub
from redink.evaluation.benchmarks.competition import read_competition

BENCHMARK = Benchmark(
    name="aime24",
    about="the 30 problems of AIME I and II of 2024",
    source="Mathematical Association of America, AIME 2024",
    licence="not stated (problems are the MAA's)",
    read=read_competition,
    answers="number",
    size=30,
    hub=Hub("HuggingFaceH4/aime_2024", split="train"),
    files=("aime24", "aime_2024", "aime2024"),
    trap="30 problems: one is 3.3 points, so sample many answers to each",
)

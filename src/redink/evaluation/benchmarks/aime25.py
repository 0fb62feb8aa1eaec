r"""AIME 2025: both papers of the American Invitational Mathematics Examination.

One row, in the shape of the hub set:

    {"problem": "Find the sum of all integers $b>9$ for which ...", "answer": "70", "id": "0"}

Answers are whole numbers from 0 to 999; leading zeros are removed.
"""

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub
from redink.evaluation.benchmarks.competition import read_competition

BENCHMARK = Benchmark(
    name="aime25",
    about="the 30 problems of AIME I and II of 2025",
    source="Mathematical Association of America, AIME 2025",
    licence="not stated (problems are the MAA's)",
    read=read_competition,
    answers="number",
    size=30,
    hub=Hub("math-ai/aime25"),
    files=("aime25", "aime_2025", "aime2025"),
    trap="30 problems: one is 3.3 points, so sample many answers to each",
)

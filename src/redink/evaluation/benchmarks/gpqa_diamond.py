"""GPQA diamond: graduate-level questions of biology, physics and chemistry, four options.

One row of the hub's CSV (of its 30 or so columns those that are read):

    {"Question": "Which gas ...?", "Correct Answer": "argon", "Incorrect Answer 1": "neon",
     "Incorrect Answer 2": "xenon", "Incorrect Answer 3": "radon", "Explanation": "...",
     "High-level domain": "Chemistry", "Subdomain": "Inorganic chemistry"}

The options are shown in a seeded order; the answer is the letter.
"""

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub, Item
from redink.evaluation.benchmarks.choices import multiple_choice
from redink.evaluation.benchmarks.row import RawRow


def read(row: RawRow, seed: int) -> Item:
    """A row of GPQA."""
    wrong = [row.text(f"Incorrect Answer {number}") for number in (1, 2, 3)]
    return multiple_choice(
        row.text("Question"),
        [row.text("Correct Answer"), *wrong],
        0,
        seed,
        solution=row.optional("Explanation"),
        subject=row.optional("High-level domain", "Subdomain"),
    )


BENCHMARK = Benchmark(
    name="gpqa-diamond",
    about="198 graduate-level science questions with four options",
    source="Rein et al. 2023 (arXiv 2311.12022)",
    licence="CC BY 4.0 (hub card); its authors ask not to show the questions in public",
    read=read,
    answers="choice",
    size=198,
    hub=Hub("Idavidrein/gpqa", split="train", configs=("gpqa_diamond",), gated=True),
    files=("gpqa_diamond",),
    prompt="choice-cot",
    trap="198 questions with chance at 25 %; the order of options moves scores, so it is seeded",
)

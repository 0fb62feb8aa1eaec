"""MMLU-Pro: questions of 14 subjects with up to ten options.

One row of the hub set:

    {"question_id": 1, "question": "Which of these is a prime?", "options": ["21", "23", "25"],
     "answer": "B", "answer_index": 1, "cot_content": "", "category": "math", "src": "..."}

The options are shown in a seeded order; the answer is the letter.
"""

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub, Item
from redink.evaluation.benchmarks.choices import LETTERS, multiple_choice
from redink.evaluation.benchmarks.row import RawRow


def read(row: RawRow, seed: int) -> Item:
    """A row of MMLU-Pro; options that are `N/A` only fill up and are left out."""
    options = row.items("options")
    letter = row.text("answer").strip("() ").upper()
    index = LETTERS.find(letter) if len(letter) == 1 else -1
    if not 0 <= index < len(options):
        raise row.refuse("answer", f"{letter!r} is none of the {len(options)} options")
    real = [i for i, option in enumerate(options) if option != "N/A" or i == index]
    return multiple_choice(
        row.text("question"),
        [options[i] for i in real],
        real.index(index),
        seed,
        solution=row.optional("cot_content"),
        subject=row.optional("category"),
    )


BENCHMARK = Benchmark(
    name="mmlu-pro",
    about="12,032 questions of 14 subjects with up to ten options",
    source="Wang et al. 2024 (arXiv 2406.01574)",
    licence="MIT (hub card)",
    read=read,
    answers="choice",
    size=12032,
    hub=Hub("TIGER-Lab/MMLU-Pro"),
    files=("mmlu_pro",),
    prompt="choice-cot",
    trap="TIGER-Lab's own script keeps the data's order of options; here it is seeded",
)

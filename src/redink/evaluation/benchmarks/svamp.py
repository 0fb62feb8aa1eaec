"""SVAMP: elementary word problems with varied and misleading wording.

One row, the same in the project's JSON and on the hub:

    {"ID": "chal-0", "Body": "Ben has 7 red and 5 blue cups", "Question": "How many cups has Ben?",
     "Equation": "( 7.0 + 5.0 )", "Answer": 12.0, "Type": "Addition"}

Body and question make one text; a body without a full stop gets one.
"""

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub, Item
from redink.evaluation.benchmarks.row import RawRow


def read(row: RawRow, seed: int) -> Item:
    """A row of SVAMP."""
    return Item(
        question=joined(row.text("Body"), row.text("Question")),
        answer=row.text("Answer").removesuffix(".0"),
        subject=row.optional("Type"),
    )


def joined(body: str, question: str) -> str:
    """Body and question as one text.

    A full stop stands between them, unless the question goes on in small letters.
    """
    if body.endswith((".", "!", "?", ":", ",")) or not question[:1].isupper():
        return f"{body} {question}"
    return f"{body}. {question}"


BENCHMARK = Benchmark(
    name="svamp",
    about="1,000 elementary word problems with one operation or two",
    source="Patel et al. 2021 (arXiv 2103.07191)",
    licence="MIT (project); the hub card states none",
    read=read,
    answers="number",
    size=1000,
    hub=Hub("ChilleD/SVAMP", split="train+test"),
    files=("svamp",),
    trap="the hub copy calls 700 of the 1,000 train and 300 test; here both together are the set",
)

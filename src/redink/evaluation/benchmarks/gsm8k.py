"""GSM8K: grade-school word problems with worked solutions.

One row, the same in the project's JSONL and on the hub:

    {"question": "Ada plants 4 rows of 6 beans and 5 do not grow. How many beans grow?",
     "answer": "She plants 4*6 = <<4*6=24>>24 beans.\\n24-5 = <<24-5=19>>19 grow.\\n#### 19"}
"""

from redink.evaluation.benchmarks.benchmark import Benchmark, Hub, Item
from redink.evaluation.benchmarks.row import RawRow


def read(row: RawRow, seed: int) -> Item:
    """A row of GSM8K."""
    solution = row.text("answer")
    _, mark, answer = solution.rpartition("####")
    if not mark or not answer.strip():
        raise row.refuse("answer", "does not end in #### and the answer")
    return Item(
        question=row.text("question"), answer=answer.strip().replace(",", ""), solution=solution
    )


BENCHMARK = Benchmark(
    name="gsm8k",
    about="1,319 grade-school word problems of 2 to 8 steps",
    source="Cobbe et al. 2021 (arXiv 2110.14168)",
    licence="MIT (hub card and project)",
    read=read,
    answers="number",
    size=1319,
    hub=Hub("openai/gsm8k", train="train", configs=("main",)),
    files=("gsm8k_test",),
    train_files=("gsm8k_train",),
)

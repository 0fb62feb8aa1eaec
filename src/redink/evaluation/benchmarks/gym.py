"""gym:NAME, reasoning-gym's generators: problems without end, made on this machine.

One raw item of `chain_sum`:

    {"question": "State the final answer to the following arithmetic problem: 4 + 3 - 12 =",
     "answer": "-5", "metadata": {"expression": "4 + 3 - 12", ...}}

They are loaded by their own name (`gym:chain_sum`); `redink.problems.gym` reads them.
"""

from redink.errors import UsageError
from redink.evaluation.benchmarks.benchmark import Benchmark, Item
from redink.evaluation.benchmarks.row import RawRow


def read(row: RawRow, seed: int) -> Item:
    """Refuses: a generator has no rows to be read."""
    raise UsageError(f"{row.where}: gym:* has no files; load a generator, such as gym:chain_sum")


BENCHMARK = Benchmark(
    name="gym:*",
    about="reasoning-gym generators, unlimited",
    source="reasoning-gym (open-thought/reasoning-gym)",
    licence="Apache-2.0 (project)",
    read=read,
    answers="mixed",
    prompt="plain",
    trap="give n and split: test; splits are by content, so no two share a problem",
)

"""Decontamination and near duplicates: how fast, what is found, what is missed.

    python -m benchmarks.selection --data DIR [--rows N] [--brute-rows N]

DIR holds `gsm8k_train.jsonl` and `gsm8k_test.jsonl`. Three measurements, each by `redink.select` on
tables in memory:

1. GSM8K train is decontaminated against GSM8K test; the time covers normalising, indexing,
   matching, and listing every removed pair with both texts. Beside it stands what an 8-gram rule
   alone would remove, and how many pairs exceed the ratio when all pairs are compared.
2. N rows, made of GSM8K questions by seeded changes of 0 to 8 words, lose their near duplicates.
3. On fewer rows, made in the same way of 200 questions, the result is compared with the Jaccard
   similarity of all pairs.

The last line is one JSON object with the figures.
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redink.machine import hardware, peak_memory_gib, version_of
from redink.problems.overlap import asked
from redink.records import Problem, problem_id
from redink.selection import removals, show_removals
from redink.selection.contamination import RATIO, RUN, TestQuestions
from redink.selection.near import near_twins, similarity
from redink.selection.normal import tokens, words
from redink.stages.load import load
from redink.stages.select import select
from redink.tables import Table, problem_table

REPEATS = 3
CHANGES = (0, 1, 1, 2, 3, 5, 8)
"""Words changed of a question, drawn evenly."""
AT = 0.8
BRUTE_QUESTIONS = 200
"""Few enough that every row has about fifteen that are like it."""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of benchmark files")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the near-dedup")
    parser.add_argument("--brute-rows", type=int, default=3_000, help="rows compared pair by pair")
    parser.add_argument("--pairs", action="store_true", help="print the removed pairs")
    options = parser.parse_args()
    print(f"{hardware()}  rensa {version_of('rensa')}, rapidfuzz {version_of('rapidfuzz')}")
    train = load("gsm8k", split="train", data=str(options.data))
    test = load("gsm8k", data=str(options.data))
    figures = decontamination(train, test, options.pairs) | all_pairs(train, test)
    questions = [problem.question for problem in train]
    rows = mutated(questions, options.rows)
    figures |= near_duplicates(rows)
    figures |= against_brute_force(mutated(questions[:BRUTE_QUESTIONS], options.brute_rows, 1))
    print(json.dumps(figures))


def decontamination(train: Table[Any], test: Table[Any], show: bool) -> dict[str, Any]:
    """Seconds (best of three), candidates of the 8-gram rule, and what is removed."""
    seconds, kept = _timed(lambda: _decontaminated(train, test), REPEATS)
    index = TestQuestions({"gsm8k test": test})
    candidates = sum(1 for problem in train if index.shares_run(problem))
    removed = removals(kept)
    print(f"decontamination, {len(train)} against {len(test)} questions: {seconds:.2f} s")
    print(f"  rows that share {RUN} words with a test question   {candidates:>6}")
    print(f"  removed, LCS ratio above {RATIO}                    {len(removed):>6}")
    if show:
        print(show_removals(kept))
    return {
        "decontamination_seconds": round(seconds, 3),
        "decontamination_candidates": candidates,
        "decontamination_removed": len(removed),
    }


def _decontaminated(train: Table[Any], test: Table[Any]) -> Table[Any]:
    kept = select(train, against={"gsm8k test": test})
    show_removals(kept)
    return kept


def all_pairs(train: Table[Any], test: Table[Any]) -> dict[str, Any]:
    """Pairs above the ratio, all pairs compared, and those that no shared run of words proposes."""
    import numpy as np
    from rapidfuzz.distance import LCSseq
    from rapidfuzz.process import cdist

    parts = [[words(asked(problem)) for problem in table] for table in (train, test)]
    texts = [[" ".join(one) for one in side] for side in parts]
    ratios = cdist(
        *texts,
        scorer=LCSseq.normalized_similarity,
        score_cutoff=RATIO,
        workers=-1,
        dtype=np.float32,
    )
    runs = [[_runs(one) for one in side] for side in parts]
    figures: dict[str, Any] = {}
    for at in (RATIO, 0.65, 0.7, 0.8):
        pairs = np.argwhere(ratios > at).tolist()
        alone = sum(1 for one, other in pairs if not runs[0][one] & runs[1][other])
        print(f"  all pairs above {at:.2f}: {len(pairs):>4}, without {RUN} words in a row: {alone}")
        figures[f"pairs_above_{at}"] = len(pairs)
        figures[f"pairs_above_{at}_without_run"] = alone
    return figures


def _runs(parts: list[str]) -> set[tuple[str, ...]]:
    return set(zip(*(parts[start:] for start in range(RUN)), strict=False))


def mutated(questions: Sequence[str], count: int, seed: int = 0) -> list[str]:
    """`count` questions, each one of `questions` with 0 to 8 words changed, dropped or put in."""
    draw = random.Random(seed)
    vocabulary = [word for question in questions[:500] for word in question.split()]
    return [
        _mutated(draw.choice(questions), draw.choice(CHANGES), vocabulary, draw)
        for _ in range(count)
    ]


def _mutated(question: str, changes: int, vocabulary: Sequence[str], draw: random.Random) -> str:
    parts = question.split()
    for _ in range(changes):
        place, kind = draw.randrange(len(parts)), draw.random()
        if kind < 0.6:
            parts[place] = draw.choice(vocabulary)
        elif kind < 0.8 and len(parts) > 3:
            del parts[place]
        else:
            parts.insert(place, draw.choice(vocabulary))
    return " ".join(parts)


def near_duplicates(texts: Sequence[str]) -> dict[str, Any]:
    """Seconds (one run), memory and what is removed."""
    table = problem_table([_problem(text, place) for place, text in enumerate(texts)])
    before = peak_memory_gib()
    seconds, kept = _timed(lambda: select(table, deduplicate="near", deduplicate_at=AT), 1)
    steps = dict(kept.provenance["steps"])
    memory = peak_memory_gib()
    print(f"near duplicates of {len(table)} rows at {AT}: {seconds:.2f} s")
    print(f"  peak memory {memory:.2f} GiB, {before:.2f} GiB before")
    print(f"  rows after each step: {steps}")
    return {
        "near_rows": len(table),
        "near_seconds": round(seconds, 2),
        "near_peak_gib": round(memory, 2),
        "near_gib_before": round(before, 2),
        "near_exact_removed": steps["given"] - steps["exact duplicates"],
        "near_removed": steps["exact duplicates"] - steps["near duplicates"],
    }


def _problem(text: str, place: int) -> Problem:
    return Problem(problem_id(text, str(place)), text, str(place))


def against_brute_force(texts: Sequence[str]) -> dict[str, Any]:
    """Rows that all pairs' Jaccard similarity removes, those missed, those removed without it."""
    shingles = [_shingles(text) for text in texts]
    expected: set[int] = set()
    kept: list[int] = []
    for place, own in enumerate(shingles):
        if any(len(own & shingles[other]) >= AT * len(own | shingles[other]) for other in kept):
            expected.add(place)
        else:
            kept.append(place)
    found = near_twins(texts, AT)
    wrong = sum(similarity(texts[one], texts[other]) < AT for one, (other, _) in found.items())
    missed, extra = len(expected - found.keys()), len(found.keys() - expected)
    print(f"all pairs of {len(texts)} rows: {len(expected)} copies, {missed} missed, {extra} extra")
    return {
        "brute_rows": len(texts),
        "brute_removed": len(expected),
        "brute_missed": missed,
        "brute_extra": extra,
        "below_threshold": wrong,
    }


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    parts = [*tokens(text), "", ""]
    return frozenset(zip(parts, parts[1:], parts[2:], strict=False))


def _timed(work: Any, times: int) -> tuple[float, Any]:
    best, result = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


if __name__ == "__main__":
    main()

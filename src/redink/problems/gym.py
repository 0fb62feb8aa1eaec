"""Problems from reasoning-gym's generators, with worked solutions.

One raw item of `gsm_symbolic`:

    {"question": "He drank ... Give the result as your final answer. Do not include units.",
     "answer": "240",
     "metadata": {"answer_cot": "He drank 10*4=40 mLs of lemonade.\\nSo he drank 40*6=240 ...",
                  "variables": {...}, "source_index": 9, ...}}

reasoning-gym draws item i of seed s from `Random(s + i)`, so neighbouring seeds share almost
all items. Here a seed is hashed first, and a problem's content decides its split: no two splits
can share a problem, whatever their seeds. `gsm_symbolic` is split by template, since two
problems of one template differ in numbers and names alone.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from redink.errors import UsageError
from redink.problems.splits import split_of
from redink.problems.worked import SOLVERS
from redink.records import Problem, problem_id

CHUNK = 512
"""Items drawn from the generator at a time."""
MAX_BARREN_CHUNKS = 20
"""Chunks without a new problem before a generator counts as exhausted."""


def gym_problems(
    name: str, *, seed: int, split: str, options: dict[str, Any] | None = None
) -> Iterator[Problem | tuple[Problem, str]]:
    """Yields distinct problems of a generator that belong to `split`, in a fixed order.

    A problem that cannot be used comes as a pair with the reason. Ends where the generator
    repeats itself. Raises UsageError for an unknown generator or option.
    """
    seen: set[str] = set()
    barren = 0
    for chunk in range(1_000_000):
        fresh = False
        for item, template in _items(name, _chunk_seed(seed, chunk), options or {}):
            problem = _problem(name, item, template)
            if problem.id in seen:
                continue
            seen.add(problem.id)
            fresh = True
            key = f"{name}/{template}" if template is not None else problem.id
            if split not in ("all", split_of(key)):
                continue
            reason = _unusable(name, item, problem)
            yield (problem, reason) if reason else problem
        barren = 0 if fresh else barren + 1
        if barren >= MAX_BARREN_CHUNKS:
            return


def gym_names() -> list[str]:
    """All generator names, those with worked solutions first."""
    import reasoning_gym.factory

    every = sorted(reasoning_gym.factory.DATASETS)
    worked = [name for name in every if name in SOLVERS or name == "gsm_symbolic"]
    return worked + [name for name in every if name not in worked]


def _chunk_seed(seed: int, chunk: int) -> int:
    digest = hashlib.blake2b(f"{seed}/{chunk}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")


def _items(
    name: str, seed: int, options: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], int | None]]:
    import reasoning_gym

    try:
        dataset = reasoning_gym.create_dataset(name, seed=seed, size=CHUNK, **options)
    except ValueError:
        raise UsageError(
            f"unknown generator gym:{name}; with worked solutions there are "
            f"{', '.join(sorted([*SOLVERS, 'gsm_symbolic']))}"
        ) from None
    except (TypeError, AssertionError) as error:
        raise UsageError(f"gym:{name}: options {options} are not accepted ({error})") from None
    templates = getattr(dataset, "task_indices", None)
    for index in range(CHUNK):
        yield dataset[index], templates[index] if templates else None


def _problem(name: str, item: dict[str, Any], template: int | None) -> Problem:
    question = item["question"].strip()
    answer = str(item["answer"]).strip()
    metadata = item.get("metadata", {})
    if name == "gsm_symbolic":
        solution = metadata["answer_cot"].strip()
        answer = answer.removesuffix(".0")
    else:
        solver = SOLVERS.get(name)
        solution = solver(metadata) if solver else None
    return Problem(
        id=problem_id(question, answer),
        question=question,
        answer=answer,
        solution=solution,
        source=f"gym:{name}",
        subject=name,
        meta={} if template is None else {"template": template},
    )


def _unusable(name: str, item: dict[str, Any], problem: Problem) -> str | None:
    """Why a generated item cannot serve, or None."""
    if name == "gsm_symbolic":
        final = (problem.solution or "").rpartition("####")[2].strip().replace(",", "")
        try:
            agrees = float(final) == float(problem.answer)
        except ValueError:
            agrees = False
        # 47 of 1000 generated items end in another string than their answer.
        return None if agrees else "the generator's solution ends in another answer"
    if name in SOLVERS and problem.solution is None:
        return "the generator's item has no unique worked solution"
    return None

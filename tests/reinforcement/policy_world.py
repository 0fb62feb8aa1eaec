"""A small world for RLOO and GRPO: rollouts given by hand, and a reward that any model can learn.

python policy_world.py STUDENT OUT [SETTING=VALUE...]   trains
"""

import json
import sys
from pathlib import Path

from redink.records import Problem, problem_id
from redink.reinforcement.collecting import Collected, Sample
from redink.reinforcement.sampling import Drawn
from redink.rewards import Marked

SETTINGS = {
    "steps": 4, "problems_per_step": 3, "samples": 4, "learning_rate": 3e-3, "max_tokens": 12,
    "seed": 3, "beta": 0.05, "entropy": 0.01, "precision": "fp32", "checkpoint_steps": 2,
    "checkpoint_seconds": 600.0,
}  # fmt: skip


def sums(count=11):
    """Problems of different lengths."""
    rows = []
    for n in range(count):
        question, answer = f"{'1 + ' * (n % 4)}{11 + 7 * n} + {90 - 3 * n} =", str(101 + 4 * n)
        rows.append(Problem(problem_id(question, answer), question, answer))
    return rows


class Letters:
    """The share of lower-case letters in a text; one that holds a `q` cannot be scored, one of
    fewer than three characters is degenerate."""

    def mark(self, rollouts):
        return [self._marked(rollout.text) for rollout in rollouts]

    def _marked(self, text):
        share = sum(c in "abcdefghijklmnopqrstuvwxyz" for c in text) / max(1, len(text))
        faults = ("repetition",) if len(text) < 3 else ()
        right = "correct" if share > 0.3 else "wrong"
        return Marked(None if "q" in text else share, {"letters": share}, faults, None, right)


def marked(total, *faults, outcome="wrong"):
    """A mark with a given reward."""
    return Marked(total, {"correct": total}, faults, None, outcome)


def drawn(problem, sample, ids, prompt_ids=(5, 6, 7)):
    """A rollout with given tokens."""
    chances = tuple(-1.0 for _ in ids)
    return Drawn(problem, sample, tuple(prompt_ids), tuple(ids), chances, f"text {sample}", "stop")


class Given:
    """A collector of rollouts that are given."""

    def __init__(self, groups):
        self.groups, self.sampler = groups, None

    def collect(self, step):
        return Collected([list(group) for group in self.groups], drawn=len(self.groups))


def given_groups():
    """Two problems with three rollouts each, of different lengths; one cannot be scored, one is
    degenerate."""
    first, second = sums(2)
    rewards = [[marked(1.0), marked(0.0), marked(0.25)], [marked(None), marked(0.5, "garbled"),
                                                          marked(1.0)]]  # fmt: skip
    tokens = [
        [(40, 41, 42, 2), (50, 51), (60, 61, 62, 63, 64, 65, 66)],
        [(70, 2), (71, 72, 73), (74, 75, 76, 77, 2)],
    ]
    return [
        [
            Sample(drawn(problem, place, ids, prompt), mark)
            for place, (ids, mark) in enumerate(zip(*pair, strict=True))
        ]
        for problem, prompt, *pair in zip(
            (first, second), ((5, 6, 7), (8, 9, 10, 11, 12)), tokens, rewards, strict=True
        )
    ]


def trained(student, out, validation=None, **settings):
    """Trains the student on letters; returns what `train_policy` does."""
    from redink.models.resolve import resolve_model
    from redink.reinforcement.training import train_policy

    source = resolve_model(student)
    given = SETTINGS | settings
    return train_policy(source, sums(), Letters(), given, Path(out), "reinforce", validation)


def lines(out, name):
    """The lines of one of a training's logs."""
    return [json.loads(line) for line in (Path(out) / f"{name}.jsonl").open()]


if __name__ == "__main__":
    words = dict(word.split("=") for word in sys.argv[3:])
    trained(sys.argv[1], Path(sys.argv[2]), **{k: json.loads(v) for k, v in words.items()})

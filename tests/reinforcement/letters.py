"""A small world for PPO: sums to be put, and a reward that any model can learn.

python letters.py STUDENT OUT [SETTING=VALUE...]      trains
"""

import json
import sys
from pathlib import Path

from redink.records import Problem, problem_id
from redink.rewards import Marked

SETTINGS = {
    "steps": 4, "problems_per_step": 8, "learning_rate": 3e-3, "max_tokens": 12, "seed": 3,
    "precision": "fp32", "checkpoint_steps": 2, "checkpoint_seconds": 600.0,
}  # fmt: skip


class LowerCase:
    """1 for a text of lower-case letters alone, 0 for one without any; by the share between.

    Args:
        unscorable: a character; texts that hold it have no reward.
        degenerate: a character; texts that hold it have a fault.
    """

    penalty, penalty_form = -1.0, "replace"

    def __init__(self, unscorable="", degenerate=""):
        self.unscorable, self.degenerate = unscorable, degenerate

    def mark(self, rollouts):
        return [self._marked(rollout.text) for rollout in rollouts]

    def _marked(self, text):
        total = sum(c in "abcdefghijklmnopqrstuvwxyz" for c in text) / max(1, len(text))
        known = not (self.unscorable and self.unscorable in text)
        faults = ("garbled",) if self.degenerate and self.degenerate in text else ()
        return Marked(total if known else None, {"format": total}, faults, None, "ungraded")


def sums(count=11):
    """Problems of different lengths."""
    rows = []
    for n in range(count):
        question, answer = f"{'1 + ' * (n % 4)}{11 + 7 * n} + {90 - 3 * n} =", str(101 + 4 * n)
        rows.append(Problem(problem_id(question, answer), question, answer))
    return rows


def trained(student, out, reward=None, validation=None, **settings):
    """Trains the student on letters; returns what `train_ppo` does."""
    from redink.models.resolve import resolve_model
    from redink.reinforcement.ppo import train_ppo

    given = SETTINGS | settings
    source, reward = resolve_model(student), reward or LowerCase()
    return train_ppo(source, sums(), reward, given, Path(out), "reinforce", validation)


def lines(out, name):
    """The lines of one of a training's logs."""
    return [json.loads(line) for line in (out / f"{name}.jsonl").open()]


if __name__ == "__main__":
    given = dict(word.split("=") for word in sys.argv[3:])
    trained(sys.argv[1], Path(sys.argv[2]), **{k: json.loads(v) for k, v in given.items()})

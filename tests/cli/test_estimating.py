"""What `--dry-run` says that a reinforcement takes."""

import pytest

from redink.cli.estimating import READING, SAMPLED_PER_SECOND, TRAINED_PER_SECOND, show_estimate
from redink.machine import cores
from redink.plan import make_plan
from redink.progress import duration
from redink.recipe import read_recipe

RECIPE = """
student: {student}
stages:
  problems: {{do: load, source: "gym:chain_sum", n: 12, seed: 1}}
  others: {{do: load, source: "gym:chain_sum", n: 6, seed: 2, exclude: problems}}
  policy:
    {{do: reinforce, problems: problems, steps: 20, problems_per_step: 4, max_tokens: 100, {more}}}
"""
TOKENS = 20 * 4 * 100


@pytest.mark.parametrize(
    ("more", "samples", "passes", "answers"),
    [
        # The policy's own log-probabilities and the reference's are read before the one update.
        ("algorithm: rloo", 8, 1 + 2 / READING, 0),
        ("algorithm: rloo, beta: 0", 8, 1, 0),
        ("algorithm: rloo, beta: 0, updates: 2", 8, 2 + 1 / READING, 0),
        # GRPO's divergence is in the loss.
        ("algorithm: grpo, beta: 0.04, reference: fixed", 8, 1 + 1 / READING, 0),
        ("algorithm: ppo", 1, 2 + 2 / READING, 0),
        # Four looks and the start's, six problems, three answers each.
        ("algorithm: ppo, validation: others, validate_every: 5, validate_samples: 3", 1,
         2 + 2 / READING, 5 * 6 * 3),
    ],
)  # fmt: skip
def test_a_reinforcement_is_sampled_read_and_trained_on(
    more, samples, passes, answers, tiny_student, tmp_path, capsys
):
    path = tmp_path / "policy.yaml"
    path.write_text(RECIPE.format(student=tiny_student, more=more))
    show_estimate(make_plan(read_recipe(str(path)), tmp_path), None)
    line = next(row for row in capsys.readouterr().out.splitlines() if "policy" in row)
    tokens = TOKENS * samples
    seconds = (tokens + answers * 100) / SAMPLED_PER_SECOND + tokens * passes / TRAINED_PER_SECOND
    assert f"<= {tokens:,}" in line
    assert f"<= {duration(seconds / max(1, cores() / 2))}" in line

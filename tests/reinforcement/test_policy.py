"""A stage's settings for another engine are those that reinforce itself would take."""

import inspect

import pytest

from redink.errors import UsageError
from redink.reinforcement.policy import policy_of
from redink.reinforcement.policy_task import PolicyTask
from redink.reinforcement.ppo_settings import ppo_of
from redink.reinforcement.ppo_task import PPOTask
from redink.reinforcement.settings import policy_settings_of
from redink.stages import reinforce as stage


def stage_settings(**given):
    """All of a stage's settings as a recipe leaves them."""
    parameters = inspect.signature(stage.reinforce).parameters.values()
    empty = inspect.Parameter.empty
    return {p.name: p.default for p in parameters if p.default is not empty} | given


@pytest.mark.parametrize("algorithm", ["rloo", "grpo", "dr-grpo", "ppo"])
@pytest.mark.parametrize("given", [{}, {"samples": 6, "beta": 0.0, "max_tokens": 77}])
def test_what_is_not_given_is_what_reinforce_would_take(algorithm, given):
    settings = stage_settings(algorithm=algorithm, **given)
    own = stage._settings(algorithm, settings)
    policy = policy_of(settings)
    ppo = algorithm == "ppo"
    assert policy.settings == (ppo_of(own) if ppo else policy_settings_of(own))
    task = (PPOTask if ppo else PolicyTask)(None, (), None, own, None, "", None, "")
    drawing = task.drawing
    for name in ("temperature", "top_p", "top_k", "min_p", "max_tokens", "prompt"):
        assert getattr(policy, name) == getattr(drawing, name), name
    for name in ("reward", "penalty", "penalty_form", "degenerate", "answer_form"):
        assert getattr(policy, name) == own[name], name


def test_an_unknown_algorithm_is_named():
    with pytest.raises(UsageError, match=r"algorithm = a2c is unknown; use rloo, grpo"):
        policy_of({"algorithm": "a2c"})

"""What no training can have is refused, by name."""

import pytest

from redink.errors import UsageError
from redink.reinforcement.settings import PolicySettings, policy_settings_of


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("algorithm", "reinforce++"), ("steps", 0), ("samples", 1), ("temperature", 0.0),
        ("top_p", 0.0), ("min_p", 1.0), ("beta", -0.1), ("entropy", -1.0), ("reference", "ema"),
        ("reference_rate", 0.0), ("clip_low", 1.0), ("updates", 0), ("penalty_form", "both"),
        ("select_samples", 9), ("select_samples", 1), ("dynamic_sampling", -1), ("top_k", -1),
    ],
)  # fmt: skip
def test_a_value_that_makes_no_sense_is_named(name, value):
    with pytest.raises(UsageError, match=name):
        policy_settings_of({name: value})


def test_a_reward_for_degenerate_text_is_refused():
    with pytest.raises(UsageError, match="penalty"):
        policy_settings_of({"penalty": 1.0})
    policy_settings_of({"penalty": 1.0, "penalty_form": "none"})


def test_what_is_not_said_is_the_default():
    assert policy_settings_of({"top_k": None, "prompt": "plain"}) == PolicySettings()

"""What OpenRLHF has no counterpart of is refused, unless it is dropped by name."""

import pytest

from redink.errors import UsageError
from redink.handover.gaps import check_dropped, differences_of, gaps_of
from redink.reinforcement.policy import policy_of

PLAIN = {"reference": "fixed", "penalty_form": "add"}
LACKING = [
    ({"reference": "moving"}, "reference"),
    ({"penalty_form": "replace"}, "penalty_form"),
    ({"select_samples": 2}, "select_samples"),
    ({"keep_steps": [8, 16]}, "keep_steps"),
    ({"top_k": 20}, "top_k"),
    ({"min_p": 0.05}, "min_p"),
    ({"prompt": "few-shot"}, "prompt"),
    ({"reward": {"correct": 1.0, "scorer": 0.5}}, "reward.scorer"),
    ({"reward": {"correct": 1.0, "critique": 0.5}}, "reward.critique"),
    ({"degenerate": {"perplexity": 30.0}}, "degenerate.perplexity"),
]


def test_plain_settings_lack_nothing():
    for algorithm in ("rloo", "grpo", "dr-grpo"):
        assert gaps_of(policy_of({"algorithm": algorithm} | PLAIN)) == []
    assert gaps_of(policy_of({"algorithm": "ppo", "penalty_form": "replace"})) == []


@pytest.mark.parametrize(("settings", "name"), LACKING)
def test_each_is_refused_and_accepted_by_name(settings, name):
    policy = policy_of(PLAIN | settings)
    with pytest.raises(UsageError, match=rf"--drop {name}$"):
        check_dropped(policy, ())
    (gap,) = check_dropped(policy, [name])
    assert gap.name == name


def test_all_that_is_lacking_is_named_at_once():
    with pytest.raises(UsageError, match="--drop reference --drop penalty_form") as told:
        check_dropped(policy_of({}), ())
    assert "moving average of the policy (rate 0.008)" in str(told.value)
    with pytest.raises(UsageError, match=r"--drop penalty_form$"):
        check_dropped(policy_of({}), ["reference"])


def test_what_is_not_lacking_cannot_be_dropped():
    with pytest.raises(UsageError, match=r"--drop temperature: .* dropped are reference, penalty"):
        check_dropped(policy_of({}), ["temperature", "reference", "penalty_form"])
    with pytest.raises(UsageError, match="nothing is to be"):
        check_dropped(policy_of(PLAIN), ["reference"])


def test_a_moving_reference_that_nothing_looks_at_is_no_gap():
    assert gaps_of(policy_of({"beta": 0.0, "penalty_form": "add"})) == []


def test_adapters_are_not_handed_over():
    policy = policy_of({"algorithm": "ppo", "method": "lora"})
    assert [gap.name for gap in gaps_of(policy)] == ["method"]


def told(settings, validated=False):
    return [one.what for one in differences_of(policy_of(settings), validated=validated)]


def test_what_differs_is_told_where_it_does():
    assert "value model" in told({"algorithm": "ppo"})
    assert "value model" not in told({})
    assert {"divergence", "scale of the loss"} < set(told({}))
    assert "divergence" not in told({"beta": 0.0})
    assert "settled problems" in told({"dynamic_sampling": 2})
    assert "validation" not in told({})
    assert "validation" in told({}, validated=True)
    assert "validate_tokens" in told({"validate_tokens": 9}, validated=True)

"""PPO learns what is rewarded, by exactly the losses of its paper, and leaves a plain model."""

import json
import math
import statistics

import pytest
import torch
from safetensors.torch import load_file

from redink.errors import ModelError, UsageError
from redink.models.loading import load_model
from redink.models.resolve import resolve_model
from redink.reinforcement.experience import cut, lessons
from redink.reinforcement.ppo_learner import PPOLearner
from redink.reinforcement.ppo_settings import PPO, ppo_of
from redink.reinforcement.sampling import Drawn
from redink.rewards import Marked
from redink.training.tracking import reporting
from redink.training.validation_plan import ValidationPlan
from tests.reinforcement.letters import LowerCase, lines, sums, trained


@pytest.fixture(scope="module")
def learned(tiny_student, tmp_path_factory):
    """A training that is long enough to learn."""
    out = tmp_path_factory.mktemp("learned")
    trained(
        tiny_student, out, steps=30, problems_per_step=11, samples=2, beta=0.01,
        value_learning_rate=1e-2,
    )  # fmt: skip
    return out


def mean(rows, name):
    return statistics.fmean(row[name] for row in rows)


def test_the_mean_reward_rises_and_the_value_head_learns_to_expect_it(learned):
    steps = lines(learned, "steps")
    assert [row["step"] for row in steps] == list(range(1, 31))
    assert mean(steps[-5:], "reward") > mean(steps[:5], "reward") + 0.2
    assert mean(steps[-5:], "value_loss") < steps[0]["value_loss"]
    assert mean(steps[-5:], "entropy") < mean(steps[:5], "entropy")
    assert steps[0]["kl"] == 0.0
    assert mean(steps[-5:], "kl") > 0.1


def test_the_result_is_a_plain_model_with_the_value_head_beside_it(learned, tiny_student):
    model = load_model(resolve_model(learned / "model"), "float32", "cpu")
    before = load_model(resolve_model(tiny_student), "float32", "cpu")
    assert not [name for name in load_file(learned / "model/model.safetensors") if "value" in name]
    assert set(model.state_dict()) == set(before.state_dict())
    head = load_file(learned / "value_head.safetensors")
    assert head["weight"].shape == (1, 32)
    assert head["weight"].abs().max() > 0
    facts = json.loads((learned / "model" / "training.json").read_text())
    assert (facts["steps"], facts["rollouts"]) == (30, 660)
    assert facts["ppo"]["gamma"] == 1.0
    rollouts = lines(learned, "rollouts")
    assert facts["sampled_tokens"] == sum(rollout["n_tokens"] for rollout in rollouts)
    assert [entry["step"] for entry in facts["losses"]] == list(range(1, 31))
    assert not (learned / "checkpoints").exists()
    assert len({rollout["id"] for rollout in rollouts}) == 660


def test_a_finished_training_is_returned_at_once_and_another_refused(learned, tiny_student):
    same = {"steps": 30, "problems_per_step": 11, "samples": 2, "beta": 0.01}
    again = trained(tiny_student, learned, value_learning_rate=1e-2, **same)
    assert again == learned / "model"
    with pytest.raises(UsageError, match="another training"):
        trained(tiny_student, learned, **same)


class Unmarked(LowerCase):
    """Knows nothing of any text."""

    def mark(self, rollouts):
        return [Marked(None, {"format": None}, (), None, "grader_timeout") for _ in rollouts]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_first_update_of_a_step_is_at_ratio_one(tiny_student, tmp_path, precision):
    trained(tiny_student, tmp_path, steps=2, ppo_epochs=1, precision=precision)
    for row in lines(tmp_path, "steps"):
        assert (row["moved"], row["clipped"]) == (0.0, 0.0)
    assert lines(tmp_path, "steps")[0]["kl"] == 0.0


# One step against a reference in float64 that knows no micro-batches, padding or masks.

PROMPTS = [(5, 9, 17), (33, 40), (7, 8, 60, 61, 9)]
IDS = [(12, 44, 2), (70,), (80, 81, 82, 83)]
REWARDS = [1.0, 0.1, None]
ROLLOUTS = [
    Drawn(problem, 0, prompt, ids, (0.0,) * len(ids), "", "stop")
    for problem, prompt, ids in zip(sums(3), PROMPTS, IDS, strict=True)
]


def unlike_its_start(learner):
    """Gives policy and value head weights of their own, so that no term of the loss vanishes."""
    torch.manual_seed(5)
    with torch.no_grad():
        for weight in learner.model.parameters():
            weight.add_(torch.randn_like(weight) * 0.02)


def said(policy, head, row):
    """Log-probabilities and values of a rollout's new tokens by a plain float64 forward pass."""
    prompt, ids = PROMPTS[row], IDS[row]
    seen = policy(input_ids=torch.tensor([[*prompt, *ids]]), output_hidden_states=True)
    first = len(prompt) - 1
    logits = seen.logits[0, first : first + len(ids)].log_softmax(1)
    hidden = seen.hidden_states[-1][0, first : first + len(ids)]
    return logits[range(len(ids)), list(ids)], head(hidden)[:, 0]


def by_the_definitions(learner, initial, ppo, old):
    """The loss of one update: rewards, advantages, whitening and clips written out in float64.

    Args: old: (log-probabilities, values) of each rollout when it was drawn.
    """
    policy, head = learner.policy.double(), learner.model.value_head.double()
    advantages, kept = {}, [row for row, reward in enumerate(REWARDS) if reward is not None]
    for row in kept:
        with torch.no_grad():
            reference, _ = said(initial.double(), head, row)
        logprobs, values = old[row]
        rewards = [-ppo.beta * (a - b).item() for a, b in zip(logprobs, reference, strict=True)]
        rewards[-1] += REWARDS[row]
        ahead = [*values.tolist()[1:], 0.0]
        errors = [r + n - v for r, n, v in zip(rewards, ahead, values.tolist(), strict=True)]
        advantages[row] = [
            math.fsum(
                0.95 ** (later - token) * errors[later] for later in range(token, len(errors))
            )
            for token in range(len(errors))
        ]
    flat = [value for row in kept for value in advantages[row]]
    centre, spread = statistics.fmean(flat), statistics.stdev(flat)
    policy_loss = value_loss = 0.0
    for row in kept:
        logprobs, values = said(policy, head, row)
        raw = torch.tensor(advantages[row], dtype=torch.float64)
        white, (old_logprobs, old_values) = (raw - centre) / spread, old[row]
        ratio = (logprobs - old_logprobs).exp()
        parts = torch.stack([ratio * white, ratio.clamp(0.8, 1.2) * white])
        policy_loss = policy_loss - parts.min(0).values.mean() / len(kept)
        near = old_values + (values - old_values).clamp(-0.2, 0.2)
        target = raw + old_values
        errors = torch.stack([(values - target) ** 2, (near - target) ** 2]).max(0).values
        value_loss = value_loss + errors.mean() / 2 / len(kept)
    return policy_loss, value_loss


@pytest.mark.parametrize("limit", [16, 4096])
def test_a_step_is_that_of_a_reference_in_float64(tiny_student, limit):
    source = resolve_model(tiny_student)
    ppo = PPO(steps=1, learning_rate=1e-2, ppo_epochs=1, beta=0.5)
    learner = PPOLearner(load_model(source, "float32", "cpu"), ppo, 1.0, "fp32")
    unlike_its_start(learner)
    batches = cut(ROLLOUTS, 0, limit, torch.device("cpu"))
    assert len(batches) == (3 if limit == 16 else 1)
    seen = learner.judge(batches)
    taught, _ = lessons(batches, seen, REWARDS, 2, ppo)
    unlike_its_start(learner)

    twin = PPOLearner(load_model(source, "float32", "cpu"), ppo, 1.0, "fp32")
    initial = load_model(source, "float32", "cpu")
    unlike_its_start(twin)
    policy, head = twin.policy.double(), twin.model.value_head.double()
    with torch.no_grad():
        old = [said(policy, head, row) for row in range(3)]
    twin.model.float()
    unlike_its_start(twin)
    policy_loss, value_loss = by_the_definitions(twin, initial, ppo, old)
    (policy_loss + 5 * value_loss).backward()
    weights = [weight for weight in twin.model.parameters() if weight.grad is not None]
    norm = math.sqrt(sum(weight.grad.square().sum().item() for weight in weights))

    figures = learner.update(taught)
    assert figures["moved"] != 0
    assert figures["policy_loss"] == pytest.approx(policy_loss.item(), abs=1e-4)
    assert figures["value_loss"] == pytest.approx(value_loss.item(), rel=1e-4)
    assert figures["grad_norm"] == pytest.approx(norm, rel=1e-3)


def test_a_rollout_without_a_reward_is_logged_and_teaches_nothing(tiny_student, tmp_path):
    trained(tiny_student, tmp_path, LowerCase(unscorable="e"), steps=3, samples=2)
    rollouts = lines(tmp_path, "rollouts")
    without = [rollout for rollout in rollouts if "e" in rollout["text"]]
    assert 0 < len(without) < len(rollouts)
    assert {(r["reward"], r["advantage"]) for r in without} == {(None, None)}
    assert None not in {r["advantage"] for r in rollouts if "e" not in r["text"]}


def test_a_step_without_any_reward_is_refused(tiny_student, tmp_path):
    with pytest.raises(ModelError, match="step 1: none of its rollouts could be marked"):
        trained(tiny_student, tmp_path, Unmarked(), steps=1)


def test_a_fault_costs_the_penalty_in_the_place_of_the_reward(tiny_student, tmp_path):
    settings = {"steps": 1, "beta": 0.0, "lam": 1.0, "samples": 3}
    trained(tiny_student, tmp_path / "replaced", LowerCase(degenerate="e"), **settings)
    rollouts = lines(tmp_path / "replaced", "rollouts")
    faulty = [rollout for rollout in rollouts if rollout["faults"]]
    assert faulty
    # The head expects 0 in the first step, without divergence: an advantage is the reward.
    assert {rollout["advantage"] for rollout in faulty} == {-1.0}
    others = [rollout for rollout in rollouts if not rollout["faults"]]
    assert [r["advantage"] for r in others] == pytest.approx([r["reward"] for r in others])


def test_without_divergence_the_collapse_of_the_ablation_is_told(tiny_student, tmp_path, capsys):
    trained(tiny_student, tmp_path, steps=1, beta=0.0)
    assert "ReFT's ablation without the divergence collapsed" in capsys.readouterr().err
    assert lines(tmp_path, "steps")[0]["kl"] == 0.0


def test_adapters_are_trained_against_the_model_without_them(tiny_student, tmp_path):
    trained(tiny_student, tmp_path, steps=3, method="lora", lora_rank=4, learning_rate=1e-2)
    steps = lines(tmp_path, "steps")
    assert steps[0]["kl"] == 0.0
    assert steps[2]["kl"] != 0.0
    model = load_model(resolve_model(tmp_path / "model"), "float32", "cpu")
    assert not [name for name in model.state_dict() if "lora" in name]
    before = load_model(resolve_model(tiny_student), "float32", "cpu").state_dict()
    changed = [n for n, value in model.state_dict().items() if not torch.equal(value, before[n])]
    assert changed
    assert all("proj" in name for name in changed)


def test_validation_chooses_the_policy_and_its_value_head(tiny_student, tmp_path, monkeypatch):
    found = iter([0.3, 0.1, 0.5, 0.5])
    monkeypatch.setattr(
        "redink.reinforcement.validation.policy_accuracy", lambda *given: next(found)
    )
    plan = ValidationPlan(every=2, max_tokens=4, problems=tuple(sums(2)))
    trained(tiny_student, tmp_path / "chosen", validation=plan, steps=6)
    trained(tiny_student, tmp_path / "four", steps=4)
    facts = json.loads((tmp_path / "chosen" / "model" / "training.json").read_text())
    assert facts["validation"]["chosen_step"] == 4
    assert [look["step"] for look in facts["validation"]["looks"]] == [0, 2, 4, 6]
    for name in ("model/model.safetensors", "value_head.safetensors"):
        chosen, four = (load_file(tmp_path / out / name) for out in ("chosen", "four"))
        assert all(torch.equal(value, four[key]) for key, value in chosen.items())
    assert not (tmp_path / "chosen" / "best").exists()


def test_trackers_are_told_of_each_step(tiny_student, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    out = tmp_path / "run" / "stage"
    with reporting(("tensorboard",)):
        trained(tiny_student, out, steps=2)
    (events,) = tmp_path.rglob("events*.0")
    told = EventAccumulator(str(events)).Reload()
    for name in ("reward", "kl", "part/format"):
        values = [event.value for event in told.Scalars(name)]
        rows = lines(out, "steps")
        wanted = [row["parts"]["format"] if "/" in name else row[name] for row in rows]
        assert values == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"beta": -0.1}, "beta = -0.1 makes no sense with ppo; use 0 or more"),
        ({"ppo_epochs": 0}, "ppo_epochs = 0"),
        ({"gamma": 1.5}, "gamma = 1.5"),
        ({"clip_low": 1.0}, "clip_low = 1.0"),
        ({"value_learning_rate": 0.0}, "value_learning_rate = 0.0"),
    ],
)
def test_impossible_settings_are_refused_by_name(given, message):
    with pytest.raises(UsageError, match=message):
        ppo_of(given)


def test_settings_left_out_are_those_of_the_released_code():
    ppo = ppo_of({"beta": None, "temperature": 1.0})
    assert (ppo.gamma, ppo.lam, ppo.ppo_epochs, ppo.samples) == (1.0, 0.95, 2, 1)
    assert (ppo.clip_low, ppo.clip_high, ppo.value_clip) == (0.2, 0.2, 0.2)
    assert (ppo.value_coefficient, ppo.beta, ppo.learning_rate) == (5.0, 0.05, 3e-7)

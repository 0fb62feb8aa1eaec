"""train.sh: options that OpenRLHF has, with the values of the settings that they stand for."""

import json

import pytest

from redink.errors import UsageError
from redink.handover.flags import VERSION
from redink.handover.handing import hand_over
from redink.handover.placement import Placement, memory_per_gpu
from redink.reinforcement.policy import policy_of
from tests.handover.openrlhf_options import COUNT, Parser
from tests.handover.world import command, handed_over, options_of, sums

CASES = {
    "rloo": ({}, ("reference", "penalty_form")),
    "grpo": ({"algorithm": "grpo"}, ("reference", "penalty_form")),
    "dr-grpo": ({"algorithm": "dr-grpo", "beta": 0.0}, ("penalty_form",)),
    "ppo": ({"algorithm": "ppo", "penalty_form": "replace", "importance_cap": 1.5}, ()),
    "everything": (
        {
            "top_p": 0.9, "dynamic_sampling": 2, "reference": "fixed", "penalty_form": "add",
            "reward": {"correct": 12.0, "length": 0.5}, "updates": 2, "validate_samples": 4,
        },
        (),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def read(tiny_student, tmp_path_factory):
    """Options by case: train.sh as bash reads it, its words as OpenRLHF's parser reads them."""
    found = {}
    for name, (settings, drop) in CASES.items():
        tmp_path = tmp_path_factory.mktemp(name)
        folder = tmp_path / "with a blank"
        placement = Placement(2, offload=name == "everything")
        handed_over(
            tiny_student, folder, settings, drop=drop, placement=placement,
            validation=sums(3, start=60),
        )  # fmt: skip
        found[name] = folder, options_of(folder, tmp_path)
    return found


def test_the_list_of_options_is_whole():
    assert len(Parser().names) == COUNT
    assert VERSION == "0.11.2"


def test_an_option_that_openrlhf_has_not_is_found():
    with pytest.raises(ValueError, match="unrecognized"):
        Parser().read(["--algo.kl.init_coeff", "0.1"])
    with pytest.raises((ValueError, SystemExit, Exception), match="invalid choice"):
        Parser().read(["--algo.advantage.estimator", "ppo"])


@pytest.mark.parametrize("name", CASES)
def test_every_option_exists_and_stands_once(read, name, tmp_path):
    folder, _ = read[name]
    words = command(folder, tmp_path)
    given = [word for word in words if word.startswith("--")]
    assert len(given) == len(set(given))
    assert set(given) <= Parser().names


def test_what_all_trainings_have(read):
    for folder, found in (read[name] for name in CASES):
        assert found["data.prompt_dataset"] == str(folder / "prompts.jsonl")
        assert found["reward.remote_url"] == str(folder / "reward.py")
        assert found["eval.dataset"] == str(folder / "validation.jsonl")
        assert found["rollout.batch_size"] == 4
        assert found["rollout.n_samples_per_prompt"] == 2
        assert found["rollout.max_new_tokens"] == 24
        assert found["train.batch_size"] == 8
        assert found["actor.num_gpus_per_node"] == 2
        assert found["vllm.num_engines"] == 2
        assert found["actor.lr_scheduler"] == "constant_with_warmup"
        assert "data.apply_chat_template" not in found


def test_validation_is_greedy_or_by_samples_as_rollouts_are_drawn(read):
    _, greedy = read["rloo"]
    assert (greedy["eval.temperature"], greedy["eval.n_samples_per_prompt"]) == (0.0, 1)
    _, drawn = read["everything"]
    assert (drawn["eval.temperature"], drawn["eval.n_samples_per_prompt"]) == (1.2, 4)


def test_rloo(read):
    _, found = read["rloo"]
    assert found["algo.advantage.estimator"] == "rloo"
    assert found["rollout.temperature"] == 1.2
    assert found["actor.adam.lr"] == 1e-6
    assert found["algo.kl.init_coef"] == 2e-4
    assert found["algo.kl.estimator"] == "k1"
    assert "algo.kl.use_loss" not in found
    assert found["actor.entropy_coef"] == 1e-3
    assert found["actor.eps_clip_low_high"] == [0.2, 0.26]
    assert found["actor.loss_agg_mode"] == "token-mean"
    assert not any(name.startswith("critic.") for name in found)


def test_grpo_has_the_divergence_in_the_loss(read):
    _, found = read["grpo"]
    assert found["algo.advantage.estimator"] == "group_norm"
    assert found["algo.kl.use_loss"]
    assert found["algo.kl.estimator"] == "k3"
    assert found["algo.kl.unbiased_gradient"]
    assert found["actor.loss_agg_mode"] == "seq-mean-token-mean"


def test_without_a_divergence_there_is_none_in_the_loss(read):
    _, found = read["dr-grpo"]
    assert found["algo.advantage.estimator"] == "dr_grpo"
    assert found["algo.kl.init_coef"] == 0
    assert "algo.kl.use_loss" not in found


def test_ppo_has_a_critic_of_its_own(read):
    _, found = read["ppo"]
    assert found["algo.advantage.estimator"] == "gae"
    assert (found["algo.advantage.gamma"], found["algo.advantage.lambd"]) == (1.0, 0.95)
    assert found["algo.kl.init_coef"] == 0.05
    assert found["train.max_epochs"] == 2
    assert found["critic.value_clip"] == 0.2
    assert found["critic.model_name_or_path"] == found["actor.model_name_or_path"]
    assert found["critic.adam.lr"] == found["actor.adam.lr"] == 3e-7
    assert found["critic.num_gpus_per_node"] == 2
    assert "actor.entropy_coef" not in found
    assert found["algo.advantage.is_correction_threshold"] == [1.5]


def test_what_only_some_settings_need(read):
    _, found = read["everything"]
    assert found["algo.dynamic_filtering_enable"]
    assert found["algo.dynamic_filtering_range"] == [0.0, 1.0]
    assert (found["reward.overlong_buffer_len"], found["reward.overlong_penalty_factor"]) == (
        5,
        0.5,
    )
    assert found["reward.clip_range"] == [-13.5, 13.5]
    assert found["train.max_epochs"] == 2
    assert found["ds.adam_offload"]
    _, plain = read["rloo"]
    assert not {"algo.dynamic_filtering_enable", "ds.adam_offload", "reward.clip_range"} & set(
        plain
    )


def test_truncated_draws_are_not_corrected_by_importance(read):
    assert "algo.advantage.is_correction_level" not in read["everything"][1]
    found = read["rloo"][1]
    assert found["algo.advantage.is_correction_level"] == "token"
    assert found["algo.advantage.is_correction_mode"] == "clip"
    assert found["algo.advantage.is_correction_threshold"] == [3.0]


def test_a_step_divides_among_the_gpus():
    policy = policy_of({"problems_per_step": 4, "samples": 6})
    Placement(8, nodes=3).check(policy)
    with pytest.raises(UsageError, match=r"24 rollouts .* 16 GPUs"):
        Placement(16).check(policy)
    with pytest.raises(UsageError, match="tensor_parallel = 3 does not divide 8"):
        Placement(8, tensor_parallel=3).check(policy)
    assert Placement(8, nodes=3, tensor_parallel=2).engines == 12


def test_a_micro_batch_is_a_share_of_a_gpus_rollouts():
    policy = policy_of({"problems_per_step": 32, "samples": 64})
    assert Placement(8).micro_batch(policy, 8192 + 300) == 1
    assert Placement(8).micro_batch(policy, 2000) == 8
    few = policy_of({"algorithm": "ppo"})
    assert Placement(8).micro_batch(few, 700) == 4
    assert Placement(1).micro_batch(policy_of({"problems_per_step": 3, "samples": 5}), 3000) == 5


def test_the_memory_of_the_papers_model():
    told = memory_per_gpu(14_770_000_000, Placement(8), reference=True, critic=False)
    assert "11.1 GB a GPU for weights and gradients, 22.2 GB of its memory for Adam" in told
    assert "29.5 GB for the weights that vLLM holds" in told


PAPERS = {
    "t1-qwen2.5-14b": ("policy", ("reference", "penalty_form")),
    "reft-codellama-7b": ("reft", ("method",)),
}


@pytest.mark.parametrize("name", PAPERS)
def test_the_papers_recipes_are_handed_over(name, tiny_student, tmp_path):
    from redink.recipe import read_recipe

    stage, drop = PAPERS[name]
    settings = read_recipe(name).stage(stage).settings
    student = tmp_path / "student"
    student.mkdir()
    for path in tiny_student.iterdir():
        (student / path.name).write_bytes(path.read_bytes())
    config = json.loads((student / "config.json").read_text())
    (student / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 16_384}))
    result = hand_over(sums(40), settings, student, tmp_path / "out", drop=drop)
    found = options_of(tmp_path / "out", tmp_path)
    assert result.prompts == settings["steps"] * 32
    assert found["rollout.batch_size"] == 32
    assert found["train.batch_size"] == 32 * settings["samples"]
    assert found["actor.num_gpus_per_node"] == 8
    assert found["actor.adam.lr"] == settings["learning_rate"]
    assert found["algo.kl.init_coef"] == settings["beta"]
    assert found["ds.zero_stage"] == 3

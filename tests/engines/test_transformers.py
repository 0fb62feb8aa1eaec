"""The transformers engine: its text, its journal, its errors."""

import shutil
from dataclasses import replace

import pytest

import redink.engines.transformers as transformers_engine
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
    other = by_id(engine.complete(ask(5), replace(SAMPLED, seed=5)))
    assert all(other[key].text != first[key].text for key in first)


@pytest.mark.parametrize("sampling", [GREEDY, SAMPLED], ids=["greedy", "sampled"])
def test_text_does_not_depend_on_what_else_is_asked_or_on_the_batch(tiny_student, sampling):
    alone = {}
    small = open_engine(tiny_student, dtype="float32", batch_size=2, device="cpu")
    for conversation in ask(6):
        alone |= by_id(small.complete([conversation], sampling))
    large = open_engine(tiny_student, dtype="float32", batch_size=64, device="cpu")
    assert alone == by_id(large.complete(ask(6), sampling))
    fewer = by_id(large.complete(ask(6), replace(sampling, samples=1)))
    assert fewer == {key: done for key, done in alone.items() if key[1] == 0}


def counted(monkeypatch):
    """Rows handed to the decoder, as they come."""
    seen = []
    decode = decoding.decode

    def counting(model, rows, *args):
        seen.extend(rows)
        return decode(model, rows, *args)

    monkeypatch.setattr(decoding, "decode", counting)
    return seen


def test_only_what_is_not_in_the_journal_is_generated(tiny_student, tmp_path, monkeypatch):
    seen = counted(monkeypatch)
    options = {"dtype": "float32", "batch_size": 4, "journal": tmp_path / "j.sqlite"}
    first = by_id(open_engine(tiny_student, **options).complete(ask(5), SAMPLED))
    assert len(seen) == 15
    engine = open_engine(tiny_student, **options)
    more = by_id(engine.complete(ask(8), replace(SAMPLED, samples=4)))
    assert len(seen) == 15 + 5 + 3 * 4
    assert {key: more[key] for key in first} == first
    assert by_id(engine.complete(ask(8), replace(SAMPLED, samples=4))) == more
    assert len(seen) == 32


def test_a_broken_off_call_keeps_what_was_finished(tiny_student, tmp_path, monkeypatch):
    monkeypatch.setattr(transformers_engine, "COMMIT_SECONDS", 0)
    options = {"dtype": "float32", "batch_size": 4, "journal": tmp_path / "j.sqlite"}
    running = open_engine(tiny_student, **options).complete(ask(10), SAMPLED)
    first = [next(running) for _ in range(7)]
    running.close()
    seen = counted(monkeypatch)
    again = by_id(open_engine(tiny_student, **options).complete(ask(10), SAMPLED))
    assert len(again) == 30
    assert len(seen) <= 23
    assert all(again[c.id, c.sample] == c for c in first)


def test_equal_prompts_share_a_completion_under_their_own_ids(engine, monkeypatch):
    seen = counted(monkeypatch)
    twin = replace(ask(1)[0], id="twin")
    done = by_id(engine.complete([*ask(2), twin], replace(GREEDY, samples=3)))
    assert len(seen) == 2
    assert len(done) == 9
    assert {done[name, n].text for name in ("q0", "twin") for n in range(3)} == {done["q0", 0].text}


def test_the_journal_is_only_for_the_same_model_and_sampling(tiny_student, tmp_path, monkeypatch):
    journal = tmp_path / "j.sqlite"
    list(open_engine(tiny_student, batch_size=4, journal=journal).complete(ask(1), SAMPLED))
    seen = counted(monkeypatch)
    others = [
        replace(SAMPLED, temperature=0.9),
        replace(SAMPLED, top_p=0.8),
        replace(SAMPLED, max_tokens=13),
        replace(SAMPLED, seed=5),
        replace(SAMPLED, stop=("x",)),
        GREEDY,
    ]
    engine = open_engine(tiny_student, batch_size=4, journal=journal)
    for sampling in others:
        seen.clear()
        list(engine.complete(ask(1), sampling))
        assert len(seen) == sampling.samples, sampling
    seen.clear()
    exact = open_engine(tiny_student, batch_size=4, journal=journal, dtype="float32")
    list(exact.complete(ask(1), SAMPLED))
    assert len(seen) == 3
    assert len(list(engine.complete(ask(1), replace(GREEDY, seed=9)))) == 1
    assert len(seen) == 3


def test_a_stop_text_ends_a_row_and_is_cut_off(engine):
    whole = by_id(engine.complete(ask(6), replace(SAMPLED, max_tokens=24)))
    texts = [c.text for c in whole.values()]
    stop = texts[0][len(texts[0]) // 2 :][:3]
    cut = by_id(engine.complete(ask(6), replace(SAMPLED, max_tokens=24, stop=("never", stop))))
    assert cut[next(iter(whole))].finish == "stop"
    for key, long in whole.items():
        short = cut[key]
        assert short.text == long.text.split(stop)[0]
        if stop in long.text:
            assert short.finish == "stop"
            assert short.completion_tokens <= long.completion_tokens


def test_raw_text_is_continued_without_a_template(tiny_student, tmp_path):
    base = shutil.copytree(tiny_student, tmp_path / "base")
    (base / "chat_template.jinja").unlink()
    engine = open_engine(base, dtype="float32", device="cpu")
    raw = Conversation("r", (), raw="Question: 12 + 34 =")
    (done,) = engine.complete([raw], GREEDY)
    assert done.prompt_tokens == len(engine.tokenizer(raw.raw)["input_ids"])
    with pytest.raises(DataError, match="control token"):
        list(engine.complete([replace(raw, raw="<|im_start|>")], GREEDY))


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

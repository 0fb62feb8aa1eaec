"""Keys depend on what a completion depends on, and on nothing else."""

from dataclasses import replace

import pytest

from redink.engines.endpoint.request import check_extra, request_body, request_key
from redink.engines.engine import Conversation, Sampling
from redink.errors import UsageError
from redink.records import Message

ROW = Conversation("a", (Message("system", "s"), Message("user", "u")))
DRAWN = Sampling(temperature=0.3, top_p=0.9, max_tokens=7, seed=3, stop=("x",))


def key(conversation=ROW, sampling=DRAWN, extra=None, sample=0, model="m"):
    return request_key(model, conversation, sampling, extra, sample)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "n"},
        {"conversation": replace(ROW, messages=(Message("user", "su"),))},
        {"conversation": Conversation("a", (), raw="u")},
        {"extra": {"top_k": 1}},
        {"sample": 1},
        *(
            {"sampling": replace(DRAWN, **field)}
            for field in (
                {"temperature": 0.4},
                {"top_p": 0.8},
                {"max_tokens": 8},
                {"seed": 4},
                {"stop": ("y",)},
            )
        ),
    ],
)
def test_whatever_changes_a_completion_changes_its_key(change):
    assert key(**change) != key()


def test_ids_numbers_of_samples_and_the_order_of_extra_do_not():
    assert key(conversation=replace(ROW, id="b")) == key()
    assert key(sampling=replace(DRAWN, samples=9)) == key()
    assert key(sampling=replace(DRAWN, temperature=1)) == key(
        sampling=replace(DRAWN, temperature=1.0)
    )
    assert key(extra={"a": 1, "b": 2}) == key(extra={"b": 2, "a": 1})
    assert key(extra={}) == key()


def test_greedy_keys_know_no_seed_nucleus_or_sample():
    greedy = Sampling(temperature=0.0, seed=1)
    assert key(sampling=greedy) == key(sampling=Sampling(seed=2, top_p=0.5), sample=3)


def test_keys_stay_what_they_are_in_journals_of_before():
    assert key() == "ac1ab26fa76353c43c6a91deb015118c"


def test_a_body_holds_what_was_asked_for():
    assert request_body("m", ROW, DRAWN, {"top_k": 4}) == {
        "model": "m",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "temperature": 0.3,
        "top_p": 0.9,
        "seed": request_body("m", ROW, DRAWN)["seed"],
        "max_tokens": 7,
        "stop": ["x"],
        "top_k": 4,
    }
    assert request_body("m", ROW, Sampling()) == {
        "model": "m",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "temperature": 0.0,
        "max_tokens": 512,
    }
    assert "max_tokens" not in request_body("m", ROW, DRAWN, {"max_completion_tokens": 9})


def test_seeds_differ_between_samples_and_fit_31_bits():
    seeds = {request_body("m", ROW, DRAWN, sample=n)["seed"] for n in range(50)}
    assert len(seeds) == 50
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.mark.parametrize("extra", [{"n": 2}, {"messages": []}, {"a": object()}])
def test_extra_must_be_json_and_leave_our_fields_alone(extra):
    with pytest.raises(UsageError, match="extra"):
        check_extra(extra)


BEGUN = replace(ROW, messages=(*ROW.messages, Message("assistant", "12 + 3 =")))


def test_the_beginning_of_an_answer_is_not_sent_where_it_would_be_answered():
    with pytest.raises(UsageError, match=r"answers a message in place of going on .* extra"):
        key(conversation=BEGUN)
    with pytest.raises(UsageError, match="in place of going on"):
        key(conversation=BEGUN, extra={"continue_final_message": False})


def test_a_server_that_can_is_asked_to_go_on_with_it():
    extra = {"continue_final_message": True}
    assert key(conversation=BEGUN, extra=extra) != key(extra=extra)
    body = request_body("m", BEGUN, DRAWN, extra)
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    answered = request_body("m", ROW, DRAWN, extra)
    assert not {"continue_final_message", "add_generation_prompt"} & set(answered)

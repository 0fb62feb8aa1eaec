"""The laws of rendering, for the tiny tokenizer and for the embedded model's."""

import random
from dataclasses import replace

import pytest

from redink.errors import DataError, MissingExtraError, UsageError
from redink.models import resolve_model
from redink.models.loading import load_tokenizer
from redink.records import Critique, Example, Message, Problem, Response
from redink.tables import critique_table, problem_table, response_table
from redink.training.encoding import encode, holds_special_token
from redink.training.preflight import preflight
from redink.training.rendering import examples_from, question_messages

PROBLEM = Problem("p1", "What is 2 + 3?", "5", "2 + 3 = <<2+3=5>>5\nThe answer is 5.")
RESPONSE = Response("r1", "p1", "2 + 3 = <<2+3=6>>6\nThe answer is 6.", "corrupt")
CRITIQUE = Critique("c1", "r1", "2 + 3 is 5, not 6.\nConclusion: wrong", "wrong")
PROBLEMS = problem_table([PROBLEM])
RESPONSES = response_table([RESPONSE], {"p1": PROBLEM})
CRITIQUES = critique_table([CRITIQUE], {"r1": RESPONSE}, {"p1": PROBLEM})


@pytest.fixture(scope="module", params=["tiny", "smollm2-135m"])
def tokenizer(request, tiny_student):
    try:
        name = tiny_student if request.param == "tiny" else request.param
        return load_tokenizer(resolve_model(name))
    except MissingExtraError as error:
        pytest.skip(str(error))


def conversations(count=60, seed=0):
    words = [
        "2",
        "+",
        "40",
        "=",
        "right",
        "wrong",
        "\n",
        "\n\n",
        " ",
        "é",
        "数",
        "{x}",
        "<b>",
        "$5",
    ]
    draw = random.Random(seed)
    for _ in range(count):
        texts = ["".join(draw.choices(words, k=draw.randint(1, 30))) for _ in range(2)]
        prompt, completion = (text.strip() or "x" for text in texts)
        yield Example((Message("user", prompt),), (Message("assistant", completion),))


def as_dicts(messages):
    return [{"role": m.role, "content": m.content} for m in messages]


def test_ids_equal_the_chat_templates_of_the_whole_conversation(tokenizer):
    for example in conversations():
        whole = as_dicts(example.prompt + example.completion)
        expected = tokenizer.apply_chat_template(whole, return_dict=True)["input_ids"]
        assert list(encode(example, tokenizer).ids) == expected


def test_the_part_without_loss_is_the_generation_prompt(tokenizer):
    for example in conversations():
        encoded = encode(example, tokenizer)
        expected = tokenizer.apply_chat_template(
            as_dicts(example.prompt), add_generation_prompt=True, return_dict=True
        )["input_ids"]
        assert list(encoded.ids[: encoded.loss_from]) == expected
        assert encoded.labels[: encoded.loss_from] == [-100] * len(expected)


def test_loss_lies_on_the_completion_and_its_end_of_turn_alone(tokenizer):
    for example in conversations():
        encoded = encode(example, tokenizer)
        kept = [token for token in encoded.labels if token != -100]
        assert tokenizer.decode(kept) == example.completion[0].content + "<|im_end|>"
        assert len(encoded.labels) == len(encoded.ids)
        assert all(token == -100 for token in encoded.labels[encoded.loss_to :])


def test_special_tokens_in_a_text_are_dropped_and_counted(tokenizer):
    good = next(conversations())
    for place in ("prompt", "completion"):
        role = "user" if place == "prompt" else "assistant"
        text = (Message(role, "ends here <|im_end|> or not"),)
        bad = Example(**{"prompt": good.prompt, "completion": good.completion, place: text})
        assert holds_special_token(bad.prompt + bad.completion, tokenizer) == "<|im_end|>"
        flight = preflight([good, bad], tokenizer, 512)
        assert len(flight.rows) == 1
        assert sum(flight.dropped.values()) == 1


def test_long_rows_are_dropped_whole_and_counted(tokenizer):
    rows = list(conversations())
    lengths = sorted(len(encode(row, tokenizer).ids) for row in rows)
    limit = lengths[len(lengths) // 2]
    flight = preflight(rows, tokenizer, limit)
    over = sum(length > limit for length in lengths)
    assert flight.dropped == {f"longer than max_tokens = {limit}": over}
    assert flight.counts()["rows_kept"] == len(rows) - over
    assert flight.counts()["longest"] == limit
    assert flight.counts()["end_of_turn_share"] == 1.0


def test_rows_without_loss_are_refused(tokenizer):
    empty = Example((Message("user", "x"),), (Message("assistant", " \n"),), meta={"id": "r7"})
    with pytest.raises(DataError, match="r7"):
        preflight([empty], tokenizer, 512)
    with pytest.raises(DataError, match="nothing to train on"):
        preflight(list(conversations(3)), tokenizer, 9)


def test_imitation_shows_the_question_alone_and_no_annotations():
    (example,) = examples_from(PROBLEMS, "imitate")
    assert example.prompt == question_messages(PROBLEM) == (Message("user", "What is 2 + 3?"),)
    assert example.completion[0].content == "2 + 3 = 5\nThe answer is 5."
    (example,) = examples_from(RESPONSES, "imitate")
    assert example.completion[0].content == "2 + 3 = 6\nThe answer is 6."


def test_imitating_critiques_means_the_responses_that_they_mark_each_once():
    twice = replace(CRITIQUE, id="c2", text="Another view. Conclusion: wrong")
    table = critique_table([CRITIQUE, twice], CRITIQUES.responses, CRITIQUES.problems)
    assert examples_from(table, "imitate") == examples_from(RESPONSES, "imitate")


def test_critiques_are_asked_for_as_in_the_paper():
    (example,) = examples_from(CRITIQUES, "critique")
    assert example.prompt[0].content == (
        "Please critique whether the following solution to the question is correct.\n\n"
        "Question:\nWhat is 2 + 3?\n\nSolution:\n2 + 3 = 6\nThe answer is 6."
    )
    assert example.completion == (Message("assistant", CRITIQUE.text),)


def test_the_teachers_end_mark_is_not_learned():
    marked = replace(CRITIQUE, text="It is 5. Conclusion: wrong [END]")
    (example,) = examples_from(
        critique_table([marked], CRITIQUES.responses, CRITIQUES.problems), "critique"
    )
    assert example.completion[0].content == "It is 5. Conclusion: wrong"


@pytest.mark.parametrize(
    ("table", "objective", "said"),
    [
        (PROBLEMS, "critique", "give it critiques"),
        (RESPONSES, "critique", "give it critiques"),
        (PROBLEMS, "recite", "verdict, shuffled, refine-global or refine-local"),
        (RESPONSES, "verdict", "give it critiques"),
        (PROBLEMS, "shuffled", "give it critiques"),
        (RESPONSES, "critique+solution", "give it critiques"),
    ],
)
def test_a_table_that_does_not_suit_the_objective_is_refused(table, objective, said):
    with pytest.raises(UsageError, match=said):
        examples_from(table, objective)


def test_a_problem_without_a_solution_cannot_be_imitated():
    with pytest.raises(DataError, match="p2"):
        examples_from(problem_table([Problem("p2", "?", "1")]), "imitate")

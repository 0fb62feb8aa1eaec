"""Labels by continuations of a student whose success from every prefix is known."""

from math import sqrt

import pytest

from redink.engines.engine import Completion, Sampling
from redink.engines.in_memory import InMemoryEngine
from redink.labelling import label_by_continuations, missed, prefix_at, rescued
from redink.prompts import prompt_named
from redink.records import Problem, Response, problem_id
from redink.steps import solution_steps
from redink.tables import response_table
from tests.labelling import chain

PROBLEMS = 240


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """The student in memory."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = chain.make_chain(tmp_path_factory.mktemp("chain"), chain.CHANCES, PROBLEMS)
    model = AutoModelForCausalLM.from_pretrained(folder)
    return InMemoryEngine(model, AutoTokenizer.from_pretrained(folder))


def labelled(engine, table, samples=8, **settings):
    sampling = Sampling(1.0, 1.0, 8, samples, seed=3)
    return label_by_continuations(
        engine, table, table.rows, sampling, prompt_named("plain"), model="chain", **settings
    )


def is_near(found, chance, count):
    """Within four standard errors."""
    return abs(found - chance) < 4 * sqrt(chance * (1 - chance) / count)


@pytest.mark.parametrize("samples", [1, 4, 8])
def test_labels_agree_with_exact_ones_as_often_as_the_arithmetic_of_k_says(engine, samples):
    table = chain.wrong_responses(chain.problems(PROBLEMS))
    done = labelled(engine, table, samples, monotone=False, consistent=False)
    assert {one.row.tries for one in done} == {(samples, samples, 0)}
    right = sum(one.row.successes[0] for one in done) / (PROBLEMS * samples)
    assert is_near(right, chain.FROM_RIGHT, PROBLEMS * samples)
    wrongly_wrong = sum(one.row.labels[0] is False for one in done) / PROBLEMS
    assert is_near(wrongly_wrong, missed(chain.FROM_RIGHT, samples), PROBLEMS)
    wrongly_right = sum(one.row.labels[1] is True for one in done) / PROBLEMS
    assert is_near(wrongly_right, rescued(chain.FROM_SLIPPED, samples), PROBLEMS)
    assert all(one.row.labels[2] is False for one in done)


def test_several_successes_may_be_asked_of_a_right_step(engine):
    table = chain.wrong_responses(chain.problems(PROBLEMS))
    done = labelled(engine, table, least=2, monotone=False, consistent=False)
    wrongly_wrong = sum(one.row.labels[0] is False for one in done) / PROBLEMS
    assert is_near(wrongly_wrong, missed(chain.FROM_RIGHT, 8, least=2), PROBLEMS)


def test_continuations_that_pass_over_a_wrong_result_do_not_make_it_right(engine):
    table = chain.wrong_responses(chain.problems(PROBLEMS))
    done = labelled(engine, table)
    assert sum(one.row.successes[1] for one in done) > 0
    assert all(one.row.meta["used"][1] == 0 for one in done)
    assert all(one.row.labels[1:] == (False, False) for one in done)
    found = [one.row.first_error for one in done]
    assert set(found) == {0, 1}
    # From the right step 15 is used by those that double it and by those that come back to it.
    assert is_near(found.count(0) / PROBLEMS, missed(chain.FROM_RIGHT, 8), PROBLEMS)


def test_a_right_step_makes_earlier_ones_right(engine):
    table = chain.wrong_responses(chain.problems(PROBLEMS))
    before = labelled(engine, table, monotone=False, consistent=False)
    after = labelled(engine, table, consistent=False)
    changed = 0
    for raw, mended in zip(before, after, strict=True):
        if raw.row.labels[:2] == (False, True):
            changed += 1
            assert mended.row.labels == (True, True, False)
        else:
            assert mended.row.labels == raw.row.labels
    assert changed


def test_halving_finds_the_same_first_errors_with_fewer_continuations(engine):
    """On responses of eight steps, from which the student succeeds until the slip and never
    after it."""
    asked = chain.problems(24)
    rows = []
    for number, problem in enumerate(asked):
        good = 1 + number % 7
        text = "\n".join([chain.DOUBLED] * good + [chain.SLIP] * (7 - good) + [chain.BAD])
        rows.append(
            Response(f"r{number}", problem.id, text, "respond", outcome="wrong", finish="stop")
        )
    table = response_table(rows, {problem.id: problem for problem in asked})
    every = labelled(Certain(), table, consistent=False)
    halved = labelled(Certain(), table, consistent=False, search="binary")
    assert [one.row.first_error for one in every] == [1 + n % 7 for n in range(24)]
    assert [one.row.labels for one in halved] == [one.row.labels for one in every]
    assert all(sum(one.row.tries) == 7 * 8 for one in every)
    assert all(sum(one.row.tries) <= 3 * 8 for one in halved)


class Certain:
    """An engine that goes on rightly behind a right line and wrongly behind a wrong one."""

    name = "certain"

    def __init__(self):
        self.asked = []

    def complete(self, conversations, sampling):
        for conversation in conversations:
            last = conversation.messages[-1].content.rstrip("\n").rpartition("\n")[2]
            self.asked.append(conversation)
            for sample in range(sampling.samples):
                text = chain.BAD if last in (chain.SLIP, chain.SLIPPED) else chain.GOOD
                yield Completion(conversation.id, sample, text, 5, 7, "stop")


def test_a_prefix_that_several_responses_share_is_sampled_once():
    (problem,) = chain.problems(1)
    texts = ["\n".join([chain.RIGHT, line, chain.BAD]) for line in (chain.SLIP, chain.SLIPPED)]
    rows = [
        Response(f"r{n}", problem.id, text, "respond", outcome="wrong")
        for n, text in enumerate(texts)
    ]
    engine = Certain()
    first, second = labelled(engine, response_table(rows, {problem.id: problem}))
    assert len(engine.asked) == 3
    assert [one.row.successes for one in (first, second)] == [(8, 0, 0)] * 2
    assert len({r.id for one in (first, second) for r in one.continuations}) == 4 * 8
    for one in (first, second):
        assert {r.sampling["prefix_of"] for r in one.continuations} == {one.row.response_id}
    assert [r.sampling.get("shared") for r in first.continuations] == [None] * 16
    assert [r.sampling.get("shared") for r in second.continuations] == [True] * 8 + [None] * 8


def test_continuations_are_whole_graded_solutions():
    table = chain.wrong_responses(chain.problems(1))
    (one,) = labelled(Certain(), table, samples=2)
    assert [(r.sampling["steps"], r.sampling["sample"]) for r in one.continuations] == [
        (1, 0), (1, 1), (2, 0), (2, 1),
    ]  # fmt: skip
    assert [r.outcome for r in one.continuations] == ["correct"] * 2 + ["wrong"] * 2
    first = one.continuations[0]
    assert (first.text, first.origin, first.model) == (
        f"{chain.RIGHT}\n{chain.GOOD}", "label", "chain",
    )  # fmt: skip
    assert (first.n_tokens, first.answer, first.finish) == (7, "30", "stop")


def test_right_responses_need_no_continuations_unless_they_are_asked_for(engine):
    table = chain.right_responses(chain.problems(40))
    for one in labelled(engine, table):
        assert (one.row.labels, one.row.tries, one.continuations) == ((True,) * 3, (0,) * 3, ())
    for one in labelled(engine, table, sample_right=True):
        assert (one.row.labels, one.row.tries) == ((True,) * 3, (8, 8, 0))


def test_a_step_that_is_cut_off_is_not_gone_on_with():
    (problem,) = chain.problems(1)
    cut = Response(
        "cut", problem.id, f"{chain.RIGHT}\n15 * 2 = 3", "respond", outcome="truncated",
        finish="length",
    )  # fmt: skip
    brief = Response("brief", problem.id, "12 +", "respond", outcome="truncated", finish="length")
    table = response_table([cut, brief], {problem.id: problem})
    one, other = labelled(Certain(), table, consistent=False)
    assert (one.row.labels, one.row.tries) == ((True, None), (8, 0))
    assert other.unfit == "cut off within its first solution step"


def test_what_the_grader_cannot_tell_counts_neither_way():
    problem = Problem(problem_id("q", ""), "q", "")
    row = Response("r", problem.id, f"{chain.SLIP}\n{chain.BAD}", "respond", outcome="wrong")
    (one,) = labelled(Certain(), response_table([row], {problem.id: problem}))
    assert (one.row.tries, one.row.labels) == ((0, 0), (None, False))


class Pieces:
    """Prompts as one letter a token, but for two line breaks or a full stop and one: one token."""

    def prompt_ids(self, conversation):
        import re

        return re.findall(r"\.\n+|\n+(?!#)|\n+|.", conversation.messages[-1].content)


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("a\nb", "\n"),
        ("a\n\nb", "\n\n"),
        ("a.\n\n\nb", "\n\n\n"),
        ("a\n \nb", "\n\n"),
        ("a\n\n#### 3", "\n"),  # the last line break is parted from what follows
    ],
)
def test_as_many_line_breaks_follow_a_prefix_as_keep_its_tokens(text, gap):
    (problem,) = chain.problems(1)
    steps = solution_steps(text)
    prefix = prefix_at(problem, text, steps, 0, prompt_named("plain"), Pieces())
    assert prefix.opening == steps[0].text + gap
    assert prefix_at(problem, text, steps, 0, prompt_named("plain")).gap == "\n"
    assert prefix_at(problem, text, steps, 1, prompt_named("plain"), Pieces()).gap == "\n"


def test_a_base_models_prompt_is_gone_on_with_as_text():
    (problem,) = chain.problems(1)
    prompt = prompt_named("few-shot")
    prefix = prefix_at(problem, chain.RIGHT, solution_steps(chain.RIGHT), 0, prompt)
    conversation = prefix.conversation("c", prompt)
    assert conversation.messages == ()
    assert conversation.raw == f"{prompt.text(problem)} {chain.RIGHT}\n"
    assert conversation.raw.endswith(f"{problem.question}\nAnswer: {chain.RIGHT}\n")

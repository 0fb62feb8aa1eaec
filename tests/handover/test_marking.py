"""Marks for OpenRLHF: from any thread, never 0 for what could not be marked."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from redink.errors import DataError
from redink.handover.marking import Marker
from redink.rewards import Reward, Rollout
from tests.handover.world import handed_over, sums

LOOP = "7 is the number that I think of. " * 8
ENDLESS = "So it is $\\boxed{(10^8)!}$."
"""Compared with 7 it takes for ever."""


@pytest.fixture
def marker(tiny_student, tmp_path):
    made = []

    def make(log=None, **settings):
        folder = tmp_path / f"handed-{len(made)}"
        known = {"reward": {"correct": 1.0, "partial": 0.1}, "penalty_form": "add"} | settings
        handed_over(tiny_student, folder, known, drop=("reference",), validation=sums(2, start=60))
        made.append(Marker(folder, log))
        return made[-1]

    yield make
    for one in made:
        one.close()


def asked(marker, texts, number=4, end="<|im_end|>"):
    """Queries and labels for texts as answers to `number - 4 + 4 =`, from OpenRLHF's files."""
    (found,) = [one for one in marker.asked.values() if one.problem.answer == str(number)]
    label = json.dumps({"problem": found.problem.id, "answer": found.problem.answer})
    return [found.shown + text + end for text in texts], [label] * len(texts)


def test_marks_are_redinks_own(marker):
    texts = ["3 + 4 = 7\n#### 7", "#### 8", "nothing", LOOP + "#### 7", "#### 7 <|im_start|>"]
    made = marker()
    queries, labels = asked(made, texts, 7)
    marks = made.marks(queries, labels)
    problem = made.asked[json.loads(labels[0])["problem"]].problem
    with Reward({"correct": 1.0, "partial": 0.1}, penalty_form="add") as reward:
        cleaned = [text.replace("<|im_start|>", "") for text in texts]
        own = reward.mark([Rollout(problem, text, 0, "stop") for text in cleaned])
    assert [mark.reward for mark in marks] == [one.total for one in own]
    assert [mark.reward for mark in marks] == [1.0, 0.1, 0.0, 0.0, 1.0]
    assert [mark.logs["degenerate"] for mark in marks] == [0, 0, 0, 1, 0]
    assert [mark.score for mark in marks] == [1, 0, 0, 1, 1]


def test_a_text_without_an_end_was_cut_off(marker):
    made = marker()
    queries, labels = asked(made, ["Then 3 + 4 is 7 and so"], 7, end="")
    (mark,) = made.marks(queries, labels)
    assert (mark.reward, mark.logs["degenerate"]) == (-1.0, 1.0)


def test_ppo_puts_the_penalty_in_the_rewards_place(tiny_student, tmp_path):
    settings = {"algorithm": "ppo", "penalty_form": "replace"}
    handed_over(tiny_student, tmp_path / "ppo", settings, drop=())
    made = Marker(tmp_path / "ppo")
    queries, labels = asked(made, [LOOP + "#### 7", "#### 7", "#### 8"], 7)
    assert [mark.reward for mark in made.marks(queries, labels)] == [-1.0, 1.0, 0.1]
    made.close()


def test_validation_is_accuracy_without_penalty_or_partial_reward(marker):
    made = marker()
    queries, labels = asked(made, [LOOP + "#### 64", "#### 65"], 64)
    marks = made.marks(queries, labels)
    assert [mark.reward for mark in marks] == [1.0, 0.0]


def test_what_cannot_be_marked_gets_the_mean_of_the_others(marker):
    made = marker()
    made.reward._pool.limit = 0.5
    queries, labels = asked(made, ["#### 7", "nothing"], 7)
    made.marks(queries, labels)
    queries, labels = asked(made, [ENDLESS], 7)
    (mark,) = made.marks(queries, labels)
    assert (mark.reward, mark.score) == (0.5, 0.0)
    assert mark.logs["unscorable"] == 1.0
    queries, labels = asked(made, [ENDLESS], 8)
    assert made.marks(queries, labels)[0].reward == 0.5


def test_a_grader_that_fails_again_and_again_ends_the_training(marker):
    made = marker()
    made.reward._pool.limit = 0.3
    queries, labels = asked(made, [ENDLESS], 7)
    made.marks(queries, labels)
    made.marks(queries, labels)
    for _ in range(2):
        with pytest.raises(DataError, match="could not be scored"):
            made.marks(queries, labels)


def test_a_prompt_that_was_cut_off_is_no_wrong_answer(marker):
    made = marker()
    (query,), labels = asked(made, ["#### 7"], 7)
    with pytest.raises(DataError, match="does not begin with its prompt"):
        made.marks([query[3:]], labels)


def test_many_threads_are_answered_each_with_its_own(marker):
    made = marker()
    pairs = [
        asked(made, [f"#### {7 + shift}"], number) for number in range(7, 17) for shift in (0, 1)
    ]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda pair: made([pair[0][0]], ["p"], pair[1]), pairs))
    expected = [1.0 if number == 7 + shift else 0.1 for number in range(7, 17) for shift in (0, 1)]
    assert [one["rewards"].item() for one in found] == pytest.approx(expected)
    threads = [thread.name for thread in threading.enumerate()]
    assert threads.count("marking") == 1


def test_a_closed_marker_starts_again(marker):
    made = marker()
    queries, labels = asked(made, ["#### 7", "#### 8"], 7)
    for _ in range(2):
        assert [mark.reward for mark in made.marks(queries, labels)] == [1.0, 0.1]
        made.close()
        assert "marking" not in [thread.name for thread in threading.enumerate()]


def test_openrlhf_can_take_what_is_returned(marker):
    made = marker(algorithm="grpo")
    queries, labels = asked(made, ["#### 7"], 7)
    found = made(queries, ["prompt"], labels)
    assert set(found) == {"rewards", "scores", "extra_logs"}
    assert torch.tensor([found["rewards"]]).shape == (1,)
    assert found["rewards"].dtype is torch.float32
    assert found["extra_logs"] == {
        "correct": 1.0, "partial": 0.0, "degenerate": 0.0, "unscorable": 0.0,
    }  # fmt: skip


def test_every_rollout_is_kept(marker, tmp_path):
    made = marker(log=tmp_path / "log")
    for text in ("#### 7", LOOP):
        made.marks(*asked(made, [text], 7))
    (path,) = (tmp_path / "log").iterdir()
    lines = [json.loads(line) for line in path.open()]
    assert [line["text"] for line in lines] == ["#### 7", LOOP]
    assert lines[0]["parts"] == {"correct": 1.0, "partial": 0.0}
    assert lines[1]["faults"] == ["repetition"]
    assert lines[0]["problem_id"] in made.asked

"""What refiners learn, what they are asked, and what becomes of their answers."""

import pytest

from redink.errors import DataError, UsageError
from redink.records import Critique, InjectedError, Problem, Response, StepLabels
from redink.stages.corrupt import corrupt
from redink.stages.critique import critique
from redink.stages.load import load
from redink.tables import critique_table, label_table, response_table
from redink.training.refining import (
    continued_draft,
    global_messages,
    kept_prefix,
    local_messages,
    marked_draft,
)
from redink.training.rendering import examples_from

PROBLEM = Problem("p1", "What is 2 + 3 + 4?", "9", "2 + 3 = <<2+3=5>>5\n5 + 4 = <<5+4=9>>9\n#### 9")
WRONG = "2 + 3 = <<2+3=5>>5\n5 + 4 = <<5+4=8>>8\n#### 8"


def response(key, text, outcome="wrong", problem="p1", **fields):
    return Response(key, problem, text, "respond", outcome=outcome, **fields)


def labelled(draft, first_error, continuations=()):
    row = StepLabels("l1", draft.id, (0, 0, 0), (0, 0, 0), (True, False, False), first_error)
    return label_table([row], {draft.id: draft}, {"p1": PROBLEM}, continuations=continuations)


def asked(example):
    return example.prompt[0].content


def learned(example):
    return example.completion[0].content


class TestMarking:
    def test_the_mark_stands_before_the_first_wrong_step_and_nothing_else_changes(self):
        plain = "2 + 3 = 5\n5 + 4 = 8\n#### 8"
        assert marked_draft(WRONG, 1) == "2 + 3 = 5\n[BAD] 5 + 4 = 8\n#### 8"
        for step in range(3):
            assert marked_draft(WRONG, step).replace("[BAD] ", "") == plain

    def test_steps_are_lines_that_are_not_empty(self):
        assert marked_draft("a = 1\n\n  b = 2", 1) == "a = 1\n\n  [BAD] b = 2"

    def test_a_draft_that_holds_the_mark_itself_is_marked_once(self):
        assert marked_draft("[BAD] a\nb", 1) == "a\n[BAD] b"

    @pytest.mark.parametrize("step", [3, -1])
    def test_a_step_that_is_not_there_is_refused(self, step):
        with pytest.raises(DataError, match=f"3 solution steps has no step {step}"):
            marked_draft(WRONG, step)

    def test_a_continued_draft_is_the_kept_prefix_and_the_continuation(self):
        assert kept_prefix(WRONG, 1) == "2 + 3 = 5"
        assert continued_draft(WRONG, 1, "5 + 4 = 9\n#### 9") == "2 + 3 = 5\n5 + 4 = 9\n#### 9"
        assert continued_draft(WRONG, 0, "\n#### 9") == "#### 9"

    def test_what_is_asked_in_training_is_asked_at_inference(self):
        draft = response("r1", WRONG)
        (local,) = examples_from(labelled(draft, 1), "refine-local")
        assert local.prompt == local_messages(PROBLEM, WRONG, 1)
        (whole,) = examples_from(response_table([draft], {"p1": PROBLEM}), "refine-global")
        assert whole.prompt == global_messages(PROBLEM, WRONG)

    def test_braces_in_a_draft_are_text(self):
        (message,) = global_messages(PROBLEM, "\\boxed{5} {question}")
        assert "\\boxed{5} {question}" in message.content


class TestGlobal:
    def test_each_wrong_draft_learns_a_right_response_to_the_same_problem(self):
        other = Problem("p2", "What is 1 + 1?", "2")
        table = response_table(
            [
                response("r1", WRONG),
                response("r2", "It is 9.\n#### 9", "correct"),
                response("r3", "#### 3", problem="p2"),
                response("r4", "1 + 1 = 2\n#### 2", "correct", problem="p2"),
            ],
            {"p1": PROBLEM, "p2": other},
        )
        first, second = examples_from(table, "refine-global")
        assert (learned(first), learned(second)) == ("It is 9.\n#### 9", "1 + 1 = 2\n#### 2")
        assert "5 + 4 = 8" in asked(first)
        assert [e.meta["id"] for e in (first, second)] == ["r1", "r3"]

    def test_without_a_right_response_the_reference_solution_is_learned_without_annotations(self):
        (example,) = examples_from(
            response_table([response("r1", WRONG)], {"p1": PROBLEM}), "refine-global"
        )
        assert learned(example) == "2 + 3 = 5\n5 + 4 = 9\n#### 9"

    def test_a_reference_solution_ends_as_the_responses_do(self):
        draft = response("r1", "It is \\boxed{8}.")
        (example,) = examples_from(response_table([draft], {"p1": PROBLEM}), "refine-global")
        assert learned(example).endswith("The final answer is $\\boxed{9}$.")

    def test_right_drafts_and_those_that_nobody_graded_are_left_out(self):
        outcomes = ["correct", "ungraded", "truncated", "grader_timeout", "no_answer", "wrong"]
        rows = [response(f"r{i}", f"{i}\n#### {i}", o) for i, o in enumerate(outcomes)]
        examples = examples_from(response_table(rows, {"p1": PROBLEM}), "refine-global")
        assert [e.meta["id"] for e in examples] == ["r4", "r5"]

    def test_the_choice_depends_on_content_alone(self):
        rows = [response(f"r{i}", f"by way {i}\n#### 9", "correct") for i in range(20)]
        drafts = [response(f"w{i}", f"{i}\n#### 8") for i in range(20)]
        forward = examples_from(response_table([*rows, *drafts], {"p1": PROBLEM}), "refine-global")
        back = examples_from(
            response_table([*drafts[::-1], *rows[::-1]], {"p1": PROBLEM}), "refine-global"
        )
        assert {e.meta["id"]: learned(e) for e in forward} == {
            e.meta["id"]: learned(e) for e in back
        }
        assert len({learned(e) for e in forward}) > 5

    def test_a_table_without_anything_to_refine_is_refused(self):
        table = response_table([response("r1", "#### 9", "correct")], {"p1": PROBLEM})
        with pytest.raises(DataError, match="no wrong draft"):
            examples_from(table, "refine-global")

    def test_critiques_stand_in_the_prompt_and_the_refinement_that_followed_is_learned(self):
        draft = response("r1", WRONG)
        row = Critique("c1", "r1", "5 + 4 is 9.\nConclusion: wrong", "wrong")
        table = critique_table([row], {"r1": draft}, {"p1": PROBLEM})
        (example,) = examples_from(table, "refine-global")
        assert asked(example).endswith("Critique:\n5 + 4 is 9.\nConclusion: wrong")
        assert example.prompt == global_messages(PROBLEM, WRONG, row.text)
        others = [response(f"o{i}", f"way {i}\n#### 9", "correct") for i in range(5)]
        own = response("own", "as told\n#### 9", "correct", sampling={"follows": "c1"})
        known = {r.id: r for r in (draft, *others, own)}
        table = type(table)(Critique, (row,), {"p1": PROBLEM}, known)
        (example,) = examples_from(table, "refine-global")
        assert learned(example) == "as told\n#### 9"

    def test_other_tables_are_refused(self):
        with pytest.raises(UsageError, match="cannot learn from a table of labels"):
            examples_from(labelled(response("r1", WRONG), 1), "refine-global")


class TestLocal:
    def test_the_right_continuation_of_this_very_prefix_is_learned(self):
        draft = response("r1", WRONG)
        place = {"prefix_of": "r1", "steps": 1}
        tried = [
            response("a", "2 + 3 = 5\n5 + 4 = 10\n#### 10", "wrong", sampling=place),
            response("b", "2 + 3 = 5\n4 more make 9\n#### 9", "correct", sampling=place),
            response("c", "3 + 2 = 5\n5 + 4 = 9\n#### 9", "correct"),
        ]
        (example,) = examples_from(labelled(draft, 1, tried), "refine-local")
        assert "2 + 3 = 5\n[BAD] 5 + 4 = 8\n#### 8" in asked(example)
        assert learned(example) == "4 more make 9\n#### 9"

    def test_any_right_response_that_begins_with_the_same_steps_will_do(self):
        draft = response("r1", WRONG)
        other = response("b", "2 + 3 = 5\nso 9\n#### 9", "correct")
        (example,) = examples_from(labelled(draft, 1, [other]), "refine-local")
        assert learned(example) == "so 9\n#### 9"

    def test_the_reference_solution_serves_where_it_begins_with_the_same_steps(self):
        (example,) = examples_from(labelled(response("r1", WRONG), 1), "refine-local")
        assert learned(example) == "5 + 4 = 9\n#### 9"
        own_way = response("r2", "3 + 4 = 7\n7 + 2 = 8\n#### 8")
        with pytest.raises(DataError, match="right continuation"):
            examples_from(labelled(own_way, 1), "refine-local")
        (example,) = examples_from(labelled(own_way, 0), "refine-local")
        assert learned(example) == "2 + 3 = 5\n5 + 4 = 9\n#### 9"

    def test_drafts_without_a_known_first_error_are_left_out(self):
        with pytest.raises(DataError, match="no wrong draft"):
            examples_from(labelled(response("r1", WRONG), None), "refine-local")
        with pytest.raises(DataError, match="no wrong draft"):
            examples_from(labelled(response("r1", WRONG, "correct"), 1), "refine-local")

    def test_injected_errors_need_no_labels(self):
        error = InjectedError("calculation", 1, "9", "8")
        table = response_table([response("r1", WRONG, error=error)], {"p1": PROBLEM})
        (example,) = examples_from(table, "refine-local")
        assert learned(example) == "5 + 4 = 9\n#### 9"


@pytest.mark.parametrize("generator", ["leg_counting", "chain_sum"])
def test_what_corrupt_makes_can_be_learned_and_puts_right_what_was_wrong(generator):
    from redink.grading import grade

    drafts = corrupt(load(f"gym:{generator}", n=40, seed=1), wrong=1.0)
    whole = examples_from(drafts, "refine-global")
    local = examples_from(drafts, "refine-local")
    assert len(whole) == len(drafts)
    assert len(local) > 0.8 * len(drafts)
    for example in local:
        draft = drafts.responses[example.meta["id"]]
        problem = drafts.problems[draft.problem_id]
        fixed = continued_draft(draft.text, draft.error.step, learned(example))
        assert grade(fixed, problem, "stop").outcome == "correct"
        assert grade(draft.text, problem, "stop").outcome == "wrong"


def test_the_symbolic_teachers_critiques_can_be_followed_in_training():
    drafts = corrupt(load("gym:chain_sum", n=20, seed=1), wrong=0.5)
    table = critique(drafts, teacher="symbolic")
    examples = examples_from(table, "refine-global")
    assert len(examples) == sum(r.outcome == "wrong" for r in drafts)
    for example in examples:
        assert "Conclusion: wrong" in asked(example)


@pytest.mark.parametrize("objective", ["refine-global", "refine-local"])
def test_refiners_are_no_format_of_critiques(objective):
    from redink.formats.objectives import learned as exported

    with pytest.raises(UsageError, match="train it with finetune"):
        exported(response_table([response("r1", WRONG)], {"p1": PROBLEM}), objective)

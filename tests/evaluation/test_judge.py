"""The judge is asked about what rules cannot tell, and nothing else."""

from dataclasses import dataclass, field

from redink.engines.engine import Completion
from redink.evaluation.judge import Case, judge_cases
from redink.grading import Grade
from redink.records import Problem


@dataclass
class Judge:
    """Replies what the test wrote down for an answer; remembers what it was asked."""

    says: dict[str, str]
    name: str = "judge"
    asked: list = field(default_factory=list)

    def complete(self, conversations, sampling):
        for conversation in conversations:
            text = conversation.messages[0].content
            self.asked.append(text)
            reply = next(reply for answer, reply in self.says.items() if answer in text)
            yield Completion(conversation.id, 0, reply, 50, 2, "stop")


def case(extracted, unsure=True, by="symbolic", outcome="wrong"):
    problem = Problem("p", "Who wins the game?", "the first player")
    return Case(problem, Grade(outcome, extracted, by, "cannot be read", unsure=unsure))


def test_a_plain_yes_or_no_decides_and_is_counted_apart():
    judge = Judge({"player one": "Yes.", "the second": "no", "player 1": "Yes"})
    cases = [case("player one"), case("the second"), case("player 1", by="literal-fallback")]
    grades = judge_cases(judge, cases)
    assert [(g.outcome, g.compared_by) for g in grades] == [
        ("correct", "judge"),
        ("wrong", "judge"),
        ("correct", "judge-fallback"),
    ]
    assert "cannot be read" in grades[0].why


def test_what_rules_decided_is_never_asked():
    judge = Judge({})
    sure = case("the first", unsure=False)
    nothing = case(None, outcome="no_answer")
    assert judge_cases(judge, [sure, nothing]) == [sure.grade, nothing.grade]
    assert judge.asked == []


def test_a_reply_that_is_not_plainly_yes_or_no_changes_nothing():
    unclear = [case("one"), case("two"), case("three")]
    judge = Judge({"one": "Yes and no", "two": "I cannot say", "three": ""})
    assert judge_cases(judge, unclear) == [item.grade for item in unclear]


def test_the_judge_sees_the_extracted_answer_alone():
    judge = Judge({"Ann": "no"})
    judge_cases(judge, [case("Ann")])
    [text] = judge.asked
    assert "Who wins the game?" in text
    assert "the first player" in text

"""A desk whose models say what the test wrote down, and whose scorers score as it says."""

from collections.abc import Callable
from dataclasses import dataclass, field

from redink.engines.engine import Completion, Sampling
from redink.prompts import prompt_named
from redink.records import Problem, problem_id
from redink.refinement.desk import Desk
from redink.refinement.judging import Judges
from redink.refinement.models import Models
from redink.refinement.writing import Writer
from redink.scoring.scores import StepScores
from redink.steps import solution_steps


@dataclass
class ScriptedEngine:
    """Says what `say(messages, sample, sampling)` gives: a text, or a text and its tokens.

    A text without tokens takes one for each word. Answers come in reverse order.
    """

    say: Callable
    name: str = "scripted"
    asked: list = field(default_factory=list)
    closed: int = 0

    def complete(self, conversations, sampling):
        self.asked.append((list(conversations), sampling))
        for conversation in reversed(conversations):
            for sample in reversed(range(sampling.samples)):
                said = self.say(conversation.messages, sample, sampling)
                text, tokens = said if isinstance(said, tuple) else (said, len(said.split()))
                yield Completion(conversation.id, sample, text, 30, tokens, "stop")

    def close(self):
        self.closed += 1

    @property
    def texts(self):
        """What was asked, the last message of each conversation."""
        return [c.messages[-1].content for conversations, _ in self.asked for c in conversations]


@dataclass
class ScriptedJudge:
    """Scores the steps of a text as `score(text)` gives them; remembers what it scored."""

    score: Callable
    seen: list = field(default_factory=list)

    def score_pairs(self, pairs):
        self.seen += [text for _, text in pairs]
        return [StepScores(tuple(self.score(text))) for _, text in pairs]


def by_line(**scores):
    """Scores each step by the words that it holds, 0.9 where it holds none of them."""

    def score(text):
        return [
            next((value for word, value in scores.items() if word in step.text), 0.9)
            for step in solution_steps(text)
        ]

    return score


def problem(question, answer):
    return Problem(problem_id(question, answer), question, answer, source="made")


def drafts_by(table, *, greedy=None):
    """From question to its sampled texts; the greedy one is the first where none is given."""

    def say(messages, sample, sampling):
        question = messages[0].content
        key = next(key for key in table if key in question)
        if not sampling.temperature:
            return (greedy or {}).get(key, table[key][0])
        return table[key][sample]

    return say


def desk_of(problems, engines, judges=None, *, samples=4, **more):
    """A desk over engines by role and judges by name."""
    models = Models({role: role for role in engines}, engines.__getitem__)
    loaders = {name: (lambda judge=judge: judge) for name, judge in (judges or {}).items()}
    return Desk(
        {p.id: p for p in problems},
        Writer(models),
        Judges(loaders),
        prompt_named("plain"),
        Sampling(0.7, 0.95, 64, samples, 3),
        **more,
    )


def played(desk, text):
    """Question → pick of the strategy of that name."""
    from redink.refinement.plays import play
    from redink.refinement.strategy import parse_strategy

    picks = play(desk, parse_strategy(text, desk.sampling.samples))
    return {desk.problems[key].question: pick for key, pick in picks.items()}

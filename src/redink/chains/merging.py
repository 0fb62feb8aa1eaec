"""A language model's chains: attempts and their critiques merged and rewritten as one thought.

After T1 (arXiv 2501.11651), whose prompt is not published; this one is redink's own, and merges and
rewrites in one request. Completions are kept in the engine's journal as they came.
"""

from collections.abc import Iterator, Sequence

from redink.chains.lines import form_of, stated
from redink.chains.plan import Draft
from redink.chains.thinking import Told
from redink.engines.engine import Conversation, Engine, Failure, Sampling
from redink.engines.prices import Price
from redink.errors import BudgetError, DataError
from redink.progress import progress
from redink.records import Critique, Message, Problem, Response
from redink.teachers.verdict import without_end_mark

SYSTEM = (
    "You write down how a careful person thinks through a problem. You are given a question, one "
    "or more wrong attempts at it, each with a critique, and a right solution. Merge them into one "
    "line of thought by a single person, in the first person and in this order: the first attempt "
    "with its mistake, as if it were meant; the moment of doubt; what exactly is wrong there and "
    "why; the next attempt; and so on, until the right solution{check}. Keep what each attempt "
    "calculates and what each critique finds, leave out what is said twice, and rewrite the "
    "whole so that it reads as one piece, with natural turns between the parts. Never mention "
    "that attempts, critiques or a solution were given to you, and never speak of a student. "
    "State the final answer once only, at the very end, as a last line in exactly this form:\n"
    "{form}"
)
RIGHT_AWAY = (
    "You write down how a careful person thinks through a problem. You are given a question and a "
    "right solution. Rewrite it as one line of thought by a single person, in the first "
    "person{check}. Never mention that a solution was given to you. State the final answer once "
    "only, at the very end, as a last line in exactly this form:\n{form}"
)
CHECKED = ", which is then checked by another way or by calculating backwards"


class Merger:
    """Has a model write chains.

    Args:
        engine: what completes the conversations.
        sampling: how chains are drawn.
        check: whether the model is asked to check the answer.
        price: of the model, for the cost in the progress line; None where it is not known.
        max_tokens_total: prompt and completion tokens at most, where the engine has no budget of
            its own.
    """

    def __init__(
        self,
        engine: Engine,
        sampling: Sampling,
        *,
        check: bool = True,
        price: Price | None = None,
        max_tokens_total: int | None = None,
    ) -> None:
        self.engine, self.sampling, self.check = engine, sampling, check
        self.price, self.max_tokens_total = price, max_tokens_total

    def place(self, problem: Problem, response: Response, critique: Critique) -> int | None:
        """The first wrong step as the critique names it."""
        return critique.first_error

    def fit(self, problem: Problem, response: Response) -> bool:
        """Every right response can be shown."""
        return bool(response.text.strip())

    def ends(self, problem: Problem) -> bool:
        """Whether there is a reference solution to be shown."""
        return bool((problem.solution or "").strip())

    def write_all(self, drafts: Sequence[Draft]) -> Iterator[tuple[Draft, Told | str]]:
        """Yields each draft with its chain, in any order, or with why there is none.

        Raises ModelError where the model as a whole fails, BudgetError at a limit of money or
        tokens; what has arrived by then is in the journal.
        """
        names = {str(place): draft for place, draft in enumerate(drafts)}
        asked: list[Conversation] = []
        for name, draft in names.items():
            conversation = Conversation(name, self.messages(draft))
            if reason := self._unfit(conversation):
                yield draft, reason
            else:
                asked.append(conversation)
        tokens, cost, left = 0, 0.0, len(asked)
        with progress("chain", len(asked), "chains") as bar:
            for done in self.engine.complete(asked, self.sampling) if asked else ():
                left -= 1
                if isinstance(done, Failure):
                    yield names[done.id], f"no chain: {done.reason}"
                    bar.advance()
                    continue
                notes = {"n_tokens": done.completion_tokens, "finish": done.finish}
                yield names[done.id], Told(done.text.strip(), notes)
                tokens += done.prompt_tokens + done.completion_tokens
                bar.figures["tokens"] = f"{tokens:,}"
                if self.price is not None:
                    cost += self.price.cost(done.prompt_tokens, done.completion_tokens)
                    bar.figures["cost"] = f"${cost:.2f}"
                bar.advance()
                if left and self.max_tokens_total and tokens >= self.max_tokens_total:
                    raise BudgetError(
                        f"chain: stopped at max_tokens_total {self.max_tokens_total}: {tokens} "
                        "tokens so far; what is done is kept, raise the limit to go on"
                    )

    def messages(self, draft: Draft) -> tuple[Message, ...]:
        """What the model is asked for one chain."""
        solution = draft.solution.strip()
        form = stated(draft.problem.answer.strip(), form_of(solution))
        system = (SYSTEM if draft.wrong else RIGHT_AWAY).format(
            check=CHECKED if self.check else "", form=form
        )
        parts = [f"Question: {draft.problem.question.strip()}"]
        for number, attempt in enumerate(draft.wrong, 1):
            said = without_end_mark(attempt.critique.text).strip()
            parts.append(f"Attempt {number}:\n{attempt.response.text.strip()}")
            parts.append(f"Critique of attempt {number}:\n{said}")
        parts.append(f"Right solution:\n{solution}")
        return (Message("system", system), Message("user", "\n\n".join(parts)))

    def _unfit(self, conversation: Conversation) -> str | None:
        """Why a text cannot be put to the model: one such row must not stop all others."""
        items = getattr(self.engine, "items", None)
        try:
            for message in conversation.messages:
                message.content.encode()
            if items is not None:
                items.prompt_ids(conversation)
        except UnicodeEncodeError:
            return "its text is no Unicode (half of a surrogate pair)"
        except DataError as error:
            return str(error).partition(": ")[2]
        return None

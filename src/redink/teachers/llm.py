"""The LLM teacher: a language model, behind an endpoint or in this machine, that marks responses.

Asking is apart from reading: the engine's journal keeps completions as they came, so that another
way of reading verdicts, another filter or other rows ask for nothing again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.arithmetic.solution import solution_steps
from redink.engines.batch.engine import BatchEngine, batch_address, half, is_batch
from redink.engines.budget import Budget
from redink.engines.endpoint.address import Address, is_endpoint
from redink.engines.engine import Completion, Conversation, Engine, Failure, Sampling
from redink.engines.opening import open_engine
from redink.engines.prices import Price, price_of
from redink.errors import BudgetError, DataError, ModelError, UsageError
from redink.records import Critique, Response, Verdict, critique_id
from redink.teachers.mixture import Pair
from redink.teachers.offline import JOURNAL_ONLY, JournalEngine
from redink.teachers.presets import TeacherPrompt
from redink.teachers.verdict import read_first_error, read_verdict

Prices = Mapping[str, Sequence[float]] | Path | str


@dataclass(frozen=True)
class TeacherSettings:
    """How language models are asked, and what they may take."""

    prompt: TeacherPrompt
    sampling: Sampling
    engine: str = "auto"
    dtype: str | None = None
    batch_size: int | None = None
    journal: Path | None = None
    remote: Mapping[str, Any] | None = None
    """Options of endpoints alone: concurrency, rpm, tpm, timeout."""
    prices: Prices | None = None
    max_cost: float | None = None
    max_tokens_total: int | None = None


class LlmTeacher:
    """Marks responses with a language model.

    Args:
        name: what `Critique.teacher` says.
        engine: what completes the conversations.
        prompt: how the model is asked.
        sampling: how its critiques are drawn.
        price: of the model, for `Critique.cost`; None where it is not known.
        remote: whether the engine works elsewhere.
        max_tokens_total: prompt and completion tokens at most, where the engine has no budget of
            its own; those out of the journal count as well.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        prompt: TeacherPrompt,
        sampling: Sampling,
        *,
        price: Price | None = None,
        remote: bool = False,
        max_tokens_total: int | None = None,
    ) -> None:
        self.name, self.engine = name, engine
        self.prompt, self.sampling = prompt, sampling
        self.price, self.remote = price, remote
        self.max_tokens_total = max_tokens_total
        self._tokens = 0

    def critiques(self, pairs: Sequence[Pair]) -> Iterator[Critique | Failure]:
        """Yields each response's critique as it arrives, or why there is none.

        Raises UsageError where the prompt cannot be filled in, ModelError where the model or the
        endpoint as a whole fails, BudgetError at a limit of money or tokens; what has arrived by
        then is in the journal.
        """
        asked = {response.id: self.prompt.ask(problem, response) for problem, response in pairs}
        by_id = {response.id: response for _, response in pairs}
        conversations = []
        for key, one in asked.items():
            conversation = Conversation(key, one.messages)
            if reason := self._unfit(conversation):
                yield Failure(key, 0, reason)
            else:
                conversations.append(conversation)
        left = len(conversations)
        for done in self.engine.complete(conversations, self.sampling) if left else ():
            if isinstance(done, Failure):
                yield done
            else:
                yield self.read(done, by_id[done.id], self.prompt.named(asked[done.id]))
                self._tokens += done.prompt_tokens + done.completion_tokens
            left -= 1
            if left and self.max_tokens_total and self._tokens >= self.max_tokens_total:
                raise BudgetError(
                    f"stopped at max_tokens_total {self.max_tokens_total}: {self._tokens} tokens "
                    f"of {self.name} so far; what is done is kept, raise the limit to go on"
                )

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

    def read(self, completion: Completion, response: Response, preset: str) -> Critique:
        """A completion as the critique of a response."""
        reading = read_verdict(completion.text, completion.finish)
        steps = len(solution_steps(response.text))
        cost = None
        if self.price is not None:
            cost = self.price.cost(completion.prompt_tokens, completion.completion_tokens)
        return Critique(
            id=critique_id(response.id, completion.text, self.name),
            response_id=response.id,
            text=completion.text,
            verdict=reading.verdict,
            first_error=(
                None if reading.verdict == "right" else read_first_error(completion.text, steps)
            ),
            agrees=agrees(reading.verdict, response),
            teacher=self.name,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            cost=cost,
            finish=completion.finish,
            why=reading.why,
            preset=preset,
        )


def conversations_for(prompt: TeacherPrompt, pairs: Sequence[Pair]) -> list[Conversation]:
    """What a teacher is asked, under the responses' ids."""
    return [
        Conversation(response.id, prompt.ask(problem, response).messages)
        for problem, response in pairs
    ]


def model_named(name: str) -> str:
    """The name that a server knows a teacher's model by."""
    address = address_of(name)
    return address.model if address is not None else name


def agrees(verdict: Verdict | None, response: Response) -> bool | None:
    """Whether a verdict matches the grader's outcome; None where either says nothing."""
    if verdict is None or response.outcome not in ("correct", "wrong"):
        return None
    return (verdict == "right") == (response.outcome == "correct")


def address_of(name: str) -> Address | None:
    """The address in an endpoint's or Batch API's name; None for a model in this machine."""
    if is_batch(name):
        return batch_address(name)
    return Address.parse(name) if is_endpoint(name) else None


def teacher_name(name: str | Path) -> str:
    """What tables call a model: an endpoint's without its URL, a trained one by its stage."""
    address = address_of(str(name))
    if address is not None:
        return address.model
    path = Path(name)
    return path.parent.name if path.name == "model" else str(name)


def price_for(name: str, prices: Prices | None) -> Price | None:
    """A model's price; one in this machine costs nothing, one in batches half."""
    address = address_of(name)
    if address is None:
        return Price(0.0, 0.0)
    price = price_of(address.model, prices)
    return half(price) if price is not None and is_batch(name) else price


def open_models(
    names: Sequence[str],
    *,
    engine: str = "auto",
    dtype: str | None = None,
    batch_size: int | None = None,
    journal: Path | None = None,
    remote: Mapping[str, Any] | None = None,
    prices: Prices | None = None,
    max_cost: float | None = None,
    max_tokens_total: int | None = None,
) -> dict[str, Engine]:
    """The engines of several models under one budget.

    The engine `journal` asks for nothing: it gives what a journal holds of a model behind a
    server, of results of a batch runner for instance.

    Raises UsageError for a limit of cost without a price, and whatever `open_engine` raises.
    """
    opened: dict[str, Engine] = {}
    shared: Budget | None = None
    for name in names:
        if engine == JOURNAL_ONLY:
            opened[name] = JournalEngine(model_named(name), journal)
            continue
        if address_of(name) is None:
            opened[name] = open_engine(
                name, engine=engine, journal=journal, dtype=dtype, batch_size=batch_size
            )
            continue
        # A Batch API's engine halves the price by itself.
        price = price_of(Address.parse(_as_endpoint(name)).model, prices)
        options: dict[str, Any] = {}
        if max_cost is not None or max_tokens_total is not None:
            shared = shared.at(price) if shared else Budget(price, max_cost, max_tokens_total)
            options["budget"] = shared
        if is_batch(name):
            opened[name] = BatchEngine(name, journal=journal, **options)
        else:
            opened[name] = open_engine(name, journal=journal, **dict(remote or {}), **options)
    return opened


def close_engines(engines: Iterable[Engine]) -> None:
    """Ends what engines keep open: threads, connections, journals."""
    for engine in engines:
        close = getattr(engine, "close", None)
        if close is not None:
            close()


def open_teachers(names: Sequence[str], settings: TeacherSettings) -> dict[str, LlmTeacher]:
    """The LLM teachers by their names.

    Raises UsageError for a name that is no model, or a limit of cost without a price.
    """
    try:
        engines = open_models(
            names,
            engine=settings.engine,
            dtype=settings.dtype,
            batch_size=settings.batch_size,
            journal=settings.journal,
            remote=settings.remote,
            prices=settings.prices,
            max_cost=settings.max_cost,
            max_tokens_total=settings.max_tokens_total,
        )
    except ModelError as error:
        raise UsageError(
            f"critique: unknown teacher ({error}); choose symbolic, endpoint:MODEL@URL, or a model"
        ) from error
    return {
        name: LlmTeacher(
            teacher_name(name),
            engine,
            settings.prompt,
            settings.sampling,
            price=price_for(name, settings.prices),
            remote=is_endpoint(name),
            max_tokens_total=None if address_of(name) else settings.max_tokens_total,
        )
        for name, engine in engines.items()
    }


def _as_endpoint(name: str) -> str:
    return f"endpoint:{name.partition(':')[2]}"

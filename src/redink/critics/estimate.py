"""What measuring critics will take: responses, tokens, money and time, before any is asked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from redink.critics.evaluation import critic_names
from redink.critics.judging import VERDICT, Kind, kind_of_critic
from redink.critics.marked_set import MarkedSet
from redink.critics.settings import CriticSettings
from redink.engines.endpoint.request import request_key
from redink.engines.engine import Completion, Conversation, Sampling
from redink.engines.items import ItemMaker
from redink.engines.journal import Journal
from redink.errors import DataError
from redink.machine import cores, gpu
from redink.models.loading import load_tokenizer
from redink.models.resolve import resolve_model
from redink.models.template import prompt_text
from redink.steps import prefix_text, solution_steps
from redink.teachers.estimate import CHARACTERS_PER_TOKEN, COMPLETION_TOKENS
from redink.teachers.llm import address_of, conversations_for, model_named, price_for
from redink.training.rendering import critique_messages, question_messages

READ_PER_SECOND = 875.0
"""Tokens read a second by a model of 135M parameters on two cores: a scorer in float32 took 8.9 s
of one thread's time for 3,892, and verdicts went as fast."""
WRITTEN_PER_SECOND = 400.0
"""Tokens written a second there: the quickstart's 1,200 answers, some 61,000 tokens, took 147 s."""
PARAMETERS = 135e6
CONCURRENCY = 256
"""Requests in flight at most, where nothing else is set: the endpoint engine's own."""


@dataclass(frozen=True)
class CriticEstimate:
    """What one critic on one benchmark still takes."""

    critic: str
    """Its short name."""
    kind: Kind
    benchmark: str
    rows: int
    """Responses of the benchmark."""
    kept: int
    """Of these, those whose critique the journal holds."""
    asked: int
    """Responses that are still to be judged."""
    read: int
    """Tokens that a model reads for them."""
    written: int
    """Tokens that it writes; a guess until the journal holds some."""
    cost: float | None
    """US dollars; None where a price is not known."""
    seconds: float | None
    """None where nothing tells: a server that was never asked, or a GPU."""


def estimate_critics(
    critics: Sequence[str], benchmarks: Sequence[MarkedSet], settings: CriticSettings
) -> list[CriticEstimate]:
    """What `evaluate_critic` with these arguments would ask for. Nothing is asked or written.

    Args:
        critics: as there.
        benchmarks: as there.
        settings: as there; what its journal holds is not counted.

    Returns the estimates by critic, then by benchmark. Raises UsageError where two critics have
    one name or a prompt is none, ModelError for an unknown model.
    """
    names = critic_names(critics)
    return [
        _estimate(critic, name, benchmark, settings)
        for critic, name in zip(critics, names, strict=True)
        for benchmark in benchmarks
    ]


def _estimate(
    critic: str, name: str, benchmark: MarkedSet, settings: CriticSettings
) -> CriticEstimate:
    kind = kind_of_critic(critic)
    rows = len(benchmark.items)
    if kind == "symbolic":
        return CriticEstimate(name, kind, benchmark.name, rows, 0, rows, 0, 0, 0.0, 0.0)
    if kind in ("scorer", "verdict"):
        model = critic.removeprefix(VERDICT)
        read = _scored_tokens(model, benchmark, every_step=kind == "verdict")
        seconds = _seconds_here(model, read, 0)
        return CriticEstimate(name, kind, benchmark.name, rows, 0, rows, read, 0, 0.0, seconds)
    return _asked(critic, name, benchmark, settings)


def _scored_tokens(model: str, benchmark: MarkedSet, every_step: bool) -> int:
    """A scorer reads each response once; a verdict is asked of each of its prefixes."""
    tokenizer = load_tokenizer(resolve_model(model))
    texts = []
    for problem, response in ((item.problem, item.response) for item in benchmark.items):
        if not every_step:
            texts.append(prompt_text(question_messages(problem), tokenizer) + response.text)
            continue
        for length in range(1, len(solution_steps(response.text)) + 1):
            begun = replace(response, text=prefix_text(response.text, length))
            texts.append(prompt_text(critique_messages(problem, begun), tokenizer))
    if not texts:
        return 0
    found = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return sum(len(ids) for ids in found)


def _asked(
    critic: str, name: str, benchmark: MarkedSet, settings: CriticSettings
) -> CriticEstimate:
    how = settings.teacher(critic)
    pairs = {item.response.id: (item.problem, item.response) for item in benchmark.items}
    found = conversations_for(how.prompt, list(pairs.values()))
    remote = address_of(critic) is not None
    sizes = (
        _sizes_there(critic, found, how.sampling)
        if remote
        else _sizes_here(critic, found, how.sampling, settings)
    )
    there = _held(settings.journal, list(sizes))
    missing = [size for key, size in sizes.items() if key not in there]
    read = sum(missing)
    written = _length(there, how.sampling) * len(missing)
    price = price_for(critic, settings.prices)
    return CriticEstimate(
        critic=name,
        kind="model",
        benchmark=benchmark.name,
        rows=len(benchmark.items),
        kept=len(sizes) - len(missing),
        asked=len(missing),
        read=read,
        written=written,
        cost=price.cost(read, written) if price is not None else None,
        seconds=_seconds_there(there, len(missing), read + written, settings)
        if remote
        else _seconds_here(critic, read, written),
    )


def _sizes_there(
    critic: str, conversations: Sequence[Conversation], sampling: Sampling
) -> dict[str, int]:
    """Journal key → prompt tokens, about, of a model behind a server."""
    model = model_named(critic)
    return {
        request_key(model, one, sampling): round(
            sum(len(message.content) for message in one.messages) / CHARACTERS_PER_TOKEN
        )
        for one in conversations
    }


def _sizes_here(
    critic: str,
    conversations: Sequence[Conversation],
    sampling: Sampling,
    settings: CriticSettings,
) -> dict[str, int]:
    """Journal key → prompt tokens of a model on this machine; its weights are not loaded."""
    from redink.engines.opening import open_engine

    engine = open_engine(
        critic, engine=settings.engine, dtype=settings.dtype, batch_size=settings.batch_size
    )
    maker: ItemMaker | None = getattr(engine, "items", None)
    found: dict[str, int] = {}
    if maker is None:
        return found
    for conversation in conversations:
        try:
            found |= {i.key: len(i.prompt) for i in maker.items([conversation], sampling)}
        except DataError:
            continue
    return found


def _held(journal: Path | None, keys: Sequence[str]) -> Mapping[str, Completion]:
    if journal is None or not journal.exists():
        return {}
    with Journal(journal) as opened:
        return opened.get(keys)


def _length(there: Mapping[str, Completion], sampling: Sampling) -> int:
    """Tokens of a critique: as those in the journal, else what critiques of teachers have."""
    if not there:
        return min(COMPLETION_TOKENS, sampling.max_tokens)
    return round(sum(one.completion_tokens for one in there.values()) / len(there))


def _seconds_there(
    there: Mapping[str, Completion], asked: int, tokens: int, settings: CriticSettings
) -> float | None:
    """By the seconds of the replies in the journal and by what may be asked a minute."""
    remote = settings.remote or {}
    found = [0.0] if not asked else []
    times = [one.seconds for one in there.values() if one.seconds]
    if times and asked:
        together = min(asked, remote.get("concurrency") or CONCURRENCY)
        found.append(sum(times) / len(times) * asked / together)
    for limit, amount in (("rpm", asked), ("tpm", tokens)):
        if remote.get(limit):
            found.append(60 * amount / remote[limit])
    return max(found, default=None)


def _seconds_here(model: str, read: int, written: int) -> float | None:
    """By this machine's cores; None where a GPU does the work."""
    if not read + written:
        return 0.0
    if gpu() is not None:
        return None
    seconds = read / READ_PER_SECOND + written / WRITTEN_PER_SECOND
    return seconds * _parameters(model) / PARAMETERS / max(0.5, cores() / 2)


def _parameters(model: str) -> float:
    """Of a model's weights, by the heads of its files."""
    total = 0
    for path in resolve_model(model).folder.glob("*.safetensors"):
        with path.open("rb") as file:
            head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        for name, tensor in head.items():
            if name != "__metadata__":
                count = 1
                for size in tensor["shape"]:
                    count *= size
                total += count
    return float(total or PARAMETERS)

"""The records that every stage reads and writes.

Plain, immutable, typed. Ids are content hashes: the same problem has the same id in every run
and on every machine. `arrow_schema` gives each record type its Parquet columns.
"""

import dataclasses
import hashlib
import json
import types
import typing
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    import pyarrow

Outcome = Literal[
    "correct", "wrong", "no_answer", "truncated", "grader_timeout", "gold_unparsable", "ungraded"
]
Verdict = Literal["right", "wrong"]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with its reference answer and, where there is one, a reference solution."""

    id: str
    question: str
    answer: str
    solution: str | None = None
    source: str = ""
    subject: str | None = None
    level: str | None = None
    meta: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InjectedError:
    """What `corrupt` did to a reference solution."""

    kind: str
    step: int
    """0-based solution step in which the error first shows."""
    true_value: str
    """What stood there in the reference solution."""
    false_value: str
    """What stands there now."""


@dataclass(frozen=True, slots=True)
class Response:
    """One attempted solution to a problem, right or wrong, with where it came from."""

    id: str
    problem_id: str
    text: str
    origin: str
    """The verb that made it: `respond`, `corrupt`, `chain`, `load`, `evaluate`, `scale`, …"""
    model: str = ""
    sampling: Json = field(default_factory=dict)
    answer: str | None = None
    """The final answer extracted from the text."""
    outcome: Outcome = "ungraded"
    n_tokens: int | None = None
    finish: str | None = None
    error: InjectedError | None = None


@dataclass(frozen=True, slots=True)
class Critique:
    """A teacher's text about one response, ending in a verdict."""

    id: str
    response_id: str
    text: str
    verdict: Verdict | None
    """None when it cannot be read or the teacher cannot tell; never silently `wrong`."""
    first_error: int | None = None
    """0-based solution step that is wrong first, where one is named."""
    agrees: bool | None = None
    """Whether the verdict matches the grader; None when either is missing."""
    teacher: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    """US dollars."""
    finish: str | None = None
    why: str = ""
    """Why there is no verdict: `no conclusion`, `both`, `truncated`, `refused`, `cannot tell`."""
    preset: str = ""
    """How the teacher was asked; `+reference` in it says that it saw the reference answer."""


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Example:
    """One training example in TRL's prompt-completion format; loss on the completion only."""

    prompt: tuple[Message, ...]
    completion: tuple[Message, ...]
    weight: float = 1.0
    meta: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """One graded answer of one model to one benchmark problem."""

    model: str
    """The arm's name in the recipe."""
    benchmark: str
    problem_id: str
    sample: int
    response_id: str
    outcome: Outcome
    extracted: str | None
    compared_by: str
    """Which comparison decided: `literal`, `choice`, `number`, `symbolic`, `judge`, `none`."""
    n_tokens: int | None = None
    why: str = ""
    """What the comparison found, in a few words."""


@dataclass(frozen=True, slots=True)
class StepLabels:
    """What is known of each solution step of one response."""

    id: str
    response_id: str
    successes: tuple[int, ...]
    """Right continuations of the prefix that ends with each step; 0 where none was sampled."""
    tries: tuple[int, ...]
    """Continuations sampled from each prefix; 0 where none was."""
    labels: tuple[bool | None, ...]
    """Whether each step is right, after post-processing; None where it is left out."""
    first_error: int | None = None
    """0-based step that is wrong first; None where none is, or where nobody can tell."""
    source: str = ""
    """How they came about: `continuations`, `injected`, or the data set that they are from."""
    meta: Json = field(default_factory=dict)


Record = Problem | Response | Critique | Example | Score | StepLabels
R = TypeVar("R")


def content_id(kind: str, *parts: object) -> str:
    """A 16-hex-digit content hash of `parts`, prefixed by the record kind's first letter."""
    text = json.dumps([kind, *parts], ensure_ascii=False, sort_keys=True, default=str)
    return f"{kind[0]}{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def problem_id(question: str, answer: str) -> str:
    """Id of a problem: its question, white space folded, and its answer."""
    return content_id("problem", " ".join(question.split()), answer.strip())


def response_id(problem: str, text: str, origin: str, model: str = "", sample: int = 0) -> str:
    """Id of a response to `problem` (a problem id)."""
    return content_id("response", problem, text, origin, model, sample)


def critique_id(response: str, text: str, teacher: str) -> str:
    """Id of a critique of `response` (a response id)."""
    return content_id("critique", response, text, teacher)


def labels_id(response: str, source: str, *settings: object) -> str:
    """Id of the step labels of `response` (a response id)."""
    return content_id("labels", response, source, *settings)


@cache
def arrow_schema(record: Any) -> "pyarrow.Schema":
    """The Arrow schema of a record type; JSON fields are stored as strings."""
    import pyarrow as pa

    hints = typing.get_type_hints(record)
    return pa.schema([pa.field(name, _arrow_type(hints[name])) for name in field_names(record)])


@cache
def field_names(record: Any) -> tuple[str, ...]:
    """A record type's fields, in order."""
    return tuple(f.name for f in dataclasses.fields(record))


def to_row(record: Any) -> Json:
    """A record as a dictionary of Arrow-ready values."""
    names = field_names(typing.cast(Any, type(record)))
    return {name: _encode(getattr(record, name)) for name in names}


def from_row(record: type[R], row: Json) -> R:
    """The inverse of `to_row`; columns that the record type lacks are ignored."""
    hints = _hints(typing.cast(Any, record))
    return record(**{name: _decode(hints[name], row[name]) for name in hints if name in row})


@cache
def _hints(record: Any) -> dict[str, Any]:
    return typing.get_type_hints(record)


def _strip_optional(hint: Any) -> Any:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return next(arg for arg in typing.get_args(hint) if arg is not type(None))
    return hint


def _arrow_type(hint: Any) -> "pyarrow.DataType":
    import pyarrow as pa

    hint = _strip_optional(hint)
    if typing.get_origin(hint) is tuple:
        return pa.list_(_arrow_type(typing.get_args(hint)[0]))
    if dataclasses.is_dataclass(hint):
        hints = _hints(typing.cast(type, hint))
        return pa.struct([pa.field(name, _arrow_type(value)) for name, value in hints.items()])
    plain = {int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    return plain.get(hint, pa.string())


def _encode(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    return to_row(value) if dataclasses.is_dataclass(value) else value


def _decode(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    hint = _strip_optional(hint)
    origin = typing.get_origin(hint)
    if origin is dict:
        return json.loads(value) if isinstance(value, str) else value
    if origin is tuple:
        return tuple(_decode(typing.get_args(hint)[0], item) for item in value)
    return from_row(typing.cast(type, hint), value) if dataclasses.is_dataclass(hint) else value

"""How much of a critique is copied: from the response, and from the reference solution.

A text's words are its runs of letters and digits, case folded (every character beyond ASCII
counts as a letter); its n-grams are the runs of 8 words. A critique's share is that of its
distinct n-grams which also stand in the other text. Of the reference solution only those count
that the response does not have, since a critique may well quote the response. A critique of fewer
than 8 words has no share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from redink.audit.row import AuditedRow

if TYPE_CHECKING:
    import numpy as np

NGRAM = 8
"""Words."""
NEAR_COPY = 0.5
"""Share of the n-grams from which on a critique counts as a near copy."""
CHUNK = 1024
"""Rows compared at once; a row's number takes the first 10 bits of its n-grams' hashes."""

_ROW_BITS = 10
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX = 0xBF58476D1CE4E5B9


@dataclass(frozen=True)
class Copying:
    """Shares of critiques' n-grams that stand in another text."""

    source: str
    """`response` or `reference solution`."""
    measured: int
    """Critiques of at least 8 words with such a text beside them."""
    p50: float
    p95: float
    near_copies: tuple[str, ...]
    """Ids of critiques at or above the threshold, the most copied first."""


def measure_copying(rows: Sequence[AuditedRow]) -> tuple[Copying, ...]:
    """Copying from the response and from the reference solution, where there are any."""
    response: list[float | None] = []
    reference: list[float | None] = []
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        shares = shared_ngrams(
            [row.critique.text for row in part],
            [row.response.text for row in part],
            [row.problem.solution or "" for row in part],
        )
        response += shares[0]
        reference += shares[1]
    return tuple(
        found
        for source, of_source in (("response", response), ("reference solution", reference))
        if (found := _copying(source, rows, of_source)) is not None
    )


def shared_ngrams(
    critiques: Sequence[str], responses: Sequence[str], references: Sequence[str]
) -> tuple[list[float | None], list[float | None]]:
    """Each critique's shares of n-grams in its response, and in its reference beyond that.

    None where a text has no n-gram. At most `CHUNK` rows; all are compared at once, as sorted
    hashes.
    """
    own, in_response, in_reference = map(_ngrams, (critiques, responses, references))
    quoted = _is_in(own, in_response)
    taken = _is_in(own, in_reference) & ~quoted
    total, rows = _per_row(own), len(critiques)
    return (
        _shares(_per_row(own[quoted]), total, _per_row(in_response))[:rows],
        _shares(_per_row(own[taken]), total, _per_row(in_reference))[:rows],
    )


def _shares(hits: Any, total: Any, in_other: Any) -> list[float | None]:
    return [
        float(hit / of) if of and other else None
        for hit, of, other in zip(hits, total, in_other, strict=True)
    ]


def _is_in(values: Any, others: Any) -> Any:
    """Which values (sorted) are among others (sorted)."""
    import numpy as np

    if not len(others):
        return np.zeros(len(values), bool)
    return others[np.minimum(np.searchsorted(others, values), len(others) - 1)] == values


def _per_row(ngrams: Any) -> Any:
    import numpy as np

    rows = (ngrams >> np.uint64(64 - _ROW_BITS)).astype(np.int64)
    return np.bincount(rows, minlength=CHUNK)


def _ngrams(texts: Sequence[str]) -> "np.ndarray[Any, Any]":
    """The distinct n-grams of every text, sorted (uint64, [N]): the text's number, then 54 bits
    of hash. Of a text with 1,000 n-grams, two share a hash by accident once in 10^10 texts."""
    import numpy as np

    words, row = _words(texts)
    starts = len(words) - NGRAM + 1
    if starts < 1:
        return np.zeros(0, np.uint64)
    value = np.zeros(starts, np.uint64)
    for offset in range(NGRAM):
        value = value * np.uint64(_BASE) + words[offset : offset + starts]
    inside = row[:starts] == row[NGRAM - 1 :]
    number = row[:starts][inside].astype(np.uint64) << np.uint64(64 - _ROW_BITS)
    keys = (_mixed(value[inside]) >> np.uint64(_ROW_BITS)) | number
    keys.sort()
    fresh = np.concatenate(([True], keys[1:] != keys[:-1]))[: len(keys)]
    distinct: np.ndarray[Any, Any] = keys[fresh]
    return distinct


def _words(texts: Sequence[str]) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]":
    """Hashes (uint64, [N]) of all texts' words in order, and the number of each one's text.

    A word's hash is the sum of c_i B^i over its bytes: the difference of two running sums over
    the whole stream, divided by B to its start. 10 times as fast as a regular expression.
    """
    import numpy as np

    encoded = [text.casefold().encode("utf-8", "replace") for text in texts]
    stream = np.frombuffer(b" ".join([*encoded, b""]), np.uint8)
    is_word = np.concatenate(([False], _word_bytes()[stream], [False]))
    edges = np.flatnonzero(is_word[1:] != is_word[:-1])
    start, end = edges[::2], edges[1::2]
    length = 1 << len(stream).bit_length()
    powers, inverses = (_powers(base, length)[: len(stream)] for base in (_BASE, _INVERSE))
    sums = np.concatenate(([np.uint64(0)], np.cumsum(_byte_hashes()[stream] * powers)))
    words = _mixed((sums[end] - sums[start]) * inverses[start])
    text_ends = np.cumsum([len(text) + 1 for text in encoded])
    return words, np.searchsorted(text_ends, start, side="right")


@cache
def _word_bytes() -> "np.ndarray[Any, Any]":
    import numpy as np

    return np.array([byte >= 128 or chr(byte).isalnum() for byte in range(256)])


@cache
def _byte_hashes() -> "np.ndarray[Any, Any]":
    import numpy as np

    hashes: np.ndarray[Any, Any] = _mixed(np.arange(1, 257, dtype=np.uint64) * np.uint64(_BASE))
    return hashes


@lru_cache(maxsize=4)
def _powers(base: int, length: int) -> "np.ndarray[Any, Any]":
    """base^0 to base^(length - 1), modulo 2^64."""
    import numpy as np

    factors = np.full(length, base, np.uint64)
    factors[:1] = 1
    return np.multiply.accumulate(factors)


def _mixed(values: Any) -> Any:
    import numpy as np

    values = (values ^ (values >> np.uint64(30))) * np.uint64(_MIX)
    return values ^ (values >> np.uint64(27))


def _copying(
    source: str, rows: Sequence[AuditedRow], shares: Sequence[float | None]
) -> Copying | None:
    import numpy as np

    measured = [
        (share, row.critique.id)
        for row, share in zip(rows, shares, strict=True)
        if share is not None
    ]
    if not measured:
        return None
    p50, p95 = np.percentile([share for share, _ in measured], (50, 95))
    near = sorted((-share, name) for share, name in measured if share >= NEAR_COPY)
    return Copying(source, len(measured), float(p50), float(p95), tuple(name for _, name in near))

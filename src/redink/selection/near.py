"""Near duplicates: MinHash finds the candidates, the shingles' Jaccard similarity decides.

A text is the set of its shingles, three tokens long (see `redink.selection.normal.tokens`). Texts
are taken in their order; one whose Jaccard similarity with an earlier text that was kept reaches
the threshold is a near copy of it. MinHash (128 permutations, by `rensa`) and banding only spare
comparisons: every pair they propose is verified, and a true pair escapes them with a probability
below 0.5 %.
"""

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from redink.selection.normal import tokens

if TYPE_CHECKING:
    import numpy as np

SHINGLE = 3
"""Tokens in a shingle."""
PERMUTATIONS = 128
MISSES = 0.005
"""Greatest probability that a pair at the threshold is never compared."""
_BLOCK = 8_192
"""Signatures handed over at once: rensa gives them as Python integers, 36 bytes each."""
_SEED = 42
_END = 0x9E3779B97F4A7C15


def near_twins(
    texts: Sequence[str], at: float, groups: Sequence[str] | None = None
) -> dict[int, tuple[int, float]]:
    """The texts that are near copies of an earlier one.

    Args:
        texts: What to compare, in the order of preference.
        at: Least Jaccard similarity of a near copy, 0 to 1.
        groups: One name for each text; only texts of one group are compared.

    Returns:
        From a text's place to the place of the first kept text like it and their similarity.
    """
    if len(texts) < 2:
        return {}
    shingles, offsets = _shingles(texts, groups)
    buckets: dict[int, list[int]] = {}
    kept: dict[int, frozenset[int]] = {}
    found: dict[int, tuple[int, float]] = {}
    for place, numbers in _suspects(shingles, offsets, *banding(at)):
        own = frozenset(shingles[offsets[place] : offsets[place + 1]].tolist())
        candidates = {other for number in numbers for other in buckets.get(number, ())}
        twin = _first_like(own, sorted(candidates), kept, at)
        if twin is not None:
            found[place] = twin
            continue
        kept[place] = own
        for number in numbers:
            buckets.setdefault(number, []).append(place)
    return found


def similarity(first: str, second: str) -> float:
    """Jaccard similarity of two texts' shingles, 0 to 1."""
    import numpy as np

    shingles, offsets = _shingles([first, second], None)
    one, other = (frozenset(part.tolist()) for part in np.split(shingles, offsets[1:2]))
    return _jaccard(one, other)


def banding(at: float) -> tuple[int, int]:
    """(bands, rows of each) of the signatures, so that pairs at the threshold are not missed.

    A pair of similarity s is never proposed with probability (1 - s^rows)^bands; more rows spare
    comparisons of pairs below the threshold.
    """
    rows = 1
    while (1 - at ** (rows + 1)) ** (PERMUTATIONS // (rows + 1)) <= MISSES:
        rows += 1
    return PERMUTATIONS // rows, rows


def _first_like(
    own: frozenset[int], candidates: Iterable[int], kept: dict[int, frozenset[int]], at: float
) -> tuple[int, float] | None:
    for other in candidates:
        ratio = _jaccard(own, kept[other])
        if ratio >= at:
            return other, ratio
    return None


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


class _Hashes(dict[str, int]):
    """Words' 64-bit hashes, the same in every process."""

    def __missing__(self, word: str) -> int:
        value = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
        self[word] = value
        return value


def _shingles(texts: Sequence[str], groups: Sequence[str] | None) -> "tuple[Any, Any]":
    """All texts' shingle hashes in a row (uint64), and where each text's begin (one more)."""
    import numpy as np

    hashes = _Hashes()
    flat = array("Q")
    ends = array("Q", [0])
    padding = [_END] * (SHINGLE - 1)
    for text in texts:
        flat.extend(map(hashes.__getitem__, tokens(text) or (text.strip(),)))
        flat.extend(padding)
        ends.append(len(flat))
    words = np.frombuffer(flat, dtype=np.uint64)
    offsets = np.frombuffer(ends, dtype=np.uint64).astype(np.int64)
    mixed = _mix(words)
    if groups is not None:
        salts = np.fromiter(map(hashes.__getitem__, groups), dtype=np.uint64, count=len(texts))
        mixed ^= np.repeat(salts, np.diff(offsets))
    real = np.ones(len(words), dtype=bool)
    for back in range(1, SHINGLE):
        real[offsets[1:] - back] = False
    return mixed[real], offsets - (SHINGLE - 1) * np.arange(len(offsets))


def _mix(words: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """One hash for each word and those that follow it; the last of all are never read."""
    import numpy as np

    factors = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
    mixed = np.zeros(len(words), dtype=np.uint64)
    for ahead, factor in enumerate(factors[:SHINGLE]):
        mixed[: len(words) - ahead] += words[ahead:] * np.uint64(factor)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(32))


def _suspects(
    shingles: Any, offsets: Any, bands: int, rows: int
) -> Iterator[tuple[int, list[int]]]:
    """Each text that shares a band with another, and the numbers of the bands that it shares."""
    import numpy as np

    keys = _band_keys(shingles, offsets, bands, rows)
    places: list[Any] = []
    numbers: list[Any] = []
    first = 0
    for band in range(bands):
        _, bucket, size = np.unique(keys[:, band], return_inverse=True, return_counts=True)
        place = np.flatnonzero(size[bucket] > 1)
        places.append(place)
        numbers.append(bucket[place] + first)
        first += len(size)
    place = np.concatenate(places)
    order = np.argsort(place, kind="stable")
    number = np.concatenate(numbers)[order]
    found, starts = np.unique(place[order], return_index=True)
    bounds = [*starts.tolist(), len(number)]
    for text, start, end in zip(found.tolist(), bounds, bounds[1:], strict=False):
        yield text, number[start:end].tolist()


def _band_keys(shingles: Any, offsets: Any, bands: int, rows: int) -> "np.ndarray[Any, Any]":
    """A key for each band of each text's signature, shape (texts, bands), uint64."""
    import numpy as np
    import rensa

    count = len(offsets) - 1
    keys = np.zeros((count, bands), dtype=np.uint64)
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        part = np.ascontiguousarray(shingles[offsets[start] : offsets[stop]])
        places = (offsets[start : stop + 1] - offsets[start]).astype(np.uint64)
        signatures = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
            part, places, PERMUTATIONS, _SEED
        )
        matrix = np.array(signatures.to_rows(), dtype=np.uint64)
        block = keys[start:stop]
        for row in range(rows):
            block ^= matrix[:, row : bands * rows : rows]
            block *= np.uint64(0x9E3779B97F4A7C15)
            block ^= block >> np.uint64(31)
    return keys

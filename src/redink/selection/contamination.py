"""Which questions are near copies of test questions.

A question and a test question are candidates where they share a run of eight words (a plain
8-gram rule would stop here, and most of its hits are stock phrases). A candidate is confirmed
where the longest common subsequence, over characters of the words, is more than 0.6 of the longer
text; or where a longer text holds nine tenths of the test question's words in their order: a test
question with words of its own around it. Test questions shorter than eight words, which no n-gram
rule can find, match where what is asked, operators included, is the same: "Compute $3!$" and "What
is the value of $3!$?".

Rule: Qwen2.5-Math (arXiv 2409.12122, 13-grams and LCS ratio > 0.6) with the shorter run of words;
`docs/science/decontamination.md` says what it finds and misses.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from redink.problems.overlap import asked
from redink.records import Problem
from redink.selection.normal import key, tokens, words
from redink.selection.twin import Rule

RUN = 8
"""Words that a question and a test question must share in a row."""
RATIO = 0.6
"""More than this share of the longer text must be common."""
WITHIN = 0.9
"""Least share of a test question's words that a longer text holds in their order."""
_ASKING = re.compile(
    "an?|and|answer|are|calculate|compute|determine|evaluate|exact|exactly|express|find|for|give|"
    "in|is|its|of|please|simplest|simplify|solve|state|the|to|value|what|write|your"
)
"""Words that ask; without them a short question is what it asks for."""


class Match(NamedTuple):
    """The test question that a question is like."""

    of: str
    """The benchmark's name."""
    problem: Problem
    rule: Rule
    ratio: float


class _Item(NamedTuple):
    of: str
    problem: Problem
    text: str


class TestQuestions:
    """An index over test questions; built once, asked for every question."""

    __test__ = False

    def __init__(self, tests: Mapping[str, Iterable[Problem]], at: float = RATIO) -> None:
        """Indexes the problems of `tests` (by the benchmark's name); `at` is the LCS ratio."""
        self.at = at
        self._items: list[_Item] = []
        self._runs: dict[int, list[int]] = {}
        self._whole: dict[str, int] = {}
        self._short: dict[tuple[str, ...], int] = {}
        for name, problems in tests.items():
            for problem in problems:
                self._add(name, problem)

    def __len__(self) -> int:
        return len(self._items)

    def shares_run(self, problem: Problem) -> bool:
        """Whether a question has eight words in a row of a test question: a candidate."""
        return not self._runs.keys().isdisjoint(_runs(words(_question(problem))))

    def match(self, problem: Problem) -> Match | None:
        """The test question most like a problem's, None where none is."""
        question = _question(problem)
        parts = words(question)
        same = self._whole.get(key(question))
        if same is not None:
            item = self._items[same]
            return Match(item.of, item.problem, "same text", 1.0)
        return self._asked_in_short(question, parts) or self._copied(parts)

    def _add(self, name: str, problem: Problem) -> None:
        place = len(self._items)
        question = _question(problem)
        parts = words(question)
        self._items.append(_Item(name, problem, " ".join(parts)))
        self._whole.setdefault(key(question), place)
        for run in _runs(parts):
            self._runs.setdefault(run, []).append(place)
        if len(parts) < RUN:
            self._short.setdefault(_bare(question), place)

    def _asked_in_short(self, question: str, parts: list[str]) -> Match | None:
        if len(parts) >= 2 * RUN or not self._short:
            return None
        bare = _bare(question)
        place = self._short.get(bare) if len(bare) > 1 else None
        if place is None:
            return None
        return Match(self._items[place].of, self._items[place].problem, "short item", 1.0)

    def _copied(self, parts: list[str]) -> Match | None:
        from rapidfuzz.distance import LCSseq

        runs = self._runs.keys() & _runs(parts)
        if not runs:
            return None
        text = " ".join(parts)
        best, found = self.at, None
        places = sorted({place for run in runs for place in self._runs[run]})
        for place in places:
            ratio = LCSseq.normalized_similarity(text, self._items[place].text)
            if ratio > best:
                best, found = ratio, self._items[place]
        if found:
            return Match(found.of, found.problem, "near copy", best)
        for place in places:
            item = self._items[place]
            tested = item.text.split()
            ratio = LCSseq.similarity(tested, parts) / len(tested)
            if ratio >= WITHIN:
                return Match(item.of, item.problem, "contained", ratio)
        return None


def _runs(parts: list[str]) -> set[int]:
    """Hashes of every run of eight words; equal within a process, confirmed by the texts."""
    return set(map(hash, zip(*(parts[start:] for start in range(RUN)), strict=False)))


def _bare(question: str) -> tuple[str, ...]:
    return tuple(token for token in tokens(question) if not _ASKING.fullmatch(token))


def _question(problem: Problem) -> str:
    """The question without its options, unless it says next to nothing without them."""
    question = asked(problem)
    return question if len(words(question)) >= RUN else problem.question

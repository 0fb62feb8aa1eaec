"""Strategies as a recipe names them, and what each of them needs.

    greedy                          one greedy draft
    majority-8                      the answer that most of 8 drafts name
    best-of-8:orm                   the draft that a scorer likes best (orm, sorm-min, sorm-last,
                                    sorm-mean, sorm-product, critic)
    weighted-majority-8:orm         the answer whose drafts' scores sum to most
    self-critique:single-pass       solve, criticise and correct in one go
    self-critique:two-stage         draft, criticise, draft again until it finds nothing wrong
    critique-then-refine-3          a critic and a rewriter in turn, 3 rounds at most
    global                          the whole draft is rewritten
    local:sorm                      the draft is rewritten from its first error on (sorm, critic)
    draft/global/local:sorm+orm     the answer of several strategies that a scorer likes best
    glore                           draft/global/local:sorm+orm
    beam-4:sorm-last                step by step: 4 next steps, the best ones gone on with

Without a number the drafts of the stage are meant, 3 rounds, or a beam of 4.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from redink.errors import UsageError

Kind = Literal[
    "greedy",
    "majority",
    "best-of",
    "weighted-majority",
    "self-critique",
    "critique-then-refine",
    "global",
    "local",
    "choice",
    "beam",
]
SCORES = ("orm", "sorm-min", "sorm-last", "sorm-mean", "sorm-product", "critic")
"""What drafts may be chosen by: a scorer, and how the scores of its steps become one."""
WAYS: Mapping[str, tuple[str, ...]] = {
    "best-of": SCORES,
    "weighted-majority": SCORES,
    "self-critique": ("single-pass", "two-stage"),
    "local": ("sorm", "critic"),
    "beam": ("sorm-last", "sorm-min", "sorm-mean", "sorm-product"),
}
"""What may stand behind a strategy's colon; the first is meant where nothing does."""
USUAL: Mapping[str, int] = {"critique-then-refine": 3, "beam": 4}
OVER_DRAFTS = ("majority", "best-of", "weighted-majority")
"""Strategies over the shared drafts, a number of them."""
TRIES = 8
"""Drafts that two-stage self-critique goes through at most (Critique Fine-Tuning, table 11)."""
ORACLE = "oracle:"
"""Begins the name of an arm that looked at the reference answer to choose."""
ALIASES: Mapping[str, str] = {
    "glore": "draft/global/local:sorm+orm",
    "draft": "greedy",
    "sorm": "sorm-min",
}
_SINGLE = re.compile(r"(?P<kind>[a-z]+(?:-[a-z]+)*)(?:[-@](?P<n>[0-9]+))?(?::(?P<by>[a-z-]+))?")


@dataclass(frozen=True)
class Strategy:
    """One way to an answer."""

    name: str
    """As tables show it; no two strategies of one name differ."""
    kind: Kind
    n: int = 1
    """Drafts, rounds, or the width of the beam."""
    by: str = ""
    """What chooses or locates: one of `WAYS`."""
    parts: tuple["Strategy", ...] = field(default=())
    """The strategies whose answers are chosen from."""

    @property
    def pool(self) -> str:
        """Name of the candidates that it chooses from: strategies over the same drafts share it."""
        return f"{self.n}-drafts" if self.kind in OVER_DRAFTS else self.name

    @property
    def answers(self) -> int:
        """Whole answers that it has to choose from at most."""
        if self.kind == "choice":
            return len(self.parts)
        if self.kind in ("global", "local"):
            return 2
        return self.n + 1 if self.kind == "critique-then-refine" else self.n


def parse_strategies(texts: Sequence[str], samples: int) -> list[Strategy]:
    """The strategies that a recipe names, each once.

    Args:
        texts: as in the table above.
        samples: drafts that the stage samples for each problem.

    Raises UsageError, naming the text, for what is no strategy or wants more drafts.
    """
    found = [parse_strategy(text, samples) for text in texts]
    if not found:
        raise UsageError("refine: strategies is empty; name one or more, such as majority")
    return list({strategy.name: strategy for strategy in found}.values())


def parse_strategy(text: str, samples: int) -> Strategy:
    """One strategy; see `parse_strategies`."""
    plain = ALIASES.get(text.strip(), text.strip())
    if "+" in plain or "/" in plain:
        return _choice(plain, samples)
    return _single(plain, samples)


def _choice(text: str, samples: int) -> Strategy:
    named, _, by = text.partition("+")
    by = ALIASES.get(by, by)
    parts = tuple(_single(ALIASES.get(part, part), samples) for part in named.split("/"))
    if by not in SCORES or len(parts) < 2:
        raise UsageError(
            f"strategy {text!r}: write it as draft/global/local:sorm+orm, two strategies or more "
            f"and one of {', '.join(SCORES)}"
        )
    shown = "/".join("draft" if part.kind == "greedy" else part.name for part in parts)
    return Strategy(f"{shown}+{by}", "choice", len(parts), by, parts)


def _single(text: str, samples: int) -> Strategy:
    match = _SINGLE.fullmatch(text)
    kinds = (*OVER_DRAFTS, *WAYS, "greedy", "global", "critique-then-refine")
    kind: Any = match["kind"] if match else ""
    if match is None or kind not in kinds:
        known = ", ".join(dict.fromkeys((*kinds, "glore")))
        raise UsageError(f"strategy {text!r} is unknown; there are {known} and A/B+SCORER")
    ways = WAYS.get(kind, ("",))
    by = match["by"] or ways[0]
    by = by if by in ways else ALIASES.get(by, by)
    if by not in ways:
        known = ", ".join(ways) if ways != ("",) else "nothing"
        raise UsageError(f"strategy {text!r}: behind the colon stands {known}")
    counted = kind in OVER_DRAFTS or kind in USUAL
    if match["n"] and not counted:
        raise UsageError(f"strategy {text!r}: {kind} takes no number; leave it out")
    n = int(match["n"] or USUAL.get(kind, samples)) if counted else 1
    if by == "two-stage":
        n = min(TRIES, samples + 1)
    _check_number(text, kind, n, samples)
    number = f"-{n}" if counted else ""
    return Strategy(f"{kind}{number}{':' if by else ''}{by}", kind, n, by)


def _check_number(text: str, kind: str, n: int, samples: int) -> None:
    if n < 1 or (kind in ("majority", "weighted-majority", "beam") and n < 2):
        raise UsageError(f"strategy {text!r}: {n} is too few; use 2 or more")
    if kind in OVER_DRAFTS and n > samples:
        raise UsageError(
            f"strategy {text!r}: wants {n} drafts, the stage samples {samples}; raise samples"
        )


def needs(strategies: Iterable[Strategy]) -> dict[str, str]:
    """Inputs of the stage (`orm`, `sorm`, `critic`, `global_refiner`, `local_refiner`) that the
    strategies cannot do without, each with the first strategy that wants it."""
    found: dict[str, str] = {}
    for strategy in strategies:
        wanted = [strategy.by.partition("-")[0]] if strategy.by else []
        wanted += {
            "critique-then-refine": ["critic"],
            "global": ["global_refiner"],
            "local": ["local_refiner"],
        }.get(strategy.kind, [])
        for name in (*wanted, *needs(strategy.parts)):
            if name in ("orm", "sorm", "critic", "global_refiner", "local_refiner"):
                found.setdefault(name, strategy.name)
    return found


def arms_of(texts: Sequence[str], samples: int, oracle: bool = True) -> list[str]:
    """The arms under which a stage's answers are scored: its strategies, then their oracles.

    Raises UsageError as `parse_strategies` does.
    """
    strategies = parse_strategies(texts, samples)
    pools = dict.fromkeys(s.pool for s in strategies if s.answers > 1) if oracle else {}
    return [*(strategy.name for strategy in strategies), *(ORACLE + pool for pool in pools)]


def completions_at_most(texts: Sequence[str], samples: int) -> tuple[int, int]:
    """Whole answers and critiques that a stage samples for each problem at most, for estimates.

    Raises UsageError as `parse_strategies` does.
    """
    strategies = parse_strategies(texts, samples)
    single = {s.name: s for one in strategies for s in (*one.parts, one) if s.kind != "choice"}
    answers, critiques = 1 + samples, 0
    for strategy in single.values():
        if strategy.kind in ("global", "local"):
            answers += 1
            critiques += strategy.by == "critic"
        elif strategy.kind == "critique-then-refine":
            answers += strategy.n
            critiques += strategy.n
        elif strategy.kind == "self-critique":
            answers += 2 * (strategy.by == "single-pass")
            critiques += strategy.n
        elif strategy.kind == "beam":
            answers += strategy.n
    return answers, critiques


def misfit(settings: Mapping[str, Any], given: Iterable[str]) -> str | None:
    """Why a stage's settings and inputs do not go together; None where they do.

    Args:
        settings: of the verb `refine`.
        given: names of the inputs that are there.
    """
    there = set(given)
    rows = there & {"problems", "critiques", "responses"}
    if len(rows) != 1:
        return (
            "give it problems, to be answered by strategies, critiques, to be followed, or "
            "responses, to be criticised and rewritten; one of the three"
        )
    if rows == {"critiques"}:
        return None
    if rows == {"responses"}:
        return None if "critic" in there else "responses need critic: a stage that makes a model"
    try:
        strategies = parse_strategies(settings["strategies"], settings["samples"])
    except UsageError as error:
        return str(error)
    for name, strategy in needs(strategies).items():
        if name not in there:
            kind = "scorer" if name in ("orm", "sorm") else "model"
            return f"strategy {strategy!r} needs {name}: a stage that makes a {kind}"
    return None

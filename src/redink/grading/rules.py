"""How one problem's answers are compared: its `meta` and what its question asks for."""

import json
import re
from dataclasses import asdict, dataclass
from functools import lru_cache

from redink.records import Problem

_ASKED = re.compile(
    r"(?:find|solve for|value of|determine|compute|what is|what must)\s+(?:the value of\s+)?"
    r"\$?\s*(\\?[A-Za-z]+(?:_\{?\w\}?)?)\s*\$?\s*(?=[?.,;]|$|\s(?:if|in|such|for|be|so|when|to)\b)",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"\bin (?:that|this) order\b|\b(?:arrange|rank|sort|order) (?:the|these|them|all)\b"
    r"|\bfrom (?:least|smallest|greatest|largest|lowest|highest) to\b"
    r"|\brespectively\b[^.]{0,20}[.?]?\s*$",
    re.IGNORECASE,
)
_PAIR = re.compile(
    r"\bordered (?:pair|triple|quadruple|list)|\bpoints?\b|\bcoordinates?\b|\btuple|\bvector"
    r"|\bpairs?\b|\btriples?\b|\bas a list\b",
    re.IGNORECASE,
)
_LABELS = re.compile(r"\(\s*([A-Za-z](?:\s*,\s*[A-Za-z])+)\s*\)")
_FORMULA = re.compile(r"\$([^$]+)\$|\\\((.+?)\\\)")
_MARKED = re.compile(r"\\(?:text|mathrm|mbox|textrm|operatorname)\s*\{[^{}]*\}")
_LETTER = re.compile(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])")
_ANSWER_KINDS = ("number", "expression", "choice", "text", "boolean", "list")
_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Rules:
    """What makes an answer right, besides the reference answer."""

    kind: str = ""
    """`meta.answer_type`, or empty."""
    tolerance: float | None = None
    """The greatest difference from the reference that is right; absolute."""
    rounded: bool = False
    """Whether the reference is a rounded value."""
    ordered: bool | None = None
    """Whether the order of a list matters; None: as its brackets say."""
    multiple: bool = False
    """Whether the reference is several answers."""
    asked: str = ""
    """The variable that the question asks for, where it names one."""
    pair: bool = False
    """Whether the question asks for an ordered pair, a point or the like."""
    labels: str = ""
    """The letters of the tuple that the question names: `xy` for `(x, y)`."""

    letters: str = ""
    """The single letters that the question's formulas use: variables, not units."""

    def attached_to(self, gold: str) -> str:
        """The reference answer with these rules behind it, for the worker processes."""
        said = {
            name: value for name, value in asdict(self).items() if value not in ("", None, False)
        }
        if self.ordered is False:
            said["ordered"] = False
        return f"{gold}{_SEPARATOR}{json.dumps(said, sort_keys=True)}" if said else gold


def detached(gold: str) -> tuple[str, Rules]:
    """A reference answer and the rules that stand behind it."""
    gold, separator, said = gold.partition(_SEPARATOR)
    return gold, Rules(**json.loads(said)) if separator else Rules()


def rules_of(problem: Problem) -> Rules:
    """The rules for a problem, from its `meta` and its question."""
    meta = problem.meta
    kind = str(meta.get("answer_type") or "")
    tolerance = meta.get("tolerance")
    ordered = meta.get("ordered")
    asked, pair, order, labels, letters = _read_question(problem.question)
    several = bool(meta.get("multiple"))
    return Rules(
        kind=kind if kind in _ANSWER_KINDS else "",
        tolerance=float(tolerance) if tolerance is not None else None,
        rounded=bool(meta.get("rounded")),
        ordered=bool(ordered) if ordered is not None else (True if order and not several else None),
        multiple=several,
        asked=asked,
        pair=pair,
        labels=labels,
        letters=letters,
    )


@lru_cache(maxsize=4096)
def _read_question(question: str) -> tuple[str, bool, bool, str, str]:
    """The variable asked for, whether a pair or an order is, a tuple's letters, all letters."""
    question = question[-2000:]
    asked = [
        name for name in _ASKED.findall(question) if len(name.lstrip("\\")) == 1 or name[0] == "\\"
    ]
    formulas = [_MARKED.sub(" ", found[0] or found[1]) for found in _FORMULA.findall(question)]
    labels = [re.sub(r"[\s,]", "", found) for found in _LABELS.findall(question)]
    return (
        asked[-1] if asked else "",
        bool(_PAIR.search(question)),
        bool(_ORDER.search(question)),
        labels[-1] if labels else "",
        "".join(sorted({letter for formula in formulas for letter in _LETTER.findall(formula)})),
    )

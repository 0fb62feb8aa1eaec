"""Arithmetic in text: tokens, and a parser into exact expression trees. Nothing is evaluated
by Python itself; there are no powers, so no value can grow beyond the text's own length."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from redink.arithmetic.numbers import NUMBER_PATTERN, plain, read_number

Operator = Literal["+", "-", "*", "/"]
MAX_DEPTH = 30
"""Parentheses nested deeper than this are not read."""
MAX_TOKENS = 120
"""Tokens of one expression at most."""
MAX_UNIT_WORDS = 4
"""Words that may stand between a number and the next operator as its unit."""

_SYMBOLS: dict[str, Operator] = {
    "+": "+", "-": "-", "−": "-", "–": "-", "—": "-", "*": "*", "×": "*", "·": "*", "⋅": "*",
    "∗": "*", "x": "*", "X": "*", "/": "/", "÷": "/",
}  # fmt: skip
SPOKEN: dict[str, Operator] = {
    "plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/",
}  # fmt: skip
"""Operators in words."""
_TOKEN = re.compile(
    rf"(?P<number>(?<![\d.])(?<!\b[A-Za-z])(?:{NUMBER_PATTERN})|(?<=\dx)(?:{NUMBER_PATTERN}))"
    r"(?P<percent>\s?%|\s(?:percent|per cent)\b)?(?P<suffix>[A-Za-z]+)?"
    r"|(?P<times>(?<![A-Za-z])[xX](?=\s*[$€£(]?\s*\.?\d))"
    r"|(?P<spoken>\b(?:plus|minus|times|divided by|multiplied by)(?=\s+[$€£]?\.?\d))"
    r"|(?P<operator>[-−–—+*×·⋅∗/÷])|(?P<equals>=|≈|≅|\bequals\b)|(?P<open>[(\[])|(?P<close>[)\]])"
    r"|(?P<currency>[$€£])|(?P<word>[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))*)|(?P<other>\S)|(?P<line>\n)"
)
_UNIT_LETTERS = frozenset("gmLlshkc")
_UNIT_WORDS = _UNIT_LETTERS | {"a", "A"}

Kind = Literal["number", "operator", "equals", "open", "close", "word", "other", "of"]


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of text that matters to arithmetic, with its character span."""

    kind: Kind
    start: int
    end: int
    text: str
    value: Fraction | None = None
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Operand:
    """A number in an expression; the span covers its digits alone, no `$` and no `%`."""

    value: Fraction
    """What it counts for: `20%` counts for 1/5."""
    start: int
    end: int
    percent: bool = False

    @property
    def face(self) -> Fraction:
        """What is written: 20 for `20%`."""
        return self.value * 100 if self.percent else self.value


@dataclass(frozen=True, slots=True)
class Operation:
    """Two expressions joined by an operator whose symbol stands at `start:end`."""

    operator: Operator
    left: "Expression"
    right: "Expression"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Negation:
    """A leading minus."""

    inner: "Expression"


Expression = Operand | Operation | Negation


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`; currency signs are left out, line ends are `other`."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if match["number"] is not None:
            tokens.extend(_number_tokens(match))
        elif kind == "times":
            tokens.append(Token("operator", match.start(), match.end(), "*"))
        elif kind == "spoken":
            tokens.append(Token("operator", match.start(), match.end(), SPOKEN[match[0]]))
        elif kind == "operator":
            tokens.append(Token("operator", match.start(), match.end(), _SYMBOLS[match[0]]))
        elif kind == "word" and match[0].lower() == "of":
            tokens.append(Token("of", match.start(), match.end(), match[0]))
        elif kind == "word" and len(match[0]) == 1 and match[0] not in _UNIT_WORDS:
            tokens.append(Token("other", match.start(), match.end(), match[0]))
        elif kind == "line":
            tokens.append(Token("other", match.start(), match.end(), "\n"))
        elif kind != "currency":
            tokens.append(Token(kind, match.start(), match.end(), match[0]))  # type: ignore[arg-type]
    return tokens


def _number_tokens(match: re.Match[str]) -> Iterator[Token]:
    start, end = match.span("number")
    value = read_number(match["number"])
    suffix = match["suffix"]
    if value is None or (suffix and suffix.lower() in ("st", "nd", "rd", "th")):
        yield Token("other", start, match.end(), match[0])
        return
    percent = match["percent"] is not None
    yield Token("number", start, end, match["number"], value, percent)
    if not suffix:
        return
    at = match.start("suffix")
    following = match.string[match.end() : match.end() + 2].lstrip(" $(")
    if suffix in ("x", "X") and following[:1].isdigit():
        yield Token("operator", at, at + 1, "*")
    elif len(suffix) == 1 and suffix not in _UNIT_LETTERS:
        yield Token("other", at, at + 1, suffix)
    else:
        yield Token("word", at, match.end(), suffix)


class ExpressionParser:
    """Reads the longest expression that starts at a token; units after numbers are skipped."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self._limit = 0

    def parse(self, position: int) -> Expression | None:
        """The expression at `position`, or None; `self.position` is then behind it."""
        self.position = position
        self._limit = position + MAX_TOKENS
        return self._sum(0)

    def _sum(self, depth: int) -> Expression | None:
        return self._joined(("+", "-"), self._product, depth)

    def _product(self, depth: int) -> Expression | None:
        return self._joined(("*", "/"), self._atom, depth)

    def _joined(
        self,
        operators: tuple[str, ...],
        inner: Callable[[int], Expression | None],
        depth: int,
    ) -> Expression | None:
        left = inner(depth)
        while left is not None:
            before = self.position
            joint = self._joint(operators, left)
            if joint is None:
                self.position = before
                return left
            operator, start, end = joint
            right = inner(depth)
            if right is None:
                self.position = before
                return left
            if operator == "/":
                right = self._tight_fraction(right, end) or right
            left = Operation(operator, left, right, start, end)
        return None

    def _joint(
        self, operators: tuple[str, ...], left: Expression
    ) -> tuple[Operator, int, int] | None:
        direct = self._peek(0)
        if "*" in operators and direct is not None:
            adjacent = direct.start == self.tokens[self.position - 1].end
            if direct.kind == "open" and (adjacent or _is_share(left)):
                return "*", direct.start, direct.start
            if direct.kind == "of" and _is_share(left):
                self.position += 1
                return "*", direct.start, direct.end
        before = self.position
        self.skip_unit()
        token = self._peek(0)
        if token is None or token.kind != "operator" or token.text not in operators:
            return None
        if self.position > before and self._is_sign(token):
            return None
        self.position += 1
        return token.text, token.start, token.end  # type: ignore[return-value]

    def _is_sign(self, token: Token) -> bool:
        """Whether a minus behind a word belongs to the number, as in `the 5 cost -3`."""
        before, after = self.tokens[self.position - 1], self._peek(1)
        tight = after is not None and after.kind == "number" and after.start == token.end
        return token.text == "-" and tight and token.start > before.end

    def skip_unit(self) -> None:
        """Moves over the words of a unit: `stickers/page`, `square feet`, `of the flour`."""
        words = 0
        while words < MAX_UNIT_WORDS:
            token, after = self._peek(0), self._peek(1)
            if token is None:
                return
            if token.kind in ("word", "of"):
                self.position += 1
            elif _is_unit_slash(token, after):
                self.position += 2
            else:
                return
            words += 1

    def _atom(self, depth: int) -> Expression | None:
        token = self._peek(0)
        if token is None or depth > MAX_DEPTH:
            return None
        if token.kind == "number" and token.value is not None:
            self.position += 1
            value = token.value / 100 if token.percent else token.value
            operand = Operand(value, token.start, token.end, token.percent)
            return self._mixed(operand) or operand
        if token.kind == "operator" and token.text == "-":
            self.position += 1
            signed = self._signed(token)
            if signed is not None:
                return signed
            inner = self._atom(depth + 1)
            return None if inner is None else Negation(inner)
        if token.kind == "open":
            return self._group(depth)
        return None

    def _signed(self, minus: Token) -> Operand | None:
        token = self._peek(0)
        if token is None or token.kind != "number" or token.value is None:
            return None
        if token.start != minus.end:
            return None
        self.position += 1
        value = token.value / 100 if token.percent else token.value
        return Operand(-value, minus.start, token.end, token.percent)

    def _tight_fraction(self, top: Expression, slash_end: int) -> Expression | None:
        """`3/4` in `60 / 3/4`, where the spacing alone shows what is divided by what."""
        slash, bottom = self._peek(0), self._peek(1)
        if not isinstance(top, Operand) or slash is None or bottom is None:
            return None
        tight = slash.text == "/" and slash.start == top.end and bottom.start == slash.end
        if not tight or top.start == slash_end or bottom.kind != "number" or not bottom.value:
            return None
        self.position += 2
        below = Operand(bottom.value, bottom.start, bottom.end)
        return Operation("/", top, below, slash.start, slash.end)

    def _mixed(self, whole: Operand) -> Expression | None:
        top, slash, bottom = self._peek(0), self._peek(1), self._peek(2)
        if top is None or slash is None or bottom is None or not (top.value and bottom.value):
            return None
        joined = top.end == slash.start and slash.end == bottom.start and slash.text == "/"
        if not joined or top.start != whole.end + 1 or top.value >= bottom.value:
            return None
        self.position += 3
        part = Operation(
            "/",
            Operand(top.value, top.start, top.end),
            Operand(bottom.value, bottom.start, bottom.end),
            slash.start,
            slash.end,
        )
        return Operation("+", whole, part, whole.end, top.start)

    def _group(self, depth: int) -> Expression | None:
        self.position += 1
        inner = self._sum(depth + 1)
        if inner is None:
            return None
        self.skip_unit()
        token = self._peek(0)
        if token is None or token.kind != "close":
            return None
        self.position += 1
        return inner

    def _peek(self, ahead: int) -> Token | None:
        index = self.position + ahead
        return self.tokens[index] if index < min(len(self.tokens), self._limit) else None


def _is_unit_slash(token: Token, after: Token | None) -> bool:
    slash = token.kind == "operator" and token.text == "/"
    return slash and after is not None and after.kind == "word"


def _is_share(expression: Expression) -> bool:
    if isinstance(expression, Operand):
        return expression.percent or 0 < expression.value < 1
    return (
        isinstance(expression, Operation)
        and expression.operator == "/"
        and isinstance(expression.left, Operand)
        and isinstance(expression.right, Operand)
    )


def parse_expression(text: str) -> Expression | None:
    """The expression that `text` is as a whole, or None where it is anything else.

    Never raises and never hangs: hostile nesting and length are refused.
    """
    tokens = tokenize(text[:2000])
    parser = ExpressionParser(tokens)
    expression = parser.parse(0) if len(text) <= 2000 else None
    parser.skip_unit()
    return expression if expression is not None and parser.position == len(tokens) else None


def evaluate(expression: Expression) -> Fraction | None:
    """The exact value; None where something is divided by zero."""
    if isinstance(expression, Operand):
        return expression.value
    if isinstance(expression, Negation):
        inner = evaluate(expression.inner)
        return None if inner is None else -inner
    left, right = evaluate(expression.left), evaluate(expression.right)
    if left is None or right is None or (expression.operator == "/" and right == 0):
        return None
    return apply(expression.operator, left, right)


def apply(operator: Operator, left: Fraction, right: Fraction) -> Fraction:
    """`left operator right`, exactly; `right` must not be zero in a division."""
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    return left * right if operator == "*" else left / right


def operands(expression: Expression) -> list[Operand]:
    """The numbers of an expression, from left to right."""
    if isinstance(expression, Operand):
        return [expression]
    if isinstance(expression, Negation):
        return operands(expression.inner)
    return operands(expression.left) + operands(expression.right)


def operations(expression: Expression) -> list[Operation]:
    """The operations of an expression, in the order of their symbols in the text."""
    if isinstance(expression, Operand):
        return []
    if isinstance(expression, Negation):
        return operations(expression.inner)
    return [*operations(expression.left), expression, *operations(expression.right)]


def show(expression: Expression) -> str:
    """The expression in plain signs, with the parentheses it needs: `(3 + 4) * 2`."""
    return _show(expression, 0, leading=True)


def _show(expression: Expression, outer: int, *, leading: bool) -> str:
    if isinstance(expression, Operand):
        text = plain(expression.face) + ("%" if expression.percent else "")
        return f"({text})" if expression.value < 0 and not leading else text
    if isinstance(expression, Negation):
        return f"-{_show(expression.inner, 3, leading=False)}"
    rank = 1 if expression.operator in "+-" else 2
    right_rank = rank + 1 if expression.operator in "-/" else rank
    left = _show(expression.left, rank, leading=leading or rank < outer)
    right = _show(expression.right, right_rank, leading=False)
    text = f"{left} {expression.operator} {right}"
    return f"({text})" if rank < outer else text

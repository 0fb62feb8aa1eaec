"""Reading expressions out of tokens. Nothing is evaluated by Python itself, and there are no
powers, so no value can grow beyond the text's own length."""

from collections.abc import Callable, Sequence

from redink.arithmetic.expression import Expression, Negation, Operand, Operation
from redink.arithmetic.tokens import Operator, Token, tokenize

MAX_DEPTH = 12
"""Parentheses nested deeper than this are not read."""
MAX_TOKENS = 120
"""Tokens of one expression at most."""
MAX_UNIT_WORDS = 4
"""Words that may stand between a number and the next operator as its unit."""


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

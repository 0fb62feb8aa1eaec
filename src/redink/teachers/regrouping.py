"""Which intermediate values lead to the reference's results in another order of calculation.

Comparing with the reference's own intermediate results blames every solution that adds in
another order, multiplies out, or takes 80 % where the reference subtracts 20 %. So each
reference result is multiplied out into a sum of products of what was given, and the values of
its partial sums and partial products all count as being on the way.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, product

from redink.arithmetic import Equation, Expression, Negation, Operand, evaluate

MAX_TERMS = 8
"""A longer sum counts as one number, so that its parts stay countable."""
MAX_FACTORS = 8
MAX_COMMON = 5
"""Common factors of a partial sum beyond this are not taken out one by one."""

Factor = tuple[Fraction, int]


@dataclass(frozen=True, slots=True)
class Term:
    """A signed product of given numbers and of their inverses (exponent -1)."""

    sign: int
    factors: tuple[Factor, ...]

    @property
    def value(self) -> Fraction:
        """What the product comes to, without its sign."""
        return _product(self.factors)


Terms = tuple[Term, ...]


@dataclass
class Regrouping:
    """The values on the way to the results of a reference solution."""

    given: Sequence[Equation]
    whole: set[Fraction] = field(default_factory=set)
    """Results, and partial sums of whole products."""
    partial: set[Fraction] = field(default_factory=set)
    """Parts of single products, which still need a factor before they may be added."""
    _terms: dict[Fraction, Terms] = field(default_factory=dict)

    _split: bool = False

    def __post_init__(self) -> None:
        for self._split in (False, True):
            self._terms.clear()
            for equation in self.given:
                for side in equation.sides:
                    if not isinstance(side, Operand):
                        self._add(equation, side)

    def _add(self, equation: Equation, side: Expression) -> None:
        value = equation.value
        terms = self._expand(side)
        if terms is None or value is None:
            return
        self.whole.add(abs(value))
        self._take_apart(terms)
        if any(leaf.percent for leaf in (*equation.leaves, equation.result) if leaf is not None):
            self.whole.update({abs(value) * 100, abs(value) / 100})
        self._terms[value] = terms if _total(terms) == value else _number(value)

    def _expand(self, side: Expression) -> Terms | None:
        if isinstance(side, Operand):
            known = self._terms.get(side.value)
            return known if known is not None else self._leaf(side.value)
        if isinstance(side, Negation):
            inner = self._expand(side.inner)
            return None if inner is None else _negated(inner)
        left, right = self._expand(side.left), self._expand(side.right)
        value = evaluate(side)
        if left is None or right is None or value is None:
            return None
        terms = self._joined(side.operator, left, right)
        too_long = len(terms) > MAX_TERMS or any(len(t.factors) > MAX_FACTORS for t in terms)
        return _number(value) if too_long else terms

    def _take_apart(self, terms: Terms) -> None:
        self.whole.update(partial_sums(terms))
        for term in terms:
            self.partial.update(_partial_products(term.factors))

    def _leaf(self, value: Fraction) -> Terms:
        """A given number; a share such as 0.8 or 1.5 also as 1 less or more a share."""
        if self._split and value.denominator > 1 and 0 < value < 2:
            return _number(Fraction(1)) + _number(value - 1)
        return _number(value)

    def _joined(self, operator: str, left: Terms, right: Terms) -> Terms:
        if operator == "+":
            return left + right
        if operator == "-":
            return left + _negated(right)
        if operator == "/":
            right = self._inverse(right)
        if len(left) * len(right) > MAX_TERMS:
            left, right = _number(_total(left)), _number(_total(right))
        return tuple(
            Term(a.sign * b.sign, _cancelled(a.factors + b.factors))
            for a, b in product(left, right)
        )

    def _inverse(self, terms: Terms) -> Terms:
        if len(terms) > 1:
            self._take_apart(terms)
            terms = _number(_total(terms))
        return tuple(Term(t.sign, tuple((v, -e) for v, e in t.factors)) for t in terms)


def partial_sums(terms: Terms) -> set[Fraction]:
    """Values of the single terms and of their partial sums, common factors taken out or not."""
    found = {term.value for term in terms if len(term.factors) > 1}
    for size in range(2, len(terms) + 1):
        for chosen in combinations(terms, size):
            total = abs(_total(chosen))
            common = _common(chosen)
            for count in range(len(common) + 1):
                for taken in combinations(common, count):
                    if divisor := _product(taken):
                        found.add(total / divisor)
    return found


def _partial_products(factors: Sequence[Factor]) -> Iterable[Fraction]:
    for size in range(1, len(factors) + 1):
        for chosen in combinations(factors, size):
            if size > 1 or chosen[0][1] < 0:
                yield _product(chosen)


def _common(terms: Sequence[Term]) -> list[Factor]:
    shared = Counter(terms[0].factors)
    for term in terms[1:]:
        shared &= Counter(term.factors)
    return [factor for factor in shared.elements() if factor[0]][:MAX_COMMON]


def _cancelled(factors: tuple[Factor, ...]) -> tuple[Factor, ...]:
    """The factors without pairs of a number and its inverse."""
    counts: Counter[Fraction] = Counter()
    for value, exponent in factors:
        counts[value] += exponent
    kept: list[Factor] = []
    for value, count in counts.items():
        kept += [(value, 1 if count > 0 else -1)] * abs(count)
    return tuple(kept)


def _number(value: Fraction) -> Terms:
    magnitude = abs(value)
    factors: tuple[Factor, ...] = () if magnitude == 1 else ((magnitude, 1),)
    return (Term(-1 if value < 0 else 1, factors),)


def _negated(terms: Terms) -> Terms:
    return tuple(Term(-term.sign, term.factors) for term in terms)


def _total(terms: Iterable[Term]) -> Fraction:
    return sum((term.sign * term.value for term in terms), Fraction(0))


def _product(factors: Iterable[Factor]) -> Fraction:
    value = Fraction(1)
    for number, exponent in factors:
        value = value * number if exponent > 0 else value / number
    return value


def tolerant_lookup(values: set[Fraction]) -> Callable[[Fraction], bool]:
    """A test whether a written value is one of `values`, exactly or rounded."""
    uneven = sorted(value for value in values if value.denominator > 1)

    def known(value: Fraction) -> bool:
        magnitude = abs(value)
        if magnitude in values:
            return True
        if magnitude.denominator == 1 and not uneven:
            return False
        tolerance = Fraction(6, 1000) if magnitude > 1 else Fraction(6, 10000)
        return any(abs(magnitude - other) <= tolerance for other in uneven)

    return known

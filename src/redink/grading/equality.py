"""Whether an answer states what the reference answer states, shape by shape.

The same walk serves twice: in the caller's process with a comparison of texts and exact numbers
alone, which leaves open what only symbols can tell, and in a worker with the symbolic one.
"""

import re
from collections.abc import Callable
from fractions import Fraction

from redink.grading.form import (
    is_name,
    read_listing,
    read_matrix,
    read_relation,
    without_approximation,
)
from redink.grading.interval import Piece, Region, read_region
from redink.grading.lists import MOST_ITEMS, compare_lists
from redink.grading.notation import canonical, has_prose, plain
from redink.grading.number import Number, read_number
from redink.grading.rules import Rules
from redink.grading.verdict import OPEN, Verdict, all_equal, matched
from redink.grading.words import compare_words

Leaf = Callable[[str, str, Rules], Verdict]
"""Compares two single expressions."""

_BASE = re.compile(r"(?P<digits>[0-9A-F]+)_\{?(?P<base>\d+|\\?[a-z]+)\}?")
_LETTER = re.compile(r"(\\[A-Za-z]+)|([A-Za-z])")


def compare_forms(gold: str, answer: str, rules: Rules, leaf: Leaf) -> Verdict:
    """Compares by shape; single expressions are put to `leaf`.

    Args:
        leaf: compares two expressions that are neither list, interval nor named value.
    """
    if canonical(gold) == canonical(answer):
        return Verdict(True, "literal", "same text")
    words = compare_words(gold, answer, rules.kind)
    if words is not None:
        return Verdict(words.equal, "literal", words.why, words.unsure)
    numbers = _compare_numbers(gold, answer, rules)
    if numbers is not None:
        return numbers
    for compare in (_compare_bases, _compare_regions, _compare_matrices):
        found = compare(gold, answer, rules, leaf)
        if found is not None:
            return found
    found = compare_lists(gold, answer, rules, lambda g, a: compare_forms(g, a, rules, leaf))
    return found or _compare_relations(gold, answer, rules, leaf)


def quick_leaf(gold: str, answer: str, rules: Rules) -> Verdict:
    """Text and exact numbers alone."""
    if canonical(gold) == canonical(answer):
        return Verdict(True, "literal", "same text")
    return _compare_numbers(gold, answer, rules) or OPEN


def is_within(gold: Number, answer: Number, rules: Rules) -> bool:
    """Whether one number is right for another under the problem's tolerance or rounding.

    A rounded reference stands for what rounds to it, half away from zero. Where a percentage or
    another unit is read as another number, tolerance and last digit shrink with it.
    """
    for ours, theirs in gold.readings(answer):
        scale = abs(ours / gold.value) if gold.value else Fraction(1)
        if rules.tolerance is not None:
            allowed = Fraction(rules.tolerance * (1 + 1e-9)) * scale
            if abs(ours - theirs) <= allowed:
                return True
        if rules.rounded and _may_be_rounded(gold):
            digit = (gold.last_digit or 0) * scale
            if ours * theirs > 0 and -digit <= (abs(theirs) - abs(ours)) * 2 < digit:
                return True
    return False


def _may_be_rounded(gold: Number) -> bool:
    """Whether a reference has digits enough to stand for what rounds to it.

    `1` would stand for everything from 0.5 to 1.5, `0.5` for 0.47: whole numbers of one or two
    digits and decimals of one are exact, but for those of a scientist's size (`3e8`, `1e-5`).
    """
    if gold.last_digit is None:
        return False
    if gold.last_digit == 1:
        return gold.figures > 2
    return gold.figures > 1 or not Fraction(1, 100) <= gold.last_digit <= 1


def _compare_numbers(gold: str, answer: str, rules: Rules) -> Verdict | None:
    if rules.multiple and "," in gold + answer:
        return None
    reference = read_number(gold)
    found = read_number(answer) if reference is not None else None
    if reference is None or found is None:
        return None
    if any(number.letter and number.letter in rules.letters for number in (reference, found)):
        return None
    if _is_misnamed(reference.name, found.name, rules):
        return Verdict(False, "number", f"{found.name} is not what is asked")
    if reference.equals(found):
        return Verdict(True, "number", "same number")
    if is_within(reference, found, rules):
        return Verdict(True, "number", "within the tolerance or rounding")
    if reference.readings(found) and found.is_cut_from(reference):
        return Verdict(True, "number", "rounded at six digits or more")
    if reference.readings(found) and reference.is_cut_from(found):
        return Verdict(True, "number", "rounded at six digits or more")
    return Verdict(False, "number", "numbers that differ")


def _compare_bases(gold: str, answer: str, rules: Rules, leaf: Leaf) -> Verdict | None:
    """`52_8`: the digits, and the base where both name it."""
    first, second = (_BASE.fullmatch(canonical(text)) for text in (gold, answer))
    if first is None or (second is None and not re.fullmatch(r"[0-9A-F]+", canonical(answer))):
        return None
    digits = second["digits"] if second else canonical(answer)
    same = digits == first["digits"] and (second is None or second["base"] == first["base"])
    return Verdict(same, "literal", "same digits" if same else "digits or bases that differ")


def _compare_regions(gold: str, answer: str, rules: Rules, leaf: Leaf) -> Verdict | None:
    if rules.kind == "list":
        return None
    first, second = read_region(gold), read_region(answer)
    if first is None or second is None:
        return None
    if not (first.sure or second.sure or _brackets(first) != _brackets(second)):
        return None
    if first.name and second.name and first.name != second.name:
        return Verdict(False, "literal", f"{second.name} is not {first.name}")
    if len(first.pieces) != len(second.pieces):
        return Verdict(False, "literal", "intervals of another number")
    return matched(first.pieces, second.pieces, lambda g, a: _compare_pieces(g, a, rules, leaf))


def _brackets(region: Region) -> list[tuple[bool, bool]]:
    return [(piece.has_low, piece.has_high) for piece in region.pieces]


def _compare_pieces(gold: Piece, answer: Piece, rules: Rules, leaf: Leaf) -> Verdict:
    if (gold.has_low, gold.has_high) != (answer.has_low, answer.has_high):
        return Verdict(False, "literal", "open and closed ends differ")
    return all_equal(
        _compare_ends(g, a, rules, leaf)
        for g, a in ((gold.low, answer.low), (gold.high, answer.high))
    )


def _compare_ends(gold: str, answer: str, rules: Rules, leaf: Leaf) -> Verdict:
    if gold.endswith("inf") or answer.endswith("inf"):
        return Verdict(gold == answer, "literal", "infinite ends")
    return leaf(gold, answer, rules)


def _compare_matrices(gold: str, answer: str, rules: Rules, leaf: Leaf) -> Verdict | None:
    """Matrices entry by entry; a single column or row also against a tuple."""
    first, second = read_matrix(gold), read_matrix(answer)
    if first is None and second is None:
        return None
    first, second = first or _as_vector(gold, second), second or _as_vector(answer, first)
    if first is None or second is None:
        return Verdict(False, "literal", "only one is a matrix", unsure=has_prose(answer))
    if [len(row) for row in first] != [len(row) for row in second]:
        return Verdict(False, "literal", "matrices of another shape")
    pairs = [
        pair
        for ours, theirs in zip(first, second, strict=True)
        for pair in zip(ours, theirs, strict=True)
    ]
    if len(pairs) > MOST_ITEMS:
        return Verdict(False, "literal", "too many entries to compare", unsure=True)
    return all_equal(leaf(g, a, rules) for g, a in pairs)


def _as_vector(
    text: str, other: tuple[tuple[str, ...], ...] | None
) -> tuple[tuple[str, ...], ...] | None:
    """`(1, 2)` in the shape of the column or row that it is compared with."""
    listing = read_listing(text)
    if listing is None or other is None or listing.brackets not in ("()", "<>", "[]"):
        return None
    if len(other) == 1:
        return (listing.items,)
    return tuple((item,) for item in listing.items) if len(other[0]) == 1 else None


def _compare_relations(gold: str, answer: str, rules: Rules, leaf: Leaf) -> Verdict:
    """`x = 3` against `3`, `f(t) = 2t` against `f(x) = 2x`; other equations are expressions."""
    first, second = read_relation(gold), read_relation(answer)
    if first and second:
        return _compare_two_relations(gold, answer, first, second, rules, leaf)
    if first and is_name(first[0]):
        return leaf(first[1], without_approximation(plain(answer)), rules)
    if second:
        return _compare_with_relation(gold, second, rules, leaf)
    if first:
        return leaf(gold, answer, rules)
    return leaf(gold, without_approximation(answer), rules)


def _compare_two_relations(
    gold: str,
    answer: str,
    first: tuple[str, str],
    second: tuple[str, str],
    rules: Rules,
    leaf: Leaf,
) -> Verdict:
    if not (is_name(first[0]) and is_name(second[0])):
        return leaf(gold, answer, rules)
    ours, theirs = canonical(first[0]), canonical(second[0])
    if ours == theirs:
        return compare_forms(first[1], second[1], rules, leaf)
    renamed = _renamed(ours, theirs, second[1])
    if renamed is not None:
        return compare_forms(first[1], renamed, rules, leaf)
    return Verdict(False, "literal", f"{second[0]} is not {first[0]}")


def _renamed(gold: str, answer: str, value: str) -> str | None:
    """`value` with the argument of `f(t) = …` called as in the reference's `f(x) = …`.

    A function is the same whatever its argument is called; its own name must agree. An argument
    or index that one side leaves out counts as agreeing.
    """
    ours, theirs = (re.fullmatch(r"(\w)\((\w)\)", name) for name in (gold, answer))
    if ours and theirs and ours[1] == theirs[1]:
        old, new = theirs[2], ours[2]
        return _LETTER.sub(lambda match: new if match[2] == old else match[0], value)
    bare = [re.sub(r"\(.*\)$|_(?:\w|\{.*\})$", "", name) for name in (gold, answer)]
    return value if bare[0] == bare[1] and (gold in bare or answer in bare) else None


def _compare_with_relation(
    gold: str, relation: tuple[str, str], rules: Rules, leaf: Leaf
) -> Verdict:
    """A reference value against an answer `… = value`."""
    left, right = relation
    name = canonical(left)
    if _is_misnamed(None, name, rules) and re.fullmatch(r"\\?[A-Za-z]+", name):
        return Verdict(False, "literal", f"{left} is not what is asked")
    if canonical(right) == "0" and re.search(r"[A-Za-z]", name) and not is_name(left):
        return Verdict(False, "literal", "an equation, not a value", unsure=True)
    return compare_forms(gold, right, rules, leaf)


def _is_misnamed(gold: str | None, answer: str | None, rules: Rules) -> bool:
    """Whether an answer names another variable than the one letter that is asked."""
    return bool(not gold and answer and rules.asked and len(answer) == 1 and answer != rules.asked)

"""Several values against several: tuples, sets, lists, named values, several answers."""

from collections.abc import Callable

from redink.grading.form import Listing, is_name, labelled, read_listing, read_relation
from redink.grading.notation import canonical, has_prose
from redink.grading.number import read_number
from redink.grading.rules import Rules
from redink.grading.verdict import Verdict, all_equal, matched

MOST_ITEMS = 100
"""Items of a list that are compared one by one."""

Same = Callable[[str, str], Verdict]
"""Compares one item with another."""


def compare_lists(gold: str, answer: str, rules: Rules, same: Same) -> Verdict | None:
    first, second = (_listing(text, rules) for text in (gold, answer))
    if first is None and second is None:
        return None
    if first is None or second is None:
        return _compare_with_one(gold, answer, first, second, rules, same)
    if len(first.items) > MOST_ITEMS or len(second.items) > MOST_ITEMS:
        return Verdict(False, "literal", "too many values to compare", unsure=True)
    ours, theirs = labelled(first.items), labelled(second.items)
    if ours and theirs and set(ours) == set(theirs):
        return all_equal(same(ours[k], theirs[k]) for k in sorted(ours))
    if (ours is None) != (theirs is None) and not (first.brackets and second.brackets):
        return _compare_labelled(first, second, ours, theirs, rules, same)
    allowed, ordered, unsure = _how_to_compare(
        first.brackets, second.brackets, len(first.items), rules
    )
    if not allowed and not unsure:
        why = f"brackets {second.brackets or 'none'} are not {first.brackets or 'none'}"
        return Verdict(False, "literal", why)
    found = _compare_items(first, second, ordered, rules, same)
    if not allowed:  # the same values, but perhaps not as what is asked
        return Verdict(False, found.by, "brackets that differ", unsure=found.equal is not False)
    return found


def _listing(text: str, rules: Rules) -> Listing | None:
    """The list that `text` is; `1,000` is a number unless several answers are declared."""
    return read_listing(text) if rules.multiple or read_number(text) is None else None


def _how_to_compare(gold: str, answer: str, size: int, rules: Rules) -> tuple[bool, bool, bool]:
    """(whether these brackets may state the same, in order, whether that is a guess)."""
    if rules.kind == "list":
        free = rules.ordered is False or (gold in ("", "{}") and not rules.ordered)
        return True, not free, False
    plain_list, ordered = {gold, answer} <= {"", "{}"}, rules.ordered is True
    if plain_list:
        return True, ordered and gold == "", False
    if rules.ordered is False:
        return "{}" not in (gold, answer) or gold == answer, False, False
    if "{}" in (gold, answer):
        return False, True, False
    if gold == answer or "<>" in (gold, answer):
        return True, True, False
    if "" not in (gold, answer):
        return size != 2, True, False
    if gold:
        return size > 2 or rules.pair, True, True
    return False, True, True


def _compare_items(
    gold: Listing, answer: Listing, ordered: bool, rules: Rules, same: Same
) -> Verdict:
    ours, theirs = gold.items, answer.items
    if gold.brackets == answer.brackets == "{}":
        ours, theirs = _distinct(ours), _distinct(theirs)
    if len(ours) != len(theirs):
        return Verdict(False, "literal", f"{len(theirs)} values instead of {len(ours)}")

    if ordered:
        return all_equal(same(g, a) for g, a in zip(ours, theirs, strict=True))
    return matched(ours, theirs, same)


def _distinct(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple({canonical(item): item for item in items}.values())


def _compare_labelled(
    gold: Listing,
    answer: Listing,
    ours: dict[str, str] | None,
    theirs: dict[str, str] | None,
    rules: Rules,
    same: Same,
) -> Verdict:
    """`w = 16, d = 3` against `(16, 3)`: the labels in the question's order, or as written."""
    labels = ours or theirs or {}
    names = list(labels)
    if all(len(name) == 1 for name in names):
        known = set(rules.labels) == set(names)
        names = list(rules.labels) if known else sorted(names)
    values = tuple(labels[name] for name in names)
    first, second = (values, answer.items) if ours else (gold.items, values)
    if len(first) != len(second):
        return Verdict(False, "literal", f"{len(second)} values instead of {len(first)}")
    # Several answers named alike (`x = 1, x = 2`) have no labels; see form.labelled.
    return all_equal(same(g, a) for g, a in zip(first, second, strict=True))


def _compare_with_one(
    gold: str,
    answer: str,
    first: Listing | None,
    second: Listing | None,
    rules: Rules,
    same: Same,
) -> Verdict | None:
    """A list against one expression: a named list, `[3]` against 3, or no match."""
    relation = read_relation(gold if first is None else answer)
    if relation and is_name(relation[0]) and read_listing(relation[1]):
        sides = (relation[1], answer) if first is None else (gold, relation[1])
        return same(*sides)
    listing = first or second
    if listing and len(listing.items) == 1 and (rules.kind == "list" or listing.brackets == "{}"):
        sides = (listing.items[0], answer) if first else (gold, listing.items[0])
        return same(*sides)
    return Verdict(False, "literal", "only one is a list", unsure=has_prose(answer))

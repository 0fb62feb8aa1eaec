"""Near duplicates are those that all pairs' Jaccard similarity would find, and no others."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redink.selection.near import PERMUTATIONS, banding, near_twins, similarity
from redink.selection.normal import tokens

WORDS = ["tom", "has", "three", "red", "pens", "and", "buys", "seven", "more", "of", "them", "each"]


def shingles(text):
    parts = [*(tokens(text) or [text.strip()]), "<end>", "<end>"]
    return set(zip(parts, parts[1:], parts[2:], strict=False))


def jaccard(one, other):
    one, other = shingles(one), shingles(other)
    return len(one & other) / len(one | other)


def by_all_pairs(texts, at):
    kept, found = [], {}
    for place, text in enumerate(texts):
        twin = next((k for k in kept if jaccard(text, texts[k]) >= at), None)
        if twin is None:
            kept.append(place)
        else:
            found[place] = twin
    return found


def made_up(count, seed, changes=6, length=40):
    draw = random.Random(seed)
    bases = [[draw.choice(WORDS) + str(draw.randrange(9)) for _ in range(length)] for _ in range(9)]
    texts = []
    for _ in range(count):
        parts = list(draw.choice(bases))
        for _ in range(draw.randrange(changes)):
            parts[draw.randrange(len(parts))] = draw.choice(WORDS)
        texts.append(" ".join(parts))
    return texts


@pytest.mark.parametrize("at", [0.5, 0.7, 0.8, 0.9])
def test_what_all_pairs_find_is_found_with_the_same_first_twin(at):
    texts = made_up(400, seed=int(at * 100))
    expected = by_all_pairs(texts, at)
    found = near_twins(texts, at)
    assert len(expected) > 40
    assert {place: twin for place, (twin, _) in found.items()} == expected


@given(st.lists(st.lists(st.sampled_from(WORDS[:5]), max_size=12).map(" ".join), max_size=25))
@settings(max_examples=60, deadline=None)
def test_every_twin_is_earlier_kept_and_as_like_as_it_says(texts):
    found = near_twins(texts, 0.8)
    for place, (twin, ratio) in found.items():
        assert twin < place
        assert twin not in found
        assert ratio == pytest.approx(jaccard(texts[place], texts[twin]))
        assert ratio >= 0.8


@given(st.lists(st.text(max_size=30), max_size=12))
@settings(max_examples=60, deadline=None)
def test_repeated_texts_of_any_kind_are_found(texts):
    found = near_twins(texts + texts, 0.9)
    assert set(range(len(texts), 2 * len(texts))) <= set(found)


def test_only_texts_of_one_group_are_compared():
    texts = ["one two three four five"] * 4
    assert set(near_twins(texts, 0.8, ["a", "b", "a", "b"])) == {2, 3}
    assert near_twins(texts, 0.8, ["a", "b", "c", "d"]) == {}


def test_a_sign_tells_short_texts_apart():
    assert near_twins(["What is 3 + 4?", "What is 3 - 4?"], 0.8) == {}


def test_similarity_is_the_share_of_common_shingles():
    assert similarity("a b c", "a b c") == 1
    assert similarity("a b c", "d e f") == 0
    assert similarity("a b c d", "a b c e") == pytest.approx(jaccard("a b c d", "a b c e"))


@pytest.mark.parametrize("at", [0.3, 0.5, 0.65, 0.8, 0.9, 0.99, 1.0])
def test_bands_fit_the_signature_and_miss_less_than_half_a_percent(at):
    bands, rows = banding(at)
    assert bands * rows <= PERMUTATIONS
    assert (1 - at**rows) ** bands <= 0.005

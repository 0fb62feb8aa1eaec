"""Two spellings of one text are the same words; operators tell texts apart where they must."""

import pytest

from redink.selection.normal import key, tokens, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"What is $\dfrac{1}{2}$ of 8?", r"what is \frac{1}{2} of $8$"),
        (r"$6.5 \mathrm{~m}$ and $\text{red}$", "6.5 m and red"),
        (r"$\left( 2x \right)$", "(2 x)"),
        ("It costs $1,200.", "it costs 1200"),
        (r"$\sin 60^{\circ}$", "sin(60°)"),
        ("Find it.\n[asy]draw((0,0)--(1,1));[/asy]", "Find it."),
        ("a \N{EN DASH} b", "a - b"),
        (r"$3 \cdot 4 \le 12$", "3*4 <= 12"),
    ],
)
def test_spellings_of_one_text_have_the_same_words_and_tokens(one, other):
    assert words(one) == words(other)
    assert tokens(one) == tokens(other)


def test_tokens_keep_operators_and_words_do_not():
    assert tokens("3 + 4 = 7") == ["3", "+", "4", "=", "7"]
    assert words("3 + 4 = 7") == words("3 - 4 = 7") == ["3", "4", "7"]


def test_scripts_without_spaces_fall_into_characters():
    assert words("求 x 的值12") == ["求", "x", "的", "值", "12"]


def test_key_folds_case_space_and_punctuation_and_keeps_digits_and_operators():
    assert key("Tom has 3 pens,\n and 4 cups.") == key("tom has 3  pens and 4 cups")
    assert key("2 + 3") != key("2 - 3")
    assert key("1.5") != key("15")

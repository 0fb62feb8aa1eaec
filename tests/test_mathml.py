"""Formulas as MathML that is safe in a page."""

import time
from html.parser import HTMLParser

import pytest

pytest.importorskip("latex2mathml")

from redink.mathml import _ATTRIBUTES, _ELEMENTS, mathml


class Names(HTMLParser):
    """The elements and attributes of a piece of HTML."""

    def __init__(self):
        super().__init__()
        self.elements, self.attributes, self.text = set(), set(), ""

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


def names_of(html):
    names = Names()
    names.feed(html)
    return names


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{1}{2}", r"x^2 + y_1^{3}", r"\sqrt[3]{x}", r"\sum_{i=1}^n i", r"a \le b < c",
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
        r"\begin{cases} x & y \\ 1 & 2 \end{cases}", r"\left( \frac{a}{b} \right)", r"90^\circ",
        r"\mathbb{R}", r"\text{if } x", r"\overline{AB}", r"3 \cdot 4 \div 2 \times 5 \pm 1",
    ],
)  # fmt: skip
def test_the_mathematics_of_solutions_is_typeset(latex):
    found = mathml(latex)
    assert found is not None
    assert found.startswith("<math alttext=")
    assert names_of(found).elements <= _ELEMENTS


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}", r"\text{&lt;img src=x onerror=alert(1)&gt;}",
        r"\href{javascript:alert(1)}{x}", r"\style{position:fixed}{x}", r"\class{mark}{x}",
        r"\color{red\" onload=\"alert(1)}{x}", r"\hspace{9999em}", r"\mathchoice{a}{b}{c}{d}",
        r"\fcolorbox{red}{white}{secret}", "</math><script>alert(1)</script>",
        r"\operatorname{<svg onload=x>}", r"\unknown{<b>}", r"\rule{999em}{999em}",
    ],
)  # fmt: skip
def test_no_formula_brings_anything_but_presentation_markup(latex):
    found = mathml(latex)
    if found is not None:
        names = names_of(found)
        assert names.elements <= _ELEMENTS
        assert names.attributes <= {*_ATTRIBUTES, "alttext", "class"}
        assert "999" not in found.split(">", 1)[1]


def test_text_within_a_formula_stays_text():
    assert names_of(mathml(r"\text{<script>x</script>}")).text.replace("\xa0", " ").strip() == (
        "<script>x</script>"
    )


@pytest.mark.parametrize(
    "latex",
    [r"\frac{1", r"\left( x", "x^", r"\begin{matrix} 1", "", "   ", "x_1_2",
     "}" * 3000 + "{" * 5000],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_or_shown_but_never_fails(latex):
    found = mathml(latex)
    assert found is None or names_of(found).elements <= _ELEMENTS


@pytest.mark.parametrize(
    "latex",
    [
        "".join(rf"\def\{chr(97 + n)}{{\{chr(98 + n)}\{chr(98 + n)}}}" for n in range(20)) + r"\a",
        r"\newcommand{\a}{\a\a}\a",
        "{" * 2000 + "}" * 2000,
        r"\frac{" * 600,
        "x^{" * 900,
        r"\left(" * 600,
        r"\begin{matrix}" * 250,
    ],
    ids=["doubling", "recursion", "braces", "fractions", "powers", "left", "matrices"],
)
def test_hostile_formulas_are_refused_at_once(latex):
    started = time.perf_counter()
    assert mathml(latex) is None
    assert time.perf_counter() - started < 0.5


def test_a_bare_percent_sign_hides_nothing():
    assert "50%ofx" in names_of(mathml("50% of x")).text


def test_no_control_character_gets_through_a_formula():
    found = mathml("x\u202e\x1b y")
    assert not set("\u202e\x1b") & set(found)
    assert "⟨U+202E⟩" in found


def test_a_boxed_answer_is_a_row_with_a_class():
    assert '<mrow class="boxed">' in mathml(r"\boxed{42}")


def test_the_source_stays_beside_the_formula_for_those_who_hear_it():
    assert 'alttext="a &lt; b"' in mathml("a < b")

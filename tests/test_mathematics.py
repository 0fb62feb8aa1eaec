"""Text with LaTeX as HTML: what is mathematics, what is money, what is hostile."""

import time

import pytest

pytest.importorskip("latex2mathml")

from redink.mathematics import typeset, typeset_steps


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("so $x=1$ and \\(y\\)", 2),
        ("$$\\frac{1}{2}$$ then \\[ z \\]", 2),
        ("\\begin{align*} a &= b \\\\ c &= d \\end{align*}", 1),
        ("He pays $5 and $6.", 0),
        ("from $5-$10, or $3=$8", 0),
        ("She has \\$5 and \\$6.", 0),
        ("5$ and 6$", 0),
        ("She pays $12*5=$<<12*5=60>>60 and $7.5 + 1 =$ more", 0),
        ("an odd $ sign", 0),
        ("He made 350$, then 50$ more; 20 = $<<4*5=20>>20$", 0),
        ("v=0.95$v_t$ and 50$\\%$", 2),
        ("empty $$ $$ and $ $", 0),
        ("one $x\ny$ over lines", 0),
        ("open \\( and \\[ and $$ for ever", 0),
    ],
)
def test_formulas_are_told_from_money(text, count):
    assert typeset(text).count("<math") == count


@pytest.mark.parametrize(
    "text", ["a $\\frac{1$ b", "$\\left( x$", "\\( \\begin{matrix} \\)", "$x_1_2$"]
)
def test_malformed_latex_stays_visible_with_its_delimiters(text):
    found = typeset(text)
    assert "<math" in found or '<code class="latex">' in found
    if "<math" not in found:
        assert "$" in found or "\\(" in found


def test_everything_else_is_escaped():
    found = typeset("<script>alert(1)</script> & \x1b[31m \u202e")
    assert "<script" not in found
    assert "&lt;script&gt;" in found
    assert "⟨ESC⟩</span>[31m" in found
    assert "⟨U+202E⟩" in found


@pytest.mark.parametrize(
    "text",
    [
        "$x" * 500_000, "\\[" * 500_000, "$" * 1_000_000, "\\(" * 300_000 + "\\)",
        "".join(f"$x_{{{n}}}$ " for n in range(100_000)), "a" * 1_000_000,
        "\\begin{align}" * 70_000,
        "\\$" * 500_000, "$$" + "{" * 1_000_000 + "$$", "\n" * 1_000_000,
    ],
    ids=["dollars", "open", "only", "round", "formulas", "plain", "begin", "escaped", "deep",
         "lines"],
)  # fmt: skip
def test_a_hostile_megabyte_takes_bounded_time(text):
    started = time.perf_counter()
    found = typeset(text)
    steps = typeset_steps(text)
    assert time.perf_counter() - started < 4
    assert "more characters are not shown" in found
    assert len(steps) <= 2001


def test_steps_are_lines_that_are_not_empty_and_the_first_wrong_one_is_marked():
    steps = typeset_steps("One.\n\n  \nTwo.\nThree.\n", 1)
    assert [(step.html, step.wrong) for step in steps] == [
        ("One.", False), ("Two.", True), ("Three.", False),
    ]  # fmt: skip


def test_a_formula_over_several_lines_is_one_step_and_counts_its_lines():
    text = "Start\n\\[\nx = 1\n\\]\nEnd"
    for wrong in range(5):
        marked = [step.wrong for step in typeset_steps(text, wrong)]
        assert marked == [wrong == 0, 1 <= wrong <= 3, wrong == 4]


def test_an_empty_text_has_no_steps():
    assert typeset_steps("") == []
    assert typeset("") == ""

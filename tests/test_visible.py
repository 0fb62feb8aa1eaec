"""What is shown of a text, nothing hidden and nothing obeyed."""

import pytest

from redink.visible import clipped, escaped, one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "⟨ESC⟩[31mred"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\x00\x7f\x9b", "⟨NUL⟩⟨DEL⟩⟨U+009B⟩"),
        ("zero\u200bwidth\ufeff", "zero⟨U+200B⟩width⟨U+FEFF⟩"),
        ("a\r\nb\rc", "a\nb⟨CR⟩c"),
        ("\U000e0041", "⟨U+E0041⟩"),
    ],
)
def test_control_and_direction_characters_become_marks(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["naïve 漢字 \t\n", "👩‍👩‍👧", "می‌خواهم", "שלום"])
def test_ordinary_text_of_any_script_stays_as_it_is(text):
    assert visible(text) == text


def test_html_is_escaped_and_marks_say_what_they_stand_for():
    assert escaped("<b>\"'&") == "&lt;b&gt;&quot;&#x27;&amp;"
    assert escaped("\u202e") == (
        '<span class="mark" title="U+202E right-to-left override">⟨U+202E⟩</span>'
    )


def test_a_long_text_says_how_much_of_it_is_not_shown():
    assert clipped("x" * 100, 100) == "x" * 100
    assert clipped("x" * 1234, 100) == "x" * 100 + "\n[… 1,134 more characters are not shown]"


def test_one_line_folds_white_space_and_cuts_with_an_ellipsis():
    assert one_line("a \n  b") == "a b"
    assert one_line("word " * 100, 10) == "word word…"

"""How the report reads as text and as Markdown."""

from redink.audit import audit
from redink.audit.printable import one_line, printable
from redink.audit.section import Section
from redink.audit.sections import sections_of


def test_columns_are_aligned():
    section = Section("Title", ("what", "n"), (("a", "1"), ("bcd", "1,000")), ("a remark",))
    assert section.lines() == [
        "Title",
        "  what      n",
        "  a         1",
        "  bcd   1,000",
        "a remark",
    ]


def test_nothing_in_a_cell_is_read_as_markdown():
    section = Section("T", ("a", "b"), (("x | <b> _y_", "`z` [u](v)"),))
    [row] = [line for line in section.markdown() if "x" in line]
    assert row == "| x \\| \\<b\\> \\_y\\_ | \\`z\\` \\[u\\](v) |"


def test_every_section_has_rows_as_wide_as_its_headings(flipped):
    for section in sections_of(audit(flipped[0])):
        assert {len(row) for row in section.rows} <= {len(section.headings)}


def test_control_characters_are_shown_and_line_ends_stay():
    assert printable("a\n\tb\x1b[0m\u200b\r\x00") == "a\n\tb\\x1b[0m\\u200b\\r\\x00"
    assert printable("≤ ½ 数 🙂") == "≤ ½ 数 🙂"
    assert printable("\ud800") == "\\ud800"


def test_one_line_is_cut_with_an_ellipsis():
    assert one_line("a\nb  c", 80) == "a b c"
    assert one_line("x" * 100, 10) == "x" * 9 + "…"

"""The report as Markdown: hostile text stays text."""

import re

import pytest

from redink.reports.blocks import Item, Report, Section, Side
from redink.reports.formats import render
from redink.reports.material import gather
from redink.reports.report import build_report
from redink.reports.run_folder import read_run
from tests.reports.world import ACTING, make_run


@pytest.fixture
def text(tmp_path):
    return render(build_report(gather(read_run(make_run(tmp_path)))), "md").decode()


def outside_fences(text):
    return re.sub(r"(?ms)^(`{3,})text$.*?^\1$", "", text)


def test_it_has_the_answer_the_sections_and_their_tables(text):
    assert text.startswith("# trial\n\nDo critiques beat imitation here?\n\n**Not shown: ")
    for heading in ("What came out", "Figures", "Who solved what", "Where the data went"):
        assert f"\n## {heading}\n" in text
    assert "| arm | accuracy (95 % interval) |" in text
    assert "| problems | select | raw | 5 | 4 | 1 (1: more than n) |" in text
    assert "- sft: 50.0 % (18.8 % to 81.2 %)" in text


def test_every_table_has_as_many_cells_in_each_row(text):
    tables = re.findall(r"(?m)(?:^\|.*\|$\n?)+", outside_fences(text))
    assert len(tables) > 8
    for table in tables:
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(counts) == 1


def test_texts_of_models_stand_in_fences_and_nothing_acts(text):
    bare = outside_fences(text)
    assert "<script>" in text
    assert "<script>" not in bare
    assert not re.search(r"(?i)javascript:|https?://", bare)
    assert not set(ACTING) & set(text)
    assert "⟨U+202E⟩" in text


def test_a_text_cannot_close_its_fence():
    side = Side("arm ````", (("```", False), ("<script>", False), ("`````", False)), (), "good")
    item = Item(1, "h", "``` out", "", "a | b", (side,))
    report = Report("t", "", "a.", "", (Section("items", "Items", (item,)),))
    text = render(report, "md").decode()
    assert "``````text\n```\n<script>\n`````\n``````" in text
    assert "````text\n``` out\n````" in text
    assert r"reference answer **a \| b**" in text


def test_links_of_the_table_of_pairs_lead_to_items(text):
    links = set(re.findall(r"\]\(#(item-\d+)\)", text))
    assert links
    assert links <= set(re.findall(r'<a id="(item-\d+)"></a>', text))

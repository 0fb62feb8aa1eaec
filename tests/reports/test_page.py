"""The HTML report: complete, safe and self-contained, whatever is missing."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from redink.evaluation import compare_arms
from redink.reports import Training, render_page
from tests.reports.world import ACTING, HOSTILE, Elements, marked, score_table


def page_of(arms, baseline="sft", **parts):
    table = score_table(arms, parts.pop("text", "#### 1"))
    return render_page(compare_arms(table.rows, baseline, parts.pop("title", "")), table, **parts)


FULL = {
    "critiques": marked([None, "slip", "slip", "wrong_operator"]),
    "trainings": {"sft": Training(10, 2000, 900, 12.5, ((1, 2.0), (2, 1.5)))},
    "run_facts": {
        "recipe": "quickstart",
        "recipe_text": f"student: x # {HOSTILE}",
        "stages": [
            {"name": "load", "verb": "load", "seconds": 1.5, "rows": 10, "dropped": {"dup": 3}},
            {"name": "sft", "verb": "finetune"},
        ],
        "versions": {"torch": "2.13"},
        "hardware": {"cores": 2},
        "seeds": {"load": 1},
    },
    "title": f"Title {HOSTILE}",
    "text": f"answer {HOSTILE}\n#### 1",
}


def test_hostile_text_stays_text():
    page = page_of({"sft": "ccww", "cft": "cwcw"}, **FULL)
    elements = Elements(page)
    assert elements.open == []
    assert "script" not in elements.seen
    assert "img" not in elements.seen
    assert not [name for name in elements.attributes if name.startswith("on") or name == "style"]
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ 7*7 }}" in page
    assert "javascript:alert(3)" in page
    assert not [value for value in elements.all("href") if not value.startswith("#")]


def test_characters_that_act_are_shown_as_marks():
    page = page_of({"sft": "ccww", "cft": "cwcw"}, **FULL)
    assert not set(ACTING) & set(page)
    for mark in ("⟨U+202E⟩gnp.exe⟨U+2066⟩", "⟨ESC⟩[31mred", "⟨NUL⟩"):
        assert mark in page


def test_the_policy_forbids_everything_but_the_pages_own_style():
    page = page_of({"sft": "cw", "cft": "cc"})
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert policy is not None
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_nothing_is_referred_to_outside_the_page():
    page = page_of({"sft": "cw", "cft": "cc"})
    without_model_text = page.replace("https://evil.example", "")
    assert not re.search(r"https?:|url\(|@import", without_model_text)
    elements = Elements(page)
    assert {"src", "srcset", "action", "style"}.isdisjoint(elements.attributes)
    assert all(re.fullmatch(r"#[a-z0-9-]+", link) for link in elements.all("href"))


def test_every_link_leads_to_a_place_on_the_page_and_no_two_places_have_one_name():
    page = page_of({"sft": "ccww", "cft": "cwcw", "third": "wwwc"}, **FULL)
    elements = Elements(page)
    names = elements.all("id")
    assert len(names) == len(set(names))
    assert {link.removeprefix("#") for link in elements.all("href")} <= set(names)


@pytest.mark.parametrize("missing", [*FULL, None])
def test_every_optional_part_may_be_missing(missing):
    parts = {key: value for key, value in FULL.items() if key != missing}
    assert Elements(page_of({"sft": "ccww", "cft": "cwcw"}, **parts)).open == []


@pytest.mark.parametrize("missing", list(FULL["run_facts"]))
def test_every_run_fact_may_be_missing(missing):
    facts = {key: value for key, value in FULL["run_facts"].items() if key != missing}
    assert Elements(page_of({"sft": "cw", "cft": "cc"}, run_facts=facts)).open == []


@pytest.mark.parametrize(
    "arms",
    [
        {"sft": "cw"},
        {"sft": "cw", "cft": "cw"},
        {"sft": "ww", "cft": "ww"},
        {"sft": "cc", "cft": "cc"},
        {"sft": "c", "cft": "w"},
        {f"arm {n}" if n else "sft": "cw" * 3 for n in range(9)},
    ],
    ids=["one arm", "identical", "zero correct", "all correct", "one problem", "nine arms"],
)
def test_degenerate_results_still_make_a_page(arms):
    page = page_of(arms)
    assert Elements(page).open == []
    assert "nan" not in page
    assert "inf" not in page.replace("info", "")


def test_every_chart_has_a_text_alternative():
    page = page_of({"sft": "ccww", "cft": "cwcw"}, **FULL)
    charts = re.findall(r"<svg [^>]*>", page)
    named = [chart for chart in charts if 'role="img"' in chart and "aria-labelledby" in chart]
    assert len(named) == 5
    assert all(chart in named or 'aria-hidden="true"' in chart for chart in charts)
    described = re.findall(r"<desc [^>]*>([^<]+)</desc>", page)
    assert len(described) == 5
    assert "sft: 50.0 % (15.0 % to 85.0 %); cft: 50.0 % (15.0 % to 85.0 %)" in described


def test_three_sound_critiques_with_different_errors_are_shown():
    page = page_of({"sft": "cw"}, **FULL)
    headings = re.findall(r"<h3><a [^>]*>\d+</a> ([^<]*)</h3>", page)
    assert headings == [
        "A response marked right",
        "A wrong response: slip",
        "A wrong response: wrong operator",
    ]
    assert "<mark>1 + 1 = 3</mark>" in page


def test_critiques_against_the_grader_come_first():
    page = page_of({"sft": "cw"}, critiques=marked([None, "slip", "slip"], spoilt=2))
    headings = re.findall(r"<h3><a [^>]*>\d+</a> ([^<]*)</h3>", page)
    assert headings == [
        "The grader says wrong, the critique right",
        "The grader says right, the critique wrong",
        "A wrong response: slip",
    ]


def test_problems_on_which_arms_differ_show_both_sides():
    page = page_of({"sft": "cccwwwww", "cft": "wwwccccc"})
    assert page.count('class="side good"') == page.count('class="side bad"') == 8
    assert "8 of 8 problems and 16 of 16 answers are shown in full" in page
    assert page.count(" did better than ") == 8


def test_arms_that_agree_still_show_what_they_both_solved():
    page = page_of({"sft": "cw", "cft": "cw"})
    assert "did better than" not in page
    assert "cft and sft are right" in page
    assert "cft and sft are wrong" in page


def test_long_texts_are_cut_and_say_so():
    page = page_of({"sft": "c", "cft": "w"}, text="x" * 5000)
    assert "x" * 1600 not in page
    assert "3,500 more characters" in page


def several(marks=()):
    """Two trainings of `cft` and one of `sft`, four samples each, on two benchmarks."""
    table = score_table({"sft": "ccwwcw", "cft@1": "cwcwcc", "cft@2": "ccccww"})
    scores = [
        replace(score, sample=sample, benchmark=name, outcome=outcome, compared_by=by)
        for name in ("held", "other")
        for score in table
        if name == "held" or score.extracted is None or score.problem_id != table[0].problem_id
        for sample, outcome, by in (
            (0, score.outcome, "number"),
            (1, score.outcome, "judge"),
            (2, "wrong", "number"),
            (3, "grader_timeout", "symbolic"),
        )
    ]
    return replace(table, rows=tuple(scores)), list(marks)


def page_of_several(marks=()):
    table, marks = several(marks)
    comparison = compare_arms(table.rows, "sft", "several", marks=marks)
    trainings = {f"cft@{n}": Training(10, 2000, 900, 12.5, ((1, 2.0), (2, 1.5))) for n in (1, 2)}
    return render_page(comparison, table, None, trainings)


def test_samples_and_seeds_have_their_columns_and_dots():
    page = page_of_several()
    assert Elements(page).open == []
    for text in ("accuracy, avg@4", "pass@4", "maj@k", "s.d. of training seeds", "one seed",
                 "grader time-out", "judged", "sign flips", "10,000 resamples"):  # fmt: skip
        assert text in page
    assert page.count('class="seed arm"') == 2 * 4
    assert page.count("(training seeds ") == 4
    assert "nan" not in page
    for benchmark in ("held", "other", "average of benchmarks", "all benchmarks"):
        assert f"<caption>{benchmark}<small>" in page
        assert f"Accuracy on {benchmark}, with 95" in page


def test_one_answer_and_one_seed_speak_of_neither():
    page = page_of({"sft": "ccww", "cft": "cwcw"})
    for text in ("avg@2", "pass@", "maj@", "s.d.", "grader time-out</th>", "judged"):
        assert text not in page
    assert "McNemar exact" in page


def test_every_table_and_chart_carries_the_mark():
    page = page_of_several(["validation overlaps held: 2 of 6 problems <b>"])
    captions = re.findall(r"<caption>(.*?)</caption>", page, re.DOTALL)
    of_scores = [caption for caption in captions if caption != "Trainings"]
    assert len(of_scores) == 13
    assert all("†" in caption for caption in of_scores)
    figures = re.findall(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL)
    assert sum("†" in caption for caption in figures) == 12
    assert page.count("†\u00a0validation overlaps held: 2 of 6 problems &lt;b&gt;") == 5
    assert "†" not in page_of_several()


def test_what_was_left_out_stands_on_the_page():
    page = page_of({"sft": "ccww", "cft": "cw"})
    assert "only the 2 that all share are used." in page


def test_arms_of_different_benchmarks_still_make_a_page():
    table = score_table({"sft": "ccww", "cft": "cwcw", "other": "cccc"})
    rows = [
        replace(score, benchmark=name)
        for name in ("one", "two")
        for score in table
        if (score.model, name) not in (("other", "one"), ("cft", "two"))
    ]
    page = render_page(compare_arms(rows, "sft"), replace(table, rows=tuple(rows)))
    assert Elements(page).open == []
    assert "no answers of other; the rows over all benchmarks leave it out" in page
    assert "Did cft beat sft?" in page


def test_the_same_results_give_the_same_page():
    arms = {"sft": "ccww", "cft": "cwcw"}
    assert page_of(arms, **FULL) == page_of(arms, **FULL)

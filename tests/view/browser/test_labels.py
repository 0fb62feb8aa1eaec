"""Labelled responses and scored steps in a real browser, by server and in a bundle."""

import pytest

from redink.view.bundle import write_bundle
from redink.view.run import ViewedRun
from tests.chromium import PHONE
from tests.view.browser.conftest import Viewer
from tests.view.browser.test_access import serious
from tests.view.browser.test_reading import hash_of, open_first, ready, texts, titles
from tests.view.labelled_run import write_labelled_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_labelled_run(tmp_path_factory.mktemp("labelled") / "run")


@pytest.fixture(scope="module")
def labelled(folder):
    started = Viewer(folder)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def bundle(folder):
    write_bundle(ViewedRun(folder), folder.parent / "copy.html")
    return (folder.parent / "copy.html").as_uri()


@pytest.fixture(params=["served", "copied"])
def address(request, labelled, bundle):
    return labelled.address if request.param == "served" else bundle


def lines(page):
    return page.locator(".steps li")


def marks_of(page):
    return [text.split("\n") for text in page.locator(".step-marks").all_inner_texts()]


def test_a_labelled_response_shows_label_and_tries_of_each_step(address, open_page):
    page = open_page(f"{address}#/item/labels/l1")
    ready(page).locator(".dock").wait_for()
    assert [line.split()[0] for line in page.locator(".step-mark .chip").all_inner_texts()] == [
        "right", "wrong", "wrong",
    ]  # fmt: skip
    names = page.locator("svg.part").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert names == ["right in 5 of 8 tries from here", "right in 2 of 8 tries from here"]
    filled = page.locator("svg.part .won").evaluate_all(
        "all => all.map(one => one.getAttribute('width'))"
    )
    assert filled == ["62.5", "25"]
    assert "first wrong step" in lines(page).nth(1).inner_text()
    assert "none of these uses the step" in lines(page).nth(1).inner_text()
    assert "5/8" in lines(page).nth(0).inner_text()
    assert "step 2 is wrong first" in texts(page)


def test_a_step_without_a_label_says_so(address, open_page):
    page = ready(open_page(f"{address}#/item/labels/l3"))
    assert "no label (wrong, left out)" in lines(page).nth(1).inner_text()
    assert "labels from injected errors" in texts(page)
    assert "injected: wrong sum in step 2" in texts(page)


def test_labels_stay_with_their_steps_beside_a_formula_over_lines(address, open_page):
    page = ready(open_page(f"{address}#/item/labels/l5"))
    chips = [
        lines(page).nth(at).locator(".chip").all_inner_texts() for at in range(lines(page).count())
    ]
    assert chips == [["right"], ["right", "wrong", "wrong"], ["wrong"]]
    assert "first wrong step" in lines(page).nth(1).inner_text()


def test_the_key_e_leaves_the_responses_with_a_wrong_step(address, open_page):
    page = ready(open_page(f"{address}#/rows/labels"))
    page.locator("p.count", has_text="8 of 8 rows").wait_for()
    assert "wrong from step 2" in page.locator(".listing .marks").first.inner_text()
    page.keyboard.press("e")
    page.locator("p.count", has_text="5 of 8 rows").wait_for()
    assert hash_of(page) == "#/rows/labels?has_error=yes"
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator("h1", has_text="Labelled response, 1 of 5 rows").wait_for()
    page.keyboard.press("j")
    page.locator("h1", has_text="2 of 5 rows").wait_for()
    page.keyboard.press("e")
    page.locator("h1", has_text="of 8 rows").wait_for()


def test_filters_by_kind_of_error_and_source_of_labels(address, open_page):
    page = ready(open_page(f"{address}#/rows/labels"))
    kinds = page.get_by_role("group", name="Kind of error", exact=True)
    kinds.get_by_label("wrong sum").check()
    page.locator("p.count", has_text="1 of 8 rows").wait_for()
    page.get_by_role("button", name="Without kind of error: wrong sum").click()
    sources = page.get_by_role("group", name="Labels from", exact=True)
    sources.get_by_label("processbench").check()
    page.locator("p.count", has_text="1 of 8 rows").wait_for()
    assert "What is 4 + 1?" in titles(page)[0]
    assert "nobody can tell" in page.locator(".listing .marks").first.inner_text()


def test_scored_steps_are_coloured_with_their_numbers(address, open_page):
    page = ready(open_page(f"{address}#/rows/answers?scored=yes"))
    page.locator("p.count", has_text="2 of 90 rows").wait_for()
    open_first(page, "Answer")
    kinds = lines(page).evaluate_all("all => all.map(one => one.className)")
    assert kinds == ["highest", "low", "lowest"]
    numbers = page.locator(".step-mark .number").all_inner_texts()
    assert numbers == ["0.810", "0.400", "0.500", "0.300", "0.100", "0.200"]
    flags = page.locator(".flag").all_inner_texts()
    assert flags == ["first step that the SORM scores below 0.5"]
    names = page.locator("svg.part").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert names[:2] == ["SORM 0.810", "ORM 0.400"]


def test_hostile_labels_show_as_text(address, open_page):
    page = ready(open_page(f"{address}#/item/labels/l6"))
    assert "<img src=x onerror='window.hacked = 1'>" in texts(page)
    assert page.locator("main img").count() == 0
    assert page.evaluate("window.hacked") is None


ITEMS = ("#/item/labels/l1", "#/item/labels/l3", "#/item/answers/greedy-p1")


@pytest.mark.parametrize("where", ["#/rows/labels", "#/rows/answers?scored=yes", *ITEMS])
def test_nothing_scrolls_sideways_on_a_phone(labelled, open_page, where):
    page = ready(open_page(labelled.address + where, size=PHONE))
    page.locator("h1").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(labelled, open_page, scheme):
    page = ready(open_page(labelled.address, scheme=scheme))
    for where in ("#/rows/labels", *ITEMS):
        page.evaluate("address => { location.hash = address }", where)
        page.wait_for_timeout(150)
        ready(page)
        assert (where, serious(page)) == (where, [])

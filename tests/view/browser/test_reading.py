"""Looking through a run in a real browser: tables, filters, search, items, comparisons."""

import re

import pytest

from tests.chromium import PHONE
from tests.view.browser.small_run import COUNT

PAGES = (
    "#/",
    "#/rows/critiques",
    "#/rows/drafts?outcome=wrong",
    "#/rows/problems?sort=order",
    "#/compare/scores?a=sft&b=cft",
    "#/live",
)


def ready(page):
    page.locator("main[aria-busy=false]").wait_for()
    return page


def titles(page):
    return page.locator(".listing .title").all_inner_texts()


def texts(page):
    return page.locator("main").inner_text()


def hash_of(page):
    return page.evaluate("location.hash")


def open_first(page, name):
    """Opens the first entry of a list."""
    ready(page).locator(".listing a").first.click()
    page.locator(".dock").wait_for()
    page.locator("h1", has_text=re.compile(name)).wait_for()
    return ready(page)


def test_the_overview_shows_stages_counts_and_arms(viewer, open_page):
    page = ready(open_page(viewer.address))
    assert "small" in page.locator("h1").inner_text()
    assert f"{COUNT} rows" in texts(page)
    assert "1 too easy" in texts(page)
    assert page.locator(".stages .waiting").inner_text().startswith("report")
    page.get_by_role("link", name="Compare cft and sft").or_(
        page.get_by_role("link", name="Compare sft and cft")
    ).click()
    page.locator("h1", has_text="sft").wait_for()


def test_suspicious_rows_come_first(viewer, open_page):
    page = ready(open_page(f"{viewer.address}#/rows/critiques"))
    marks = page.locator(".listing .marks").all_inner_texts()
    assert "disagrees" in marks[0]
    assert "unreadable" in marks[1]
    assert not any("disagrees" in text or "unreadable" in text for text in marks[2:])


def test_pages_of_a_list_follow_each_other(viewer, open_page):
    page = ready(open_page(f"{viewer.address}#/rows/drafts?sort=order"))
    first = titles(page)
    assert len(first) == 50
    page.locator("#page-next").click()
    page.locator(".pager", has_text=f"51–{COUNT} of {COUNT}").wait_for()
    assert len(titles(page)) == COUNT - 50
    assert set(titles(page)).isdisjoint(first)


def test_filters_show_counts_and_stay_in_the_address(viewer, open_page):
    page = ready(open_page(f"{viewer.address}#/rows/drafts"))
    page.locator("#facet-outcome-wrong").check()
    page.locator(".count", has_text=f"20 of {COUNT} rows").wait_for()
    assert hash_of(page) == "#/rows/drafts?outcome=wrong"
    page.reload()
    page.locator(".count", has_text=f"20 of {COUNT} rows").wait_for()
    page.get_by_role("button", name="Without outcome: wrong").click()
    page.locator(".count", has_text=f"{COUNT} of {COUNT} rows").wait_for()


def test_search_finds_words_of_a_response(viewer, open_page):
    page = ready(open_page(f"{viewer.address}#/rows/critiques"))
    page.keyboard.press("/")
    page.keyboard.type('"Draft 17."')
    page.locator("p.count", has_text=f"1 of {COUNT} rows").wait_for()
    assert "19 cups" in titles(page)[0]


def test_an_item_shows_its_first_wrong_step_and_what_differs(viewer, open_page):
    page = open_first(
        open_page(f"{viewer.address}#/rows/critiques?verdict=wrong&sort=order"), "Critique"
    )
    assert "first wrong step" in page.locator(".steps .wrong").inner_text()
    assert page.locator(".steps li").nth(1).get_attribute("class") == "wrong"
    assert page.locator(".answers dd mark").count() >= 1
    assert "Conclusion: wrong" in page.locator(".side.ink").inner_text()
    assert page.locator(".side.ink math").count() == 1
    assert "injected: wrong product in step 2; 6 became 16" in texts(page)


def test_a_comparison_counts_filters_and_shows_both_answers(viewer, open_page):
    page = ready(open_page(f"{viewer.address}#/compare/scores?a=sft&b=cft"))
    counts = {
        key: page.locator(f"#only-{key} b").inner_text() for key in ("a", "b", "both", "neither")
    }
    assert counts == {"a": "10", "b": "20", "both": "10", "neither": "20"}
    page.locator("#only-a").click()
    page.locator("p.count", has_text=f"10 of {COUNT}").wait_for()
    open_first(page, "Problem 1 of 10")
    assert "I am sft." in page.locator(".side").nth(0).inner_text()
    assert "I am cft." in page.locator(".side").nth(1).inner_text()
    assert "cft" in page.locator(".prose mark").all_inner_texts()
    page.keyboard.press("m")
    page.locator(".prose mark").first.wait_for(state="detached")
    page.keyboard.press("x")
    page.locator(".side h2").first.filter(has_text="cft").wait_for()


def test_hostile_text_shows_as_text(viewer, open_page):
    page = ready(open_page(f"{viewer.address}#/rows/problems?q=hacked"))
    assert "<script>window.hacked = 1</script>" in titles(page)[0]
    open_first(page, "Problem")
    question = page.locator(".problem .prose").first.inner_text()
    assert "<img src=x onerror='window.hacked = 1'></textarea>" in question
    assert "[a](javascript:window.hacked=1)" in question
    assert "U+202E" in question
    assert "⟨ESC⟩[31m" in question
    assert page.evaluate("window.hacked") is None
    assert page.locator(".problem script, .problem img, .problem textarea, .problem a").count() == 0


@pytest.mark.parametrize("address", PAGES)
def test_no_page_scrolls_sideways_on_a_phone(viewer, open_page, address):
    page = ready(open_page(viewer.address + address, size=PHONE))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize(
    "address", ["#/rows/critiques", "#/rows/problems?q=hacked", "#/compare/scores"]
)
def test_no_item_scrolls_sideways_on_a_phone(viewer, open_page, address):
    page = open_first(open_page(viewer.address + address, size=PHONE), ".")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_what_the_server_refuses_is_said(viewer, open_page):
    page = open_page(f"{viewer.address}#/")
    ready(page).route("**/api/rows/**", lambda route: route.fulfill(status=200, body="no"))
    page.evaluate("location.hash = '#/rows/drafts'")
    page.get_by_role("alert").filter(has_text="cannot be read").wait_for()

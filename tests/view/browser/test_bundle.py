"""A bundle: one file that is read without a server."""

import re

import pytest

from redink.view.bundle import write_bundle
from redink.view.run import ViewedRun
from tests.view.browser.small_run import COUNT, write_small_run
from tests.view.browser.test_reading import hash_of, open_first, ready, texts


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    run = ViewedRun(write_small_run(folder / "small"))
    write_bundle(run, folder / "copy.html")
    return (folder / "copy.html").as_uri()


def test_rows_are_filtered_searched_and_read_without_a_server(bundle, open_page):
    page = ready(open_page(f"{bundle}#/rows/critiques"))
    page.get_by_role("group", name="Verdict", exact=True).get_by_label(re.compile("^wrong")).check()
    page.locator("p.count", has_text=f"19 of {COUNT} rows").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("20 cups")
    page.locator("p.count", has_text=f"1 of {COUNT} rows").wait_for()
    open_first(page, "Critique")
    assert "first wrong step" in texts(page)
    assert page.locator("#give-right").count() == 0


def test_arms_are_compared_in_either_order(bundle, open_page):
    page = ready(open_page(f"{bundle}#/compare/scores?a=sft&b=cft"))
    assert page.locator("#only-a b").inner_text() == "10"
    page.keyboard.press("x")
    page.locator("#only-a b", has_text="20").wait_for()
    open_first(page, "Problem 1")
    assert "I am cft." in page.locator(".side").nth(0).inner_text()
    assert "b=sft" in hash_of(page)


def test_hostile_text_shows_as_text(bundle, open_page):
    page = ready(open_page(f"{bundle}#/rows/critiques?q=hacked"))
    open_first(page, "Critique")
    assert "<script>window.hacked = 1</script>" in page.locator(".problem").inner_text()
    assert page.evaluate("window.hacked") is None

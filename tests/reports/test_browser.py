"""The report in a real browser: on a phone, in the dark, on paper, by keyboard."""

import pytest

from redink.reports.formats import write_report
from redink.reports.material import gather
from redink.reports.run_folder import read_run
from tests.chromium import DESK, PHONE, browser, open_page  # noqa: F401
from tests.reports.world import make_run
from tests.view.browser.test_access import serious

WIDE = {f"an-arm-with-a-long-name-{n}": "cwcwcwcc"[n:] + "cwcwcwcc"[:n] for n in range(5)}
PAPER = {"width": 794, "height": 1123}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A report of hostile texts and long names."""
    folder = tmp_path_factory.mktemp("run")
    make_run(folder, arms={"sft": "cwwwcccw", "cft": "ccwwwccw"} | WIDE)
    write_report(gather(read_run(folder)), folder / "report.html", "html")
    return (folder / "report.html").as_uri()


def overflow(page):
    """How many pixels the page is wider than its window, and what sticks out."""
    return page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          const out = [...document.querySelectorAll('body *')]
            .filter(one => one.getBoundingClientRect().right > width + 1
                           && !one.closest('svg') && !one.closest('thead'))
            .map(one => one.outerHTML.slice(0, 120));
          return [document.documentElement.scrollWidth - width, out.slice(0, 3)];
        }"""
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_sticks_out_and_axe_finds_nothing_serious(address, open_page, size, scheme):  # noqa: F811
    page = open_page(address, size, scheme)
    assert overflow(page)[0] == 0
    if size is PHONE:
        assert overflow(page)[1] == []
    assert serious(page) == []


def test_on_paper_it_is_light_fits_and_shows_what_is_folded(address, open_page):  # noqa: F811
    page = open_page(address, PAPER, "dark")
    page.emulate_media(media="print")
    assert overflow(page)[0] == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 29, 27)"
    recipe = page.locator("details pre").last
    assert recipe.evaluate("one => one.getBoundingClientRect().height") > 100
    assert len(page.pdf()) > 10_000


def test_a_cell_leads_to_its_item_by_keyboard(address, open_page):  # noqa: F811
    page = open_page(address)
    link = page.locator("table a[href^='#item-']").first
    link.focus()
    target = link.get_attribute("href")
    page.keyboard.press("Enter")
    item = page.locator(target)
    assert page.evaluate("location.hash") == target
    box = item.bounding_box()
    assert 0 <= box["y"] < DESK["height"]


def test_hostile_text_is_text(address, open_page):  # noqa: F811
    page = open_page(address)
    assert page.evaluate("document.querySelectorAll('script, img, textarea').length") == 0
    text = page.locator("body").inner_text()
    for part in ("<script>alert(1)</script>", "⟨U+202E⟩gnp.exe", "⟨ESC⟩[31mred", "$\\frac{1"):
        assert part in text

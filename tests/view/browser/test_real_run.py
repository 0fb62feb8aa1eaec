"""Report, viewer and bundle of a real run of the quickstart, in a real browser.

REDINK_RUN names the run's folder; without it these are skipped. The run is copied, models apart.
"""

import os
import shutil
from pathlib import Path

import pytest

from redink.cli.reporting import open_run
from redink.reports.formats import write_report
from redink.reports.material import gather
from redink.view.bundle import write_bundle
from redink.view.run import ViewedRun
from tests.chromium import PHONE
from tests.view.browser.conftest import Viewer
from tests.view.browser.test_access import serious
from tests.view.browser.test_reading import PAGES, open_first, ready, texts
from tests.view.browser.test_reviewing import edits_of, pressed

RUN = os.environ.get("REDINK_RUN")
pytestmark = pytest.mark.skipif(not RUN, reason="REDINK_RUN names no run of the quickstart")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    copy = tmp_path_factory.mktemp("real") / Path(RUN).name
    left_out = shutil.ignore_patterns("model", "checkpoints", "*.sqlite*", "*.jsonl")
    shutil.copytree(RUN, copy, ignore=left_out)
    return copy


@pytest.fixture(scope="module")
def real(folder):
    viewer = Viewer(folder)
    yield viewer
    viewer.stop()


def is_too_wide(page):
    root = "document.documentElement"
    return page.evaluate(f"{root}.scrollWidth > {root}.clientWidth")


def count_of(page):
    return int(page.locator("p.count").inner_text().split(" of ")[0].replace(",", ""))


def fewer_than(everything, page):
    """How many rows are listed once they are no longer all."""
    page.wait_for_function(
        "all => !(document.querySelector('p.count')?.innerText ?? all).startsWith(all)",
        arg=f"{everything} of",
    )
    left = count_of(ready(page))
    assert 0 < left < everything
    return left


def test_critiques_are_paged_filtered_and_searched(real, open_page):
    page = ready(open_page(f"{real.address}#/rows/critiques"))
    everything = count_of(page)
    open_first(page, f"1 of {everything}")
    for number in (2, 3):
        page.keyboard.press("j")
        page.locator("h1", has_text=f"{number} of {everything}").wait_for()
    page.keyboard.press("k")
    page.locator("h1", has_text=f"2 of {everything}").wait_for()
    page.goto(f"{real.address}#/rows/critiques?verdict=wrong")
    wrong = fewer_than(everything, page)
    open_first(page, f"1 of {wrong}")
    assert "first wrong step" in texts(page)
    page.goto(f"{real.address}#/rows/critiques")
    ready(page).keyboard.press("/")
    page.keyboard.type("spider")
    fewer_than(everything, page)


def test_two_arms_are_compared(real, open_page):
    page = ready(open_page(f"{real.address}#/compare/scores?a=sft&b=cft&only=disagree"))
    assert count_of(page) > 0
    open_first(page, "Problem 1")
    assert {"correct", "wrong"} <= set(texts(page).split())


def test_a_verdict_given_by_key_is_kept_and_undone(real, open_page):
    page = ready(open_page(f"{real.address}#/rows/critiques?verdict=wrong"))
    open_first(page, "1 of")
    page.keyboard.press("u")
    pressed(page, "unsure")
    page.reload()
    pressed(page, "unsure")
    assert "wrong → unsure" in texts(page)
    page.keyboard.press("z")
    page.locator("#review", has_text="0 of").wait_for()
    assert [edit["new"] for edit in edits_of(real)] == ["unsure", "wrong"]


def test_nothing_is_too_wide_for_a_phone_and_axe_finds_nothing_serious(real, open_page):
    page = ready(open_page(real.address, size=PHONE))
    for address in ("#/", "#/rows/critiques", "#/compare/scores?a=sft&b=cft", "#/live"):
        assert address in PAGES
        page.evaluate("address => { location.hash = address }", address)
        page.wait_for_timeout(200)
        ready(page)
        assert (address, is_too_wide(page), serious(page)) == (address, False, [])


def test_a_bundle_is_read_without_a_server(folder, tmp_path, open_page):
    write_bundle(ViewedRun(folder), tmp_path / "copy.html")
    page = ready(open_page(f"{(tmp_path / 'copy.html').as_uri()}#/rows/critiques"))
    open_first(page, "1 of")
    assert page.locator("#give-right").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_fits_a_phone_and_has_no_serious_fault(folder, tmp_path, open_page, scheme):
    written = tmp_path / "report.html"
    assert write_report(gather(open_run(folder)), written, "html") < 3_000_000
    page = open_page(written.as_uri(), size=PHONE, scheme=scheme)
    assert not is_too_wide(page)
    assert serious(page) == []

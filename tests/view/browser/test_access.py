"""What axe-core finds in each page, light and dark."""

import pytest

from tests.view.browser.test_reading import PAGES, open_first, ready


def serious(page):
    """Axe's serious and critical violations, in short."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    found = axe.Axe().run(page).response["violations"]
    return [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]][:3])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(viewer, open_page, scheme):
    page = open_page(viewer.address, scheme=scheme)
    found = {}
    for address in PAGES:
        page.evaluate("address => { location.hash = address }", address)
        page.wait_for_timeout(100)
        ready(page)
        found[address] = serious(page)
    for address in ("#/rows/critiques?verdict=wrong", "#/compare/scores?a=sft&b=cft"):
        page.evaluate("address => { location.hash = address }", address)
        page.wait_for_timeout(100)
        open_first(page, "1 of")
        found[address + " item"] = serious(page)
    page.keyboard.press("?")
    found["help"] = serious(page)
    assert {address: what for address, what in found.items() if what} == {}

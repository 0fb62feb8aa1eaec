"""Debian's or Playwright's Chromium.

Open for one module of tests at a time: while it is, an event loop runs in this thread, so that
neither a second one nor `asyncio.run` is possible.
"""

import shutil
from pathlib import Path

import pytest

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser():
    """One Chromium for a module's tests; where there is none, they are skipped."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_api.sync_playwright() as playwright:
        chromium = chromium or playwright.chromium.executable_path
        if not Path(chromium).exists():
            pytest.skip("no Chromium on this machine; apt install chromium")
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture
def open_page(browser):
    """Opens pages; at the end no page may have had an error or asked anyone but the viewer."""
    contexts, complaints = [], []

    def told(message):
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def opened(address, size=DESK, scheme="light"):
        context = browser.new_context(viewport=size, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("console", told)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
        page.on("request", lambda request: leaves(request.url))
        page.goto(address)
        return page

    def leaves(url):
        if not url.startswith(("http://127.0.0.1:", "data:", "file:")):
            complaints.append(f"a request to {url}")

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []

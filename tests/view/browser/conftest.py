"""The viewer on a small run, and Debian's or Playwright's Chromium to look at it."""

import shutil
import threading
from pathlib import Path

import pytest

from tests.view.browser.small_run import write_small_run

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


class Viewer:
    """A server in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        import uvicorn

        from redink.view.app import make_app
        from redink.view.run import ViewedRun
        from redink.view.serving import open_port

        self.folder = folder
        opened = open_port("127.0.0.1", 0, None)
        app = make_app(ViewedRun(folder), author="ada")
        config = uvicorn.Config(app, log_level="warning", lifespan="off")
        config.timeout_graceful_shutdown = 1
        self.address = opened.address
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([opened.socket],))
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests; where there is none, they are skipped."""
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


@pytest.fixture(scope="module")
def viewer(tmp_path_factory):
    """The viewer of a small run; a module's tests share it."""
    started = Viewer(write_small_run(tmp_path_factory.mktemp("runs") / "small"))
    yield started
    started.stop()


@pytest.fixture
def new_viewer(tmp_path):
    """The viewer of a small run that a test may change."""
    started = Viewer(write_small_run(tmp_path / "small"))
    yield started
    started.stop()


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

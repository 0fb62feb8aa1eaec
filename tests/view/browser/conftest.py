"""The viewer on a small run."""

import threading
from pathlib import Path

import pytest

from tests.chromium import browser, open_page  # noqa: F401
from tests.view.browser.small_run import write_small_run


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

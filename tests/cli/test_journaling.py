"""`redink journal`: what it counts, rescues and cancels."""

import pytest
import typer
from typer.testing import CliRunner

from redink.cli.journaling import journal
from redink.engines.batch.engine import BatchEngine
from redink.engines.engine import Completion, Conversation, Failure, Sampling
from redink.engines.journal import Journal
from redink.engines.journal.schema import PAGE_SIZE
from redink.errors import UsageError
from redink.records import Message
from tests.engines.batch.batch_server import BatchServer


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "j.sqlite"
    with Journal(path) as opened:
        rows = [(f"k{n}", Completion("", 0, "x" * 2000, 10, 2, "stop")) for n in range(100)]
        opened.put(rows[:60], "gpt")
        opened.put(rows[60:], "")
        opened.fail([("k200", Failure("", 0, "400: too long"))])
    return path


def said(*arguments):
    app = typer.Typer()
    app.command()(journal)
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if result.exception:
        raise result.exception
    return result.output


def test_it_counts_completions_by_model_and_failures_by_reason(path):
    output = said(path)
    assert "60 completions of gpt: 600 prompt and 120 completion tokens" in output
    assert "40 completions of a local model" in output
    assert "1 failed: 400: too long" in output


def test_a_damaged_journal_is_rescued_into_a_new_one(path):
    with path.open("r+b") as stream:
        stream.seek(0)
        stream.write(b"\xa5" * PAGE_SIZE)
    output = said(path, "--rescue")
    assert "100 completions are in" in output
    assert "submitted batches could not be read" in output
    with Journal(path.with_name("j-rescued.sqlite")) as opened:
        assert opened.usage().completions == 100


def test_batches_under_way_are_shown_cancelled_and_forgotten(path):
    with BatchServer() as server:
        server.looks = 10**9
        engine = BatchEngine(f"batch:m@{server.url}", journal=path, report=str, poll=0.01)

        def stop(what, number):
            if what == "look":
                raise OSError("down")

        asked = [Conversation("a", (Message("user", "q"),))]
        engine._api._sleep = interrupt
        server.before_reply = stop
        with pytest.raises(KeyboardInterrupt):
            list(engine.complete(asked, Sampling()))
        server.before_reply = lambda what, number: None
        assert f"batch_0: 1 requests, submitted 0.0 h ago at {server.url}" in said(path)
        assert "1 batches cancelled" in said(path, "--cancel-batches")
        assert server.batches["batch_0"]["status"] == "cancelling"
        assert "1 batches forgotten" in said(path, "--forget-batches")
        assert "no batches are under way" in said(path, "--cancel-batches")
        engine.close()


def interrupt(seconds):
    raise KeyboardInterrupt


def test_a_missing_file_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        said(tmp_path / "none.sqlite")

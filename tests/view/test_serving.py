"""The command: a server on a port, and what it prints."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from redink.cli.viewing import _pairs
from redink.errors import UsageError

VIEW = """
import sys
from pathlib import Path
from redink.cli.viewing import view
view(Path(sys.argv[1]), port=0, author="ada", browser=False, token=sys.argv[2] or None)
"""


@pytest.fixture
def served(run_folder):
    started = []

    def serve(token=""):
        command = [sys.executable, "-c", VIEW, str(run_folder), token]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, process.stdout.readline().split()[-1]

    yield serve
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_run_is_served_live_until_it_is_interrupted(served):
    process, address = served()
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{address}api/run", timeout=10) as reply:
        assert json.load(reply)["recipe"] == "tiny"
    line = urllib.request.urlopen(f"{address}api/live", timeout=10)
    assert json.loads(line.readline().removeprefix(b"data: "))["idle"] is True
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    line.close()


def test_the_printed_address_lets_in_and_no_other_does(served):
    _, address = served("a-long-secret-token")
    with urllib.request.urlopen(address, timeout=10) as reply:
        assert reply.status == 200
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(address.split("?")[0], timeout=10)


def test_filters_of_a_bundle_are_fields_with_values():
    assert _pairs(["agrees=false", "why=a=b", "agrees=none"]) == {
        "agrees": ["false", "none"], "why": ["a=b"],
    }  # fmt: skip
    for wrong in ("agrees", "size=3"):
        with pytest.raises(UsageError, match="--filter"):
            _pairs([wrong])

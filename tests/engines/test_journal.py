"""The journal keeps whole transactions and says which file is broken."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from redink.engines.engine import Completion
from redink.engines.journal import Journal
from redink.errors import StorageError


def completion(number):
    return Completion(f"q{number}", 0, f"answer «{number}»\n", 10, number, "stop")


def test_what_was_put_is_found_by_another_process(tmp_path):
    path = tmp_path / "deep" / "j.sqlite"
    Journal(path).put([(f"k{n}", completion(n)) for n in range(1200)])
    found = Journal(path).get([f"k{n}" for n in range(0, 1300, 2)])
    assert found == {f"k{n}": completion(n) for n in range(0, 1200, 2)}


def test_the_first_completion_of_a_key_stays(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")
    journal.put([("k", completion(1))])
    journal.put([("k", completion(2))])
    assert journal.get(["k"]) == {"k": completion(1)}


KILLED = """
import os, signal, sys
from pathlib import Path
from redink.engines.engine import Completion
from redink.engines.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.put([("first", Completion("a", 0, "x", 1, 1, "stop"))])
def broken():
    yield "second", Completion("b", 0, "x", 1, 1, "stop")
    journal._connection.execute("BEGIN IMMEDIATE")
    journal._connection.execute("INSERT INTO completions VALUES ('second', '{}')")
    os.kill(os.getpid(), signal.SIGKILL)
journal.put(broken())
"""


def test_a_kill_inside_a_transaction_leaves_nothing_of_it(tmp_path):
    path = tmp_path / "j.sqlite"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert list(Journal(path).get(["first", "second"])) == ["first"]


def test_a_file_that_is_no_journal_is_named(tmp_path):
    path = tmp_path / "j.sqlite"
    path.write_text("not a database " * 100)
    with pytest.raises(StorageError, match=r"j\.sqlite"):
        Journal(path)


def test_threads_share_a_journal(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")

    def work(thread):
        for number in range(thread * 20, thread * 20 + 20):
            journal.put([(f"k{number}", completion(number))])
            assert journal.get([f"k{number}"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(journal.get([f"k{number}" for number in range(160)])) == 160


SHARED = """
import sys
from pathlib import Path
from redink.engines.engine import Completion
from redink.engines.journal import Journal
for number in range(60):
    journal = Journal(Path(sys.argv[1]))
    journal.put([(f"{sys.argv[2]}-{number}", Completion("a", 0, "x", 1, 1, "stop"))])
    journal.close()
"""


def test_processes_share_a_file_from_the_first_moment(tmp_path):
    path = tmp_path / "j.sqlite"
    command = [sys.executable, "-c", SHARED, str(path)]
    running = [subprocess.Popen([*command, str(n)]) for n in range(4)]
    assert [process.wait(timeout=120) for process in running] == [0] * 4
    keys = [f"{process}-{number}" for process in range(4) for number in range(60)]
    assert len(Journal(path).get(keys)) == 240

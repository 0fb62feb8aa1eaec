"""Journals of other versions and files of other programs."""

import json
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import asdict

import pytest

from redink.engines.engine import Completion
from redink.engines.journal import Journal, rescue
from redink.engines.journal.schema import VERSION
from redink.errors import StorageError


def old_journal(path, count=300):
    """A file as redink 0 wrote it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE completions (key TEXT PRIMARY KEY, completion TEXT)")
    for number in range(count):
        row = asdict(Completion(f"q{number}", 1, f"«{number}»\0", 7, number, "length"))
        del row["seconds"]
        connection.execute(
            "INSERT INTO completions VALUES (?, ?)",
            (f"k{number}", json.dumps(row, ensure_ascii=False)),
        )
    connection.close()
    return [f"k{number}" for number in range(count)]


def test_a_journal_of_version_0_is_brought_up_to_date(tmp_path):
    keys = old_journal(tmp_path / "j.sqlite")
    for _ in range(2):
        with Journal(tmp_path / "j.sqlite") as journal:
            found = journal.get(keys)
            assert journal.read("PRAGMA user_version") == [(VERSION,)]
        assert found == {
            key: Completion(key, 0, f"«{n}»\0", 7, n, "length") for n, key in enumerate(keys)
        }


OPEN = "import sys; from pathlib import Path; from redink.engines.journal import Journal; "


def test_two_processes_bring_one_file_up_to_date_together(tmp_path):
    keys = old_journal(tmp_path / "j.sqlite", 3000)
    command = [sys.executable, "-c", f"{OPEN} Journal(Path(sys.argv[1]))", tmp_path / "j.sqlite"]
    running = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    assert len(Journal(tmp_path / "j.sqlite").get(keys)) == 3000


KILLED = """
import os, signal
import redink.engines.journal.schema as schema
def killing(key, completion, made=[]):
    made.append(key)
    if len(made) == 200:
        os.kill(os.getpid(), signal.SIGKILL)
    return old_row(key, completion)
old_row, schema.old_row = schema.old_row, killing
"""


def test_a_kill_amid_bringing_up_to_date_leaves_the_old_journal(tmp_path):
    path = tmp_path / "j.sqlite"
    keys = old_journal(path)
    code = f"{OPEN}{KILLED}Journal(Path(sys.argv[1]))"
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == -9
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM completions").fetchone() == (len(keys),)
        assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    assert len(Journal(path).get(keys)) == len(keys)


def test_a_row_of_version_0_that_cannot_be_read_stops_with_the_old_file_in_place(tmp_path):
    path = tmp_path / "j.sqlite"
    keys = old_journal(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE completions SET completion = '{\"id\":' WHERE key = 'k9'")
    connection.close()
    with pytest.raises(StorageError, match="--rescue"):
        Journal(path)
    rescued = rescue(path)
    assert rescued.completions == len(keys) - 1
    assert set(Journal(rescued.path).get(keys)) == set(keys) - {"k9"}


def test_a_newer_journal_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal, journal.transaction() as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StorageError, match=rf"j\.sqlite: .*version {VERSION + 1}.*update redink"):
        Journal(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["j.sqlite"]


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE completions (key TEXT, answer TEXT)"],
        ["CREATE TABLE songs (title TEXT)"],
        ["PRAGMA application_id=77", "CREATE TABLE completions (key TEXT, completion TEXT)"],
        ["PRAGMA user_version=1", "CREATE TABLE completions (key TEXT, completion TEXT)"],
        ["PRAGMA user_version=3"],
    ],
)
def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path, statements):
    path = tmp_path / "j.sqlite"
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"j\.sqlite: .*another program.*name another file"):
        Journal(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["j.sqlite"]


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "j.sqlite"
    path.write_text("not a database " * 100)
    shutil.copy(path, tmp_path / "before")
    with pytest.raises(StorageError, match=r"j\.sqlite: .*no journal; name another file"):
        Journal(path)
    assert path.read_bytes() == (tmp_path / "before").read_bytes()

"""A full disk, a folder that may not be written, a journal that another process holds."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from redink.engines.engine import Completion
from redink.engines.journal import Journal
from redink.engines.journal import journal as module
from redink.errors import StorageError


def answers(numbers, size=3000):
    return [(f"k{n}", Completion("q", 0, f"{n} " + "x" * size, 1, 1, "stop")) for n in numbers]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MB, and a function that makes it read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mounted, capture_output=True).returncode:
        pytest.skip("mounting a small file system takes root and its capabilities")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(journal):
    """Puts until it fails; what was acknowledged and the error."""
    kept = []
    for start in range(0, 4000, 10):
        try:
            journal.put(answers(range(start, start + 10)))
        except StorageError as error:
            return kept, error
        kept += [f"k{n}" for n in range(start, start + 10)]
    raise AssertionError("never full")


def test_a_full_disk_is_said_and_nothing_that_was_put_is_lost(small_disk):
    path = small_disk / "j.sqlite"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 500_000)
    journal = Journal(path)
    kept, error = fill(journal)
    assert len(kept) > 100
    assert "j.sqlite" in str(error)
    assert "free disk space" in str(error)
    assert set(journal.get(kept)) == set(kept)
    ballast.unlink()
    journal.put(answers([9999]))
    journal.close()
    assert set(Journal(path).get([*kept, "k9999"])) == {*kept, "k9999"}


def test_a_new_journal_on_a_full_disk_says_so(small_disk):
    with pytest.raises(OSError, match="space"):
        (small_disk / "ballast").write_bytes(b"x" * 3_000_000)
    with pytest.raises(StorageError, match=r"j\.sqlite: .*disk.*free disk space"):
        Journal(small_disk / "j.sqlite")


def test_a_read_only_file_system_is_said_and_its_journal_left(small_disk):
    path = small_disk / "j.sqlite"
    with Journal(path) as journal:
        journal.put(answers([1]))
    before = path.read_bytes()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StorageError, match=r"j\.sqlite: .*another folder or change its perm"):
        Journal(path).put(answers([2]))
    with pytest.raises(StorageError, match=r"deep/j\.sqlite: .*Read-only"):
        Journal(small_disk / "deep" / "j.sqlite")
    assert path.read_bytes() == before


def test_a_folder_without_permission_is_said(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match=r"j\.sqlite: .*another folder"):
        Journal(tmp_path / "j.sqlite")


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"j\.sqlite: .*another folder"):
        Journal(tmp_path / "file" / "j.sqlite")


LIMITED = """
import resource, sys
from pathlib import Path
from redink.engines.journal import Journal
from tests.engines.journal.test_storage import fill
journal = Journal(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
kept, error = fill(journal)
assert set(journal.get(kept)) == set(kept)
print(error, len(kept), sep="\\n")
"""


def test_a_limit_on_the_size_of_files_is_a_full_disk(tmp_path):
    path = tmp_path / "j.sqlite"
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-c", LIMITED, path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    error, count = done.stdout.splitlines()
    assert "free disk space" in error
    assert len(Journal(path).get([f"k{n}" for n in range(4000)])) == int(count) > 50


def test_a_journal_that_another_process_holds_is_waited_for_then_named(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.2)
    path = tmp_path / "j.sqlite"
    journal = Journal(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match=r"another process holds it.*same command again"):
        journal.put(answers([1]))
    other.execute("ROLLBACK")
    journal.put(answers([1]))
    assert list(journal.get(["k1"])) == ["k1"]

"""A damaged journal is said to be one, and what can be read of it is saved."""

import random
import shutil

import pytest

from redink.engines.engine import Completion, Failure
from redink.engines.journal import Journal, rescue
from redink.engines.journal.schema import PAGE_SIZE
from redink.errors import StorageError

ROWS = 2000
KEYS = [f"{n * 7919:032x}" for n in range(ROWS)]


def answer(number):
    size = 60_000 if number % 100 == 0 else 20 * (number % 90)
    return Completion(KEYS[number], 0, f"<{number}>" + "ü" * size, number, 5, "stop", float(number))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "j.sqlite"
    with Journal(path) as journal:
        for start in range(0, ROWS, 50):
            numbers = range(start, start + 50)
            journal.put([(KEYS[n], answer(n)) for n in numbers], "a model")
        journal.fail([("lost", Failure("q", 0, "no answer"))])
    return path


@pytest.fixture
def damaged(whole, tmp_path):
    """Writes a copy with the given pages (0-based) overwritten; its path."""

    def damage(*numbers, garbage=b"\xa5"):
        path = tmp_path / "j.sqlite"
        shutil.copy(whole, path)
        with path.open("r+b") as stream:
            for number in numbers:
                stream.seek(number * PAGE_SIZE)
                stream.write(garbage * PAGE_SIZE)
        return path

    return damage


def page_kinds(path):
    data = path.read_bytes()
    starts = range(0, len(data), PAGE_SIZE)
    return [data[100 if start == 0 else start] for start in starts]


def rescued_numbers(path):
    before = path.read_bytes()
    rescued = rescue(path)
    assert path.read_bytes() == before
    with Journal(rescued.path) as journal:
        found = journal.get(KEYS)
    assert len(found) <= rescued.completions
    numbers = [n for n, key in enumerate(KEYS) if key in found]
    assert all(found[KEYS[n]] == answer(n) for n in numbers)
    return numbers


@pytest.mark.parametrize("garbage", [b"\xa5", b"\0"])
def test_a_damaged_page_of_rows_is_named_and_costs_its_own_rows_alone(damaged, whole, garbage):
    leaves = [n for n, kind in enumerate(page_kinds(whole)) if kind == 13 and n > 20]
    path = damaged(leaves[5], garbage=garbage)
    with Journal(path) as journal:
        journal.put([("new", answer(1))])
        with pytest.raises(StorageError, match=r"j\.sqlite: .*damaged.*redink journal .* --rescue"):
            journal.get(KEYS)
        assert list(journal.get(["new"])) == ["new"]
    numbers = rescued_numbers(path)
    assert ROWS - 200 < len(numbers) < ROWS


@pytest.mark.parametrize("kind", ["header", "tree", "index"])
def test_pages_without_rows_cost_nothing(damaged, whole, kind):
    kinds = page_kinds(whole)
    if kind == "header":
        path = damaged(0)
    else:
        wanted = {5} if kind == "tree" else {2, 10}
        path = damaged(*(n for n, found in enumerate(kinds) if found in wanted))
    with pytest.raises(StorageError, match="--rescue"):
        Journal(path).get(KEYS)
    assert rescued_numbers(path) == list(range(ROWS))


def test_a_flipped_letter_in_a_text_is_noticed(damaged):
    path = damaged()
    data = bytearray(path.read_bytes())
    data[data.index(b"<1234>") + 1] ^= 1
    path.write_bytes(data)
    with Journal(path) as journal:
        assert len(journal.get(KEYS[:1234])) == 1234
        with pytest.raises(StorageError, match=f"{KEYS[1234]} is not as it was written.*--rescue"):
            journal.get(KEYS)
    assert rescued_numbers(path) == [n for n in range(ROWS) if n != 1234]


@pytest.mark.parametrize("share", [0.02, 0.4, 0.8])
def test_a_truncated_file_keeps_the_rows_before_the_cut(damaged, share):
    path = damaged()
    size = path.stat().st_size
    with path.open("r+b") as stream:
        stream.truncate(int(size * (1 - share)))
    with pytest.raises(StorageError, match="--rescue"):
        Journal(path).get(KEYS)
    numbers = rescued_numbers(path)
    assert (1 - share) * ROWS * 0.8 < len(numbers) < ROWS


def test_rows_that_are_only_in_the_log_are_saved_too(damaged, whole, tmp_path):
    path = tmp_path / "copy" / "j.sqlite"
    path.parent.mkdir()
    source = tmp_path / "live.sqlite"
    shutil.copy(whole, source)
    live = Journal(source)
    live.put([("new", answer(3)), ("long", answer(100))])
    for end in ("", "-wal"):
        shutil.copy(f"{source}{end}", f"{path}{end}")
    live.close()
    with path.open("r+b") as stream:
        stream.write(b"\xa5" * PAGE_SIZE)
    rescued = rescue(path)
    assert rescued.completions == ROWS + 2
    assert Journal(rescued.path).get(["long"])["long"].text == answer(100).text


def test_failures_and_submitted_batches_are_saved_where_they_can_be_read(damaged, whole):
    leaves = [n for n, kind in enumerate(page_kinds(whole)) if kind == 13 and n > 20]
    path = damaged(leaves[3])
    rescued = rescue(path)
    assert rescued.unread == ()
    assert list(Journal(rescued.path).failures(["lost"])) == ["lost"]
    again = rescue(damaged(0))
    assert again.path != rescued.path
    assert again.unread == ("failures", "batches", "batch_requests")


def test_random_damage_never_makes_up_a_row(damaged, tmp_path):
    draw = random.Random(5)
    for _ in range(6):
        path = damaged()
        data = bytearray(path.read_bytes())
        for _ in range(300):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(data)
        assert len(rescued_numbers(path)) > ROWS * 0.5


def test_rescuing_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(StorageError, match=r"missing\.sqlite: cannot be read"):
        rescue(tmp_path / "missing.sqlite")
    assert list(tmp_path.iterdir()) == []

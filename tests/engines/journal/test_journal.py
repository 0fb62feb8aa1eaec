"""The journal keeps whole transactions, completions apart from failures, for all who share it."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from redink.engines.engine import Completion, Failure
from redink.engines.journal import Journal, Usage


def completion(number, key=""):
    text = f"answer «{number}»\n\0 end"
    return Completion(key or f"q{number}", 0, text, 10, number, "stop", 0.5 * number)


def kept(key, number):
    """What the journal gives back: a completion under its key."""
    return completion(number, key)


def test_what_was_put_is_found_by_another_process(tmp_path):
    path = tmp_path / "deep" / "j.sqlite"
    Journal(path).put([(f"k{n}", completion(n)) for n in range(2000)], "a model")
    found = Journal(path).get([f"k{n}" for n in range(0, 2100, 2)])
    assert found == {f"k{n}": kept(f"k{n}", n) for n in range(0, 2000, 2)}


def test_the_first_completion_of_a_key_stays(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")
    journal.put([("k", completion(1))])
    journal.put([("k", completion(2))])
    assert journal.get(["k"]) == {"k": kept("k", 1)}


def test_a_failure_is_no_result_and_goes_when_the_completion_comes(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")
    journal.fail([("k", Failure("q", 0, "500 three times")), ("l", Failure("q", 0, "refused"))])
    journal.fail([("k", Failure("q", 0, "no answer"))])
    assert journal.get(["k", "l"]) == {}
    assert journal.failures(["k", "l", "m"]) == {
        "k": Failure("k", 0, "no answer"), "l": Failure("l", 0, "refused")
    }  # fmt: skip
    assert journal.read("SELECT key, tries FROM failures ORDER BY key") == [("k", 2), ("l", 1)]
    journal.put([("k", completion(1))])
    journal.fail([("k", Failure("q", 0, "too late"))])
    assert list(journal.failures(["k", "l"])) == ["l"]
    assert list(journal.get(["k", "l"])) == ["k"]


def test_usage_is_counted_over_all_or_some_keys(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")
    assert journal.usage() == Usage(0, 0, 0) == journal.usage([])
    journal.put([(f"k{n}", completion(n)) for n in range(1500)])
    assert journal.usage() == Usage(1500, 15_000, sum(range(1500)))
    assert journal.usage([f"k{n}" for n in range(1000, 2000)]) == Usage(
        500, 5000, sum(range(1000, 1500))
    )


def test_half_a_surrogate_pair_does_not_stop_the_rest(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")
    journal.put([("k", Completion("q", 0, "broken \ud83d here", 1, 1, "stop"))])
    assert journal.get(["k"])["k"].text == "broken ? here"


def test_a_text_stands_once_in_the_file(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.put([(f"{n:032x}", completion(n)) for n in range(20)])
        needle = Completion("q", 0, "only here " + "x" * 30_000, 1, 1, "stop")
        journal.put([("k", needle)])
    assert (tmp_path / "j.sqlite").read_bytes().count(b"only here") == 1


def test_bytes_on_disk_stay_near_those_of_the_texts(tmp_path):
    rows = [(f"{n:032x}", Completion("q", 0, "é3" * 600, 9, 9, "stop")) for n in range(3000)]
    random.Random(1).shuffle(rows)
    with Journal(tmp_path / "j.sqlite") as journal:
        for start in range(0, 3000, 32):
            journal.put(rows[start : start + 32], "a-model-of-2024")
    per_row = (tmp_path / "j.sqlite").stat().st_size / 3000
    assert per_row < 1800 + 350


@pytest.mark.parametrize("batch", [1, 100])
def test_twenty_thousand_puts_in_batches_are_fast(tmp_path, batch):
    journal = Journal(tmp_path / "j.sqlite")
    count = 200 * batch
    started = time.process_time()
    for start in range(0, count, batch):
        journal.put(
            [(f"{n * 7919 % count:032x}", completion(n)) for n in range(start, start + batch)]
        )
    seconds = time.process_time() - started
    assert journal.usage().completions == count
    assert seconds / count < 0.002 / min(batch, 10)


KILLED = """
import os, signal, sys
from pathlib import Path
from redink.engines.engine import Completion
from redink.engines.journal import Journal
from redink.engines.journal.schema import INSERT, to_row
journal = Journal(Path(sys.argv[1]))
answer = Completion("b", 0, "x", 1, 1, "stop")
journal.put([("first", answer)])
with journal.transaction() as connection:
    connection.execute(INSERT, to_row("second", answer, "", 0))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_inside_a_transaction_leaves_nothing_of_it(tmp_path):
    path = tmp_path / "j.sqlite"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert list(Journal(path).get(["first", "second"])) == ["first"]


WRITING = """
import os, sys
from pathlib import Path
from redink.engines.engine import Completion
from redink.engines.journal import Journal
journal, start = Journal(Path(sys.argv[1])), int(sys.argv[2])
while True:
    keys = [f"k{n}" for n in range(start, start + 1 + start % 7)]
    journal.put([(key, Completion(key, 0, key * 400, 1, 1, "stop")) for key in keys])
    os.write(1, "".join(f"{key}\\n" for key in keys).encode())
    start += len(keys)
"""


def test_nothing_acknowledged_is_lost_by_ten_kills_at_random_moments(tmp_path):
    path, draw, acknowledged = tmp_path / "j.sqlite", random.Random(3), []
    for _ in range(10):
        command = [sys.executable, "-c", WRITING, str(path), str(len(acknowledged))]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        first = process.stdout.readline()
        time.sleep(draw.random() * 0.15)
        process.kill()
        acknowledged += [first.strip(), *process.communicate()[0].split()]
        assert process.returncode == -signal.SIGKILL
        found = Journal(path).get(acknowledged)
        assert {key: answer.text for key, answer in found.items()} == {
            key: key * 400 for key in acknowledged
        }
    assert len(acknowledged) > 100


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
from redink.engines.engine import Completion, Failure
from redink.engines.journal import Journal
for number in range(60):
    journal = Journal(Path(sys.argv[1]))
    journal.fail([(f"{sys.argv[2]}-{number}", Failure("a", 0, "later"))])
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
    assert Journal(path).failures(keys) == {}

"""The pool of comparing processes: limits, replacement, sharing, and no process left behind."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from redink.errors import MissingExtraError
from redink.grading import crew as crew_module
from redink.grading.pool import ComparisonPool

ENDLESS = ("7", "(10^8)!")


@pytest.fixture(scope="module")
def pool():
    with ComparisonPool(workers=2, limit=1.0) as pool:
        yield pool


def processes(pool):
    """The foreman and its workers."""
    foreman = psutil.Process(pool._crew.process.pid)
    return [foreman, *foreman.children()]


def test_an_endless_comparison_is_killed_and_the_others_are_answered(pool):
    assert dict(pool.compare([("x+1", "1+x")])) == {0: "equal"}
    started = time.monotonic()
    pairs = [ENDLESS, ("x+1", "1+x"), ("x+1", "x+2"), ("@\\frac{", "1")]
    answers = list(pool.compare(pairs))
    assert dict(answers) == {0: "timeout", 1: "equal", 2: "different", 3: "gold_unparsable"}
    assert answers[-1][0] == 0
    assert time.monotonic() - started < 1.0 + 1


def test_the_pool_keeps_its_size_whatever_ends_its_workers(pool):
    pairs = [(str(i), f"({10**8 + i})!") for i in range(4)] + [("x+1", "1+x")] * 2
    assert sorted(dict(pool.compare(pairs)).values()) == ["equal"] * 2 + ["timeout"] * 4
    for worker in processes(pool)[1:]:
        worker.kill()
    many = [(f"x+{i}", f"{i}+x") for i in range(50)]
    assert set(dict(pool.compare(many)).values()) == {"equal"}
    assert len(processes(pool)) == 1 + pool.size


def test_a_lost_foreman_is_replaced_and_nothing_is_answered_twice(pool):
    pairs = [(f"x+{i}", f"{i}+x") for i in range(400)]
    answers = []
    for answer in pool.compare(pairs):
        answers.append(answer)
        if len(answers) == 5:
            processes(pool)[0].kill()
    assert sorted(answers) == [(i, "equal") for i in range(400)]


def test_pairs_are_read_no_further_ahead_than_the_workers_need(pool):
    read = itertools.count()
    endless = ((f"x+{next(read)}", "x") for _ in itertools.repeat(None))
    answers = pool.compare(endless)
    for _ in range(10):
        next(answers)
    answers.close()
    assert next(read) < 1000


def test_closing_ends_every_process_and_the_pool_starts_again():
    pool = ComparisonPool(workers=2)
    list(pool.compare([("x+1", "1+x"), ("x+2", "2+x")]))
    before = processes(pool)
    pool.close()
    assert psutil.wait_procs(before, timeout=5)[1] == []
    assert dict(pool.compare([("x+1", "1+x")])) == {0: "equal"}
    pool.close()


def test_a_caller_that_stops_early_frees_the_workers(pool):
    answers = pool.compare([("x+1", "1+x")] + [(str(i), f"({10**8 + i})!") for i in range(20)])
    assert next(answers)[1] == "equal"
    answers.close()
    started = time.monotonic()
    assert dict(pool.compare([("x+1", "1+x")])) == {0: "equal"}
    assert time.monotonic() - started < 2


def test_a_caller_with_much_to_compare_does_not_hold_up_another(pool):
    """Served in the order of arrival, the short call would wait for ten limits."""
    busy, enough = threading.Event(), threading.Event()

    def compare_much():
        for _ in pool.compare([("x+1", "1+x")] + [(str(i), f"({10**8 + i})!") for i in range(20)]):
            busy.set()
            if enough.is_set():
                break

    thread = threading.Thread(target=compare_much)
    thread.start()
    assert busy.wait(10)
    started = time.monotonic()
    assert dict(pool.compare([("x+1", "1+x"), ("x", "y")])) == {0: "equal", 1: "different"}
    waited = time.monotonic() - started
    enough.set()
    thread.join(30)
    assert waited < 5
    assert not thread.is_alive()


def test_a_worker_may_not_start_processes_open_connections_or_write(tmp_path):
    script = (
        "import os, socket, subprocess, sys\n"
        "from redink.grading.worker import _refuse_to_act\n"
        "sys.addaudithook(_refuse_to_act)\n"
        "path = sys.argv[1]\n"
        "for act in (lambda: os.system(f'touch {path}'), lambda: subprocess.run(['touch', path]),\n"
        "            lambda: open(path, 'w'), lambda: os.mkdir(path), os.fork, socket.socket,\n"
        "            lambda: os.execv('/bin/touch', ['touch', path])):\n"
        "    try:\n"
        "        act()\n"
        "    except PermissionError:\n"
        "        print('refused')\n"
        "print(len(open(sys.executable, 'rb').read(4)))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "marker")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["refused"] * 7 + ["4"]
    assert list(tmp_path.iterdir()) == []


def test_workers_that_cannot_start_are_an_error_that_says_why(monkeypatch, tmp_path):
    (tmp_path / "math_verify.py").write_text("raise ImportError('no math_verify here')")
    (tmp_path / "latex2sympy2_extended.py").write_text("raise ImportError('nor its parser')")
    path = f"{tmp_path}{os.pathsep}{crew_module._search_path()}"
    monkeypatch.setattr(crew_module, "_search_path", lambda: path)
    with ComparisonPool(workers=1) as pool, pytest.raises(MissingExtraError, match="install"):
        list(pool.compare([("x+1", "1+x")]))


SCRIPT = """
import signal
from redink.grading.pool import ComparisonPool
# A shell's background jobs are born ignoring Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
print("body", flush=True)
pool = ComparisonPool(workers=2, limit=60.0)
list(pool.compare([("x+1", "1+x"), ("x+2", "2+x")]))
print(pool._crew.process.pid, flush=True)
list(pool.compare([("7", "(10^8)!")]))
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_script_without_main_guard_works_and_its_workers_die_with_it(tmp_path, end):
    """The owner is ended while one worker computes and the other waits."""
    script = tmp_path / "unguarded.py"
    script.write_text(SCRIPT)
    owner = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "body\n"
    foreman = psutil.Process(int(owner.stdout.readline()))
    started = [foreman, *foreman.children()]
    time.sleep(0.3)
    assert owner.poll() is None
    # Ctrl-C reaches the whole group that runs in the terminal.
    os.killpg(owner.pid, end) if end == signal.SIGINT else os.kill(owner.pid, end)
    owner.wait(20)
    assert len(started) == 3
    assert psutil.wait_procs(started, timeout=15)[1] == []

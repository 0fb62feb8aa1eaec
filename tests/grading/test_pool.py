"""The pool of comparing processes."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil

from redink.grading.pool import ComparisonPool


def test_an_endless_comparison_is_killed_and_the_others_are_answered():
    pool = ComparisonPool(workers=2, limit=1.0)
    try:
        pool_warm = dict(pool.compare([("x+1", "1+x")]))
        assert pool_warm == {0: "equal"}
        started = time.monotonic()
        pairs = [("7", "(10^8)!"), ("x+1", "1+x"), ("x+1", "x+2"), ("@\\frac{", "1")]
        answers = dict(pool.compare(pairs))
        assert answers == {0: "timeout", 1: "equal", 2: "different", 3: "gold_unparsable"}
        assert time.monotonic() - started < 8
    finally:
        pool.close()


def test_closing_ends_every_worker():
    pool = ComparisonPool(workers=2)
    list(pool.compare([("x+1", "1+x"), ("x+2", "2+x")]))
    processes = [worker.process for worker in pool._workers]
    assert len(processes) == 2
    pool.close()
    assert all(process.returncode is not None for process in processes)
    assert dict(pool.compare([("x+1", "1+x")])) == {0: "equal"}
    pool.close()


def test_a_worker_that_died_between_two_uses_is_replaced():
    pool = ComparisonPool(workers=1)
    try:
        list(pool.compare([("x+1", "1+x")]))
        pool._workers[0].process.kill()
        pool._workers[0].process.wait()
        assert dict(pool.compare([("x+1", "1+x")])) == {0: "equal"}
    finally:
        pool.close()


def test_threads_share_a_pool():
    pool = ComparisonPool(workers=1)
    answers: list[dict] = []
    threads = [
        threading.Thread(target=lambda: answers.append(dict(pool.compare([("x+1", "1+x")]))))
        for _ in range(3)
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [{0: "equal"}] * 3
    finally:
        pool.close()


SCRIPT = """
from redink.grading.pool import ComparisonPool
print("body", flush=True)
pool = ComparisonPool(workers=2, limit=1.0)
list(pool.compare([("x+1", "1+x"), ("x+2", "2+x")]))
print(*[worker.process.pid for worker in pool._workers], flush=True)
pool.limit = 60.0
for worker in pool._workers:
    worker.limit = 60.0
list(pool.compare([("7", "(10^8)!")]))
"""


def test_a_script_without_main_guard_works_and_its_workers_die_with_it(tmp_path):
    """The owner is killed while one worker computes and the other waits."""
    script = tmp_path / "unguarded.py"
    script.write_text(SCRIPT)
    owner = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "body\n"
    workers = [psutil.Process(int(pid)) for pid in owner.stdout.readline().split()]
    time.sleep(0.3)
    assert owner.poll() is None
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    _, alive = psutil.wait_procs(workers, timeout=15)
    assert len(workers) == 2
    assert alive == []

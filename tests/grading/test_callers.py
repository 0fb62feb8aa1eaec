"""Grading from wherever it may be called: threads, asyncio, forks, worker processes, Ray."""

import asyncio
import multiprocessing
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from redink.grading import grade
from redink.grading.grader import grade_many
from redink.grading.pool import ComparisonPool, shared_pool
from redink.records import Problem


def outcome(i: int, shift: int = 0) -> str:
    """The outcome of an answer that only the workers can compare."""
    problem = Problem("id", "q", f"(x+{i})(x-1)")
    return grade(f"so it is $\\boxed{{x^2+{i - 1}x-{i + shift}}}$", problem).outcome


def test_many_threads_grade_at_once():
    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(outcome, range(2, 66), [0, 1] * 32))
    assert outcomes == ["correct", "wrong"] * 32


def test_a_coroutine_grades_in_a_thread_while_the_loop_goes_on():
    async def main():
        ticks = 0
        grading = asyncio.gather(*(asyncio.to_thread(outcome, i) for i in range(70, 90)))
        while not grading.done():
            await asyncio.sleep(0.001)
            ticks += 1
        return await grading, ticks

    outcomes, ticks = asyncio.run(main())
    assert outcomes == ["correct"] * 20
    assert ticks > 1


def test_a_coroutine_may_grade_directly():
    async def main():
        return outcome(91), outcome(92, 1)

    assert asyncio.run(main()) == ("correct", "wrong")


def test_small_batches_in_a_background_thread_reuse_the_same_processes():
    with ComparisonPool(workers=1) as pool:
        seen = set()

        def grade_batches():
            for i in range(100, 120):
                problem = Problem("id", "q", f"x+{i}")
                items = [(f"\\boxed{{{i}+x}}", problem, None)] * 3
                assert [one.outcome for one in grade_many(items, pool)] == ["correct"] * 3
                grade_many([(f"\\boxed{{{i}+y}}", problem, None)], pool)
                seen.add(pool._crew and pool._crew.process.pid)

        thread = threading.Thread(target=grade_batches)
        thread.start()
        thread.join()
        assert len(seen - {None}) <= 1


def _outcome_in_child(inbox, i):
    inbox.put((outcome(i), shared_pool()._crew.process.pid))


@pytest.mark.parametrize("daemon", [False, True])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_child_process_grades_with_processes_of_its_own(method, daemon):
    assert outcome(200) == "correct"
    ours = shared_pool()._crew.process.pid
    context = multiprocessing.get_context(method)
    inbox = context.Queue()
    child = context.Process(target=_outcome_in_child, args=(inbox, 201), daemon=daemon)
    child.start()
    found, theirs = inbox.get(timeout=60)
    child.join(20)
    assert (found, child.exitcode) == ("correct", 0)
    assert theirs != ours
    assert outcome(202) == "correct"
    assert shared_pool()._crew.process.pid == ours
    deadline = time.monotonic() + 10
    while psutil.pid_exists(theirs) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(theirs)


def test_a_fork_in_the_middle_of_a_comparison_goes_on_in_parent_and_child():
    pairs = [(f"x+{i}", f"{i}+x") for i in range(300, 340)]
    with ComparisonPool(workers=1) as pool:
        answers = pool.compare(pairs)
        first = next(answers)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(write, str(len(list(answers))).encode())
                pool.close()
            finally:
                os._exit(0)
        os.close(write)
        rest = list(answers)
        os.waitpid(child, 0)
        in_child = int(os.read(read, 100))
        os.close(read)
    assert sorted([first, *rest]) == [(i, "equal") for i in range(40)]
    assert in_child == 39


def test_ray_workers_grade():
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        remote = ray.remote(num_cpus=1)(_grade_in_ray)
        path = os.pathsep.join(sys.path)
        found = ray.get([remote.remote(path, i, i % 2) for i in range(2, 22)], timeout=300)
    finally:
        ray.shutdown()
    assert [one for one, _ in found] == ["correct", "wrong"] * 10
    assert os.getpid() not in {owner for _, owner in found}


def _grade_in_ray(path, i, shift):
    """Stands alone: Ray's worker cannot import the test module."""
    import os
    import sys

    sys.path += [part for part in path.split(os.pathsep) if part not in sys.path]
    from redink.grading import grade
    from redink.records import Problem

    problem = Problem("id", "q", f"(x+{i})(x-1)")
    text = f"so it is $\\boxed{{x^2+{i - 1}x-{i + shift}}}$"
    return grade(text, problem).outcome, os.getpid()

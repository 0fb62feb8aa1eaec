"""One worker: a process forked by the foreman that compares one pair at a time.

It answers each line `[gold, answer]` on its standard input with one line `[outcome, stays]`, where
outcome is a `symbolic.Comparison`, `memory` or `crash`, and `stays` is false where it ends itself
after this answer. It dies with its foreman.
"""

import contextlib
import json
import os
import re
import resource
import signal
import sys
from typing import Any, NoReturn

LESSONS = (
    r"\frac{1}{2}",
    r"\left( 3, \frac{\pi}{2} \right)",
    r"2\sqrt{13} + x^2 - 3x",
    r"(-\infty, 2) \cup [3, 4]",
    r"\{1, -2\}",
    r"\frac{n(n+1)(2n+1)}{6}",
    r"x = 3y",
    r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
    r"\log_{2} 5 + \ln 3",
    r"\binom{2n}{n}",
    r"2^{n} - n - 1",
    r"\frac{\sqrt{3}}{2} - i\sqrt{5}",
    r"\left\lfloor \frac{n}{2} \right\rfloor + 1",
    r"\sin^2 x + \cos(2x)",
    r"x \in [-2, 7]",
    r"\frac{k!}{2(k-d)!}",
    r"a_{n} \le 3",
    r"y = -\frac{4}{3}x + 2",
    r"\sqrt[3]{2} + e^{-x}",
    r"\pm \frac{1}{2}",
    r"5\pi + 3 \cdot 10^{4}",
    r"k\left(4k^{2}+k-1\right)/2",
    r"x^5 - x^4 + 3x^2 - x + 1",
    r"(a+5)(b+2)",
)
"""Spellings whose grammar the parser learns while the foreman has nothing else to do.

It learns as it reads: 300 diverse pairs took a bare worker 1.65 s of processor time, one forked
after all lessons 1.0 s, and 0.07 s the second time. The lessons take 0.8 s.
"""
LARGEST_RESIDENT = 300 * 1024**2
"""Bytes; a worker that ever held more is replaced (one that has just loaded holds 70 MiB)."""

_ANSWERS = 3
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_REFUSED = ("subprocess.", "socket.", "shutil.", "pty.", "ctypes.", "webbrowser.", "urllib.")
_REFUSED_OF_OS = re.compile(
    r"os\.(?:system|exec|fork|forkpty|posix_spawn|spawn|startfile|kill|killpg|remove|rename|rmdir|"
    r"mkdir|chmod|chown|link|symlink|truncate|putenv|unsetenv)"
)


def load() -> None:
    """Loads what a comparison needs.

    Raises ImportError where it is not installed.
    """
    import math_verify  # noqa: F401

    from redink.grading.symbolic import compare

    compare(r"\frac{n}{2} + x", r"x + \frac{1}{2} n")


def learn(lesson: str) -> None:
    """Reads one spelling."""
    from redink.grading.latex import UnreadableError, read_latex

    with contextlib.suppress(UnreadableError):
        read_latex(lesson)


def become_worker(questions: int, answers: int, limit: float, memory: int) -> NoReturn:
    """Turns this freshly forked process into a worker; never returns.

    Args:
        questions: file descriptor that pairs are read from.
        answers: file descriptor that outcomes are written to.
        limit: seconds after which the worker ends itself, should its foreman not have.
        memory: bytes of address space.
    """
    try:
        os.dup2(questions, 0)
        os.dup2(answers, _ANSWERS) if answers != _ANSWERS else None
        os.dup2(2, 1)  # what a library prints must not be read as an answer
        os.closerange(_ANSWERS + 1, 1024)  # its siblings' pipes must close with their owner
        _die_with_parent()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        _limit_memory(memory)
        sys.dont_write_bytecode = True
        sys.addaudithook(_refuse_to_act)
        _serve(limit)
    finally:
        os._exit(0)


def _serve(limit: float) -> None:
    with os.fdopen(0, "rb", closefd=False) as questions:
        for line in questions:
            signal.setitimer(signal.ITIMER_REAL, limit)
            outcome = _outcome(*json.loads(line))
            signal.setitimer(signal.ITIMER_REAL, 0)
            stays = _greatest_resident() < LARGEST_RESIDENT
            os.write(_ANSWERS, json.dumps([outcome, stays]).encode() + b"\n")
            if not stays:
                return


def _outcome(gold: str, answer: str) -> str:
    from redink.grading.symbolic import compare

    try:
        return compare(gold, answer)
    except MemoryError:
        return "memory"
    except Exception:
        return "crash"


def _refuse_to_act(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: a comparison starts no process, opens no connection and writes no file.

    sympy's parser evaluates strings that it has itself built; should an answer ever get through
    it, there is nothing that it could do here.
    """
    if event == "open":
        refused = bool(arguments[2] & _WRITING)
    else:
        refused = _REFUSED_OF_OS.fullmatch(event) is not None or event.startswith(_REFUSED)
    if refused:
        raise PermissionError(f"{event} is refused in a grading worker")


def _greatest_resident() -> int:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def _limit_memory(limit: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard == resource.RLIM_INFINITY or hard > limit:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _die_with_parent() -> None:
    """On Linux the kernel ends the worker with its foreman; elsewhere end of input and timer do."""
    if sys.platform == "linux":
        import ctypes

        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)

"""Killed at any moment, an engine goes on where it was: nothing twice, nothing lost."""

import os
import random
import signal
import sqlite3
import time

import redink.engines.transformers as engines
from redink.engines.engine import Conversation, Sampling
from redink.engines.journal import Journal
from redink.engines.opening import open_engine
from redink.records import Message
from tests.forked import forked

SAMPLING = Sampling(temperature=1.0, top_p=0.9, max_tokens=60, samples=2, seed=1)
PROMPTS = 20


def asked():
    return [
        Conversation(f"q{n}", (Message("user", f"{'What is ' * (n % 4)}{n} + {n}?"),))
        for n in range(PROMPTS)
    ]


def generate(student, journal, log):
    """Completes all, and notes what was made before it is kept and again behind."""
    engines.COMMIT_SECONDS = 0.02
    put = Journal.put
    notes = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def logged(journal, items):
        items = list(items)
        os.write(notes, "".join(f"made {key}\n" for key, _ in items).encode())
        put(journal, items)
        os.write(notes, "".join(f"kept {key}\n" for key, _ in items).encode())

    Journal.put = logged
    engine = open_engine(student, dtype="float32", batch_size=8, journal=journal)
    for _ in engine.complete(asked(), SAMPLING):
        pass


def test_no_completion_is_lost_or_made_twice_by_kills(tiny_student, tmp_path):
    journal, log = tmp_path / "j.sqlite", tmp_path / "log"
    kills, draw = 0, random.Random(2)
    for _ in range(12):
        before = size_of(log)
        process = forked(generate, tiny_student, journal, log)
        while process.is_alive() and size_of(log) == before:
            time.sleep(0.002)
        if kills < 3:
            time.sleep(draw.random() * 0.1)
            process.kill()
        process.join(120)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        kills += 1
    assert kills == 3
    lines = [line.split() for line in log.read_text().splitlines()]
    kept = [key for what, key in lines if what == "kept"]
    assert len(kept) == len(set(kept))
    in_journal = {key for (key,) in sqlite3.connect(journal).execute("SELECT key FROM completions")}
    assert len(in_journal) == PROMPTS * SAMPLING.samples
    for place, (what, key) in enumerate(lines):
        # Once a completion is in the journal it is not generated again.
        assert what == "kept" or ["kept", key] not in lines[:place]
    fresh = list(
        open_engine(tiny_student, dtype="float32", batch_size=8).complete(asked(), SAMPLING)
    )
    resumed = open_engine(tiny_student, dtype="float32", batch_size=8, journal=journal)
    done = list(resumed.complete(asked(), SAMPLING))
    assert sorted(done, key=str) == sorted(fresh, key=str)


def size_of(path):
    return path.stat().st_size if path.exists() else 0

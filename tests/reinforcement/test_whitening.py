"""Whitening is over all tokens that count, of all processes."""

import json
import os
import statistics
import subprocess
import sys

import pytest
import torch

from redink.reinforcement.whitening import whitened

VALUES = [0.3, -1.2, 4.0, 100.0, 0.0, 2.5, -100.0, 0.7, 1.1]
COUNTS = [True, True, True, False, True, True, False, True, True]


def by_hand(values, counts):
    kept = [value for value, counts_ in zip(values, counts, strict=True) if counts_]
    mean, deviation = statistics.fmean(kept), (statistics.variance(kept) + 1e-8) ** 0.5
    pairs = zip(values, counts, strict=True)
    return [(value - mean) / deviation if counts_ else 0.0 for value, counts_ in pairs]


def test_whitened_values_are_those_of_the_statistics_module():
    found = whitened(torch.tensor(VALUES), torch.tensor(COUNTS))
    assert found.tolist() == pytest.approx(by_hand(VALUES, COUNTS), abs=1e-6)
    kept = found[torch.tensor(COUNTS)]
    assert kept.mean().item() == pytest.approx(0, abs=1e-6)
    assert kept.var().item() == pytest.approx(1, abs=1e-6)


def test_equal_values_and_single_ones_become_zero_not_infinite():
    assert whitened(torch.tensor([2.0, 2.0, 2.0]), torch.tensor([True] * 3)).tolist() == [0.0] * 3
    assert whitened(torch.tensor([5.0, 1.0]), torch.tensor([True, False])).tolist() == [0.0, 0.0]
    assert whitened(torch.tensor([5.0, 1.0]), torch.tensor([False] * 2)).tolist() == [0.0, 0.0]


PROCESS = """
import json, sys
import torch
from redink.reinforcement.whitening import whitened
from redink.training.group import join, leave, place
values, counts, cut, out = json.loads(sys.argv[1])
mine = slice(0, cut) if place() == 0 else slice(cut, None)
join()
found = whitened(torch.tensor(values)[mine], torch.tensor(counts)[mine])
open(f"{out}/{place()}.json", "w").write(json.dumps(found.tolist()))
leave()
"""


def test_two_processes_whiten_by_the_mean_and_variance_of_both(tmp_path):
    script = tmp_path / "process.py"
    script.write_text(PROCESS)
    given = json.dumps([VALUES, COUNTS, 3, str(tmp_path)])
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        str(script), given,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))
    parts = [json.loads((tmp_path / f"{place}.json").read_text()) for place in (0, 1)]
    assert [len(part) for part in parts] == [3, 6]
    together = [value for part in parts for value in part]
    assert together == pytest.approx(by_hand(VALUES, COUNTS), abs=1e-6)
    alone = by_hand(VALUES[:3], COUNTS[:3])
    assert together[:3] != pytest.approx(alone, abs=1e-2)

"""Problems, settings and the command line that a folder's train.sh comes to."""

import json
import os
import subprocess
import sys

from redink.handover.handing import hand_over
from redink.handover.placement import Placement
from redink.records import Problem, problem_id
from redink.tables import problem_table
from tests.handover.openrlhf_options import Parser

GAPS = ("reference", "penalty_form")
"""What every training has with rloo's own defaults."""
SHIM = f"""#!{sys.executable}
import json, sys
print(json.dumps(sys.argv[1:]))
"""


def sums(count=10, start=3):
    rows = [(f"{n} + 4 =", str(n + 4)) for n in range(start, start + count)]
    return problem_table([Problem(problem_id(q, a), q, a) for q, a in rows])


def handed_over(student, out, settings=None, **options):
    """A folder of a small training."""
    small = {"steps": 3, "problems_per_step": 4, "samples": 2, "max_tokens": 24}
    drop = options.pop("drop", GAPS)
    given = {"placement": Placement(2), "drop": drop} | options
    return hand_over(sums(), small | (settings or {}), student, out, **given)


def command(folder, tmp_path):
    """What train.sh runs: the shell's own reading of it, with a python3 that says what it got."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir(exist_ok=True)
    shim = bin_folder / "python3"
    shim.write_text(SHIM)
    shim.chmod(0o755)
    environment = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}"}
    run = subprocess.run(
        ["bash", str(folder / "train.sh")],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    return json.loads(run.stdout)


def options_of(folder, tmp_path):
    """The options that OpenRLHF is given, read as it reads them."""
    module, name, *words = command(folder, tmp_path)
    assert (module, name) == ("-m", "openrlhf.cli.train_ppo_ray")
    return Parser().read(words)

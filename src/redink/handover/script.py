"""train.sh and reward.py: what is run, and what it calls."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from redink.handover.flags import VERSION, Flag, Section

REWARD = '''"""Marks OpenRLHF's rollouts with redink's rewards; see README.md."""

from pathlib import Path

from redink.handover.marking import ROLLOUTS, Marker

_FOLDER = Path(__file__).resolve().parent
_MARKER = Marker(_FOLDER, log=_FOLDER / "trained" / ROLLOUTS)


def reward_func(queries, prompts, labels):
    """OpenRLHF's signature: texts of prompt and answer, the prompts, the rows' labels."""
    return _MARKER(queries, prompts, labels)
'''

_HEAD = f"""\
#!/usr/bin/env bash
# Written by redink hand-over for OpenRLHF {VERSION}, whose option names these are; see README.md.
#
#   bash train.sh                    one machine
#   RAY_ADDRESS=auto bash train.sh   several, after `ray start` on each of them
#
# The same command goes on from the last checkpoint. MODEL=… trains from another place of the same
# model. What stands behind a # is the setting of redink's that an option stands for.
set -euo pipefail
HERE="$(cd "$(dirname "${{BASH_SOURCE[0]}}")" && pwd)"
case "$HERE" in
*[,@]*)
  echo "$HERE: OpenRLHF reads a comma or @ in a path as something else; move the folder" >&2
  exit 2
  ;;
esac
"""


def train_script(sections: Sequence[Section], model: Path) -> str:
    """The whole of train.sh.

    Args:
        sections: its options.
        model: folder of the student.
    """
    named = shlex.quote(str(model))
    options = "\n\n".join(_section(section) for section in sections)
    return (
        f"{_HEAD}MODEL=${{MODEL:-{named}}}\n\nOPTIONS=(\n{options}\n)\n\n"
        'exec python3 -m openrlhf.cli.train_ppo_ray "${OPTIONS[@]}" "$@"\n'
    )


def _section(section: Section) -> str:
    lines = [f"  # {section.title}"]
    return "\n".join([*lines, *(_line(flag) for flag in section.flags)])


def _line(flag: Flag) -> str:
    option = "  " + " ".join([flag.name, *flag.values])
    return f"{option:<58}  # {flag.stands_for}" if flag.stands_for else option

"""redink: teach language models to reason by having their work marked.

The verbs of a recipe are these functions; the YAML executes exactly them.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redink.plan import make_plan
    from redink.recipe import read_recipe
    from redink.records import Critique, Example, Message, Problem, Response, Score
    from redink.run import run_plan
    from redink.stages.chain import chain
    from redink.stages.compare import compare
    from redink.stages.corrupt import corrupt
    from redink.stages.critique import critique
    from redink.stages.evaluate import evaluate
    from redink.stages.finetune import finetune
    from redink.stages.fit import fit
    from redink.stages.label import label
    from redink.stages.load import load
    from redink.stages.pose import pose
    from redink.stages.refine import refine
    from redink.stages.reinforce import reinforce
    from redink.stages.respond import respond
    from redink.stages.scale import scale
    from redink.stages.select import select
    from redink.tables import Table

_HOMES = {
    "chain": "redink.stages.chain",
    "compare": "redink.stages.compare",
    "corrupt": "redink.stages.corrupt",
    "critique": "redink.stages.critique",
    "evaluate": "redink.stages.evaluate",
    "finetune": "redink.stages.finetune",
    "fit": "redink.stages.fit",
    "label": "redink.stages.label",
    "load": "redink.stages.load",
    "pose": "redink.stages.pose",
    "refine": "redink.stages.refine",
    "reinforce": "redink.stages.reinforce",
    "respond": "redink.stages.respond",
    "scale": "redink.stages.scale",
    "select": "redink.stages.select",
    "make_plan": "redink.plan",
    "read_recipe": "redink.recipe",
    "run_plan": "redink.run",
    "Critique": "redink.records",
    "Example": "redink.records",
    "Message": "redink.records",
    "Problem": "redink.records",
    "Response": "redink.records",
    "Score": "redink.records",
    "Table": "redink.tables",
}

__all__ = [
    "Critique",
    "Example",
    "Message",
    "Problem",
    "Response",
    "Score",
    "Table",
    "chain",
    "compare",
    "corrupt",
    "critique",
    "evaluate",
    "finetune",
    "fit",
    "label",
    "load",
    "make_plan",
    "pose",
    "read_recipe",
    "refine",
    "reinforce",
    "respond",
    "run_plan",
    "scale",
    "select",
]


def __getattr__(name: str) -> Any:
    # Importing all verbs takes 0.2 s and more; `redink --help` needs none of them.
    if name not in _HOMES:
        raise AttributeError(f"module 'redink' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

"""The house rules that a machine can check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import redink

SOURCE = Path(redink.__file__).parent
FLOORS = [
    {"cli"},
    {"run", "plan", "recipe", "expansion", "hardware", "overlaps", "finished", "regrading",
     "reach", "view"},
    {"stages"},
    {"engines", "teachers", "corruption", "grading", "training", "evaluation", "problems",
     "reports", "selection", "audit", "formats", "labelling", "scoring", "refinement", "critics",
     "chains", "scaling", "rewards", "reinforcement", "handover"},
    {"models", "arithmetic", "prompts", "steps", "edits", "mathematics", "mathml"},
    {"tables"},
    {"records", "errors", "files", "progress", "standing", "board", "live", "machine", "visible"},
]  # fmt: skip
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


def room_of(path):
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return parts[0]


def module_of(path):
    parts = ["redink", *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {module_of(path) for path in MODULES}


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("redink."):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from names & NAMES or {node.module}
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("redink."))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_module_imports_from_a_higher_floor(path):
    for module in imports_of(path):
        assert FLOOR[room_of(path)] <= FLOOR[module.split(".")[1]], module


def test_modules_import_each_other_in_no_circle():
    graph = {module_of(path): set(imports_of(path)) for path in MODULES}
    finished, path = set(), []

    def visit(module):
        assert module not in path, " -> ".join([*path, module])
        if module in finished or module not in graph:
            return
        path.append(module)
        for other in graph[module]:
            if other != module:
                visit(other)
        path.pop()
        finished.add(module)

    for module in graph:
        visit(module)


def test_no_file_has_more_than_400_lines():
    files = [*SOURCE.rglob("*"), *Path(__file__).parent.rglob("*.py")]
    text = [f for f in files if f.suffix in (".py", ".yaml", ".css", ".j2")]
    assert [f.name for f in text if len(f.read_text().splitlines()) > 400] == []


def test_help_and_import_stay_light():
    code = "import sys, redink, redink.cli.app; print([m for m in sys.modules if m in HEAVY])"
    heavy = {"torch", "transformers", "trl", "datasets", "pyarrow", "pydantic", "sympy", "yaml"}
    found = subprocess.run(
        [sys.executable, "-c", code.replace("HEAVY", repr(heavy))],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip() == "[]"


def test_public_names_can_all_be_imported():
    assert {name for name in redink.__all__ if getattr(redink, name, None) is None} == set()


PUBLIC = {
    "load": "source n seed split columns options exclude data format kind skip_bad",
    "select": "rows outcome verdict agrees min_chars max_chars length_of deduplicate deduplicate_at"
    " deduplicate_on decontaminate decontaminate_at against data trim per_problem balance"
    " mixture take spread n seed refined useful pass_rate",
    "corrupt": "problems wrong kinds per_problem annotations seed",
    "critique": "responses teacher style seed preset prompt temperature top_p max_tokens accept "
    "keep engine dtype batch_size concurrency rpm tpm timeout prices max_cost max_tokens_total "
    "journal",
    "respond": "problems model prompt samples temperature top_p max_tokens dedup engine dtype "
    "batch_size seed concurrency rpm tpm timeout prices max_cost max_tokens_total journal "
    "from_step",
    "evaluate": "models benchmarks prompt preset samples temperature top_p max_tokens stop seed "
    "engine dtype batch_size judge journal",
}


@pytest.mark.parametrize("verb", PUBLIC)
def test_public_signatures_are_pinned(verb):
    import inspect

    assert " ".join(inspect.signature(getattr(redink, verb)).parameters) == PUBLIC[verb]

"""The recipes of the paper's experiments, in small: a tiny student, a test server as teacher."""

import json
import sys
from pathlib import Path

import pytest

from redink.plan import make_plan
from redink.recipe import builtin_recipes, read_recipe
from redink.run import run_plan
from redink.tables import Table

ROOT = Path(__file__).parents[1]
ROWS = 40
PUBLISHED = "cft-qwen2.5-math-7b"
"""It trains on published critiques: there is none to make."""
SMALL = "cft-then-rl"
"""It runs on two cores as it stands."""
LARGE = [
    name
    for name in builtin_recipes()
    if name.startswith(("cft-", "ablation-")) and name not in (PUBLISHED, SMALL)
]
COLUMNS = "{question: question, response: answer}"


@pytest.fixture(scope="module")
def server():
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from benchmarks.endpoint_server import start_server

    with start_server(latency=(0.0, 0.02), reply_bytes=150) as running:
        yield running


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Questions with solutions and no reference answers, one of them a test question."""
    path = tmp_path_factory.mktemp("web") / "answers.jsonl"
    rows = [
        {"question": f"What is {n} plus {2 * n + n % 3}?", "answer": f"It is {3 * n}."}
        for n in range(1, ROWS + 1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def small(name, student, answers, url):
    """A shipped recipe with its sizes, data, teachers and benchmarks exchanged."""
    text = builtin_recipes()[name]
    held = "{do: load, source: 'gym:chain_sum', n: 3, split: test}"
    changes = [
        f"student={student}",
        "validation=null",
        f"stages.gsm8k-train={held}",
        f"stages.heldout={held}",
        f"stages.answers.source={answers}",
        f"stages.answers.columns={COLUMNS}",
        "stages.noisy.decontaminate=null",
        "stages.noisy.n=24",
        "stages.scores.benchmarks=[heldout]",
        "stages.scores.preset=null",
        "stages.scores.max_tokens=8",
    ]
    for line in text.splitlines():
        stage = line.strip().partition(":")[0]
        if "do: critique" in line:
            changes.append(f"stages.{stage}.teacher=endpoint:{stage}@{url}")
        if "do: finetune" in line:
            changes += [f"stages.{stage}.batch_size=8", f"stages.{stage}.max_tokens=512"]
        if "do: respond" in line:
            changes.append(f"stages.{stage}.max_tokens=8")
        if "do: select" in line and ", n: " in line:
            changes.append(f"stages.{stage}.n=4")
        if "trim:" in line:
            changes.append(f"stages.{stage}.trim=[2, 2]")
    return read_recipe(name, changes)


@pytest.mark.parametrize("name", LARGE)
def test_its_data_are_made(name, tiny_student, answers, server, tmp_path):
    recipe = small(name, tiny_student, answers, server.url)
    plan = make_plan(recipe, tmp_path)
    made = [s for s in plan.stages if s.stage.verb.name in ("critique", "select")]
    for planned in made:
        run_plan(plan, until=planned.name)
        table = Table.read(planned.folder)
        assert len(table) in (4, 24) or planned.stage.settings.get("verdict")
    assert {s.stage.verb.name for s in made} == {"critique", "select"}


@pytest.mark.usefixtures("trainer_loaded")
def test_the_papers_experiment_runs_to_its_report(tiny_student, answers, server, tmp_path):
    plan = make_plan(small("cft-webinstruct", tiny_student, answers, server.url), tmp_path)
    run_plan(plan)
    report = plan.by_name["report"].folder / "report.html"
    assert "sft-verified" in report.read_text()
    critiques = plan.by_name["critiques"].facts()
    assert critiques["rows"] == 24
    assert critiques["tokens"] > 0


def test_two_runs_with_one_journal_ask_for_nothing_twice(tiny_student, answers, server, tmp_path):
    recipe = small("cft-webinstruct", tiny_student, answers, server.url)
    journal = tmp_path / "shared.sqlite"
    first, second = (make_plan(recipe, tmp_path / name) for name in ("a", "b"))
    run_plan(first, until="critiques", journal=journal)
    before = server.stats()["requests"]
    run_plan(second, until="critiques", journal=journal)
    assert server.stats()["requests"] == before
    tables = [Table.read(plan.by_name["critiques"].folder) for plan in (first, second)]
    assert tables[0].rows == tables[1].rows

"""No number rests on problems that its model was trained or chosen on, unless marked."""

import json
from pathlib import Path

import pytest

from redink.errors import DataError
from redink.plan import make_plan
from redink.recipe import check_recipe
from redink.run import run_plan
from redink.tables import Table


def problems(folder: Path, name: str, numbers: range) -> str:
    path = folder / f"{name}.jsonl"
    rows = [{"question": f"What is {n} + {n}?", "answer": 2 * n, "solution": f"{n} + {n} = {2 * n}"}
            for n in numbers]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def recipe(tmp_path, tiny_student):
    """A recipe whose data files hold the given numbers' problems."""

    def make(train, chosen, reported, **fields):
        stages = {
            "train": {"do": "load", "source": problems(tmp_path, "train", train)},
            "chosen": {"do": "load", "source": problems(tmp_path, "chosen", chosen)},
            "arm": {"do": "finetune", "data": "train", "learning_rate": 1e-3,
                    "validate_every": 1, "validate_tokens": 8, "batch_size": 2},
            "reported": {"do": "load", "source": problems(tmp_path, "reported", reported)},
            "scores": {"do": "evaluate", "models": ["student", "arm"], "benchmarks": "reported",
                       "max_tokens": 8},
            "report": {"do": "compare", "scores": "scores", "baseline": "student"},
        }  # fmt: skip
        raw = {"student": str(tiny_student), "stages": stages, "validation": "chosen", **fields}
        return make_plan(check_recipe(raw, "made", "made"), tmp_path / "runs")

    return make


def test_validation_on_reported_problems_stops_the_run_before_any_training(recipe):
    plan = recipe(range(4), range(10, 20), range(15, 40))
    with pytest.raises(DataError) as error:
        run_plan(plan)
    assert "'chosen', which holds 5 of the 25 problems of benchmark 'reported'" in str(error.value)
    assert "allow_overlap: true" in str(error.value)
    assert plan.by_name["reported"].done
    assert not plan.by_name["arm"].folder.exists()


def test_with_allow_overlap_every_table_carries_the_mark(recipe, capsys):
    plan = recipe(range(4), range(10, 20), range(15, 40), allow_overlap=True)
    run_plan(plan)
    [mark] = Table.read(plan.by_name["scores"].folder).provenance["marks"]
    assert "5 of the 25 problems" in mark
    folder = plan.by_name["report"].folder
    assert "5 of the 25 problems" in " ".join(capsys.readouterr().out.split())
    assert json.loads((folder / "comparison.json").read_text())["marks"] == [mark]
    assert "5 of the 25 problems" in (folder / "report.html").read_text()


def test_a_disjoint_validation_set_chooses_the_checkpoint_and_leaves_no_mark(recipe):
    plan = recipe(range(4), range(10, 14), range(15, 20))
    run_plan(plan)
    assert Table.read(plan.by_name["scores"].folder).provenance["marks"] == []
    facts = json.loads((plan.by_name["arm"].folder / "model" / "training.json").read_text())
    assert [look["step"] for look in facts["validation"]["looks"]] == [1, 2]
    assert facts["validation"]["problems"] == 4


def test_training_on_reported_problems_is_refused_before_any_training(recipe):
    plan = recipe(range(10), range(20, 24), range(8, 12), allow_overlap=True)
    with pytest.raises(DataError, match="2 problems of benchmark 'reported' are in 'train'"):
        run_plan(plan)
    assert not plan.by_name["arm"].folder.exists()


def test_the_same_question_in_other_spacing_is_the_same_problem(recipe, tmp_path):
    plan = recipe(range(4), range(10, 12), range(20, 24))
    text = (tmp_path / "chosen.jsonl").read_text()
    (tmp_path / "chosen.jsonl").write_text(text.replace("What is 10 + 10?", "what is  20 +20 ?"))
    plan = make_plan(plan.recipe, tmp_path / "other")
    with pytest.raises(DataError, match="holds 1 of the 4 problems"):
        run_plan(plan)

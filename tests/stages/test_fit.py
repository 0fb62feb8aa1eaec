"""fit: a scorer learns, resumes exactly, is calibrated and loads anywhere."""

import json
import math
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from redink.errors import DataError, ModelError, UsageError
from redink.records import Response
from redink.scoring import Scorer, scorer_quality
from redink.stages.fit import fit
from redink.tables import response_table
from tests.scoring.cued import cued_problem, cued_response, cued_responses, cued_step_labels

SETTINGS = {
    "learning_rate": 3e-3,
    "epochs": 4,
    "batch_size": 8,
    "max_tokens": 256,
    "checkpoint_steps": 5,
    "precision": "fp32",
    "seed": 5,
}

ORM_SETTINGS = SETTINGS | {"epochs": 10}


@pytest.fixture(scope="module")
def sorm(tmp_path_factory, tiny_student):
    out = tmp_path_factory.mktemp("sorm")
    apart = cued_step_labels(16, start=100)
    data = cued_step_labels(48)
    fit(data, base=tiny_student, kind="sorm", calibration=apart, out=out, **SETTINGS)
    return out


@pytest.fixture(scope="module")
def orm(tmp_path_factory, tiny_student):
    out = tmp_path_factory.mktemp("orm")
    fit(cued_responses(48), base=tiny_student, kind="orm", out=out, **ORM_SETTINGS)
    return out


def record(out, name="training.json"):
    return json.loads((out / "model" / name).read_text())


def weights(out):
    return (out / "model" / "model.safetensors").read_bytes()


def test_a_sorm_learns_an_obvious_cue_and_where_it_first_stands(sorm):
    scorer = Scorer.load(sorm / "model")
    unseen = cued_step_labels(16, start=200)
    pairs = [(unseen.problems[unseen.responses[row.response_id].problem_id], row) for row in unseen]
    scores = scorer.score_pairs([(p, unseen.responses[row.response_id].text) for p, row in pairs])
    quality = scorer_quality(unseen, scores)
    assert quality.step_accuracy.value == 1.0
    assert quality.first_error.value == 1.0
    assert quality.no_error.value == 1.0


def test_an_orm_learns_outcomes(orm):
    scorer = Scorer.load(orm / "model")
    problem = cued_problem(300)
    right, wrong = scorer.score(
        problem, [cued_response(problem, first_error).text for first_error in (None, 1)]
    )
    assert right.last > 0.9
    assert wrong.last < 0.1


def test_the_scorers_file_says_how_to_read_it(sorm, orm, tiny_student):
    facts = record(sorm, "scorer.json")
    assert facts["kind"] == "sorm"
    assert facts["positions"] == "every"
    assert facts["objective"] == "imitate"
    assert facts["separator"]["text"] == "\n"
    assert facts["base"]["name"] == str(tiny_student)
    assert facts["training"]["rows"]["loss_tokens"] == 48 * 3
    assert facts["training"]["labels"] == 4 * 48 * 3
    assert [row["positive"] for row in facts["training"]["prefixes"]] == [0.75, 0.5, 0.25]
    calibration = facts["calibration"]
    assert calibration["temperature"] == facts["temperature"] > 0
    assert calibration["after"]["count"] == 16 * 3
    assert sum(each["count"] for each in calibration["after"]["bins"]) == 16 * 3
    assert record(orm, "scorer.json")["calibration"] is None
    assert record(orm, "scorer.json")["temperature"] == 1.0
    assert record(orm, "scorer.json")["positions"] == "last"


def test_scores_are_calibrated_by_the_temperature(sorm):
    from redink.scoring.calibration import probabilities

    scorer = Scorer.load(sorm / "model")
    problem = cued_problem(300)
    text = cued_response(problem, 1).text
    (scores,) = scorer.score(problem, [text])
    plain = Scorer(scorer.model, scorer.tokenizer, replace(scorer.record, temperature=1.0))
    (raw,) = plain.score(problem, [text])
    assert scorer.record.temperature != 1.0
    logits = [math.log(p / (1 - p)) for p in raw.steps]
    found = probabilities(logits, scorer.record.temperature)
    assert found == pytest.approx(scores.steps, abs=1e-4)


def test_the_result_loads_with_plain_transformers(sorm):
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    model = AutoModelForTokenClassification.from_pretrained(sorm / "model")
    tokenizer = AutoTokenizer.from_pretrained(sorm / "model")
    assert model.dtype == torch.float32
    assert model.config.num_labels == 1
    assert model.config.architectures == ["LlamaForTokenClassification"]
    assert tokenizer.chat_template


def test_the_same_seed_gives_the_same_files(sorm, tmp_path, tiny_student):
    apart = cued_step_labels(16, start=100)
    data = cued_step_labels(48)
    fit(data, base=tiny_student, kind="sorm", calibration=apart, out=tmp_path, **SETTINGS)
    assert weights(tmp_path) == weights(sorm)
    assert record(tmp_path, "scorer.json") == record(sorm, "scorer.json")
    assert record(tmp_path)["losses"] == record(sorm)["losses"]


KILLED_WHILE_SAVING = """
import os, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from redink.stages.fit import fit
from redink.training import callbacks
from tests.scoring.cued import cued_step_labels
from tests.stages.test_fit import SETTINGS

def kill(*args, **facts):
    os.kill(os.getpid(), signal.SIGKILL)

saved = []
mark = callbacks.mark_complete
callbacks.mark_complete = lambda *a, **k: kill() if saved else (saved.append(1), mark(*a, **k))
apart = cued_step_labels(16, start=100)
fit(cued_step_labels(48), base={base!r}, kind="sorm", calibration=apart, out=Path({out!r}),
    **(SETTINGS | {how!r}))
"""


@pytest.mark.parametrize("how", [{}, {"method": "lora"}], ids=["full", "lora"])
def test_a_training_killed_while_saving_goes_on_exactly(sorm, tmp_path, tiny_student, how):
    root = str(Path(__file__).parents[2])
    out = tmp_path / "killed"
    code = KILLED_WHILE_SAVING.format(root=root, base=str(tiny_student), out=str(out), how=how)
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (out / "checkpoints" / "checkpoint-5" / "complete.json").exists()
    assert not (out / "model").exists()
    undisturbed = sorm
    data, apart = cued_step_labels(48), cued_step_labels(16, start=100)
    for place in [out] if not how else [out, tmp_path / "undisturbed"]:
        settings = SETTINGS | how
        fit(data, base=tiny_student, kind="sorm", calibration=apart, out=place, **settings)
        undisturbed = place if how else sorm
    assert record(out)["losses"] == record(undisturbed)["losses"]
    assert weights(out) == weights(undisturbed)
    assert record(out, "scorer.json") == record(undisturbed, "scorer.json")
    assert {path.name for path in out.iterdir()} == {"model", "losses.jsonl", "preflight.json"}


def test_a_lora_scorer_learns_and_is_a_plain_model(tmp_path, tiny_student):
    from safetensors.torch import load_file

    settings = SETTINGS | {"learning_rate": 1e-2, "method": "lora"}
    fit(cued_responses(48), base=tiny_student, out=tmp_path, **settings)
    saved = load_file(tmp_path / "model" / "model.safetensors")
    assert not any("lora" in name or "modules_to_save" in name for name in saved)
    scorer = Scorer.load(tmp_path / "model")
    problem = cued_problem(300)
    texts = [cued_response(problem, first_error).text for first_error in (None, 1)]
    right, wrong = scorer.score(problem, texts)
    assert right.last > 0.9
    assert wrong.last < 0.1


def test_a_finished_scorer_is_not_fitted_again_and_another_is_refused(
    orm, tiny_student, monkeypatch
):
    before = weights(orm)
    monkeypatch.setattr("redink.scoring.training._run", None)
    fit(cued_responses(48), base=tiny_student, kind="orm", out=orm, **ORM_SETTINGS)
    assert weights(orm) == before
    with pytest.raises(UsageError, match="another training"):
        fit(cued_responses(46), base=tiny_student, kind="orm", out=orm, **ORM_SETTINGS)


def test_calibration_on_the_datas_own_problems_is_refused(tmp_path, tiny_student):
    with pytest.raises(UsageError, match="4 of the 4 problems of the calibration table"):
        fit(cued_responses(8), base=tiny_student, calibration=cued_responses(4), out=tmp_path)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "prm"}, "kind = prm is unknown; use orm or sorm"),
        ({"method": "qlora"}, "method = qlora is unknown; use full or lora"),
        ({"positions": "all"}, "positions = all is unknown; use last or every"),
        ({"soft_labels": True}, "an ORM learns outcomes"),
        ({"learning_rate": 0}, "fit: learning_rate = 0 makes no sense"),
        ({"lora_rank": 0, "method": "lora"}, "fit: lora_rank = 0 makes no sense"),
        ({"precision": "fp8"}, "fit: precision = fp8 is unknown"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(tmp_path, tiny_student, wrong, message):
    with pytest.raises(UsageError, match=message):
        fit(cued_responses(4), base=tiny_student, out=tmp_path, **wrong)


def test_data_without_a_graded_response_are_refused_with_the_reasons(tmp_path, tiny_student):
    table = cued_responses(4)
    rows = [replace(row, outcome="ungraded") for row in table]
    assert all(isinstance(row, Response) for row in rows)
    with pytest.raises(DataError, match="4 outcome ungraded"):
        fit(response_table(rows, table.problems), base=tiny_student, out=tmp_path)


def test_a_diverging_training_says_so_and_leaves_no_result(tmp_path, tiny_student):
    with pytest.raises(ModelError, match="smaller learning_rate"):
        fit(
            cued_responses(24),
            base=tiny_student,
            out=tmp_path,
            **(SETTINGS | {"learning_rate": 1e25}),
        )
    assert not (tmp_path / "model").exists()


def test_out_of_memory_names_the_step_and_what_to_change(tiny_student, tmp_path, monkeypatch):
    from redink.scoring.trainer import ScoreTrainer

    true_step = ScoreTrainer.training_step

    def training_step(self, *args, **kwargs):
        if self.state.global_step == 2:
            raise MemoryError
        return true_step(self, *args, **kwargs)

    monkeypatch.setattr(ScoreTrainer, "training_step", training_step)
    with pytest.raises(ModelError, match=r"out of memory in step 3 .*lower max_tokens below"):
        fit(cued_responses(24), base=tiny_student, out=tmp_path, **SETTINGS)


def test_the_preflight_counts_what_is_learned_from(sorm):
    facts = json.loads((sorm / "preflight.json").read_text())
    assert facts["label"] == "fit sorm"
    assert facts["rows"]["rows_kept"] == 48
    assert facts["rows"]["dropped"] == {}
    assert facts["steps"] == record(sorm)["steps"] == 24
    assert [row["labels"] for row in facts["prefixes"]] == [48, 48, 48]

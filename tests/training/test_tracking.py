"""Trackers: none unless asked for, named by run and stage, no part of what a training is."""

import importlib.util
import json
import os
import sys
from types import SimpleNamespace

import pytest

from redink.errors import MissingExtraError, RecipeError, UsageError
from redink.plan import make_plan
from redink.recipe import check_recipe
from redink.run import run_plan
from redink.stages.finetune import finetune
from redink.training import tracking as module
from redink.training.tracking import NOWHERE, TRACKERS, check_trackers, reporting, tracking_of
from tests.training.test_training import SETTINGS, sums

SHORT = SETTINGS | {"epochs": 0.5}


def needs(package):
    return pytest.mark.skipif(
        importlib.util.find_spec(package) is None, reason=f"{package} is not installed"
    )


def record(out):
    return json.loads((out / "model" / "training.json").read_text())


@pytest.fixture(scope="module")
def untracked(tmp_path_factory, tiny_student):
    out = tmp_path_factory.mktemp("run") / "sft-12ab"
    finetune(sums(), student=tiny_student, out=out, **SHORT)
    return out


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(module, "_is_installed", lambda name: False)


def test_nobody_is_told_unless_asked_for(untracked):
    assert tracking_of(untracked) == NOWHERE
    assert NOWHERE.arguments() == {"report_to": "none"}
    names = {path.name for path in untracked.iterdir()}
    assert names == {"model", "losses.jsonl", "preflight.json"}


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_is_not_installed_is_one_clear_error(name, nothing_installed):
    with pytest.raises(MissingExtraError, match=f"{name} is not installed; pip install {name}"):
        check_trackers(name)


def test_a_missing_tracker_stops_a_run_before_anything_is_done(
    nothing_installed, tmp_path, tiny_student
):
    plan = planned(tmp_path, tiny_student, report_to=["wandb"])
    told = []
    with pytest.raises(MissingExtraError, match=r"stage 'sft': report_to: wandb .*pip install"):
        run_plan(plan, report=lambda event, stage, facts: told.append(event))
    assert told == []
    assert not any(stage.folder.exists() for stage in plan.stages)


def test_a_missing_tracker_stops_a_training_before_it_reads_its_data(nothing_installed, tmp_path):
    with pytest.raises(MissingExtraError, match="pip install mlflow"):
        finetune([], report_to="mlflow", out=tmp_path)


def test_a_folder_that_a_tracker_left_is_not_the_tracker(monkeypatch, tmp_path):
    (tmp_path / "wandb").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    if importlib.util.find_spec("wandb").origin is None:
        with pytest.raises(MissingExtraError, match="pip install wandb"):
            check_trackers("wandb")


def test_an_unknown_tracker_is_refused():
    with pytest.raises(UsageError, match="tensorboard, trackio, wandb, mlflow"):
        check_trackers(["tensorbord"])
    stages = {
        "problems": {"do": "load", "source": "gym:chain_sum", "n": 4},
        "sft": {"do": "finetune", "data": "problems", "report_to": "everyone"},
    }
    with pytest.raises(RecipeError, match="report_to"):
        check_recipe({"stages": stages}, "r", "r.yaml")


def planned(runs, student, **settings):
    training = {"do": "finetune", "data": "problems", "batch_size": 4, **settings}
    stages = {"problems": {"do": "load", "source": "gym:chain_sum", "n": 8}, "sft": training}
    raw = {"student": str(student), "stages": stages}
    return make_plan(check_recipe(raw, "tracked", "tracked.yaml"), runs)


def test_trackers_are_no_part_of_a_results_identity(tmp_path, tiny_student):
    fingerprints = {
        planned(tmp_path, tiny_student, **more).by_name["sft"].fingerprint
        for more in ({}, {"report_to": "tensorboard"}, {"report_to": ["wandb", "mlflow"]})
    }
    assert len(fingerprints) == 1


def test_a_recipe_names_trackers_once_for_all_its_trainings(tiny_student):
    training = {"do": "finetune", "data": "problems"}
    raw = {
        "report_to": ["tensorboard", "wandb"],
        "stages": {
            "problems": {"do": "load", "source": "gym:chain_sum", "n": 8},
            "sft": {**training, "seed": [1, 2]},
            "quiet": {**training, "report_to": None},
        },
    }
    recipe = check_recipe(raw, "r", "r.yaml")
    told = {s.name: s.settings["report_to"] for s in recipe.stages if s.name != "problems"}
    named = ["tensorboard", "wandb"]
    assert told == {"sft@1": named, "sft@2": named, "quiet": None}


def test_run_and_stage_are_named_and_what_the_user_set_is_kept(tmp_path, monkeypatch):
    for name in ("WANDB_PROJECT", "MLFLOW_EXPERIMENT_NAME", "TENSORBOARD_LOGGING_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    monkeypatch.setattr(module, "_is_open", lambda name: False)
    out = tmp_path / "quickstart-ab12" / "cft-34cd"
    with reporting(TRACKERS):
        tracking = tracking_of(out)
    assert tracking_of(out) == NOWHERE
    assert tracking.arguments() == {
        "report_to": list(TRACKERS), "run_name": "cft-34cd", "project": "quickstart-ab12",
    }  # fmt: skip
    before = dict(os.environ)
    with tracking.kept():
        assert os.environ["WANDB_PROJECT"] == "mine"
        assert os.environ["MLFLOW_EXPERIMENT_NAME"] == "quickstart-ab12"
        assert os.environ["TENSORBOARD_LOGGING_DIR"] == str(out / "tensorboard")
        assert os.environ["WANDB_CONSOLE"] == "off"
    assert dict(os.environ) == before
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", "/logs")
    with tracking.kept():
        assert os.environ["TENSORBOARD_LOGGING_DIR"] == "/logs/quickstart-ab12/cft-34cd"


class Wandb:
    """The part of wandb's module that says whether a run is under way."""

    def __init__(self):
        self.run, self.ended = None, []

    def finish(self, exit_code):
        self.run = None
        self.ended.append(exit_code)


def diverge(tracking, wandb):
    with tracking.kept():
        wandb.run = SimpleNamespace(name="sft-1")
        raise ValueError("diverged")


def test_a_trackers_run_ends_with_the_training_that_began_it(tmp_path, monkeypatch):
    wandb = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    with reporting(["wandb"]):
        tracking = tracking_of(tmp_path / "run" / "sft-1")
    with tracking.kept():
        wandb.run = SimpleNamespace(name="sft-1")
    with pytest.raises(ValueError, match="diverged"):
        diverge(tracking, wandb)
    assert wandb.ended == [0, 1]
    wandb.run = SimpleNamespace(name="the user's own")
    with tracking.kept():
        pass
    assert wandb.run is not None


@needs("tensorboard")
def test_tensorboard_is_told_each_step_and_the_result_stays_the_same(
    untracked, tmp_path, tiny_student, monkeypatch
):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.delenv("TENSORBOARD_LOGGING_DIR", raising=False)
    out = tmp_path / "run" / "sft-12ab"
    finetune(sums(), student=tiny_student, out=out, report_to="tensorboard", **SHORT)
    assert record(out)["losses"] == record(untracked)["losses"]
    assert record(out)["key"] == record(untracked)["key"]
    weights = [folder / "model" / "model.safetensors" for folder in (out, untracked)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    events = EventAccumulator(str(out / "tensorboard")).Reload()
    told = [(event.step, event.value) for event in events.Scalars("train/loss")]
    losses = [(entry["step"], entry["loss"]) for entry in record(out)["losses"]]
    assert [step for step, _ in told] == [step for step, _ in losses]
    assert [value for _, value in told] == pytest.approx([loss for _, loss in losses], rel=1e-6)
    assert {"train/grad_norm", "train/learning_rate"} <= set(events.Tags()["scalars"])


@needs("tensorboard")
def test_no_key_is_written(tmp_path, tiny_student, monkeypatch):
    keys = {
        "WANDB_API_KEY": "key-of-wandb-1234567890",
        "HF_TOKEN": "hf_key_of_the_hub_1234567890",
        "OPENAI_API_KEY": "sk-key-of-a-teacher-1234567890",
    }
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    out = tmp_path / "run" / "sft-12ab"
    finetune(sums(8), student=tiny_student, out=out, report_to="tensorboard", **SHORT)
    written = b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())
    assert len(written) > 10_000
    assert not [name for name, value in keys.items() if value.encode() in written]


@needs("trackio")
def test_trackio_keeps_the_training_on_this_machine(tmp_path, tiny_student, monkeypatch):
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    out = tmp_path / "tracked-run" / "sft-12ab"
    finetune(sums(), student=tiny_student, out=out, report_to="trackio", **SHORT)
    assert list((tmp_path / "trackio").glob("tracked-run*"))


@needs("mlflow")
def test_mlflow_keeps_the_training_in_a_local_store(tmp_path, tiny_student, monkeypatch):
    import mlflow

    store = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(store)
    out = tmp_path / "tracked-run" / "sft-12ab"
    finetune(sums(), student=tiny_student, out=out, report_to="mlflow", **SHORT)
    assert mlflow.active_run() is None
    (run,) = mlflow.search_runs(experiment_names=["tracked-run"], output_format="list")
    assert run.info.run_name == "sft-12ab"
    told = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    losses = record(out)["losses"]
    assert {(m.step, m.value) for m in told} == {(e["step"], e["loss"]) for e in losses}


@needs("wandb")
def test_wandb_offline_keeps_two_trainings_apart(tmp_path, tiny_student, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    for name in ("sft-1", "cft-2"):
        out = tmp_path / "tracked-run" / name
        finetune(sums(), student=tiny_student, out=out, report_to="wandb", **SHORT)
    assert len(list((tmp_path / "wandb").glob("offline-run-*"))) == 2

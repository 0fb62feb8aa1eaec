"""A reinforcement's curves, as its logs have them at the moment."""

import json
import shutil

import pytest

from redink.reinforcement import rollouts as writer
from redink.training import validation
from redink.view import folders, rollouts, training
from redink.view.bundle import write_bundle
from redink.view.run import ViewedRun
from tests.view.conftest import client_of, got
from tests.view.test_feed import heard
from tests.view.trained_run import FOLDER, log_looks, log_steps, write_trained_run


@pytest.fixture
def folder(tmp_path):
    return write_trained_run(tmp_path / "run")


@pytest.fixture
def trained(folder):
    return client_of(folder)


def curves(client, stage="policy"):
    return got(client, f"/api/training/{stage}")["curves"]


def test_a_stage_in_training_is_listed_though_it_is_not_done(trained):
    stages = {one["name"]: one for one in got(trained, "/api/run")["stages"]}
    assert [stages[name]["training"] for name in ("pens", "policy")] == [False, True]
    assert (stages["policy"]["verb"], stages["policy"]["done"]) == ("reinforce", False)


def test_every_figure_is_a_curve_over_the_steps(trained):
    answer = got(trained, "/api/training/policy")
    told = {name: answer[name] for name in ("stage", "done", "algorithm", "planned", "last")}
    assert told == {
        "stage": "policy", "done": False, "algorithm": "rloo", "planned": 9, "last": 3,
    }  # fmt: skip
    assert (answer["steps"], answer["rollouts"]) == (3, 24)
    found = answer["curves"]
    assert found["reward"] == found["parts.correct"] == [[1, 0.25], [2, 0.25], [3, 0.25]]
    assert found["parts.format"] == [[1, 1.0], [2, 1.0], [3, 1.0]]
    assert dict(found["kl"]) == pytest.approx({1: 0.0005, 2: 0.001, 3: 0.0015})
    assert dict(found["loss"])[3] == pytest.approx(-0.3)
    assert found["validation"] == [[0, 0.25], [2, 0.5]]
    assert found["seconds_by_part.sampling"][0] == [1, 1.0]
    assert not {"step", "rollouts", "problems"} & set(found)


def test_a_fault_that_a_step_does_not_name_did_not_occur_in_it(trained):
    assert curves(trained)["faults.repetition"] == [[1, 0.0], [2, 0.25], [3, 0.25]]


def test_looks_are_counted_in_steps_though_the_log_counts_updates(tmp_path):
    client = client_of(write_trained_run(tmp_path / "run", settings={"updates": 2}))
    assert curves(client)["validation"] == [[0, 0.25], [1, 0.5]]


def test_curves_grow_with_the_log_and_wait_for_a_line_that_is_half_written(folder, trained):
    log = folder / FOLDER / "steps.jsonl"
    assert len(curves(trained)["reward"]) == 3
    whole = json.dumps({"step": 4, "reward": 0.5}) + "\n"
    with log.open("a") as stream:
        stream.write(whole[:14])
    assert len(curves(trained)["reward"]) == 3
    with log.open("a") as stream:
        stream.write(whole[14:])
    assert curves(trained)["reward"][3:] == [[4, 0.5]]


def test_a_training_that_was_killed_and_goes_on_has_each_step_once(folder, trained):
    place = folder / FOLDER
    before = curves(trained)
    log_steps(place, 4, 5)
    with (place / "steps.jsonl").open("a") as stream:
        stream.write('{"step": 6, "rew')
    assert len(curves(trained)["reward"]) == 5
    writer.RolloutLog(place).rewind(2)
    assert [step for step, _ in curves(trained)["reward"]] == [1, 2]
    log_steps(place, 3, 3)
    assert curves(trained) == before


@pytest.mark.parametrize(
    "line",
    ["", "[]", "7", "{}", '{"step": "4"}', '{"step": true}', '{"step": -1}', "\x00\xff",
     '{"step": 4, "reward": "high", "parts": 7, "faults": [1]}',
     '{"step": 4, "reward": NaN, "parts": {"correct": Infinity}, "kl": true}'],
)  # fmt: skip
def test_a_broken_line_spoils_no_curve(folder, trained, line):
    with (folder / FOLDER / "steps.jsonl").open("a") as stream:
        stream.write(line + "\n")
    log_steps(folder / FOLDER, 5, 5)
    assert [step for step, _ in curves(trained)["reward"]] == [1, 2, 3, 5]
    assert [step for step, _ in curves(trained)["kl"]] == [1, 2, 3, 5]


def test_long_curves_are_thinned_and_keep_their_ends(folder, trained, monkeypatch):
    monkeypatch.setattr(training, "MOST_POINTS", 5)
    log_steps(folder / FOLDER, 4, 20)
    steps = [step for step, _ in curves(trained)["reward"]]
    assert (len(steps), steps[0], steps[-1]) == (5, 1, 20)


def test_a_training_without_a_step_has_no_curve(tmp_path):
    folder = write_trained_run(tmp_path / "run", steps=0)
    (folder / FOLDER / "validation.jsonl").unlink()
    answer = got(client_of(folder), "/api/training/policy")
    assert (answer["last"], answer["curves"]) == (0, {})


def test_other_stages_have_no_curves_and_say_so(trained):
    reply = trained.get("/api/training/pens")
    assert (reply.status_code, "use policy" in reply.json()["error"]) == (400, True)


def test_a_training_can_be_viewed_by_itself(folder):
    client = client_of(folder / FOLDER)
    (stage,) = got(client, "/api/run")["stages"]
    assert (stage["name"], stage["training"], stage["done"]) == (FOLDER, True, False)
    assert len(curves(client, FOLDER)["reward"]) == 3


def test_the_folder_that_the_run_names_is_shown_else_the_one_written_last(folder, trained):
    other = folder / "policy-00000000bb"
    shutil.copytree(folder / FOLDER, other)
    log_steps(other, 4, 4)
    assert got(trained, "/api/training/policy")["folder"] == other.name
    facts = json.loads((folder / "run.json").read_text())
    facts["stages"].append({"name": "policy", "verb": "reinforce", "folder": FOLDER})
    (folder / "run.json").write_text(json.dumps(facts))
    (folder / FOLDER / "stage.json").write_text('{"verb": "reinforce"}')
    answer = got(trained, "/api/training/policy")
    assert (answer["folder"], answer["done"], answer["steps"]) == (FOLDER, True, 3)


def test_who_listens_is_told_that_a_training_logged_something(folder, monkeypatch):
    place = folder / FOLDER
    marks = [training.logs_of(folder)]
    log_steps(place, 4, 4)
    marks.append(training.logs_of(folder))
    log_looks(place, (0, 0.25), (2, 0.5), (4, 0.5))
    marks.append(training.logs_of(folder))
    writer.RolloutLog(place).rewind(4)
    marks.append(training.logs_of(folder))
    assert [list(one) for one in marks] == [[FOLDER]] * 4
    assert len({one[FOLDER] for one in marks}) == 4
    (event,) = heard(monkeypatch, folder, [{"idle": True}], 1)
    told = json.loads(event.removeprefix(b"data: "))
    assert told == {"idle": True, "logs": marks[-1]}
    assert got(client_of(folder), "/api/training/policy")["mark"] == told["logs"][FOLDER]


def test_a_bundle_holds_the_curves(folder, tmp_path):
    write_bundle(ViewedRun(folder), tmp_path / "out.html")
    page = (tmp_path / "out.html").read_text()
    data = page.split('id="answers">')[1].split("</script>")[0]
    held = json.loads(data)
    assert held["/api/training/policy"]["curves"]["reward"][0] == [1, 0.25]
    assert [one["training"] for one in held["/api/run"]["stages"]] == [False, True, False]


def test_the_viewer_reads_the_files_that_the_training_writes():
    assert (folders.STEPS, rollouts.FILE) == (writer.STEPS, writer.ROLLOUTS)
    assert training.LOOKS == validation.LOG

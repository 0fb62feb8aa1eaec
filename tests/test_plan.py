"""Fingerprints: what changes a stage's folder, and what does not."""

from redink.plan import make_plan
from redink.recipe import check_recipe


def plan(tmp_path, **changes):
    stages = {
        "p": {"do": "load", "source": "gym:chain_sum", "n": 4} | changes.get("p", {}),
        "d": {"do": "corrupt", "problems": "p"} | changes.get("d", {}),
        "c": {"do": "critique", "responses": "d"},
    }
    return make_plan(check_recipe({"stages": stages}, "r", "r"), tmp_path)


def test_a_changed_setting_changes_its_stage_and_all_after_it(tmp_path):
    old, new = plan(tmp_path), plan(tmp_path, d={"wrong": 0.25})
    changed = [a.name for a, b in zip(old.stages, new.stages, strict=True) if a.folder != b.folder]
    assert changed == ["d", "c"]
    assert old.folder == new.folder


def test_a_default_written_out_changes_nothing(tmp_path):
    old, new = plan(tmp_path), plan(tmp_path, p={"options": None})
    assert [s.fingerprint for s in old.stages] == [s.fingerprint for s in new.stages]


def test_a_changed_data_file_changes_the_stage(tmp_path):
    path = tmp_path / "a.jsonl"
    source = {"source": str(path), "n": None}
    path.write_text('{"question": "1?", "answer": "1"}\n')
    old = plan(tmp_path, p=source)
    path.write_text('{"question": "2?", "answer": "2"}\n')
    assert old.by_name["p"].fingerprint != plan(tmp_path, p=source).by_name["p"].fingerprint


def test_upstream_and_downstream_follow_the_inputs(tmp_path):
    made = plan(tmp_path)
    assert [s.name for s in made.upstream("d")] == ["p", "d"]
    assert [s.name for s in made.downstream("d")] == ["d", "c"]

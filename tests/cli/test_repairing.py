"""redink audit critiques --repair: with the stage's own teacher and settings, another draw."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from redink.cli.auditing import app
from redink.cli.repairing import Repairing, repair_folder, told
from redink.errors import DataError, UsageError
from redink.records import Critique, Problem, Response
from redink.stages import critique as stage
from redink.tables import Table, critique_table, response_table

SETTINGS = {
    "teacher": "endpoint:org/m@http://127.0.0.1:1/v1",
    "preset": "steps",
    "temperature": 0.3,
    "max_tokens": 100,
    "seed": 5,
    "max_cost": 1.0,
    "accept": 10,
    "of another version": True,
}


def make(settings=SETTINGS, teacher="org/m"):
    problem = Problem("p", "What is 40 * 2?", "80")
    faults = [
        {"verdict": "wrong"},
        {"verdict": None, "why": "both"},
        {"verdict": None, "why": "truncated", "finish": "length"},
        {"verdict": "right"},
    ]
    responses = {
        f"r{n}": Response(f"r{n}", "p", f"#### 1{n}", "load", outcome="wrong")
        for n in range(len(faults))
    }
    rows = [
        Critique(f"c{n}", f"r{n}", f"Text {n}.", teacher=teacher, **fault)
        for n, fault in enumerate(faults)
    ]
    table = critique_table(rows, responses, {"p": problem})
    return replace(table, provenance={"verb": "critique", "settings": dict(settings)})


@pytest.fixture
def asked(monkeypatch):
    """Stands in for the verb: answers `wrong`, remembers how it was called."""

    def critique(
        responses, *, teacher="symbolic", preset="cft", temperature=0.3, max_tokens=3200, seed=0,
        accept=None, max_cost=None, journal=None,
    ):  # fmt: skip
        calls.append(
            {"ids": [r.id for r in responses], "teacher": teacher, "preset": preset,
             "temperature": temperature, "max_tokens": max_tokens, "seed": seed, "accept": accept,
             "max_cost": max_cost, "journal": journal}
        )  # fmt: skip
        rows = [
            Critique(f"new-{r.id}", r.id, "Conclusion: wrong", "wrong", teacher="org/m")
            for r in responses
        ]
        return critique_table(rows, responses.responses, responses.problems)

    calls = []
    monkeypatch.setattr(stage, "critique", critique)
    return calls


def test_it_asks_as_the_stage_did_with_another_draw(asked, tmp_path):
    make().write(tmp_path / "old")
    found = repair_folder(tmp_path / "old", tmp_path / "new", max_cost=0.5)
    common = {
        "teacher": SETTINGS["teacher"],
        "preset": "steps",
        "temperature": 0.3,
        "seed": 6,
        "accept": None,
        "max_cost": 0.5,
        "journal": tmp_path / "new" / "completions.sqlite",
    }
    assert asked == [
        {"ids": ["r1"], "max_tokens": 100, **common},
        {"ids": ["r2"], "max_tokens": 200, **common},
    ]
    assert [row.id for row in Table.read(tmp_path / "new")] == ["c0", "new-r1", "new-r2", "c3"]
    assert [row.id for row in Table.read(tmp_path / "old")] == ["c0", "c1", "c2", "c3"]
    assert found.mended == {"no verdict: both": 1, "cut off": 1}


def test_the_runs_journal_is_used_where_there_is_one(asked, tmp_path):
    make().write(tmp_path / "run" / "critiques-1a")
    (tmp_path / "run" / "completions.sqlite").touch()
    repair_folder(tmp_path / "run" / "critiques-1a", tmp_path / "new")
    assert asked[0]["journal"] == tmp_path / "run" / "completions.sqlite"


def test_a_second_repair_draws_again(asked, tmp_path):
    table = make()
    earlier = {**table.provenance, "repaired": [{"mended": {}}]}
    replace(table, provenance=earlier).write(tmp_path / "old")
    repair_folder(tmp_path / "old", tmp_path / "new", max_tokens=None)
    assert [(call["seed"], call["max_tokens"]) for call in asked] == [(7, 100), (7, 400)]


def test_a_greedy_teacher_is_asked_for_cut_off_critiques_alone(asked, tmp_path):
    make({**SETTINGS, "temperature": 0.0}).write(tmp_path / "old")
    found = repair_folder(tmp_path / "old", tmp_path / "new", disagreements=True)
    assert [call["ids"] for call in asked] == [["r2"]]
    assert found.unanswered == 2
    assert any("temperature 0" in line for line in told(found))


def test_each_of_several_teachers_is_asked_for_its_own(asked, tmp_path):
    shares = {"symbolic": 0.5, "endpoint:org/m@http://127.0.0.1:1/v1": 0.3, "hf:A/b": 0.2}
    make({**SETTINGS, "teacher": shares}).write(tmp_path / "old")
    repair_folder(tmp_path / "old", tmp_path / "new")
    assert {call["teacher"] for call in asked} == {"endpoint:org/m@http://127.0.0.1:1/v1"}
    make({**SETTINGS, "teacher": shares}, teacher="who").write(tmp_path / "odd")
    with pytest.raises(DataError, match="teacher 'who' is none, or several"):
        repair_folder(tmp_path / "odd", tmp_path / "new2")


def test_a_table_that_does_not_say_how_it_was_made_is_refused(tmp_path):
    replace(make(), provenance={}).write(tmp_path / "old")
    with pytest.raises(DataError, match="does not say which teacher"):
        repair_folder(tmp_path / "old", tmp_path / "new")
    make({"teacher": "symbolic"}).write(tmp_path / "older")
    with pytest.raises(DataError, match="no setting 'max_tokens'"):
        repair_folder(tmp_path / "older", tmp_path / "new")
    make({**SETTINGS, "engine": "journal"}).write(tmp_path / "batch")
    with pytest.raises(UsageError, match="batch runner"):
        repair_folder(tmp_path / "batch", tmp_path / "new")


def test_no_table_is_ever_overwritten(tmp_path):
    make().write(tmp_path / "old")
    for out in (None, tmp_path / "old"):
        with pytest.raises(UsageError, match="-o"):
            repair_folder(tmp_path / "old", out)


def test_two_failed_critiques_of_one_response_do_not_share_an_answer(asked):
    from redink.audit.repair import repair

    table = make()
    twice = replace(table, rows=(table[1], replace(table[1], id="again")))
    found = repair(twice, Repairing(SETTINGS, None).ask)
    assert (sum(found.mended.values()), found.unanswered) == (1, 1)


def test_the_command_says_what_it_did_and_that_it_selects(asked, tmp_path):
    make().write(tmp_path / "old")
    arguments = ["critiques", str(tmp_path / "old"), "--repair-disagreements"]
    result = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "new")])
    assert result.exit_code == 0
    assert "asked again: 1 (disagrees with the grader), mended 1" in result.output
    assert "selects on the grader" in result.output
    assert "4 of 4" in result.output


def test_against_a_server_only_what_failed_is_asked_again_and_once(tmp_path):
    from benchmarks.endpoint_server import start_server

    problem = Problem("p", "What is 40 * 2?", "80")
    rows = [Response(f"r{n}", "p", f"#### {n}", "load", outcome="wrong") for n in range(40)]
    with start_server(length_share=0.3, filter_share=0.2) as server:
        settings = {"teacher": f"endpoint:m@{server.url}", "preset": "cft", "max_tokens": 100}
        journal = tmp_path / "run" / "completions.sqlite"
        made = stage.critique(response_table(rows, {"p": problem}), journal=journal, **settings)
        provenance = {"verb": "critique", "settings": settings}
        replace(made, provenance=provenance).write(tmp_path / "run" / "critiques-1a")
        before = server.stats()["requests"]
        failed = [row.id for row in made if row.verdict is None]
        assert 8 < len(failed) < 32
        cut = [row.id for row in made if row.why == "truncated"]
        for number, asked in enumerate((failed, [])):
            found = repair_folder(tmp_path / "run" / "critiques-1a", tmp_path / f"mended-{number}")
            assert server.stats()["requests"] == before + len(asked) + number * len(failed)
        assert server.stats()["sent_again_after_success"] == 0
    new = Table.read(tmp_path / "mended-0")
    assert new.rows == Table.read(tmp_path / "mended-1").rows
    assert [a for a, b in zip(made, new, strict=True) if a.id not in failed and a != b] == []
    mended = [b for a, b in zip(made, new, strict=True) if a.id in failed and a != b]
    assert len(mended) == sum(found.mended.values()) > 3
    assert all(row.verdict and row.finish == "stop" for row in mended)
    assert found.asked["cut off"] == len(cut) > 0

"""The verb refine: on a real model, killed and gone on with; and what it hands on."""

import json
import os
import random
import signal
import sqlite3
import time
from functools import partial

import pytest

import redink.engines.transformers as engines
from redink.engines.engine import Sampling
from redink.engines.journal import Journal
from redink.engines.opening import open_engine
from redink.errors import DataError, UsageError
from redink.prompts import prompt_named
from redink.records import Critique
from redink.refinement.desk import Desk
from redink.refinement.following import follow
from redink.refinement.judging import Judges
from redink.refinement.models import Models
from redink.refinement.strategy import arms_of
from redink.refinement.writing import Writer
from redink.stages.refine import judge_loaders, refine, refine_with
from redink.tables import Table, critique_table, problem_table
from tests.forked import forked
from tests.refinement.scripted import (
    ScriptedEngine,
    ScriptedJudge,
    desk_of,
    drafts_by,
    problem,
)

PROBLEMS = problem_table([problem(f"{n} + {n}?", str(2 * n)) for n in range(6)])
ROLES = ("model", "critic", "global_refiner", "local_refiner")
STRATEGIES = [
    "greedy",
    "majority",
    "best-of-2:orm",
    "self-critique:two-stage",
    "critique-then-refine-2",
    "glore",
    "beam-4:sorm-last",
]


def judges():
    def score(text):
        draw = random.Random(text)
        return [draw.random() for line in text.split("\n") if line.strip()]

    return {name: ScriptedJudge(score) for name in ("orm", "sorm", "critic")}


def work(student, journal=None):
    def opened(name):
        return open_engine(name, dtype="float32", batch_size=8, journal=journal)

    return Desk(
        {p.id: p for p in PROBLEMS},
        Writer(Models(dict.fromkeys(ROLES, student), opened)),
        Judges({name: partial(dict.get, judges(), name) for name in judges()}),
        prompt_named("plain"),
        Sampling(1.0, 0.9, 24, 4, 1),
        critique_tokens=24,
    )


def answer_all(student, journal, out, log):
    """Answers by every strategy, noting what is put into the journal."""
    engines.COMMIT_SECONDS = 0.02
    put = Journal.put
    notes = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def logged(journal, items):
        items = list(items)
        put(journal, items)
        os.write(notes, "".join(f"{key}\n" for key, _ in items).encode())

    Journal.put = logged
    table = refine_with(work(student, journal), PROBLEMS, STRATEGIES, out=out)
    table.write(out)


@pytest.mark.usefixtures("capfd")
def test_killed_at_any_moment_it_goes_on_and_samples_nothing_twice(tiny_student, tmp_path):
    journal, log, out = tmp_path / "j.sqlite", tmp_path / "log", tmp_path / "out"
    out.mkdir()
    kills, draw = 0, random.Random(2)
    for _ in range(12):
        before = size_of(log)
        process = forked(answer_all, tiny_student, journal, out, log)
        while process.is_alive() and size_of(log) == before:
            time.sleep(0.002)
        if kills < 3:
            time.sleep(draw.random() * 0.1)
            process.kill()
        process.join(120)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        kills += 1
    assert kills == 3
    kept = log.read_text().split()
    assert len(kept) == len(set(kept))
    with sqlite3.connect(journal) as connection:
        assert {key for (key,) in connection.execute("SELECT key FROM completions")} >= set(kept)
    fresh = refine_with(work(tiny_student), PROBLEMS, STRATEGIES)
    assert Table.read(out).rows == fresh.rows
    assert json.loads((out / "strategies.json").read_text()) == fresh.provenance["strategies"]


def size_of(path):
    return path.stat().st_size if path.exists() else 0


def desk():
    says = {f"{n} + {n}?": ["#### 4", "so\n#### 6", "#### 4", "hm"] for n in range(6)}
    return desk_of(list(PROBLEMS), {"model": ScriptedEngine(drafts_by(says))}, judges(), samples=4)


def test_every_arm_has_a_score_for_every_problem_and_its_response_is_there(tmp_path):
    scores = refine_with(desk(), PROBLEMS, ["greedy", "majority", "best-of-2:orm"], out=tmp_path)
    arms = list(dict.fromkeys(score.model for score in scores))
    assert arms == arms_of(["greedy", "majority", "best-of-2:orm"], 4)
    assert len(scores) == len(arms) * len(PROBLEMS)
    for score in scores:
        response = scores.responses[score.response_id]
        assert (response.outcome, response.answer) == (score.outcome, score.extracted)
        assert response.problem_id == score.problem_id in scores.problems
    assert {score.benchmark for score in scores} == {"made"}
    assert len(scores.responses) == len(PROBLEMS) * 5
    scores.write(tmp_path)
    assert Table.read(tmp_path).provenance["strategies"] == scores.provenance["strategies"]


def test_arms_compare_with_each_other():
    from redink.evaluation.comparison import compare_arms

    scores = refine_with(desk(), PROBLEMS, ["greedy", "majority"])
    comparison = compare_arms(scores.rows, "greedy")
    assert comparison.arms == ("greedy", "majority-4", "oracle:4-drafts")
    assert (
        comparison.of("oracle:4-drafts", "made").accuracy
        >= comparison.of("majority-4", "made").accuracy
    )


def test_a_stages_problems_are_a_benchmark_of_its_name():
    from dataclasses import replace

    named = replace(PROBLEMS, provenance={"stage": "heldout"})
    assert {s.benchmark for s in refine_with(desk(), named, ["greedy"])} == {"heldout"}


def test_drafts_with_their_step_scores_are_kept_for_the_report():
    facts = refine_with(desk(), PROBLEMS, ["greedy", "majority"]).provenance["strategies"]
    assert [e["outcome"] for e in facts["examples"]] == ["wrong", "correct"]
    for example in facts["examples"]:
        assert {"text", "sorm", "orm"} == set(example["steps"][0])
        low = [i for i, step in enumerate(example["steps"]) if step["sorm"] < 0.5]
        assert example["first_error"] == (low[0] if low else None)


def test_the_table_says_what_it_counts(capsys):
    refine_with(desk(), PROBLEMS, ["greedy", "majority"])
    shown = capsys.readouterr().out
    assert "Strategies · made · 6 problems" in shown
    for word in ("majority-4", "oracle:4-drafts", "harmed", "fixed", "pass@n", "upper"):
        assert word in shown
    assert max(map(len, shown.splitlines())) <= 80


class TestFollowing:
    def critiques(self):
        from redink.records import Response

        target = PROBLEMS[2]
        draft = Response("r1", target.id, "2 + 2 = 5\n#### 5", "respond", outcome="wrong")
        rows = [
            Critique("c1", "r1", "It is 4. Conclusion: wrong", "wrong"),
            Critique("c2", "r1", "Add again. Conclusion: wrong", "wrong"),
        ]
        return critique_table(rows, {"r1": draft}, {target.id: target})

    def test_each_critique_is_followed_samples_times_and_the_answers_are_graded(self):
        def model(messages, sample, sampling):
            return "#### 4" if "It is 4" in messages[0].content or sample == 1 else "#### 9"

        engine = ScriptedEngine(model)
        writer = Writer(Models({"model": "model"}, {"model": engine}.__getitem__))
        table = follow(self.critiques(), writer, Sampling(0.7, 1.0, 64, 3, 1))
        assert [(r.sampling["follows"], r.sampling["refines"], r.outcome) for r in table] == [
            ("c1", "r1", "correct"),
            ("c1", "r1", "correct"),
            ("c1", "r1", "correct"),
            ("c2", "r1", "wrong"),
            ("c2", "r1", "correct"),
            ("c2", "r1", "wrong"),
        ]
        assert {r.origin for r in table} == {"refine"}
        assert len({r.id for r in table}) == 6
        assert "Solution:\n2 + 2 = 5\n#### 5\n\nCritique:\nIt is 4." in engine.texts[0]

    def test_a_real_model_follows_them(self, tiny_student, tmp_path):
        table = refine(
            critiques=self.critiques(),
            model=tiny_student,
            samples=2,
            max_tokens=8,
            dtype="float32",
            journal=tmp_path / "j.sqlite",
        )
        assert len(table) == 4
        table.write(tmp_path)
        assert Table.read(tmp_path).rows == table.rows


class TestImproving:
    def test_only_what_the_critic_calls_wrong_is_rewritten(self):
        from redink.records import Response
        from redink.refinement.following import improve
        from redink.tables import response_table

        target = PROBLEMS[2]
        rows = [
            Response(f"r{i}", target.id, text, "respond", outcome="wrong")
            for i, text in enumerate(["2 + 2 = 5\n#### 5", "fine\n#### 6", "odd\n#### 7"])
        ]
        verdicts = {"#### 5": "Conclusion: wrong", "#### 6": "Conclusion: right", "#### 7": "?"}
        engines = {
            "critic": ScriptedEngine(
                lambda m, i, s: next(v for k, v in verdicts.items() if k in m[0].content)
            ),
            "global_refiner": ScriptedEngine(lambda m, i, s: f"#### {4 + i}"),
        }
        writer = Writer(Models({role: role for role in engines}, engines.__getitem__))
        problems = {target.id: target}
        sampling = Sampling(0.7, 1.0, 64, 2, 1)
        table = improve(response_table(rows, problems), writer, sampling, 32)
        assert [(r.text, r.outcome, r.sampling["refines"]) for r in table] == [
            ("#### 4", "correct", "r0"),
            ("#### 5", "wrong", "r0"),
        ]
        assert {r.sampling["critique"] for r in table} == {"Conclusion: wrong"}
        assert [(d.id, d.reason) for d in table.dropped] == [
            ("r1", "the critic's verdict is right"),
            ("r2", "the critic's verdict is none"),
        ]
        assert engines["critic"].asked[0][1].max_tokens == 32
        with pytest.raises(UsageError, match="responses need critic"):
            refine(responses=response_table(rows, problems))


class TestRefusals:
    def test_neither_problems_nor_critiques(self):
        with pytest.raises(UsageError, match="give it problems"):
            refine()

    def test_a_strategy_without_its_model(self):
        with pytest.raises(UsageError, match="needs orm: a stage that makes a scorer"):
            refine(PROBLEMS, strategies=["glore"])

    def test_several_greedy_drafts(self):
        with pytest.raises(UsageError, match="same draft"):
            refine(PROBLEMS, strategies=["majority"], temperature=0.0)

    def test_a_type_that_scorers_cannot_have(self):
        with pytest.raises(UsageError, match="refine: scorer_dtype = float16 is unknown; use"):
            refine(PROBLEMS, strategies=["greedy"], scorer_dtype="float16")

    def test_no_problems(self):
        with pytest.raises(DataError, match="no problems"):
            refine(problem_table([]), strategies=["greedy"])


def test_real_scorers_refiners_and_critic_work_together(tiny_student, tmp_path):
    from redink.stages.fit import fit
    from tests.scoring.cued import cued_responses, cued_step_labels

    how = {"learning_rate": 3e-3, "epochs": 1, "batch_size": 8, "precision": "fp32"}
    orm = fit(cued_responses(8), base=tiny_student, kind="orm", out=tmp_path / "orm", **how)
    sorm = fit(cued_step_labels(8), base=tiny_student, kind="sorm", out=tmp_path / "sorm", **how)
    texts = ["glore", "best-of:orm", "best-of-2:sorm-product", "best-of-2:critic", "local:critic"]
    scores = refine(
        PROBLEMS,
        model=tiny_student,
        orm=orm,
        sorm=sorm,
        critic=tiny_student,
        global_refiner=tiny_student,
        local_refiner=tiny_student,
        strategies=[*texts, "beam-4:sorm-last"],
        samples=3,
        temperature=1.0,
        max_tokens=12,
        critique_tokens=12,
        dtype="float32",
        journal=tmp_path / "j.sqlite",
        out=tmp_path,
    )
    facts = json.loads((tmp_path / "strategies.json").read_text())
    assert [row["name"] for row in facts["strategies"]] == list(
        dict.fromkeys(score.model for score in scores)
    )
    shown = [step for example in facts["examples"] for step in example["steps"]]
    assert all(0 <= step[name] <= 1 for step in shown for name in ("sorm", "orm"))
    loaders = judge_loaders(orm, sorm, tiny_student, "bfloat16")
    assert {str(load().model.dtype) for load in loaders.values()} == {"torch.bfloat16"}
    with pytest.raises(DataError, match="orm: the scorer is of kind sorm"):
        refine(PROBLEMS, model=tiny_student, orm=sorm, strategies=["best-of-2:orm"], samples=2)

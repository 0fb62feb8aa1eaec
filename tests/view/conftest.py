"""A small run with hostile text in every field, and a client of its viewer."""

import json
from dataclasses import replace

import pytest

from redink.records import Critique, InjectedError, Problem, Response, Score
from redink.tables import Table, critique_table, problem_table, response_table

HOSTILE = (
    "<script>alert(1)</script></textarea><img src=x onerror=alert(2)> javascript:alert(3) "
    "\u202eevil\u202c \x1b[31mred\x1b[0m $\\frac{1}{$ "
    "$\\text{<b>bold</b>}$ $\\href{javascript:x}{y}$"
)
STAGES = {"problems": "1", "drafts": "2", "critiques": "3", "scores": "4"}


def problem(number, **fields):
    made = Problem(
        id=f"p{number:03d}", question=f"What is ${number}+1$? It costs $5 and $6.",
        answer=str(number + 1), solution=f"Add: ${number}+1={number + 1}$", source="sums",
    )  # fmt: skip
    return replace(made, **fields)


def response(number, **fields):
    made = Response(
        id=f"r{number:03d}", problem_id=f"p{number:03d}", origin="corrupt", model="tiny",
        text=f"First, take {number}.\nThen add one.\nThe answer is {number + 1}.",
        answer=str(number + 1), outcome="correct", n_tokens=10 + number, finish="stop",
    )  # fmt: skip
    return replace(made, **fields)


def critique(number, **fields):
    made = Critique(
        id=f"c{number:03d}", response_id=f"r{number:03d}", text=f"All of it is fine, {number}.",
        verdict="right", agrees=True, teacher="symbolic", finish="stop",
    )  # fmt: skip
    return replace(made, **fields)


def hostile_rows():
    error = InjectedError(HOSTILE, 0, HOSTILE, HOSTILE)
    return (
        problem(0, question=HOSTILE, answer=HOSTILE, solution=HOSTILE, source=HOSTILE,
                subject=HOSTILE, level=HOSTILE),
        response(0, text=HOSTILE, answer=HOSTILE, model=HOSTILE, origin=HOSTILE, finish=HOSTILE,
                 error=error),
        critique(0, text=HOSTILE, teacher=HOSTILE, why=HOSTILE, preset=HOSTILE, finish=HOSTILE),
    )  # fmt: skip


def small_tables():
    rows = [(problem(n), response(n), critique(n)) for n in range(1, 12)]
    rows.append(hostile_rows())
    changes = {
        "r002": {"outcome": "wrong"}, "r003": {"outcome": "no_answer", "answer": None},
        "r004": {"outcome": "truncated", "finish": "length"},
        "r006": {"outcome": "grader_timeout"},
    }  # fmt: skip
    marks = {
        "c002": {"agrees": False},
        "c005": {"verdict": None, "agrees": None, "why": "no conclusion"},
        "c007": {"verdict": "wrong", "first_error": 1, "agrees": False},
    }
    problems = {p.id: p for p, _, _ in rows}
    responses = {r.id: replace(r, **changes.get(r.id, {})) for _, r, _ in rows}
    critiques = [replace(c, **marks.get(c.id, {})) for _, _, c in rows]
    return problems, responses, critiques


def score_table(problems):
    rows, responses = [], {}
    for place, key in enumerate(problems):
        for arm in ("sft@1", "sft@2", "cft"):
            right = place % 3 == 0 or (arm == "cft" and place % 3 == 1)
            made = Response(
                f"{arm}-{key}", key, f"The {arm} thinks of {key}, so {int(right)}.", "evaluate", arm
            )
            responses[made.id] = made
            outcome = "correct" if right else "wrong"
            bench = "sums" if place % 2 else "legs"
            rows.append(Score(arm, bench, key, 0, made.id, outcome, str(int(right)), "number", 7))
    return Table(Score, tuple(rows), problems=problems, responses=responses)


@pytest.fixture
def run_folder(tmp_path):
    problems, responses, critiques = small_tables()
    tables = {
        "problems": problem_table(tuple(problems.values())),
        "drafts": response_table(tuple(responses.values()), problems),
        "critiques": critique_table(critiques, responses, problems),
        "scores": score_table(problems),
    }
    folder = tmp_path / "run"
    verbs = {"problems": "load", "drafts": "corrupt", "critiques": "critique", "scores": "evaluate"}
    for name, table in tables.items():
        place = folder / f"{name}-{STAGES[name] * 10}"
        table.write(place)
        facts = {"stage": name, "verb": verbs[name], "started": 1.0, "rows": len(table)}
        (place / "stage.json").write_text(json.dumps(facts))
    facts = {"recipe": "tiny", "source": "builtin:tiny", "recipe_text": "stages: {}",
             "stages": [{"name": name, "verb": verbs[name]} for name in tables]}  # fmt: skip
    (folder / "run.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture
def client(run_folder):
    return client_of(run_folder)


def client_of(folder, base_url="http://127.0.0.1:8642", **settings):
    from starlette.testclient import TestClient

    from redink.view.app import make_app
    from redink.view.run import ViewedRun

    app = make_app(ViewedRun(folder), **{"author": "ada", **settings})
    return TestClient(app, base_url=base_url, raise_server_exceptions=False)


def got(client, path, **query):
    reply = client.get(path, params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


def posted(client, path, body, origin="http://127.0.0.1:8642", **headers):
    return client.post(path, json=body, headers={"Origin": origin, **headers})

"""Teachers behind endpoints in a recipe: what they are known by, and whether they can be asked."""

import socket

import pytest

from redink.errors import ModelError
from redink.plan import make_plan
from redink.recipe import check_recipe
from redink.run import run_plan

PROBLEMS = {"do": "load", "source": "gym:chain_sum", "n": 4}
DRAFTS = {"do": "corrupt", "problems": "problems"}


def plan(runs, **critique):
    stages = {
        "problems": PROBLEMS,
        "drafts": DRAFTS,
        "critiques": {"do": "critique", "responses": "drafts", **critique},
    }
    return make_plan(check_recipe({"stages": stages}, "r", "r"), runs)


def fingerprint(runs, **critique):
    return plan(runs, **critique).by_name["critiques"].fingerprint


def test_the_address_of_a_judge_makes_nothing_anew(tmp_path):
    def scores(judge):
        stages = {"p": PROBLEMS, "s": {"do": "evaluate", "models": "smollm2-135m",
                                       "benchmarks": "p", "judge": judge}}  # fmt: skip
        made = make_plan(check_recipe({"stages": stages}, "r", "r"), tmp_path)
        return made.by_name["s"].fingerprint

    first = scores("endpoint:m@http://127.0.0.1:1/v1")
    assert first == scores("endpoint:m@http://127.0.0.1:2/v1")
    assert first != scores("endpoint:other@http://127.0.0.1:1/v1")
    assert first != scores(None)


@pytest.fixture
def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_neither_the_address_nor_speed_nor_limits_of_a_teacher_make_anything_anew(tmp_path):
    first = fingerprint(tmp_path, teacher="endpoint:m@http://127.0.0.1:1/v1")
    assert first == fingerprint(
        tmp_path, teacher="endpoint:m@https://elsewhere.example/v1", concurrency=7, max_cost=3.5
    )
    assert first != fingerprint(tmp_path, teacher="endpoint:other@http://127.0.0.1:1/v1")
    assert first != fingerprint(tmp_path, teacher="symbolic")


def test_a_changed_prompt_makes_the_critiques_anew(tmp_path):
    prompt = tmp_path / "mine.j2"
    prompt.write_text("{{ problem.question }} {{ response.text }} Right?")
    teacher = "endpoint:m@http://127.0.0.1:1/v1"
    first = fingerprint(tmp_path, teacher=teacher, prompt=str(prompt))
    prompt.write_text("{{ problem.question }} {{ response.text }} Wrong?")
    assert first != fingerprint(tmp_path, teacher=teacher, prompt=str(prompt))


def test_an_endpoint_that_does_not_answer_stops_the_run_before_anything_is_done(
    tmp_path, closed_port
):
    planned = plan(tmp_path, teacher=f"endpoint:m@http://127.0.0.1:{closed_port}/v1")
    with pytest.raises(ModelError, match=r"stage 'critiques'.*127\.0\.0\.1"):
        run_plan(planned)
    assert not any(stage.done for stage in planned.stages)


def test_what_is_done_already_needs_no_endpoint(tmp_path, closed_port):
    planned = plan(tmp_path, teacher=f"endpoint:m@http://127.0.0.1:{closed_port}/v1")
    run_plan(planned, until="drafts")
    assert planned.by_name["drafts"].done

"""What measuring critics will take, told before anything is asked."""

import json

import pytest

from redink.critics import CriticSettings, estimate_critics, evaluate_critic
from redink.critics.printing import print_estimates
from redink.engines.journal import Journal
from redink.errors import UsageError
from tests.critics.marked import STEPS, benchmark
from tests.critics.test_evaluation import cued_scorer, server  # noqa: F401

MARKED = benchmark(0, None, 2, None)


def shown(rows, max_cost=None):
    from io import StringIO

    from rich.console import Console

    stream = StringIO()
    print_estimates(rows, max_cost, Console(file=stream, width=80))
    return stream.getvalue()


def test_an_endpoints_tokens_and_cost_are_told_and_it_is_not_asked(server, tmp_path):  # noqa: F811
    journal = tmp_path / "c.sqlite"
    settings = CriticSettings(prices={"m": [1000.0, 2000.0]}, journal=journal)
    (row,) = estimate_critics([server.name()], [MARKED], settings)
    assert (row.kind, row.rows, row.asked, row.kept) == ("model", 4, 4, 0)
    assert row.written == 4 * 400
    assert row.cost == pytest.approx((row.read * 1000 + row.written * 2000) / 1e6)
    assert row.seconds is None
    assert sum(server.asked.values()) == 0
    assert not journal.exists()
    evaluate_critic([server.name()], [MARKED], settings)
    sent = sum(len(said["content"]) for body in server.bodies for said in body["messages"])
    assert row.read == pytest.approx(sent / 3.5, rel=0.05)


def test_what_the_journal_holds_is_not_counted_and_tells_the_rest(server, tmp_path):  # noqa: F811
    settings = CriticSettings(journal=tmp_path / "c.sqlite")
    evaluate_critic([server.name()], [benchmark(0, None)], settings)
    (row,) = estimate_critics([server.name()], [MARKED], settings)
    assert (row.asked, row.kept) == (2, 2)
    assert row.written == 2 * 20
    assert row.cost is None
    assert row.seconds > 0
    (done,) = estimate_critics([server.name()], [benchmark(0, None)], settings)
    assert (done.asked, done.read, done.written, done.seconds) == (0, 0, 0, 0.0)


def test_a_limit_of_requests_a_minute_sets_the_time(server):  # noqa: F811
    settings = CriticSettings(remote={"rpm": 2, "tpm": None})
    (row,) = estimate_critics([server.name()], [MARKED], settings)
    assert row.seconds == 120


def test_a_model_here_is_counted_by_its_own_tokens_without_its_weights(
    tiny_student, tmp_path, monkeypatch
):
    settings = CriticSettings(max_tokens=4, dtype="float32", journal=tmp_path / "c.sqlite")
    with monkeypatch.context() as patch:
        patch.setattr("redink.engines.transformers.load_model", None)
        (row,) = estimate_critics([str(tiny_student)], [MARKED], settings)
    assert not (tmp_path / "c.sqlite").exists()
    (measured,) = evaluate_critic([str(tiny_student)], [MARKED], settings)
    assert (row.read, row.written, row.cost) == (measured.prompt_tokens, 16, 0.0)
    assert row.seconds > 0
    (again,) = estimate_critics([str(tiny_student)], [MARKED], settings)
    assert (again.asked, again.kept) == (0, 4)
    with Journal(tmp_path / "c.sqlite") as journal:
        assert journal.usage().completions == 4


def test_scorers_read_each_response_and_verdicts_each_prefix(
    cued_scorer,  # noqa: F811
    tiny_student,
):
    critics = [str(cued_scorer), f"verdict:{tiny_student}", "symbolic"]
    scorer, verdict, symbolic = estimate_critics(critics, [MARKED], CriticSettings())
    assert [one.kind for one in (scorer, verdict, symbolic)] == ["scorer", "verdict", "symbolic"]
    assert (scorer.written, verdict.written, symbolic.read) == (0, 0, 0)
    assert scorer.read > sum(len(item.response.text) for item in MARKED.items) / 4
    assert verdict.read > STEPS * scorer.read
    assert scorer.cost == verdict.cost == symbolic.cost == 0.0


def test_a_larger_model_takes_longer(tiny_student, tmp_path):
    import shutil

    shutil.copytree(tiny_student, tmp_path / "large")
    head = json.dumps({"w": {"dtype": "F32", "shape": [10_000, 1000], "data_offsets": [0, 0]}})
    data = len(head).to_bytes(8, "little") + head.encode()
    (tmp_path / "large" / "model.safetensors").write_bytes(data)
    small, large = estimate_critics(
        [f"verdict:{tiny_student}", f"verdict:{tmp_path / 'large'}"], [MARKED], CriticSettings()
    )
    assert small.read == large.read
    assert large.seconds > 100 * small.seconds


def test_the_table_adds_it_up_and_fits_80_columns(server, tiny_student):  # noqa: F811
    settings = CriticSettings(prices={"m": [1000.0, 2000.0]}, max_tokens=8)
    critics = [server.name(), str(tiny_student), "symbolic"]
    told = shown(estimate_critics(critics, [MARKED], settings), max_cost=0.01)
    assert "To ask · mine · 4 responses" in told
    assert "12 to ask" in told
    assert "above --max-cost 0.01" in told
    assert "Nothing was asked." in told
    assert max(map(len, told.splitlines())) <= 80
    unpriced = shown(estimate_critics([server.name("n")], [MARKED], CriticSettings()))
    assert "the price of n is not known" in unpriced
    assert "at least $0.00" in unpriced


def test_two_critics_of_one_name_are_refused():
    with pytest.raises(UsageError, match="two critics are called"):
        estimate_critics(["symbolic", "symbolic"], [MARKED], CriticSettings())

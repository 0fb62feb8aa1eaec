"""redink critique, as a user types it."""

import json
import sys
from pathlib import Path

import pytest

from redink.cli import main
from redink.tables import Table

ROOT = Path(__file__).parents[2]
ROWS = 12


@pytest.fixture(scope="module")
def server():
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from benchmarks.endpoint_server import start_server

    with start_server() as running:
        yield running


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Runs a command line in a folder of its own; returns exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["redink", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return ended.value.code or 0, shown.out, shown.err

    return run


@pytest.fixture
def noisy(tmp_path):
    rows = [
        {"question": f"What is {n} + {n}?", "answer": str(2 * n), "response": f"It is {n + n % 5}."}
        for n in range(1, ROWS + 1)
    ]
    path = tmp_path / "noisy.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_is_graded_and_critiqued_and_a_second_run_asks_for_nothing(call, server, noisy):
    asked = ("critique", noisy, "-o", "out", "--teacher", f"endpoint:m@{server.url}")
    before = server.stats()["requests"]
    code, out, _ = call(*asked)
    assert code == 0
    assert f"critiques {ROWS}" in " ".join(out.split())
    assert "completions made now" in out
    table = Table.read(Path("out"))
    assert len(table) == ROWS
    assert {row.outcome for row in table.responses.values()} == {"correct", "wrong"}
    assert server.stats()["requests"] - before == ROWS
    code, out, _ = call(*asked, "--verdict", "right", "--verdict", "wrong")
    assert code == 0
    assert "completions made now" not in out
    assert server.stats()["requests"] - before == ROWS


def test_a_dry_run_counts_and_asks_for_nothing(call, server, noisy):
    teacher = f"endpoint:priced@{server.url}"
    Path("prices.yaml").write_text("priced: [1000, 2000]\n")
    asked = ("critique", noisy, "-o", "out", "--teacher", teacher, "--prices", "prices.yaml")
    before = server.stats()["requests"]
    code, out, _ = call(*asked, "--dry-run")
    assert code == 0
    shown = " ".join(out.split())
    assert f"requests {ROWS}" in shown
    assert f"completion tokens, about {400 * ROWS:,}" in shown
    assert "cost, about $1" in shown
    assert server.stats()["requests"] == before
    assert not Path("out").exists()
    call(*asked)
    _, out, _ = call(*asked, "--dry-run")
    assert f"in the journal already {ROWS} requests 0" in " ".join(out.split())


def test_the_budget_ends_it_with_code_3_and_a_new_one_goes_on(call, server, noisy):
    asked = ("critique", noisy, "-o", "out", "--teacher", f"endpoint:b@{server.url}")
    asked += ("--max-tokens", 64, "--concurrency", 1)
    code, _, err = call(*asked, "--max-tokens-total", 700)
    assert code == 3
    assert "stopped at the budget" in err
    assert not Path("out/table.json").exists()
    before = server.stats()["requests"]
    assert call(*asked)[0] == 0
    assert 0 < server.stats()["requests"] - before < ROWS


def test_a_batch_runner_answers_the_requests_in_a_file(call, noisy):
    asked = ("critique", noisy, "-o", "out", "--teacher", "my/model")
    code, out, _ = call(*asked, "--batch-file", "requests.jsonl")
    assert code == 0
    assert f"{ROWS} requests in requests.jsonl" in out
    requests = [json.loads(line) for line in Path("requests.jsonl").read_text().splitlines()]
    assert {request["body"]["model"] for request in requests} == {"my/model"}
    with Path("results.jsonl").open("w") as results:
        for request in requests[1:]:
            choice = {"message": {"content": "Conclusion: wrong [END]"}, "finish_reason": "stop"}
            body = {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 4}}
            row = {
                "custom_id": request["custom_id"],
                "response": {"status_code": 200, "body": body},
            }
            results.write(json.dumps(row) + "\n")
    code, _, err = call(*asked, "--batch-results", "results.jsonl")
    assert code == 0
    assert "1 requests have no completion yet" in err
    table = Table.read(Path("out"))
    assert len(table) == ROWS - 1
    assert [item.reason for item in table.dropped] == ["no critique: not in the journal"]


def test_a_stages_folder_is_marked_by_the_symbolic_teacher(call, tmp_path):
    from redink.records import Problem
    from redink.stages.corrupt import corrupt
    from redink.tables import problem_table

    problems = [
        Problem(f"p{n}", f"Add 7 to {n}.", str(n + 7), f"{n} + 7 = {n + 7}\n#### {n + 7}")
        for n in range(20, 30)
    ]
    corrupt(problem_table(problems)).write(tmp_path / "drafts")
    code, out, _ = call("critique", "drafts", "-o", "out", "--teacher", "symbolic")
    assert code == 0
    assert "agree with the grader" in out
    assert Table.read(tmp_path / "out").provenance["settings"]["teacher"] == "symbolic"
    code, _, err = call("critique", "out", "-o", "again", "--teacher", "symbolic")
    assert code == 2
    assert "a table of critiques" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gone.jsonl", "--teacher", "symbolic"), "gone.jsonl"),
        (("noisy.jsonl", "--teacher", "oracle"), "choose symbolic, endpoint:MODEL@URL"),
        (("noisy.jsonl", "--teacher", "symbolic=1", "--teacher", "m"), "needs NAME=SHARE"),
        (("noisy.jsonl", "--teacher", "symbolic", "--response", "r"), "response"),
        (("noisy.jsonl", "--teacher", "symbolic", "--batch-file", "b"), "name one model"),
    ],
)
def test_wrong_usage_is_one_line_with_code_2(call, noisy, arguments, words):
    code, _, err = call("critique", *arguments, "-o", "out")
    assert code == 2
    assert words in err
    assert "Traceback" not in err

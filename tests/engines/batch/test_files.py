"""Batch files for offline runners, and their results, whatever state they are in."""

import json

import pytest

from redink.engines.batch import (
    Limits,
    read_batch_results,
    requests_missing,
    write_batch_file,
)
from redink.engines.engine import Completion, Conversation, Sampling
from redink.engines.journal import Journal
from redink.errors import DataError, StorageError, UsageError
from redink.records import Message
from tests.engines.batch.batch_server import answered, failed, unanswered

SAMPLING = Sampling(temperature=0.3, top_p=0.95, max_tokens=3200, samples=2)
ASKED = [Conversation(f"c{n}", (Message("user", f"question {n}, «é»"),)) for n in range(5)]
ASKING = (ASKED, SAMPLING)


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_holds_one_request_a_line_as_batch_runners_read_it(tmp_path):
    written = write_batch_file(tmp_path / "out.jsonl", *ASKING, model="m", extra={"top_k": 9})
    assert (written.paths, written.requests, written.kept) == ((tmp_path / "out.jsonl",), 10, 0)
    lines = lines_of(tmp_path / "out.jsonl")
    assert len({line["custom_id"] for line in lines}) == 10
    assert lines[0] | {"custom_id": ""} == {
        "custom_id": "", "method": "POST", "url": "/v1/chat/completions",
        "body": {
            "model": "m", "messages": [{"role": "user", "content": "question 0, «é»"}],
            "temperature": 0.3, "top_p": 0.95, "max_tokens": 3200, "top_k": 9,
        },
    }  # fmt: skip


def test_only_what_is_not_in_the_journal_is_asked_for(tmp_path):
    journal = tmp_path / "j.sqlite"
    path = tmp_path / "out.jsonl"
    write_batch_file(path, *ASKING, model="m", journal=journal)
    assert not journal.exists()
    ids = [line["custom_id"] for line in lines_of(path)]
    rows = write_rows(tmp_path / "r.jsonl", [answered(key, key) for key in ids[:7]])
    read = read_batch_results(rows, *ASKING, model="m", journal=journal)
    assert (read.stored, read.kept, read.missing) == (7, 0, 3)
    again = write_batch_file(path, *ASKING, model="m", journal=journal)
    assert (again.requests, again.kept) == (3, 7)
    assert [line["custom_id"] for line in lines_of(path)] == ids[7:]
    with Journal(journal) as opened:
        assert list(requests_missing(*ASKING, model="m", journal=opened)) == ids[7:]
        assert opened.get(ids[:1])[ids[0]].text == ids[0]
    read_batch_results(
        write_rows(rows, [answered(key, key) for key in ids]), *ASKING, model="m", journal=journal
    )
    assert write_batch_file(path, *ASKING, model="m", journal=journal).paths == ()
    assert path.read_text() == ""


def test_bad_rows_are_counted_with_their_numbers_and_cost_no_good_one(tmp_path):
    journal, path = tmp_path / "j.sqlite", tmp_path / "out.jsonl"
    write_batch_file(path, *ASKING, model="m")
    ids = [line["custom_id"] for line in lines_of(path)]
    results = tmp_path / "results.jsonl"
    rows = [
        json.dumps(answered(ids[0], "good")),
        "{broken",
        json.dumps(failed(ids[1], 400, "too long")),
        json.dumps(answered("f" * 32, "of another run")),
        "[1, 2]",
        json.dumps(unanswered(ids[2], "batch_expired")),
        "",
        json.dumps({"custom_id": ids[3], "response": None, "error": {"message": "out of memory"}}),
        json.dumps(
            {"custom_id": ids[4], "response": {"status_code": 200, "body": {"choices": []}}}
        ),
        json.dumps({"custom_id": ids[5], "response": {"status_code": 200, "body": None}}),
        json.dumps(answered(ids[6], "good too")),
        json.dumps(answered(ids[7], "torn"))[:-30],
    ]
    results.write_text("\n".join(rows))
    read = read_batch_results(results, *ASKING, model="m", journal=journal)
    assert (read.stored, read.missing) == (2, 8)
    assert read.broken == ("results.jsonl:2", "results.jsonl:5")
    assert read.unknown == ("results.jsonl:4",)
    assert read.torn == ("results.jsonl:12",)
    assert read.failed == {
        "results.jsonl:3": "400: too long",
        "results.jsonl:6": "batch_expired: This request could not be executed.",
        "results.jsonl:8": "out of memory",
        "results.jsonl:9": "the reply has no choices",
        "results.jsonl:10": "the reply has no choices",
    }
    report = "\n".join(read.report())
    assert "2 completions read" in report
    assert "1 failed: 400: too long" in report
    assert "2 rows cannot be read: results.jsonl:2, results.jsonl:5" in report
    assert "8 requests have no completion yet" in report
    with Journal(journal) as opened:
        assert {answer.text for answer in opened.get(ids).values()} == {"good", "good too"}
        assert opened.failures(ids)[ids[1]].reason == "400: too long"
        opened.put([(ids[1], Completion("", 0, "after all", 1, 1, "stop"))])
    second = read_batch_results([results, results], *ASKING, model="m", journal=journal)
    assert (second.stored, second.kept, second.missing) == (0, 4, 7)


def test_a_vllm_row_is_read(tmp_path):
    """As `vllm run_batch` writes it, with fields that no one else has."""
    write_batch_file(tmp_path / "out.jsonl", *ASKING, model="m")
    key = lines_of(tmp_path / "out.jsonl")[0]["custom_id"]
    message = {
        "role": "assistant", "content": "Conclusion: right", "refusal": None, "tool_calls": [],
        "reasoning": None,
    }  # fmt: skip
    body = {
        "id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [
            {"index": 0, "message": message, "logprobs": None, "finish_reason": "length",
             "stop_reason": None, "token_ids": None}
        ],
        "usage": {"prompt_tokens": 30, "total_tokens": 60, "completion_tokens": 30},
    }  # fmt: skip
    response = {"status_code": 200, "request_id": "vllm-batch-1", "body": body}
    row = {"id": "vllm-1", "custom_id": key, "response": response, "error": None}
    results = write_rows(tmp_path / "r.jsonl", [row])
    journal = tmp_path / "j.sqlite"
    assert read_batch_results(results, *ASKING, model="m", journal=journal).stored == 1
    with Journal(journal) as opened:
        found = opened.get([key])[key]
    assert (found.text, found.finish, found.prompt_tokens) == ("Conclusion: right", "length", 30)


def test_a_vllm_row_that_failed_says_why(tmp_path):
    write_batch_file(tmp_path / "out.jsonl", *ASKING, model="m")
    key = lines_of(tmp_path / "out.jsonl")[0]["custom_id"]
    row = {
        "id": "vllm-1", "custom_id": key,
        "response": {"status_code": 400, "request_id": "vllm-batch-1", "body": None},
        "error": {"error": {"message": "too many tokens", "type": "BadRequestError", "code": 400}},
    }  # fmt: skip
    results = write_rows(tmp_path / "r.jsonl", [row])
    read = read_batch_results(results, *ASKING, model="m", journal=tmp_path / "j.sqlite")
    assert read.failed == {"r.jsonl:1": "400: too many tokens"}


def test_beyond_the_limits_there_are_numbered_files(tmp_path):
    path = tmp_path / "out.jsonl"
    written = write_batch_file(path, *ASKING, model="m", limits=Limits(requests=4))
    assert [p.name for p in written.paths] == ["out-001.jsonl", "out-002.jsonl", "out-003.jsonl"]
    assert [len(lines_of(p)) for p in written.paths] == [4, 4, 2]
    assert not path.exists()
    with pytest.raises(UsageError, match=r"out-001\.jsonl: left from an earlier time"):
        write_batch_file(path, *ASKING, model="m")
    by_size = write_batch_file(tmp_path / "s.jsonl", *ASKING, model="m", limits=Limits(size=600))
    assert len(by_size.paths) > 2
    assert all(p.stat().st_size <= 600 for p in by_size.paths)


def test_what_cannot_be_written_or_read_is_said(tmp_path):
    with pytest.raises(DataError, match="raise the limit"):
        write_batch_file(tmp_path / "o.jsonl", *ASKING, model="m", limits=Limits(size=50))
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"o\.jsonl: cannot be written"):
        write_batch_file(tmp_path / "file" / "o.jsonl", *ASKING, model="m")
    with pytest.raises(DataError, match=r"none\.jsonl: cannot be read"):
        read_batch_results(
            tmp_path / "none.jsonl", *ASKING, model="m", journal=tmp_path / "j.sqlite"
        )
    with pytest.raises(UsageError, match="extra"):
        write_batch_file(tmp_path / "o.jsonl", *ASKING, model="m", extra={"stream": True})
    with pytest.raises(UsageError, match="limits"):
        Limits(requests=0)

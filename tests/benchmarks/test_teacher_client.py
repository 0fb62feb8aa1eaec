"""The comparison of clients compares what it says."""

import argparse

import pytest

from benchmarks import teacher_client


def run_of(cost, name="x"):
    keys = ("version", "rows", "answered", "rate", "peak_mib", "disk_bytes_per_row")
    keys += ("startup_seconds", "startup_cpu_seconds")
    return dict.fromkeys(keys, 1) | {"cpu_ms_per_request": cost}


def test_rows_are_of_one_length_and_no_two_alike():
    rows = teacher_client.prompts(3000, 1600)
    assert {len(row) for row in rows} == {1600}
    assert len(set(rows)) == 3000


def test_best_peer_is_the_cheapest_framework_and_no_bare_sdk():
    costs = {"redink": 0.5, "curator": 2.8, "curator-no-tokens": 2.4, "distilabel": 8.0}
    runs = {name: run_of(cost) for name, cost in (costs | {"openai": 1.0}).items()}
    found = teacher_client.compared(runs)
    assert found["best_peer"] == "curator-no-tokens"
    assert found["ratio_to_best_peer"] == 4.8
    assert found["ratios"]["openai"] == 2.0


def test_without_peers_there_is_no_ratio():
    found = teacher_client.compared({"redink": run_of(0.5)})
    assert found["best_peer"] is None
    assert found["ratio_to_best_peer"] is None


def test_the_middle_run_counts():
    runs = [run_of(cost) for cost in (3.0, 1.0, 2.0)]
    assert teacher_client.median(runs)["cpu_ms_per_request"] == 2.0


def test_redink_answers_every_row_once_and_keeps_each_on_disk():
    options = argparse.Namespace(python={}, prompt_bytes=300)
    found = teacher_client.run_client(
        options, "redink", 60, 20, latency=(0.0, 0.02), limited_share=0.2, retry_after=0.1
    )
    assert (found["answered"], found["different"]) == (60, 60)
    assert found["server"]["answered"] == 60
    assert found["server"]["sent_again_after_success"] == 0
    assert found["server"]["by_status"]["429"] > 0
    assert found["disk_bytes_per_row"] > 500


def test_a_client_that_fails_is_named():
    options = argparse.Namespace(python={"redink": "false"}, prompt_bytes=300)
    with pytest.raises(RuntimeError, match="redink failed"):
        teacher_client.run_client(options, "redink", 1, 1)

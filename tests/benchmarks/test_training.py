"""The training benchmark gives every system the same work and counts it as said."""

import pytest

from benchmarks.training import compared
from benchmarks.training_llamafactory import write_rows
from benchmarks.training_machine import operations
from benchmarks.training_random import DOCUMENTS, packed_rows
from redink.training.encoding import Encoded

ROWS = [([5, 6, 7, 8], 2, 4), ([9, 5, 6], 1, 2)]


def test_documents_fill_their_rows_exactly():
    rows = packed_rows(5, 256, 100)
    assert len(rows) == 5 * DOCUMENTS
    for place in range(0, len(rows), DOCUMENTS):
        lengths = [len(ids) for ids, _, _ in rows[place : place + DOCUMENTS]]
        assert sum(lengths) == 256
        assert min(lengths) >= 256 // (2 * DOCUMENTS)
    assert len({len(ids) for ids, _, _ in rows}) > 3
    assert all(0 < start < stop == len(ids) for ids, start, stop in rows)


def test_llama_factory_is_given_the_labels_that_redink_trains_on(tmp_path):
    from datasets import load_from_disk

    write_rows(ROWS, tmp_path / "rows")
    written = load_from_disk(str(tmp_path / "rows"))["train"]
    assert written["input_ids"][:] == [ids for ids, _, _ in ROWS]
    expected = [Encoded(tuple(ids), start, stop).labels for ids, start, stop in ROWS]
    assert written["labels"][:] == expected


def test_needed_operations_are_those_of_weights_head_and_attention():
    # 2 layers of 3 x 4 weights, a head of 4 x 10, attention of 2 x 4 channels: one document of 3
    # tokens, the last with loss. Forward and backward are three passes.
    layers = 3 * 2 * (2 * 3 * 4) * 3
    head = 3 * 2 * (4 * 10) * 1
    scores_and_sums = 3 * 2 * (2 * (2 * 4)) * (1 + 2 + 3)
    assert operations([(3, 1)], 2 * 3 * 4, 4 * 10, 2 * 4) == layers + head + scores_and_sums


def test_every_other_system_is_compared_with_redink_by_its_name():
    def figures(speed, peak, losses):
        return {"tokens_per_second": speed, "peak_gib": peak, "losses": losses}

    found = {
        "redink": figures(300.0, 2.0, [1.5, 1.0]),
        "trl": figures(100.0, 8.0, [1.5, 1.01]),
        "llamafactory": figures(150.0, 4.0, [1.4, 1.0]),
    }
    summary = compared(found)
    assert summary["speedup_over_trl"] == 3.0
    assert summary["memory_ratio_to_trl"] == 0.25
    assert summary["largest_loss_difference"] == pytest.approx(0.01)
    assert summary["speedup_over_llamafactory"] == 2.0
    assert summary["largest_loss_difference_to_llamafactory"] == pytest.approx(0.1)

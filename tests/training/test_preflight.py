"""The pre-flight report: every row accounted for, nothing printed that a terminal would obey."""

import io
import json
import shutil
from collections import namedtuple

import pytest

from redink.errors import DataError, StorageError, UsageError
from redink.models.loading import load_tokenizer
from redink.models.resolve import resolve_model
from redink.records import Example, Message, Problem, problem_id
from redink.stages.finetune import finetune
from redink.tables import problem_table
from redink.training.encoding import encode
from redink.training.footprint import largest_load, planned_size, size_of
from redink.training.lengths import histogram, percentile
from redink.training.method import Method
from redink.training.preflight import preflight
from redink.training.settings import check_settings
from redink.training.spans import coloured, spans

SETTINGS = {"learning_rate": 1e-3, "epochs": 1.5, "batch_size": 4, "max_tokens": 256}


def sums(count=24):
    rows = []
    for n in range(count):
        question, answer = f"{n} + {n} =", str(2 * n)
        solution = f"{n} + {n} = {2 * n}\n" * (1 + n % 4)
        rows.append(Problem(problem_id(question, answer), question, answer, solution))
    return problem_table(rows)


@pytest.fixture(scope="module")
def tokenizer(tiny_student):
    return load_tokenizer(resolve_model(tiny_student))


def examples(count=600):
    for number in range(count):
        question = Message("user", f"{number} + {number % 7} =")
        answer = Message("assistant", f"It is {number + number % 7}. " * (1 + number % 5))
        yield Example((question,), (answer,), meta={"id": f"r{number}"})


def limit_of(rows, tokenizer):
    lengths = sorted(len(encode(row, tokenizer).ids) for row in rows)
    return lengths[len(lengths) // 2]


def test_rows_encoded_in_batches_equal_rows_encoded_one_by_one(tokenizer):
    rows = list(examples())
    assert list(preflight(rows, tokenizer, 512).rows) == [encode(row, tokenizer) for row in rows]


def test_truncation_keeps_the_prompt_and_counts_the_lost_end_of_turn(tokenizer):
    rows = list(examples(50))
    limit = limit_of(rows, tokenizer)
    flight = preflight(rows, tokenizer, limit, "truncate")
    whole = [encode(row, tokenizer) for row in rows]
    assert len(flight.rows) == len(rows)
    for cut, row in zip(flight.rows, whole, strict=True):
        assert cut.ids == row.ids[:limit]
        assert cut.loss_from == row.loss_from
    lost = sum(row.loss_to > limit for row in whole)
    assert 0 < lost == flight.truncated
    counts = flight.counts()
    assert counts["end_of_turn_share"] == pytest.approx(1 - lost / len(rows))
    assert counts["longest"] == limit


def test_a_prompt_that_fills_the_length_is_dropped_under_truncation(tokenizer):
    long = Example((Message("user", "7 " * 200),), (Message("assistant", "7"),), meta={"id": "r"})
    flight = preflight([*examples(2), long], tokenizer, 64, "truncate")
    assert flight.dropped == {"its prompt alone fills max_tokens = 64": 1}


def test_raise_names_the_first_row_over_length(tokenizer):
    rows = list(examples(50))
    limit = limit_of(rows, tokenizer)
    first = next(row.meta["id"] for row in rows if len(encode(row, tokenizer).ids) > limit)
    with pytest.raises(DataError, match=rf"^{first}: .*max_tokens = {limit}"):
        preflight(rows, tokenizer, limit, "raise")


def test_an_unknown_way_with_long_rows_is_refused(tmp_path, tiny_student):
    with pytest.raises(UsageError, match="over_length = cut"):
        finetune(sums(2), student=tiny_student, out=tmp_path, over_length="cut", **SETTINGS)
    with pytest.raises(TypeError):
        check_settings(over_length="cut")


def test_histogram_and_percentiles_count_every_row():
    lengths = [40, 41, 59, 60, 77, 180]
    bars = histogram(lengths)
    assert sum(rows for _, _, rows in bars) == len(lengths)
    for low, below, rows in bars:
        assert rows == sum(low <= length < below for length in lengths)
    assert percentile(lengths, 0.5) == 59
    assert percentile(lengths, 0.95) == percentile(lengths, 1.0) == 180
    assert histogram([5]) == [[5, 6, 1]]


def test_trained_tokens_are_coloured_and_the_end_of_turn_is_marked(tokenizer):
    row = encode(next(examples()), tokenizer)
    pieces = spans(row, tokenizer, tokenizer.eos_token_id)
    assert [piece.kind for piece in pieces] == ["read", "trained", "end", "read"]
    assert "".join(piece.text for piece in pieces) == tokenizer.decode(row.ids)
    shown = coloured(pieces)
    styled = {shown.plain[span.start : span.end]: str(span.style) for span in shown.spans}
    assert styled[pieces[1].text] == "green"
    assert styled["<|im_end|>"] == "bold black on green"
    assert styled[pieces[0].text] == "dim"
    assert f"⟦{pieces[1].text}<|im_end|>⟧" in shown.plain


def test_model_text_is_neither_obeyed_nor_read_as_markup(tokenizer):
    from rich.console import Console

    text = "[red]7[/red] \x1b[2J\x07 ‮8"
    example = Example((Message("user", text),), (Message("assistant", text),), meta={})
    pieces = spans(encode(example, tokenizer), tokenizer, tokenizer.eos_token_id)
    stream = io.StringIO()
    Console(file=stream, force_terminal=False, width=200).print(coloured(pieces))
    printed = stream.getvalue()
    assert printed.count("[red]7[/red]") == 2
    assert not set("\x1b\x07‮") & set(printed)
    assert "\\x1b[2J" in printed


def test_a_config_alone_tells_the_size_of_the_model(tiny_student):
    from redink.models.loading import load_model

    source = resolve_model(tiny_student)
    model = load_model(source)
    assert planned_size(source, Method()) == size_of(model)
    adapters = planned_size(source, Method("lora", lora_rank=4))
    assert 0 < adapters.trained < adapters.parameters / 2


def test_the_largest_micro_batch_holds_the_longest_row(tokenizer):
    rows = preflight(list(examples(40)), tokenizer, 512).rows
    order = list(range(40))
    padded = largest_load(rows, order, 8, 256, packing=False)
    assert padded.rows * padded.length <= 256
    assert padded.length >= max(len(row.ids) for row in rows)
    alone = largest_load(rows, order, 8, 1, packing=True)
    assert alone.loss_tokens == max(row.loss_tokens for row in rows)


def test_the_report_is_in_the_run_before_any_step(tmp_path, tiny_student, monkeypatch, capsys):
    def stop(*args, **facts):
        raise KeyboardInterrupt

    monkeypatch.setattr("redink.models.loading.load_model", stop)
    with pytest.raises(KeyboardInterrupt):
        finetune(sums(), student=tiny_student, out=tmp_path, **SETTINGS)
    facts = json.loads((tmp_path / "preflight.json").read_text())
    assert facts["steps"] == 9
    assert facts["warmup_steps"] == 1
    assert facts["rows"]["rows_kept"] == 24
    assert sum(rows for _, _, rows in facts["lengths"]["histogram"]) == 24
    assert facts["memory"]["activations"] > 0
    assert [sample["place"] for sample in facts["samples"]] == ["shortest", "median", "longest"]
    assert "9, 1 of them warm-up" in capsys.readouterr().err


def test_a_full_disk_is_told_before_the_start(tmp_path, tiny_student, monkeypatch):
    usage = namedtuple("usage", "total used free")(10, 10, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)
    with pytest.raises(StorageError, match="MiB on disk at its peak"):
        finetune(sums(), student=tiny_student, out=tmp_path, **SETTINGS)
    assert not (tmp_path / "losses.jsonl").exists()


def test_nothing_to_train_on_is_refused(tokenizer):
    with pytest.raises(DataError, match="nothing to train on"):
        preflight([], tokenizer, 64)

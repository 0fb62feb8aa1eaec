"""Decoding: rows come and go without touching each other, within the bounds."""

import random

import pytest
import torch

from redink.engines import cache, decoding
from redink.engines.cache import WholeCache, WindowCache
from redink.engines.decoding import Bounds, Row, decode
from redink.engines.engine import Sampling
from redink.models import resolve_model
from redink.models.loading import load_model

WIDE = Bounds(64, 10**9)


@pytest.fixture(scope="module")
def model(tiny_student):
    return load_model(resolve_model(tiny_student), "float32", "cpu")


def make_rows(lengths, limit):
    """Rows with random prompts, longest first; each with its own draws."""
    draw = random.Random(1)
    return [
        Row(tuple(draw.randrange(3, 300) for _ in range(length)), limit, random.Random(n))
        for n, length in enumerate(sorted(lengths, reverse=True))
    ]


def run(model, rows, bounds=WIDE, stops=(), temperature=1.0):
    sampling = Sampling(temperature, 0.95)
    order = [row for group in decode(model, rows, sampling, stops, 0, bounds) for row in group]
    assert sorted(map(id, order)) == sorted(map(id, rows))
    return [(row.ids, row.ended) for row in rows]


def reference(model, row, stops, temperature=1.0):
    """The same row on its own, without a cache."""
    draws = random.Random()
    draws.setstate(row.draws.getstate())
    ids = list(row.prompt)
    for _ in range(row.limit):
        with torch.inference_mode():
            logits = model(torch.tensor([ids])).logits[:, -1]
        ids.append(int(decoding.choose(logits, Sampling(temperature, 0.95), [draws])))
        if ids[-1] in stops:
            break
    return ids[len(row.prompt) :], ids[-1] in stops


LENGTHS = [3, 90, 17, 17, 60, 5, 41, 41, 29, 8, 70, 33]
STOPS = tuple(range(3, 15))


@pytest.mark.parametrize("kind", [WindowCache, WholeCache])
@pytest.mark.parametrize("places", [1, 3, 64])
def test_every_row_is_what_it_would_be_alone(model, monkeypatch, kind, places):
    monkeypatch.setattr(decoding, "open_cache", kind)
    monkeypatch.setattr(cache, "BLOCK", 7)
    rows = make_rows(LENGTHS, 24)
    expected = [reference(model, row, STOPS) for row in rows]
    assert len({len(ids) for ids, _ in expected}) > 5
    assert {ended for _, ended in expected} == {True, False}
    assert run(model, rows, Bounds(places, 10**9), STOPS) == expected


def test_other_attention_functions_get_a_mask_they_read(model):
    rows = make_rows(LENGTHS, 20)
    expected = [reference(model, row, STOPS) for row in rows]
    model.set_attn_implementation("eager")
    try:
        assert run(model, rows, Bounds(5, 10**9), STOPS) == expected
    finally:
        model.set_attn_implementation("sdpa")


def test_prompts_of_any_order_and_far_longer_ones_later_are_right(model):
    rows = make_rows(LENGTHS, 9)
    random.Random(5).shuffle(rows)
    expected = [reference(model, row, ()) for row in rows]
    assert run(model, rows, Bounds(4, 10**9)) == expected


def test_rows_times_columns_stay_within_the_bound(model, monkeypatch):
    held = []
    step = decoding.Batch.step

    def watched(batch):
        held.append((len(batch.live), max(row.columns for row in batch.live)))
        return step(batch)

    monkeypatch.setattr(decoding.Batch, "step", watched)
    rows = make_rows([200, 150] + [10] * 30, 10)
    run(model, rows, Bounds(16, 400))
    assert max(rows * columns for rows, columns in held) <= 400
    assert max(rows for rows, _ in held) == 16
    held.clear()
    run(model, make_rows([50, 40], 10), Bounds(16, 1))
    assert {rows for rows, _ in held} == {1}


def test_the_cache_does_not_grow_with_the_number_of_prompts(model, monkeypatch):
    sizes = []
    move = cache.WindowLayer.move

    def watched(layer, *args):
        move(layer, *args)
        if layer.is_initialized:
            sizes.append(layer.keys.shape[0] * layer.keys.shape[2])

    monkeypatch.setattr(cache.WindowLayer, "move", watched)
    run(model, make_rows([20] * 100, 40), Bounds(4, 10**9), STOPS)
    assert max(sizes) <= 4 * (60 + cache.BLOCK)


def test_samples_of_one_prompt_are_read_once(model, monkeypatch):
    widths = []
    forward = decoding.Batch._forward

    def watched(batch, tokens, mask, positions):
        widths.append(tuple(tokens.shape))
        return forward(batch, tokens, mask, positions)

    monkeypatch.setattr(decoding.Batch, "_forward", watched)
    (row,) = make_rows([30], 5)
    rows = [Row(row.prompt, 5, random.Random(n)) for n in range(6)]
    expected = [reference(model, row, ()) for row in rows]
    assert run(model, rows) == expected
    assert widths[0] == (1, 30)


def test_special_layers_keep_transformers_own_cache():
    from transformers import Gemma3TextConfig, LlamaConfig

    cpu = torch.device("cpu")
    assert isinstance(cache.open_cache(LlamaConfig(num_hidden_layers=2), 4, cpu), WindowCache)
    sliding = Gemma3TextConfig(num_hidden_layers=6, sliding_window=16)
    assert isinstance(cache.open_cache(sliding, 4, cpu), WholeCache)

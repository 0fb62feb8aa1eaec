"""Trained on a few rows, a model of every family answers and stops by itself."""

import json

import pytest

from redink.engines.engine import Conversation, Sampling
from redink.engines.transformers import TransformersEngine
from redink.models import resolve_model
from redink.records import Message, Problem, problem_id
from redink.stages.finetune import finetune
from redink.tables import problem_table
from tests.training.families import FAMILIES
from tests.training.family_models import make_model

ROWS = 50


def problems():
    texts = [f"Is number {n} right?" for n in range(ROWS)]
    return problem_table([Problem(problem_id(t, "OK"), t, "OK", "OK") for t in texts])


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_model_trained_on_50_rows_of_ok_says_ok_and_stops(family, tmp_path):
    model = finetune(
        problems(),
        student=make_model(family, tmp_path / "student"),
        learning_rate=1e-2,
        epochs=12,
        batch_size=10,
        max_tokens=128,
        warmup_ratio=0.0,
        out=tmp_path / "out",
    )
    engine = TransformersEngine(resolve_model(model), dtype="float32", device="cpu")
    asked = [
        Conversation(str(n), (Message("user", f"Is number {n} right?"),)) for n in range(100, 104)
    ]
    for completion in engine.complete(asked, Sampling(max_tokens=24)):
        assert completion.finish == "stop"
        assert completion.text.removeprefix("final").strip() == "OK"
    rows = json.loads((model / "training.json").read_text())["rows"]
    assert rows["rows_kept"] == ROWS
    assert rows["end_of_turn_share"] == 1.0
    stops = json.loads((model / "generation_config.json").read_text())["eos_token_id"]
    end = engine.tokenizer.convert_tokens_to_ids(family.end_of_turn)
    assert end in (stops if isinstance(stops, list) else [stops])

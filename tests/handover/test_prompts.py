"""Prompts as texts: what another engine reads of them are the ids that redink would give."""

import json

import pytest
from transformers import AutoTokenizer

from redink.engines.engine import Conversation
from redink.engines.items import ItemMaker
from redink.errors import DataError, ModelError
from redink.handover.marking import answer_of
from redink.handover.prompts import Renderer, parameters_of
from redink.models.loading import end_of_turn_ids, load_model, load_tokenizer
from redink.models.resolve import resolve_model
from redink.prompts import prompt_named
from tests.handover.world import sums
from tests.training.families import FAMILIES
from tests.training.family_models import make_model

TEXT = "12 + 34 = 46 is right. Conclusion: right"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    made = {}

    def model(family):
        if family.name not in made:
            folder = tmp_path_factory.mktemp("families") / family.name
            made[family.name] = make_model(family, folder)
            # As `finetune` and `reinforce` leave their models.
            stops = end_of_turn_ids(load_tokenizer(resolve_model(folder)))
            path = folder / "generation_config.json"
            path.write_text(json.dumps({"eos_token_id": list(stops)}))
        return made[family.name]

    return model


def expected(source, name, problem):
    items, prompt = ItemMaker(source, "test"), prompt_named(name)
    items.tokenizer = load_tokenizer(source)
    if prompt.is_raw:
        return items.prompt_ids(Conversation("p", (), raw=prompt.text(problem)))
    return items.prompt_ids(Conversation("p", prompt.messages(problem)))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@pytest.mark.parametrize("name", ["plain", "boxed-cot"])
def test_prompts_and_answers_survive_openrlhfs_way_of_reading(models, family, name):
    source = resolve_model(models(family))
    problem = sums(1).rows[0]
    renderer = Renderer(source, name)
    (prompt,) = renderer.rendered([problem], 20).values()
    theirs = AutoTokenizer.from_pretrained(source.folder)
    ids = theirs(text=prompt.text, add_special_tokens=False)["input_ids"]
    assert ids == expected(source, name, problem)
    assert prompt.tokens == len(ids)
    answer = theirs(TEXT, add_special_tokens=False)["input_ids"]
    settings = vars(renderer.wording)
    stop = json.loads((source.folder / "generation_config.json").read_text())["eos_token_id"][-1]
    for end, finish in (([stop], "stop"), ([], "length")):
        query = theirs.decode([*ids, *answer, *end], skip_special_tokens=False)
        assert query.startswith(prompt.shown)
        text, found = answer_of(query[len(prompt.shown) :], settings)
        assert (text.strip(), found) == (TEXT, finish)


def test_worked_examples_are_handed_over_as_a_text(tmp_path, models):
    family = next(family for family in FAMILIES if family.begins)
    folder = models(family)
    config = json.loads((folder / "config.json").read_text()) | {"max_position_embeddings": 9000}
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "config.json").write_text(json.dumps(config))
    source = resolve_model(tmp_path)
    problem = sums(1).rows[0]
    (prompt,) = Renderer(source, "few-shot").rendered([problem], 20).values()
    theirs = AutoTokenizer.from_pretrained(folder)
    assert theirs(prompt.text, add_special_tokens=False)["input_ids"] == expected(
        source, "few-shot", problem
    )
    assert prompt.text.startswith(family.bos)


def test_answers_lose_control_tokens_and_what_stands_behind_a_stop():
    settings = {"ends": ["<e>"], "control": ["<pad>", "<e>"], "stops": ["\nQuestion:"]}
    assert answer_of("It is 7.<e>", settings) == ("It is 7.", "stop")
    assert answer_of("It <pad>is 7.", settings) == ("It is 7.", "length")
    assert answer_of("It is 7.\nQuestion: And 8", settings) == ("It is 7.", "stop")
    assert answer_of("<e>", settings) == ("", "stop")


def test_a_prompt_without_room_is_refused(tiny_student):
    renderer = Renderer(resolve_model(tiny_student), "plain")
    with pytest.raises(DataError, match="more than the model's context of 512"):
        renderer.rendered(sums(1).rows, 500)


def test_a_model_that_vllm_would_not_stop_is_refused(tiny_student, tmp_path):
    for path in tiny_student.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    tokenizer.eos_token = "<|endoftext|>"
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": 0}))
    with pytest.raises(ModelError, match=r"'<\|im_end\|>' .* add it to eos_token_id"):
        Renderer(resolve_model(tmp_path), "plain")
    stop = tokenizer.convert_tokens_to_ids("<|im_end|>")
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [0, stop]}))
    wording = Renderer(resolve_model(tmp_path), "plain").wording
    assert set(wording.ends) == {"<|endoftext|>", "<|im_end|>"}


def test_weights_are_counted(tiny_student):
    source = resolve_model(tiny_student)
    model = load_model(source)
    stored = {id(p): p.numel() for p in model.parameters()}
    assert parameters_of(source) == sum(stored.values())

"""The token head: which bases have one, and that its logits are transformers' own."""

import pytest

from redink.errors import ModelError
from redink.models.loading import load_tokenizer
from redink.models.resolve import resolve_model
from redink.models.source import ModelSource
from redink.scoring.labelled import labelled_rows
from redink.scoring.preflight import scorer_flight
from tests.scoring.cued import cued_step_labels


@pytest.fixture(scope="module")
def base(tiny_student):
    from redink.scoring.model import load_base

    return load_base(resolve_model(tiny_student), seed=3, device="cpu")


@pytest.fixture(scope="module")
def rows(tiny_student):
    tokenizer = load_tokenizer(resolve_model(tiny_student))
    return scorer_flight(labelled_rows([cued_step_labels(8)], "sorm"), tokenizer, 512).rows


def batch_of(rows):
    from redink.scoring.batches import merged_rows, tensors

    return tensors(merged_rows(rows, 0))


def test_logits_are_those_of_transformers_own_forward(base, rows):
    import torch

    from redink.scoring.model import logits_at

    batch = batch_of(rows)
    with torch.no_grad():
        found = logits_at(base, batch)
        own = base(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    assert torch.equal(found, own.flatten()[batch["positions"]])
    assert len(found) == 24


def test_the_head_is_drawn_from_the_seed_and_the_rest_is_the_bases(base, tiny_student):
    import torch

    from redink.models.loading import load_model
    from redink.scoring.model import load_base

    source = resolve_model(tiny_student)
    same, other = (load_base(source, seed=seed, device="cpu") for seed in (3, 4))
    assert torch.equal(same.score.weight, base.score.weight)
    assert not torch.equal(other.score.weight, base.score.weight)
    student = load_model(source, "float32", "cpu").model.state_dict()
    assert all(torch.equal(student[name], w) for name, w in base.model.state_dict().items())


def test_one_labels_flip_changes_the_gradient_at_exactly_one_position(base, rows):
    import torch

    from redink.scoring.model import logits_at

    def gradient(targets_N):
        batch = batch_of(rows)
        kept = []

        def keep(module, inputs, output):
            output.last_hidden_state.retain_grad()
            kept.append(output.last_hidden_state)

        handle = base.model.register_forward_hook(keep)
        logits_N = logits_at(base.train(), batch)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            logits_N, targets_N, reduction="sum"
        )
        loss.backward()
        handle.remove()
        return kept[0].grad.flatten(0, 1)

    batch = batch_of(rows)
    targets_N = batch["targets"]
    flipped_N = targets_N.clone()
    flipped_N[10] = 1 - flipped_N[10]
    apart = (gradient(targets_N) - gradient(flipped_N)).abs().sum(1)
    assert apart.nonzero().flatten().tolist() == [int(batch["positions"][10])]
    labelled = gradient(targets_N).abs().sum(1).nonzero().flatten().tolist()
    assert labelled == sorted(batch["positions"].tolist())


def saved(model, folder):
    model.save_pretrained(folder)
    return ModelSource(folder.name, folder)


def test_an_architecture_without_a_token_head_is_refused_by_its_type(tmp_path):
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    from redink.scoring.model import load_base

    config = Gemma3TextConfig(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        head_dim=16,
    )
    source = saved(Gemma3ForCausalLM(config), tmp_path / "gemma3")
    with pytest.raises(ModelError, match=r"no token classification head .* gemma3_text; choose"):
        load_base(source, 0, "cpu")


def test_a_model_whose_tokens_see_what_follows_is_refused(tmp_path):
    from transformers import BertConfig, BertForMaskedLM

    from redink.scoring.model import load_base

    config = BertConfig(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=1,
    )
    with pytest.raises(ModelError, match="tokens see those behind them"):
        load_base(saved(BertForMaskedLM(config), tmp_path / "bert"), 0, "cpu")


FAMILIES = ["gpt2", "gpt_neox", "qwen2", "qwen3", "gemma2", "mistral", "phi3", "smollm3"]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_with_a_head_is_read_as_transformers_reads_it(family, tmp_path):
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from redink.scoring.batches import EncodedRow
    from redink.scoring.model import load_base, logits_at

    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2}
    sizes |= {"num_attention_heads": 2, "vocab_size": 32, "pad_token_id": 0}
    sizes |= {} if family in ("gpt2", "gpt_neox") else {"num_key_value_heads": 1, "head_dim": 8}
    sizes |= {"eos_token_id": 1, "bos_token_id": 1}
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **sizes))
    loaded = load_base(saved(model, tmp_path / family), 0, "cpu")
    batch = batch_of([EncodedRow((5, 6, 7, 8), (1, 3)), EncodedRow((9, 4), (1,))])
    with torch.no_grad():
        found = logits_at(loaded, batch)
        own = loaded(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    assert torch.allclose(found, own.flatten()[batch["positions"]], atol=1e-6)

"""A critic's score is the share of `right` among its two verdicts, by its own probabilities."""

import json
import shutil

import pytest

from redink.errors import ModelError, UsageError
from redink.models.template import prompt_text
from redink.records import Response
from redink.scoring import CriticScorer
from redink.steps import prefix_text
from redink.training.rendering import critique_messages
from tests.scoring.cued import cued_problem, cued_response

PROBLEM = cued_problem(3)
TEXTS = [cued_response(PROBLEM, None).text, cued_response(PROBLEM, 1).text, "12 + 34 = 46"]


@pytest.fixture(scope="module")
def critic(tiny_student):
    return CriticScorer.load(tiny_student, device="cpu")


def by_hand(critic, text, verdicts=(" right", " wrong")):
    """From one full forward pass over each verdict."""
    import torch

    messages = critique_messages(PROBLEM, Response("", PROBLEM.id, text, "test"))
    start = prompt_text(messages, critic.tokenizer) + "Conclusion:"
    logs = []
    for verdict in verdicts:
        ids = critic.tokenizer(start + verdict, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logits_T_V = critic.model(torch.tensor([ids])).logits[0].double()
        chosen = logits_T_V.log_softmax(-1)[torch.arange(len(ids) - 1), torch.tensor(ids[1:])]
        logs.append(chosen.sum())
    return torch.stack(logs).softmax(0)[0].item()


def test_the_probability_is_the_models_own(critic):
    scores = critic.score(PROBLEM, TEXTS)
    assert [len(score.steps) for score in scores] == [1, 1, 1]
    for score, text in zip(scores, TEXTS, strict=True):
        assert score.last == pytest.approx(by_hand(critic, text), abs=1e-5)
    assert len({score.last for score in scores}) == 3


def test_verdicts_of_several_tokens_are_compared_whole(critic, monkeypatch):
    verdicts = (" right 12", " wrong 7")
    monkeypatch.setattr("redink.scoring.critic.VERDICTS", verdicts)
    (score,) = critic.score(PROBLEM, TEXTS[:1])
    assert score.last == pytest.approx(by_hand(critic, TEXTS[0], verdicts), abs=1e-5)
    assert score.last != pytest.approx(by_hand(critic, TEXTS[0]), abs=1e-5)


def test_every_prefix_is_judged_where_steps_are_asked_for(critic, tiny_student):
    every = CriticScorer.load(tiny_student, device="cpu", every_step=True)
    (scores,) = every.score(PROBLEM, TEXTS[1:2])
    alone = [critic.score(PROBLEM, [prefix_text(TEXTS[1], n)])[0].last for n in (1, 2, 3)]
    assert scores.steps == pytest.approx(alone, abs=1e-5)


def test_scores_do_not_depend_on_what_else_is_scored(critic, tiny_student):
    narrow = CriticScorer.load(tiny_student, device="cpu", limit=32)
    together, apart = critic.score(PROBLEM, TEXTS), narrow.score(PROBLEM, TEXTS)
    for one, other in zip(together, apart, strict=True):
        assert one.last == pytest.approx(other.last, abs=1e-5)


def test_an_empty_response_is_not_judged(critic):
    empty, whole = critic.score(PROBLEM, ["", TEXTS[0]])
    assert empty.steps == ()
    assert whole.steps != ()


def test_a_classifier_is_no_critic(tiny_student, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(tiny_student, other)
    config = json.loads((other / "config.json").read_text())
    config["architectures"] = ["LlamaForSequenceClassification"]
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="LlamaForSequenceClassification, which writes no text"):
        CriticScorer.load(other)
    (other / "scorer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"other: a scorer .*name it as orm or sorm"):
        CriticScorer.load(other)


def test_bad_folders_and_types_are_refused_by_name(tiny_student, tmp_path):
    with pytest.raises(ModelError, match=r"nowhere.*no such folder; name"):
        CriticScorer.load(tmp_path / "nowhere")
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        other = tmp_path / name
        shutil.copytree(tiny_student, other)
        (other / name).unlink()
        with pytest.raises(ModelError) as raised:
            CriticScorer.load(other)
        assert str(raised.value).startswith(str(other))
    with pytest.raises(UsageError, match="use float32 or bfloat16"):
        CriticScorer.load(tiny_student, dtype="int8")

"""Scores: of every prefix from one pass, the same in any company, and only by the right scorer."""

import json
import random
import shutil

import pytest

from redink.errors import DataError, ModelError, UsageError
from redink.records import Problem
from redink.scoring import Scorer, require_kind
from redink.stages.fit import fit
from redink.steps import prefix_text, solution_steps
from tests.scoring.cued import cued_problem, cued_response, cued_step_labels

PROBLEM = cued_problem(7)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_student):
    out = tmp_path_factory.mktemp("scorer")
    how = {"learning_rate": 3e-3, "epochs": 2, "batch_size": 4, "precision": "fp32"}
    return fit(cued_step_labels(16), base=tiny_student, kind="sorm", out=out, **how)


@pytest.fixture(scope="module")
def scorer(folder):
    return Scorer.load(folder, device="cpu")


def texts(count=12):
    """Solutions of one to eight steps with blank lines, white space, digits and symbols."""
    generator = random.Random(2)
    words = ["12 + 34 = 46", "so x = 5.", "  #### 46", "\n\nthen 3*4", "wrong", "Answer: 9 "]
    return [
        "\n".join(generator.choice(words) for _ in range(1 + number % 8)) for number in range(count)
    ]


def test_one_pass_scores_every_prefix_as_if_it_stood_alone(scorer):
    for text in texts():
        (whole,) = scorer.score(PROBLEM, [text])
        steps = len(solution_steps(text))
        assert len(whole.steps) == steps
        for length in range(1, steps + 1):
            (alone,) = scorer.score(PROBLEM, [prefix_text(text, length)])
            assert alone.steps == pytest.approx(whole.steps[:length], abs=1e-5)


def test_scores_do_not_depend_on_what_else_is_scored(scorer, folder):
    pairs = [(cued_problem(n), text) for n, text in enumerate(texts(30))]
    together = scorer.score_pairs(pairs)
    narrow = Scorer.load(folder, device="cpu", limit=64).score_pairs(pairs)
    for pair, one, other in zip(pairs, together, narrow, strict=True):
        (alone,) = scorer.score_pairs([pair])
        assert alone.steps == pytest.approx(one.steps, abs=1e-5)
        assert other.steps == pytest.approx(one.steps, abs=1e-5)


def test_more_rows_than_are_planned_at_once_come_back_in_order(scorer, monkeypatch):
    pairs = [(cued_problem(n), text) for n, text in enumerate(texts(30))]
    before = scorer.score_pairs(pairs)
    monkeypatch.setattr("redink.scoring.batches.PLANNED_TOGETHER", 7)
    after = scorer.score_pairs(pairs)
    for one, other in zip(before, after, strict=True):
        assert other.steps == pytest.approx(one.steps, abs=1e-5)


def test_another_type_of_weights_is_refused_by_name(folder):
    with pytest.raises(UsageError, match="dtype = float16 is unknown; use float32 or bfloat16"):
        Scorer.load(folder, dtype="float16")


def test_bfloat16_weights_score_nearly_the_same(scorer, folder):
    (exact,) = scorer.score(PROBLEM, [cued_response(PROBLEM, 1).text])
    (rough,) = Scorer.load(folder, dtype="bfloat16", device="cpu").score(
        PROBLEM, [cued_response(PROBLEM, 1).text]
    )
    assert rough.steps == pytest.approx(exact.steps, abs=0.05)


def test_annotations_change_no_score(scorer):
    plain, noted = scorer.score(PROBLEM, ["1 + 2 = 3\n#### 3", "1 + 2 = <<1+2=3>>3\n#### 3"])
    assert plain == noted


def test_what_cannot_be_read_scores_nothing(scorer):
    scores = scorer.score(PROBLEM, ["", "fine\n<|im_end|>\nfine", "fine"])
    assert [len(score.steps) for score in scores] == [0, 3, 1]
    assert scores[1].steps == (0.0, 0.0, 0.0)
    assert scores[2].last > 0
    asked = Problem("p1", "what is <|im_start|>?", "1")
    with pytest.raises(DataError, match="control token"):
        scorer.score(asked, ["fine"])


def test_steps_beyond_the_models_longest_text_score_nothing(scorer):
    long = "\n".join(["Step 1 is fine. It should be 78, not 90."] * 60)
    (scores,) = scorer.score(PROBLEM, [long])
    read = sum(score > 0 for score in scores.steps)
    assert len(scores.steps) == 60
    assert 5 < read < 60
    assert set(scores.steps[read:]) == {0.0}
    (first,) = scorer.score(PROBLEM, [prefix_text(long, read)])
    assert first.steps == pytest.approx(scores.steps[:read], abs=1e-5)


def test_a_tokenizer_that_writes_the_separator_otherwise_is_refused(folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    facts = json.loads((other / "scorer.json").read_text())
    facts["separator"]["ids"] = [5, 6]
    (other / "scorer.json").write_text(json.dumps(facts))
    message = r"other: the step .* \[5, 6\] to the one that the scorer was trained with"
    with pytest.raises(ModelError, match=message):
        Scorer.load(other)


WAYS_OUT = (
    "fit it again",
    "fit the scorer again",
    "make the model again",
    "name the result of a `fit` stage",
)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("config.json", "cannot be loaded"),
        ("model.safetensors", "no file named model.safetensors"),
        ("tokenizer.json", "its tokenizer cannot be loaded"),
        ("chat_template.jinja", "encode a question otherwise than in training"),
        ("scorer.json", "is no scorer: it holds no scorer.json"),
    ],
)
@pytest.mark.parametrize("left", [None, b"", b"no such thing"])
def test_a_missing_or_broken_file_is_one_error_that_names_folder_and_way_out(
    folder, tmp_path, name, message, left
):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / name).unlink()
    if left is not None:
        (other / name).write_bytes(left)
    with pytest.raises(ModelError) as raised:
        Scorer.load(other)
    said = str(raised.value)
    assert left is not None or message in said
    assert said.startswith(str(other))
    assert any(way in said for way in WAYS_OUT)
    assert "\n" not in said


def test_a_chat_template_of_another_model_is_refused(folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    template = other / "chat_template.jinja"
    template.write_text(template.read_text() + "{# the same #}")
    assert Scorer.load(other).record.probe
    template.write_text("Solve this. " + template.read_text())
    with pytest.raises(ModelError, match="other: its tokenizer and chat template"):
        Scorer.load(other)
    facts = json.loads((other / "scorer.json").read_text())
    del facts["probe"]
    (other / "scorer.json").write_text(json.dumps(facts))
    assert Scorer.load(other).record.probe == ()


def test_a_stages_folder_is_told_from_its_models(folder, tmp_path):
    with pytest.raises(ModelError, match=f"did you mean {folder}"):
        Scorer.load(folder.parent)
    with pytest.raises(ModelError, match="no such folder; name the result of a `fit` stage"):
        Scorer.load(folder / "scorer.json")


def test_folders_that_hold_no_scorer_are_refused_clearly(tiny_student, tmp_path, folder):
    with pytest.raises(ModelError, match=r"is no scorer: it holds no scorer.json; name the result"):
        Scorer.load(tiny_student)
    with pytest.raises(ModelError, match="no such folder"):
        Scorer.load(tmp_path / "nowhere")
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "scorer.json").write_text('{"kind": "sorm"}')
    with pytest.raises(ModelError, match="unreadable"):
        Scorer.load(broken)
    (broken / "scorer.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        Scorer.load(broken)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0}, "temperature is 0"),
        ({"kind": "prm"}, "of kind 'prm'"),
        ({"objective": "critique"}, "update redink"),
    ],
)
def test_a_record_of_another_version_is_refused(folder, tmp_path, change, message):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    facts = json.loads((other / "scorer.json").read_text()) | change
    (other / "scorer.json").write_text(json.dumps(facts))
    with pytest.raises(ModelError, match=message):
        Scorer.load(other)


def test_a_head_of_several_logits_is_refused(folder, tmp_path):
    from transformers import AutoModelForTokenClassification

    other = tmp_path / "other"
    shutil.copytree(folder, other)
    model = AutoModelForTokenClassification.from_pretrained(
        folder, num_labels=3, ignore_mismatched_sizes=True
    )
    model.save_pretrained(other)
    with pytest.raises(ModelError, match="3 logits, a scorer's has one"):
        Scorer.load(other)


def test_weights_without_a_head_are_refused(folder, tiny_student, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    shutil.copy(tiny_student / "model.safetensors", other / "model.safetensors")
    with pytest.raises(ModelError, match=r"weights lack score.bias .and 1 more"):
        Scorer.load(other)


def test_a_scorer_of_another_kind_is_refused_by_the_settings_name(scorer):
    assert require_kind(scorer, "sorm", "sorm") is scorer
    with pytest.raises(DataError, match="orm: the scorer is of kind sorm, not orm"):
        require_kind(scorer, "orm", "orm")

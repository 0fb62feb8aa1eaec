"""A trained scorer: probabilities of responses and of their solution steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redink.errors import DataError, ModelError
from redink.models.loading import control_tokens, load_tokenizer
from redink.models.source import ModelSource
from redink.records import Problem
from redink.scoring.batches import EncodedRow
from redink.scoring.calibration import probabilities
from redink.scoring.record import ScorerRecord
from redink.scoring.scores import StepScores
from redink.scoring.weights import ScorerDtype, check_dtype
from redink.steps import StepEncoder, solution_steps
from redink.training.batches import largest_micro_batch
from redink.training.rendering import plain_solution, question_messages


class Scorer:
    """An ORM or SORM that `fit` made.

    Args:
        model: a token classifier with one logit.
        tokenizer: its own.
        record: of its `scorer.json`.
        limit: padded tokens of a forward pass at most; those of training where not given.

    Raises ModelError where the tokenizer writes the step separator otherwise than the record says.
    """

    def __init__(
        self, model: Any, tokenizer: Any, record: ScorerRecord, limit: int | None = None
    ) -> None:
        self.model, self.tokenizer, self.record = model, tokenizer, record
        self._limit = limit
        self._encoder = StepEncoder(tokenizer, record.separator)
        self._special = tuple(control_tokens(tokenizer))

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        dtype: ScorerDtype = "float32",
        device: str | None = None,
        limit: int | None = None,
    ) -> "Scorer":
        """The scorer in a folder: the result of a `fit` stage (`model` in the stage's folder).

        Args:
            folder: of the model, with `scorer.json`.
            dtype: of its weights. `float32` is what the temperature was found with. `bfloat16`
                takes half the memory, and on two cores a quarter of the time; on 160 responses it
                moved the scores of two scorers of 135M parameters by 0.01 on average and 0.065 at
                most, and 2 % of the steps across 0.5, while their areas under the curve stayed
                within 0.007: enough to choose among answers, not to compare with a float32 table.
            device: a torch device; None takes a GPU where there is one.
            limit: padded tokens of a forward pass at most.

        Raises ModelError, naming the folder, where it is no scorer, lacks a file, or its tokenizer
        is not the one that it was trained with; UsageError for another dtype.
        """
        from redink.scoring.model import load_scorer_model

        check_dtype(dtype)
        place = Path(folder).expanduser()
        if not place.is_dir():
            raise ModelError(
                f"{folder}: no such folder; name the result of a `fit` stage (its folder `model`)"
            )
        record = ScorerRecord.read(place)
        source = ModelSource(str(folder), place.absolute())
        tokenizer = _tokenizer(source, record)
        return cls(load_scorer_model(source, dtype, device), tokenizer, record, limit)

    def score(self, problem: Problem, texts: Sequence[str]) -> list[StepScores]:
        """Scores of several responses to one problem; see `score_pairs`."""
        return self.score_pairs([(problem, text) for text in texts])

    def score_pairs(self, pairs: Sequence[tuple[Problem, str]]) -> list[StepScores]:
        """Calibrated probabilities for every solution step of every response.

        All prefixes of a response are scored in one forward pass; annotations are taken out of
        the texts first. A response that the model cannot read, for it holds the text of a control
        token, has only zeros, and so have the steps beyond the model's longest text.

        Args:
            pairs: problems, each with a response to it or a prefix of one.

        Returns one `StepScores` for each pair, in their order. Raises DataError where a problem's
        question holds the text of a control token.
        """
        found = []
        for logits, steps in self._logits(pairs):
            scores = probabilities(logits, self.record.temperature)
            found.append(StepScores((*scores, *[0.0] * (steps - len(scores)))))
        return found

    def _logits(self, pairs: Sequence[tuple[Problem, str]]) -> list[tuple[list[float], int]]:
        texts = [plain_solution(text) for _, text in pairs]
        rows = [
            self._encoded(question_messages(problem), text)
            for (problem, _), text in zip(pairs, texts, strict=True)
        ]
        counts = [len(solution_steps(text)) for text in texts]
        return list(zip(self._read(rows), counts, strict=True))

    def _encoded(self, messages: Any, text: str) -> EncodedRow:
        if any(special in text for special in self._special):
            return EncodedRow((), ())
        encoded = self._encoder.encode(messages, text)
        longest = getattr(self.model.config, "max_position_embeddings", None) or len(encoded.ids)
        ends = tuple(end for end in encoded.ends if end < longest)
        if not ends:
            return EncodedRow((), ())
        return EncodedRow(encoded.ids[: ends[-1] + 1], ends)

    def _read(self, rows: Sequence[EncodedRow]) -> list[list[float]]:
        from redink.scoring.reading import read_logits

        limit = self._limit or largest_micro_batch(self.model.device.type)
        return read_logits(self.model, rows, self.tokenizer.pad_token_id, limit)


def _tokenizer(source: ModelSource, record: ScorerRecord) -> Any:
    try:
        tokenizer = load_tokenizer(source)
    except ModelError as error:
        raise ModelError(f"{error}; copy the scorer's folder whole, or fit it again") from None
    try:
        record.check(tokenizer)
    except ModelError as error:
        raise ModelError(f"{source.name}: {error}") from None
    return tokenizer


def require_kind(scorer: Scorer, kind: str, setting: str) -> Scorer:
    """The scorer where it is of that kind; raises DataError naming the setting otherwise."""
    if scorer.record.kind != kind:
        raise DataError(
            f"{setting}: the scorer is of kind {scorer.record.kind}, not {kind}; name the `fit` "
            f"stage with kind: {kind}"
        )
    return scorer

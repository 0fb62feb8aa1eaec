"""A critic as a scorer: the probability that its verdict is `right`."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redink.errors import ModelError
from redink.models.loading import load_tokenizer
from redink.models.resolve import resolve_model
from redink.models.source import ModelSource
from redink.models.template import prompt_text
from redink.records import Problem, Response
from redink.scoring.model import architectures
from redink.scoring.record import is_scorer
from redink.scoring.scores import StepScores
from redink.scoring.weights import ScorerDtype, check_dtype
from redink.steps import prefix_text, solution_steps
from redink.steps.continuing import continued_ids, plain_ids
from redink.training.batches import largest_micro_batch
from redink.training.rendering import critique_messages, plain_solution

OPENING = "Conclusion:"
"""What a critique's last line begins with; the critic is asked for what follows it."""
VERDICTS = (" right", " wrong")


class CriticScorer:
    """A model trained on critiques, asked for its verdict without a critique.

    Single-pass, as Critique Fine-Tuning's objective `verdict` trains it: the answer begins with
    `Conclusion:`, and the log-probabilities of `right` and `wrong` behind it are compared. A model
    that learned whole critiques is asked for less than it learned to write: its probabilities are
    no calibrated ones.

    Args:
        model: a causal language model.
        tokenizer: its own.
        every_step: whether each prefix of a response is judged, in a pass of its own. Otherwise
            a response's `steps` hold one score alone, the whole response's.
        limit: padded tokens of a forward pass at most; those of training where not given.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, every_step: bool = False, limit: int | None = None
    ) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.every_step, self._limit = every_step, limit

    @classmethod
    def load(
        cls,
        model: str | Path,
        *,
        every_step: bool = False,
        dtype: ScorerDtype = "float32",
        device: str | None = None,
        limit: int | None = None,
    ) -> "CriticScorer":
        """The critic called `model`: a name, a folder or `hf:ORG/NAME`.

        `dtype` is that of `Scorer.load`.

        Raises ModelError where it cannot be found or loaded, or writes no text; UsageError for
        another dtype.
        """
        from redink.models.loading import load_model

        check_dtype(dtype)
        source = resolve_model(model)
        _require_writer(source)
        tokenizer = load_tokenizer(source)
        return cls(load_model(source, dtype, device), tokenizer, every_step=every_step, limit=limit)

    def score(self, problem: Problem, texts: Sequence[str]) -> list[StepScores]:
        """Scores of several responses to one problem; see `score_pairs`."""
        return self.score_pairs([(problem, text) for text in texts])

    def score_pairs(self, pairs: Sequence[tuple[Problem, str]]) -> list[StepScores]:
        """The probability of the verdict `right` for every response, or for each of its prefixes.

        Args:
            pairs: problems, each with a response to it.

        Returns one `StepScores` for each pair, in their order.
        """
        asked: list[tuple[Problem, str]] = []
        counts = []
        for problem, text in pairs:
            plain = plain_solution(text)
            steps = len(solution_steps(plain))
            lengths = range(1, steps + 1) if self.every_step else [steps] * bool(steps)
            counts.append(len(lengths))
            asked += [(problem, prefix_text(plain, length)) for length in lengths]
        scores = iter(self._probabilities(asked))
        return [StepScores(tuple(next(scores) for _ in range(count))) for count in counts]

    def _probabilities(self, asked: Sequence[tuple[Problem, str]]) -> list[float]:
        """p(right) / (p(right) + p(wrong)) of each."""
        sequences: list[tuple[tuple[int, ...], int]] = []
        for problem, text in asked:
            response = Response("", problem.id, text, "score")
            messages = critique_messages(problem, response)
            (prompt,) = plain_ids([prompt_text(messages, self.tokenizer)], self.tokenizer)
            said = continued_ids([OPENING + verdict for verdict in VERDICTS], self.tokenizer)
            both = [(*prompt, *ids) for ids in said]
            shared = _shared(*both)
            sequences += [(ids, shared) for ids in both]
        logs = self._log_probabilities(sequences)
        return [
            1 / (1 + math.exp(min(wrong - right, 700.0)))
            for right, wrong in zip(logs[::2], logs[1::2], strict=True)
        ]

    def _log_probabilities(self, sequences: Sequence[tuple[tuple[int, ...], int]]) -> list[float]:
        """Of each sequence's tokens from a place on, given those before.

        The last token is predicted and never read, so that verdicts of one token each need one
        pass for both.
        """
        from redink.scoring.verdicts import token_log_probabilities

        return token_log_probabilities(
            self.model,
            sequences,
            self.tokenizer.pad_token_id,
            self._limit or largest_micro_batch(self.model.device.type),
        )


def _require_writer(source: ModelSource) -> None:
    """Raises ModelError for a classifier: a causal model of its weights would have a head drawn at
    random, or one that it never learned to write with."""
    if is_scorer(source.folder):
        raise ModelError(
            f"{source.name}: a scorer that `fit` made, which writes no verdict; name it as orm or "
            "sorm (`Scorer.load`), and as critic a model that finetune made with objective "
            "critique or verdict"
        )
    found = architectures(source)
    if any(name.endswith("Classification") for name in found):
        raise ModelError(
            f"{source.name}: its weights are those of {found[0]}, which writes no text; name a "
            "model that finetune made with objective critique or verdict"
        )


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two sequences begin with together."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count

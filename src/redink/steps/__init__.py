"""Solution steps: where they stand in a text, and which tokens are theirs."""

from redink.steps.encoding import EncodedSteps, StepEncoder, encode_steps
from redink.steps.separator import SeparatorTokens
from redink.steps.solution import SEPARATOR, SolutionStep, join_steps, prefix_text, solution_steps
from redink.steps.spans import token_spans

__all__ = [
    "SEPARATOR",
    "EncodedSteps",
    "SeparatorTokens",
    "SolutionStep",
    "StepEncoder",
    "encode_steps",
    "join_steps",
    "prefix_text",
    "solution_steps",
    "token_spans",
]

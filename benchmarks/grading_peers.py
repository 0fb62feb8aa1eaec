"""Other graders that install from PyPI, each as a function of (gold, text, answer).

`text` is the whole response, `answer` what stands behind its final marker: a grader that reads
responses gets the one, a grader that compares answers the other. One that is not installed is
named so.
"""

import asyncio
import logging
from collections.abc import Callable

from redink.machine import version_of

Judge = Callable[[str, str, str], bool]


def math_verify() -> Judge:
    """math-verify as its README calls it: gold first, default settings."""
    from math_verify import parse, verify

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    return lambda gold, text, _: verify(parse(f"${gold}$"), parse(text))


def string_equality() -> Judge:
    """Same text but for white space."""
    return lambda gold, _, answer: "".join(gold.split()) == "".join(answer.split())


def lm_eval() -> Judge:
    """lm-evaluation-harness' string normalisation for Hendrycks MATH."""
    from lm_eval.tasks.hendrycks_math.utils import is_equiv

    return lambda gold, _, answer: bool(is_equiv(answer, gold))


def mathruler() -> Judge:
    """MathRuler (PRM800K's grader)."""
    from mathruler.grader import grade_answer

    return lambda gold, _, answer: bool(grade_answer(answer, gold))


def tinker_cookbook() -> Judge:
    """tinker-cookbook's grader for its MATH recipes (PRM800K's, hardened)."""
    from tinker_cookbook.recipes.math_rl.math_grading import grade_answer

    return lambda gold, _, answer: bool(grade_answer(answer, gold))


def inspect_ai() -> Judge:
    """inspect_ai's `math()` scorer."""
    from inspect_ai.model import ModelOutput
    from inspect_ai.scorer import Target, math
    from inspect_ai.solver import TaskState

    scorer = math()
    runner = asyncio.Runner()

    def judge(gold: str, text: str, _: str) -> bool:
        output = ModelOutput.from_content("none/none", text)
        state = TaskState(
            model="none/none", sample_id=1, epoch=1, input="", messages=[], output=output
        )
        score = runner.run(scorer(state, Target(gold)))
        return score is not None and score.value == "C"

    return judge


PEERS: dict[str, Callable[[], Judge]] = {
    "string equality": string_equality,
    "lm-eval": lm_eval,
    "mathruler": mathruler,
    "tinker-cookbook": tinker_cookbook,
    "inspect-ai": inspect_ai,
}


def installed_peers() -> tuple[dict[str, Judge], list[str]]:
    """The peers that can be imported, by name and version, and what is missing."""
    found: dict[str, Judge] = {}
    missing = []
    for name, make in PEERS.items():
        try:
            found[f"{name} {version_of(name) or ''}".strip()] = make()
        except ImportError as error:
            missing.append(f"{name} ({error})")
    return found, missing

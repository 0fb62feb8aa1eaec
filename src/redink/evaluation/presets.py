"""Named bundles of evaluation settings."""

from dataclasses import dataclass

from redink.engines.engine import Sampling
from redink.errors import UsageError


@dataclass(frozen=True)
class Preset:
    """A prompt and sampling settings that belong together."""

    name: str
    about: str
    prompt: str
    """A name in `redink.prompts.PROMPTS`."""
    sampling: Sampling
    departures: tuple[str, ...]
    """Where results under it still differ from those it reproduces."""


_HARNESS_STOPS = ("</s>", "<|im_end|>", "<|endoftext|>")
_CRITIQUE_STOPS = ("(END)", "\\[END\\]", "**END**", "[END]")

PAPER = Preset(
    "paper",
    "the settings of the CFT paper (arXiv 2501.17703, section 3) and its released harness: greedy, "
    "one answer, 2048 tokens, seed 0, the qwen25-math-cot prompt and its stop texts",
    prompt="qwen25-math-cot",
    sampling=Sampling(
        temperature=0.0,
        top_p=1.0,
        max_tokens=2048,
        samples=1,
        seed=0,
        stop=(*_HARNESS_STOPS, *_CRITIQUE_STOPS),
    ),
    departures=(
        "answers are graded by redink: the paper's grader rounds numbers to one decimal, takes "
        "5 for 500 and runs code found in answers, which can only raise its scores",
        "every score has an interval; the paper reports one greedy run, also on 30 problems",
        "the paper picked its checkpoint on MATH-500, a subset of the MATH it reports; redink "
        "refuses that unless the recipe says allow_overlap",
        "greedy bfloat16 text depends on engine, hardware and batch size (the paper's: vLLM 0.6.6 "
        "on an A6000)",
        "multiple choice: the paper ran other scripts for GPQA and MMLU-Pro, with the system "
        "message 'You are a helpful assistant.' and unseeded option order; here they get this "
        "prompt and seeded order",
    ),
)
PRESETS = {preset.name: preset for preset in (PAPER,)}


def preset_named(name: str) -> Preset:
    """A preset by name; raises UsageError naming those there are."""
    if name not in PRESETS:
        raise UsageError(f"preset {name!r} is unknown; use {', '.join(PRESETS)}")
    return PRESETS[name]

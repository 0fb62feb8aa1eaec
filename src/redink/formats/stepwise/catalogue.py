"""Every format of labelled steps by name."""

from redink.formats.stepwise import (
    math_shepherd,
    mistake,
    mr_gsm8k,
    prmbench,
    processbench,
    qwen,
    rlhflow,
    trl_steps,
)
from redink.formats.stepwise.marked import StepFormat

_MODULES = (
    processbench,
    prmbench,
    mistake,
    mr_gsm8k,
    math_shepherd,
    rlhflow,
    trl_steps,
    qwen,
)
STEP_FORMATS: dict[str, StepFormat] = {module.FORMAT.name: module.FORMAT for module in _MODULES}
"""The formats that hold labels of solution steps."""

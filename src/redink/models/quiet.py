"""Silence for the libraries' own progress bars and notes, for the length of a block."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

QUIETED = ("huggingface_hub", "accelerate", "trl", "bitsandbytes")


@contextmanager
def quiet() -> Iterator[None]:
    """transformers, huggingface_hub and datasets report errors alone while the block runs."""
    import huggingface_hub.utils as hub
    import transformers.utils.logging as transformers_logging

    level = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    hub_bars_were_off = hub.are_progress_bars_disabled()  # type: ignore[attr-defined]
    loggers = [logging.getLogger(name) for name in QUIETED]
    levels = [logger.level for logger in loggers]
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    hub.disable_progress_bars()  # type: ignore[attr-defined]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()
        if not hub_bars_were_off:
            hub.enable_progress_bars()  # type: ignore[attr-defined]
        for logger, previous in zip(loggers, levels, strict=True):
            logger.setLevel(previous)

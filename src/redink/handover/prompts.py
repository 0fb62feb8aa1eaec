"""Prompts as texts that another engine reads as redink would: the same token ids."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redink.engines.engine import Conversation
from redink.engines.items import ItemMaker
from redink.errors import DataError, ModelError
from redink.models.loading import control_tokens, end_of_turn_ids, load_tokenizer
from redink.models.source import ModelSource
from redink.models.template import prompt_text
from redink.prompts import Prompt, prompt_named
from redink.records import Problem


@dataclass(frozen=True)
class RenderedPrompt:
    """A problem as the model is given it."""

    text: str
    """Read without special tokens being added, it gives the ids."""
    shown: str
    """What the ids give when they are turned into text again: an answer stands behind it."""
    tokens: int


@dataclass(frozen=True)
class Wording:
    """What of a text is not the answer's."""

    ends: tuple[str, ...]
    """Texts of the tokens that end a turn."""
    control: tuple[str, ...]
    """Texts of all tokens that steer and say nothing, the longest first."""
    stops: tuple[str, ...]
    """Texts that end an answer."""


class Renderer:
    """Renders problems for one model with one prompt.

    Args:
        source: the model.
        prompt: a name in `redink.prompts`.

    Raises ModelError where vLLM would not stop where redink does, or the model has neither a chat
    template nor an end of sequence.
    """

    def __init__(self, source: ModelSource, prompt: str) -> None:
        self.source = source
        self.prompt: Prompt = prompt_named(prompt)
        self.tokenizer: Any = load_tokenizer(source)
        self.items = ItemMaker(source, "handed over")
        self.items.tokenizer = self.tokenizer
        self.wording = self._wording()

    def rendered(self, problems: Iterable[Problem], max_tokens: int) -> dict[str, RenderedPrompt]:
        """Prompts by problem.

        Raises DataError, naming the problem, where a text's ids are not those that redink gives
        the model, or prompt and answer do not fit the model's context.
        """
        found = {problem.id: self._rendered(problem) for problem in problems}
        context = _config(self.source.folder).get("max_position_embeddings")
        for key, prompt in found.items():
            if context and prompt.tokens + max_tokens > context:
                raise DataError(
                    f"problem {key}: its prompt has {prompt.tokens} tokens, with max_tokens = "
                    f"{max_tokens} that is more than the model's context of {context}; lower "
                    "max_tokens, or leave the problem out"
                )
        return found

    def _rendered(self, problem: Problem) -> RenderedPrompt:
        if self.prompt.is_raw:
            text = self.prompt.text(problem)
            ids = self.items.prompt_ids(Conversation(problem.id, (), raw=text))
            texts = [text, f"{self.tokenizer.bos_token}{text}"]
        else:
            messages = self.prompt.messages(problem)
            ids = self.items.prompt_ids(Conversation(problem.id, messages))
            texts = [prompt_text(messages, self.tokenizer)]
        for text in texts:
            if self.tokenizer(text, add_special_tokens=False)["input_ids"] == ids:
                shown = self.tokenizer.decode(ids, skip_special_tokens=False)
                return RenderedPrompt(text, shown, len(ids))
        raise DataError(
            f"problem {problem.id}: no text gives the model the {len(ids)} tokens that redink "
            f"gives it with the prompt {self.prompt.name}; use one with messages, such as plain"
        )

    def _wording(self) -> Wording:
        texts = {number: text for text, number in control_tokens(self.tokenizer).items()}
        generation = _GenerationConfig(self.source.folder)
        ends = end_of_turn_ids(self.tokenizer, generation)
        for number in ends:
            if number not in (self.tokenizer.eos_token_id, *generation.eos_token_id):
                raise ModelError(
                    f"{self.source.name}: its chat template ends a turn with "
                    f"{texts.get(number, number)!r} ({number}), which vLLM is not told of; add it "
                    "to eos_token_id in the model's generation_config.json"
                )
        named = [text for number in ends if (text := str(self.tokenizer.decode([number])))]
        control = sorted({*texts.values(), *named}, key=lambda text: (-len(text), text))
        return Wording(tuple(named), tuple(control), self.prompt.stop)


class _GenerationConfig:
    """What of a model's generation_config.json ends a turn."""

    def __init__(self, folder: Path) -> None:
        found = _read(folder / "generation_config.json").get("eos_token_id")
        ids = found if isinstance(found, list) else [found]
        self.eos_token_id: list[int] = [number for number in ids if number is not None]


def parameters_of(source: ModelSource) -> int:
    """How many weights a model's files hold; of tied ones, those that are stored."""
    count = 0
    for path in source.folder.glob("*.safetensors"):
        with path.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(size))
        for name, tensor in header.items():
            if name != "__metadata__":
                number = 1
                for length in tensor["shape"]:
                    number *= length
                count += number
    return count


def _config(folder: Path) -> dict[str, Any]:
    return _read(folder / "config.json")


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found

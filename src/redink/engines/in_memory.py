"""The transformers engine over a model that is in memory, in training for instance."""

from pathlib import Path
from typing import Any

from redink.engines.packing import pack
from redink.engines.transformers import TransformersEngine
from redink.models.source import ModelSource


class InMemoryEngine(TransformersEngine):
    """Completes conversations with a bfloat16 copy of a model; there is no journal.

    Args:
        model: a transformers model; it is left as it is.
        tokenizer: its tokenizer.
        batch_size: completions generated at once.
    """

    def __init__(self, model: Any, tokenizer: Any, batch_size: int = 64) -> None:
        import torch

        super().__init__(ModelSource("model in memory", Path()), batch_size=batch_size)
        fresh = type(model)(model.config)
        fresh.load_state_dict(model.state_dict())
        fresh.generation_config = model.generation_config
        fresh = fresh.to(model.device)
        for parameter in fresh.parameters():
            # Buffers keep their type, as where a model is loaded: rotary frequencies rounded to
            # bfloat16 turn far tokens by a wrong angle.
            parameter.data = parameter.data.to(torch.bfloat16)
        self.model = pack(fresh.eval())
        self.items.tokenizer, self.items.fingerprint = tokenizer, "in memory"

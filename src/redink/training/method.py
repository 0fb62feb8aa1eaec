"""How a student is trained: all weights or adapters, packed or padded, in which precision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from redink.errors import UsageError
from redink.models.source import ModelSource
from redink.records import Json
from redink.training.kernels import with_kernels

MethodName = Literal["full", "lora", "qlora"]
Precision = Literal["bf16", "fp32"]


@dataclass(frozen=True)
class Method:
    """The settings of a training that change how it is computed, not what is learned from."""

    name: MethodName = "full"
    lora_rank: int = 16
    lora_alpha: float | None = None
    """Adapters are scaled by alpha / rank; None is twice the rank."""
    packing: bool = False
    """Whether a micro-batch is one row of documents instead of padded rows. Off by default: on two
    cores eight critiques took 11.9 to 14.1 s of processor time packed, 12.1 to 12.6 s padded."""
    precision: Precision = "bf16"
    """Of matrix products; weights and optimizer are float32 always."""

    @property
    def alpha(self) -> float:
        """The alpha that is used."""
        return 2.0 * self.lora_rank if self.lora_alpha is None else float(self.lora_alpha)

    def packs(self, model: Any, longest: int) -> bool:
        """Whether `model` is trained on packed rows; `longest` is the longest row in tokens.

        Raises UsageError where packing is asked for and documents could not be kept apart.
        """
        from redink.training.packing import isolates

        if self.packing and not isolates(model, longest):
            raise UsageError(
                f"finetune: packing cannot keep documents apart in a {model.config.model_type} "
                f"model with rows of {longest} tokens; leave packing out"
            )
        return self.packing

    def load(self, source: ModelSource, device: str | None = None) -> Any:
        """The model of `source` as this method holds its weights: float32, or in 4 bits. On GPUs it
        computes with the kernels that suit it.

        Args:
            source: what `resolve_model` returned.
            device: a torch device; None takes `default_device()`.

        Raises ModelError where it cannot be loaded so.
        """
        if self.name == "qlora":
            from redink.training.quantisation import load_quantised

            return with_kernels(load_quantised(source, self.precision, device))
        from redink.models.loading import load_model

        return with_kernels(load_model(source, "float32", device))

    def prepared(self, model: Any, seed: int, head: str | None = None) -> Any:
        """`model` as it is trained: itself, or frozen with adapters drawn from `seed`; see
        `with_adapters` for `head`."""
        if self.name == "full":
            return model
        from redink.training.lora import with_adapters

        return with_adapters(model, self.lora_rank, self.alpha, seed, head)

    def facts(self, packing: bool) -> Json:
        """What `training.json` tells of the method."""
        found: Json = {"method": self.name, "packing": packing, "precision": self.precision}
        if self.name != "full":
            found["lora"] = {"rank": self.lora_rank, "alpha": self.alpha, "merged": True}
        if self.name == "qlora":
            found["base"] = {"type": "nf4", "double_quantisation": True}
        return found


def method_of(settings: Mapping[str, Any], verb: str = "finetune") -> Method:
    """The method that a training's settings ask for, its defaults where they say nothing.

    Raises UsageError, naming `verb` and the setting, for a value that cannot be used,
    MissingExtraError for `qlora` without bitsandbytes.
    """
    name = settings.get("method", "full")
    rank, alpha = settings.get("lora_rank", 16), settings.get("lora_alpha")
    precision = settings.get("precision", "bf16")
    _one_of(verb, "method", name, get_args(MethodName))
    _one_of(verb, "precision", precision, ("bf16", "fp32"))
    if rank < 1:
        raise UsageError(f"{verb}: lora_rank = {rank} makes no sense; use 1 or more, such as 16")
    if alpha is not None and not alpha > 0:
        raise UsageError(
            f"{verb}: lora_alpha = {alpha} makes no sense; use a number above 0, or leave it "
            "out for twice the rank"
        )
    if name == "qlora":
        from redink.training.quantisation import require_quantisation

        require_quantisation()
    return Method(name, rank, alpha, bool(settings.get("packing")), precision)


def _one_of(verb: str, name: str, value: object, accepted: tuple[str, ...]) -> None:
    known = f"{', '.join(accepted[:-1])} or {accepted[-1]}"
    if value not in accepted:
        raise UsageError(f"{verb}: {name} = {value} is unknown; use {known}")

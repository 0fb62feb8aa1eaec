"""How a training divides among GPUs."""

from dataclasses import dataclass

from redink.errors import UsageError
from redink.reinforcement.policy import Policy

TOKENS_AT_ONCE = 16_384
"""Of a micro-batch on one GPU: two sequences of 8,192."""


@dataclass(frozen=True)
class Placement:
    """The GPUs there are; every model is on all of them, and sampling takes turns with training."""

    gpus: int = 8
    """On each machine."""
    nodes: int = 1
    """Machines, of one Ray cluster and with the folder on a disk that all of them see."""
    tensor_parallel: int = 1
    """GPUs that one vLLM engine takes: more than 1 where the weights in bfloat16 and a cache do not
    fit one."""
    offload: bool = False
    """Whether Adam's state is kept in the machine's memory."""

    @property
    def world(self) -> int:
        """All GPUs."""
        return self.gpus * self.nodes

    @property
    def engines(self) -> int:
        """vLLM's."""
        return self.world // self.tensor_parallel

    def check(self, policy: Policy) -> None:
        """Raises UsageError where a step does not divide among the GPUs."""
        for name, number in (
            ("gpus", self.gpus),
            ("nodes", self.nodes),
            ("tensor_parallel", self.tensor_parallel),
        ):
            if number < 1:
                raise UsageError(f"hand-over: {name} = {number} makes no sense; use 1 or more")
        if self.gpus % self.tensor_parallel:
            raise UsageError(
                f"hand-over: tensor_parallel = {self.tensor_parallel} does not divide "
                f"{self.gpus} GPUs; use a divisor of them"
            )
        if policy.rollouts % self.world:
            raise UsageError(
                f"hand-over: {policy.rollouts} rollouts of a step (problems_per_step x samples) do "
                f"not divide among {self.world} GPUs; change one of the three"
            )

    def micro_batch(self, policy: Policy, longest: int) -> int:
        """Sequences that a GPU takes at once.

        Args:
            policy: what is trained.
            longest: tokens of prompt and answer at most.
        """
        share = policy.rollouts // self.world
        most = max(1, min(share, TOKENS_AT_ONCE // longest))
        return next(size for size in range(most, 0, -1) if share % size == 0)


def memory_per_gpu(parameters: int, placement: Placement, *, reference: bool, critic: bool) -> str:
    """What the weights take, in words, by arithmetic alone.

    ZeRO-3 divides 16 bytes a parameter: weights and gradients in bfloat16, a float32 copy, Adam's
    two states; the reference takes 2.
    """
    trained = 2 if critic else 1
    adam = 12 * trained * parameters / placement.world / 1e9
    rest = (4 * trained + (2 if reference else 0)) * parameters / placement.world / 1e9
    sampling = 2 * parameters / placement.tensor_parallel / 1e9
    where = "of the machine's memory" if placement.offload else "of its memory"
    return (
        f"{parameters / 1e9:.2f} billion parameters on {placement.world} GPUs: {rest:.1f} GB a GPU "
        f"for weights and gradients, {adam:.1f} GB {where} for Adam; while sampling, "
        f"{sampling:.1f} GB for the weights that vLLM holds, and its cache. By arithmetic, "
        "activations not counted"
    )

"""respond: a model samples solutions to problems."""

from pathlib import Path

from redink.engines.engine import Sampling
from redink.engines.opening import open_engine
from redink.errors import DataError
from redink.evaluation.answers import answer_problems
from redink.prompts import prompt_named
from redink.records import Problem, Response
from redink.tables import Table, response_table


def respond(
    problems: Table[Problem],
    *,
    model: str | Path = "smollm2-135m",
    prompt: str = "plain",
    samples: int = 1,
    temperature: float = 0.7,
    top_p: float = 0.95,
    max_tokens: int = 512,
    engine: str = "auto",
    dtype: str = "bfloat16",
    batch_size: int | None = None,
    seed: int = 0,
    journal: Path | None = None,
) -> Table[Response]:
    """Samples solutions to every problem and grades them.

    Args:
        problems: what is asked.
        model: `smollm2-135m`, a model folder or `hf:ORG/NAME`.
        prompt: how problems are put, a name in `redink.prompts`; `plain` is that of training.
        samples: responses to each problem.
        temperature: 0 is greedy.
        top_p: nucleus of the draws.
        max_tokens: new tokens per response at most; `finish` says `length` where they ran out.
        engine: `transformers`, `vllm`, or `auto`: vLLM where it is installed for this machine.
        dtype: the weights' type, `bfloat16` or `float32`.
        batch_size: responses generated at once; the engine's own choice where not given.
        seed: of the draws.
        journal: SQLite file of finished responses: nothing in it is generated again.

    Returns graded responses, origin `respond`, by problem and sample. Raises DataError without
    problems, ModelError where the model cannot be opened or fails.
    """
    if not len(problems):
        raise DataError("respond: no problems to answer; load some into the table")
    opened = open_engine(model, engine=engine, dtype=dtype, batch_size=batch_size, journal=journal)
    distinct = {problem.id: problem for problem in problems}
    answers = answer_problems(
        opened,
        list(distinct.values()),
        Sampling(temperature, top_p, max_tokens, samples, seed),
        prompt_named(prompt),
        origin="respond",
        model=_name(model),
        label="respond",
    )
    return response_table([answer.response for answer in answers], distinct)


def _name(model: str | Path) -> str:
    """A model's name, wherever the run lies: `warmup-1a2b` for `runs/r/warmup-1a2b/model`."""
    path = Path(model)
    return path.parent.name if path.name == "model" else str(model)

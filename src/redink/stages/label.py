"""label: say of each solution step whether it is right, by continuations or as injected."""

from dataclasses import replace
from pathlib import Path

from redink.engines.engine import Engine, Sampling
from redink.errors import DataError, UsageError
from redink.labelling import (
    Labelled,
    Search,
    Source,
    Sources,
    balanced,
    injected_labels,
    label_by_continuations,
    sources,
)
from redink.labelling.summary import Summary
from redink.prompts import prompt_named
from redink.records import Response, StepLabels
from redink.tables import Table, drop, label_table
from redink.teachers.llm import address_of, close_engines, open_models, teacher_name


def label(
    responses: Table[Response],
    *,
    model: str | Path | None = None,
    source: Source = "auto",
    samples: int = 8,
    temperature: float = 0.7,
    top_p: float = 0.95,
    max_tokens: int = 256,
    search: Search = "all",
    least: int = 1,
    monotone: bool = True,
    consistent: bool = True,
    balance: bool = True,
    sample_right: bool = False,
    prompt: str = "plain",
    seed: int = 0,
    engine: str = "auto",
    dtype: str = "bfloat16",
    batch_size: int | None = None,
    journal: Path | None = None,
) -> Table[StepLabels]:
    """Labels the solution steps of responses: right where the right answer can still be reached.

    After GLoRe's stepwise outcome reward model (arXiv 2402.10963, section 3): `samples`
    continuations of each prefix are drawn and graded, and a step is right where one of those that
    follow it comes to the right answer. Of `corrupt`ed responses the labels are known without
    sampling: right before the injected error, wrong from it on.

    Args:
        responses: graded responses; of a solution without calculator annotations the steps are
            the lines that are not empty.
        model: the student, which continues the prefixes: `smollm2-135m`, a model folder or
            `hf:ORG/NAME`. Not needed where every response's errors are known.
        source: `injected` labels what `corrupt` made alone, `continuations` samples for all
            responses, `auto` samples where nothing is known.
        samples: continuations of each prefix (K).
        temperature: of the draws; above 0.
        top_p: nucleus of the draws.
        max_tokens: new tokens per continuation at most.
        search: `all` samples every prefix; `binary` looks for the first error by halves, about
            log2(steps) prefixes to a response, and needs `monotone`.
        least: right continuations that make a step right; 1 is GLoRe's and Math-Shepherd's.
        monotone: whether a right step makes all earlier ones right.
        consistent: whether a right continuation counts only where it uses the result of the step
            that it follows, in a later step or as final answer.
        balance: whether equally many right and wrong labels are kept at each prefix length; the
            others are None.
        sample_right: whether prefixes of responses with the right answer are sampled too; they
            need not be where labels are monotone, for the response itself reaches the answer.
        prompt: how problems are put, a name in `redink.prompts`; that of the responses.
        seed: of the draws and of the balance.
        engine: `transformers`, `vllm`, or `auto`: vLLM where it is installed for this machine.
        dtype: the weights' type, `bfloat16` or `float32`.
        batch_size: continuations generated at once; the engine's own choice where not given.
        journal: SQLite file of finished continuations: nothing in it is generated again.

    Returns a table of step labels in the order of the responses; `successes` and `tries` are kept
    as they were counted, `meta["labels"]` holds the labels before balancing. The continuations
    are in the table's `responses`, origin `label`, with `prefix_of`, `steps` and `sample` in their
    `sampling`. `dropped` holds the responses that cannot be labelled. Raises DataError without
    responses, UsageError for settings that contradict each other or a missing model, ModelError
    where the model cannot be opened or fails.
    """
    if not len(responses):
        raise DataError("label: no responses to label; sample or corrupt some into the table")
    _check(samples, least, temperature, search, monotone)
    parts = sources(responses, source)
    if parts.sampled and model is None:
        raise UsageError(
            f"label: nothing is known of {len(parts.sampled)} responses, and no model is named to "
            "continue them; name the student in model, or source: injected to leave them out"
        )
    known = [injected_labels(response) for response in parts.known]
    labelled: list[Labelled] = [*known]
    if parts.sampled:
        opened = _opened(str(model), engine, dtype, batch_size, journal)
        labelled += label_by_continuations(
            opened[str(model)],
            responses,
            parts.sampled,
            Sampling(temperature, top_p, max_tokens, samples, seed),
            prompt_named(prompt),
            search=search,
            least=least,
            monotone=monotone,
            consistent=consistent,
            sample_right=sample_right,
            model=teacher_name(str(model)),
        )
        close_engines(opened.values())
    return _table(responses, parts, labelled, samples, least, seed if balance else None)


def _check(samples: int, least: int, temperature: float, search: Search, monotone: bool) -> None:
    if samples < 1:
        raise UsageError(f"label: samples is {samples}; give 1 or more")
    if not 1 <= least <= samples:
        raise UsageError(f"label: least is {least}; give a number from 1 to samples ({samples})")
    if temperature <= 0 and samples > 1:
        raise UsageError(
            "label: at temperature 0 every continuation of a prefix is the same; raise the "
            "temperature, or draw one with samples: 1"
        )
    if search == "binary" and not monotone:
        raise UsageError(
            "label: search: binary takes every step before a right one as right; leave monotone "
            "on, or use search: all"
        )


def _opened(
    name: str, engine: str, dtype: str, batch_size: int | None, journal: Path | None
) -> dict[str, Engine]:
    if address_of(name) is not None:
        raise UsageError(
            f"label: {name} is behind a server, which answers a message in place of going on with "
            "it; name a model that runs in this machine"
        )
    return open_models([name], engine=engine, dtype=dtype, batch_size=batch_size, journal=journal)


def _table(
    responses: Table[Response],
    parts: Sources,
    labelled: list[Labelled],
    samples: int,
    least: int,
    seed: int | None,
) -> Table[StepLabels]:
    by_response = {one.row.response_id: one for one in labelled}
    order = [by_response[row.id] for row in responses if row.id in by_response]
    dropped = [drop(row, reason) for row, reason in parts.dropped]
    dropped += [drop(responses.responses[o.row.response_id], o.unfit) for o in order if o.unfit]
    kept = [one for one in order if not one.unfit]
    rows = [one.row for one in kept]
    if seed is not None:
        rows = balanced(rows, seed)
    summary = Summary.of(kept, responses, samples, least)
    summary.tell()
    table = label_table(
        rows,
        responses.responses,
        responses.problems,
        dropped,
        [continuation for one in kept for continuation in one.continuations],
    )
    return replace(table, provenance={"labels": summary.facts()})

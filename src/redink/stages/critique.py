"""The verb `critique`: a teacher marks responses."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from redink.engines.engine import Sampling
from redink.engines.items import check as check_sampling
from redink.errors import DataError, UsageError
from redink.records import Critique, Problem, Response
from redink.tables import Table, critique_table
from redink.teachers import TEACHERS, Style
from redink.teachers.asking import Asking, ask_all, ask_until
from redink.teachers.keeping import Keep
from redink.teachers.llm import TeacherSettings, close_engines, open_teachers
from redink.teachers.mixture import Critic, SymbolicCritic, shares_of
from redink.teachers.presets import TeacherPrompt


def critique(
    responses: Table[Response],
    *,
    teacher: str | Mapping[str, float] = "symbolic",
    style: Style = "full",
    seed: int = 0,
    preset: str = "cft",
    prompt: Path | str | None = None,
    temperature: float = 0.3,
    top_p: float = 0.95,
    max_tokens: int = 3200,
    accept: int | None = None,
    keep: Mapping[str, Any] | None = None,
    engine: str = "auto",
    dtype: str = "bfloat16",
    batch_size: int | None = None,
    concurrency: int | None = None,
    rpm: float | None = None,
    tpm: float | None = None,
    timeout: float | None = None,
    prices: Mapping[str, Sequence[float]] | Path | str | None = None,
    max_cost: float | None = None,
    max_tokens_total: int | None = None,
    journal: Path | None = None,
) -> Table[Critique]:
    """Has a teacher critique every response.

    Args:
        responses: with the problems that they answer; the symbolic teacher needs reference
            solutions, presets with `+reference` need reference answers. No teacher sees how a
            response was graded or made.
        teacher: `symbolic` (no model, no cost), `endpoint:MODEL@URL`, `batch:MODEL@URL`, a model
            of this machine (`smollm2-135m`, a folder, `hf:ORG/NAME`), or a mapping from such names
            to shares; which teacher marks a response depends on its content and the seed alone.
        style: of the symbolic teacher: `full` remarks on each solution step, `brief` goes to the
            first mistake.
        seed: of the wording, of the draws and of the shares.
        preset: how a model is asked: `cft` (the CFT paper's prompt, arXiv 2501.17703 A.1),
            `steps` (each solution step in turn), `correct` (ends in a corrected solution), each
            also with `+reference`: the reference answer is shown.
        prompt: a Jinja file of one's own in place of a preset (`redink.teachers.presets`).
        temperature: of a model's critiques; the defaults of these three are the CFT paper's.
        top_p: nucleus of the draws.
        max_tokens: new tokens per critique at most.
        accept: stop when so many critiques pass `keep`: the table has exactly the first ones that
            do, in the order of the responses.
        keep: conditions on what is kept: `agrees` (true or false), `verdict` (`right`, `wrong`,
            `unreadable`), `min_chars`, `max_chars`, `finish` (`stop`, `length`, `filter`).
        engine: what runs a model of this machine: `transformers`, `vllm` or `auto`; `journal` asks
            for nothing and takes what the journal holds of a model behind a server.
        dtype: the weights' type there, `bfloat16` or `float32`.
        batch_size: critiques generated at once there.
        concurrency: an endpoint's requests in flight at most.
        rpm: an endpoint's requests a minute at most.
        tpm: an endpoint's tokens a minute at most.
        timeout: seconds for one request to an endpoint.
        prices: `{MODEL: [prompt, completion]}` in US dollars per million tokens, or a file of it;
            before the built-in table. They fill the column `cost` and decide nothing else.
        max_cost: US dollars to spend at most.
        max_tokens_total: prompt and completion tokens to spend at most.
        journal: SQLite file of finished completions: nothing in it is asked for again.

    Returns:
        One critique per response, in order. Those in which the teacher cannot tell, or whose
        verdict cannot be read, have verdict None. `dropped` holds what did not pass `keep`,
        responses whose request failed, and those that `accept` did not need, with the reason.

    Raises:
        UsageError: for an unknown teacher, style, preset or condition, or a broken prompt.
        DataError: where a problem, its reference solution or answer is missing, or where the
            responses run out before `accept` of them pass.
        ModelError: where the teacher cannot be had, or more than half of the requests failed.
        BudgetError: at a limit of cost or tokens; the journal keeps what is done.
    """
    if style not in ("full", "brief"):
        raise UsageError(f"critique: unknown style {style!r}; choose full or brief")
    if accept is not None and accept < 1:
        raise UsageError(f"critique: accept {accept}: use 1 or more")
    kept = Keep.of(keep)
    shares = shares_of(teacher)
    pairs = [(_problem_of(responses, r), r) for r in {r.id: r for r in responses}.values()]
    settings = TeacherSettings(
        TeacherPrompt.of(preset, prompt),
        Sampling(temperature, top_p, max_tokens, seed=seed),
        engine,
        dtype,
        batch_size,
        journal,
        {"concurrency": concurrency, "rpm": rpm, "tpm": tpm, "timeout": timeout},
        prices,
        max_cost,
        max_tokens_total,
    )
    check_sampling(settings.sampling)
    models = open_teachers([name for name in shares if name not in TEACHERS], settings)
    critics: dict[str, Critic] = {
        name: models[name] if name in models else SymbolicCritic(TEACHERS[name](style, seed))
        for name in shares
    }
    asking = Asking(critics, shares, seed)
    if accept is None:
        sifted = ask_all(asking, pairs, kept)
    else:
        sifted = ask_until(asking, pairs, kept, accept)
    close_engines(model.engine for model in models.values())
    by_id = {response.id: response for _, response in pairs}
    return critique_table(sifted.kept, by_id, responses.problems, sifted.dropped)


def _problem_of(responses: Table[Response], response: Response) -> Problem:
    problem = responses.problems.get(response.problem_id)
    if problem is None:
        raise DataError(
            f"critique: response {response.id} answers problem {response.problem_id}, which is "
            "not in the table; make the responses with a stage that keeps their problems"
        )
    return problem

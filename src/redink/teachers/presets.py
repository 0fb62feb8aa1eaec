"""How a teacher is asked: the presets, and prompts of the user's own, as Jinja templates.

A template has a block for each message::

    {% block system %}You are a strict marker. ...{% endblock %}
    {% block user %}Question: {{ problem.question }}

    Solution: {{ response.text }}{% endblock %}

One without blocks is the user message as a whole. It may use `problem` (`question`, `answer`,
`solution`, `reference`, `subject`, `level`), `response` (`text`) and `steps` (the texts of the
response's solution steps). How a response was graded, or made, is not among them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redink.arithmetic.solution import solution_steps
from redink.errors import DataError, UsageError
from redink.records import Message, Problem, Response

if TYPE_CHECKING:
    from jinja2 import Template, nodes

PRESETS: Mapping[str, str] = {
    "cft": "the CFT paper's: is the solution correct, and why; no reference answer",
    "cft+reference": "the same with the reference answer shown, not to be mentioned",
    "steps": "each solution step in turn, and the first wrong one named",
    "steps+reference": "the same with the reference answer shown, not to be mentioned",
    "correct": "what is wrong, then a corrected solution with its final answer",
    "correct+reference": "the same with the reference answer shown, not to be mentioned",
}
"""The presets and what each asks for."""
REFERENCE = "+reference"
"""Ends the name of a preset, and the `Critique.preset` of a row, that showed the reference."""
VARIABLES = ("problem", "response", "steps")
_FOLDER = Path(__file__).parent / "templates"


class ProblemView:
    """What a template sees of a problem; remembers whether the reference was looked at."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._saw_reference = False
        self.question = problem.question
        self.subject = problem.subject
        self.level = problem.level

    @property
    def answer(self) -> str:
        """The reference answer."""
        self._saw_reference = True
        return self._problem.answer

    @property
    def solution(self) -> str | None:
        """The reference solution."""
        self._saw_reference = True
        return self._problem.solution

    @property
    def reference(self) -> str:
        """The reference answer; raises DataError where the problem has none."""
        if not self.answer.strip():
            raise DataError(
                f"critique: problem {self._problem.id} has no reference answer to show the "
                "teacher; choose a preset without +reference, or select problems that have one"
            )
        return self.answer

    def __str__(self) -> str:
        return self.question


class ResponseView:
    """What a template sees of a response: its text."""

    def __init__(self, response: Response) -> None:
        self.text = response.text

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Asked:
    """The messages for one response."""

    messages: tuple[Message, ...]
    saw_reference: bool


@dataclass(frozen=True)
class TeacherPrompt:
    """A template and its name."""

    name: str
    source: str
    where: str
    """The file, as errors name it."""

    @classmethod
    def of(cls, preset: str, prompt: Path | str | None = None) -> "TeacherPrompt":
        """A preset, or the user's own file where `prompt` names one.

        Raises UsageError for an unknown preset, or a file that is missing or no good template.
        """
        if prompt is None:
            found = _preset(preset)
        else:
            path = Path(prompt)
            found = cls(f"prompt:{path.stem}", _read(path), str(path))
        _ = found._template
        return found

    @property
    def digest(self) -> str:
        """A content hash of the template."""
        return hashlib.blake2b(self.source.encode(), digest_size=8).hexdigest()

    def ask(self, problem: Problem, response: Response) -> Asked:
        """The messages that put a response to the teacher.

        Raises UsageError, naming file and line, where the template cannot be filled in.
        """
        view = ProblemView(problem)
        values = {
            "problem": view,
            "response": ResponseView(response),
            "steps": [step.text for step in solution_steps(response.text)],
        }
        texts = self._rendered(values)
        if not texts.get("user", "").strip():
            raise UsageError(
                f"{self.where}: the user message is empty for response {response.id}; "
                "write it between {% block user %} and {% endblock %}"
            )
        roles = [role for role in ("system", "user") if texts.get(role, "").strip()]
        return Asked(tuple(Message(role, texts[role]) for role in roles), view._saw_reference)

    def named(self, asked: Asked) -> str:
        """What `Critique.preset` says of a row asked for so."""
        shown = asked.saw_reference and not self.name.endswith(REFERENCE)
        return self.name + (REFERENCE if shown else "")

    def _rendered(self, values: dict[str, Any]) -> dict[str, str]:
        from jinja2.exceptions import TemplateError

        template = self._template
        try:
            if not template.blocks:
                return {"user": template.render(values).strip()}
            context = template.new_context(values)
            return {
                role: "".join(block(context)).strip() for role, block in template.blocks.items()
            }
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            if isinstance(error, DataError):
                raise
            raise UsageError(
                f"{self.where}, line {_line_of(error, self.where)}: {_reason(error)}; "
                f"a template may use {', '.join(VARIABLES)}"
            ) from None

    @cached_property
    def _template(self) -> "Template":
        from jinja2 import StrictUndefined, TemplateSyntaxError
        from jinja2 import Template as JinjaTemplate
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        # Without a loader: what a template shows is in its own file, whose content is hashed.
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
        try:
            tree = environment.parse(self.source)
            self._check(tree)
            code = environment.compile(self.source, self.name, self.where)
        except TemplateSyntaxError as error:
            raise UsageError(
                f"{self.where}, line {error.lineno}: {error.message}; correct the template"
            ) from None
        return JinjaTemplate.from_code(environment, code, environment.globals)

    def _check(self, tree: "nodes.Template") -> None:
        from jinja2 import meta, nodes

        for node in tree.find_all((nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)):
            raise UsageError(
                f"{self.where}, line {node.lineno}: a prompt is one file; "
                "write out what it includes"
            )
        unknown = meta.find_undeclared_variables(tree) - set(VARIABLES) - {"range", "dict"}
        for name in tree.find_all(nodes.Name):
            if name.name in unknown:
                raise UsageError(
                    f"{self.where}, line {name.lineno}: unknown variable {name.name!r}; "
                    f"use {', '.join(VARIABLES)}"
                )
        blocks = {block.name: block for block in tree.find_all(nodes.Block)}
        for label, block in blocks.items():
            if label not in ("system", "user"):
                raise UsageError(
                    f"{self.where}, line {block.lineno}: unknown block {label!r}; "
                    "use system and user"
                )
        if blocks and "user" not in blocks:
            raise UsageError(
                f"{self.where}: a system block alone; write the question and the solution between "
                "{% block user %} and {% endblock %}"
            )


def _preset(name: str) -> TeacherPrompt:
    if name not in PRESETS:
        raise UsageError(f"critique: unknown preset {name!r}; choose {', '.join(PRESETS)}")
    path = _FOLDER / f"{name}.j2"
    return TeacherPrompt(name, path.read_text(encoding="utf-8"), str(path))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{path}: the prompt cannot be read ({reason}); name a Jinja file"
        ) from None


def _line_of(error: BaseException, where: str) -> int:
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == where:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _reason(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

"""The parts that strategies are made of: drafts, critiques, rewritings, continuations, scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from redink.engines.engine import Conversation, Sampling
from redink.prompts import Prompt
from redink.records import Problem
from redink.refinement.critic import Marked, critic_messages, marked, single_pass_messages
from redink.refinement.critic import corrected as corrected_part
from redink.refinement.judging import Judges
from redink.refinement.models import Role
from redink.refinement.tried import Spent, Tried, together
from redink.refinement.writing import Request, Writer
from redink.training.refining import continued_draft, global_messages, local_messages

Drafts = Mapping[str, Tried]
"""Problem id → an answer to it."""


@dataclass(frozen=True)
class Place:
    """Where a draft is to be continued from."""

    step: int | None
    """0-based solution step; None where no error was found."""
    spent: Spent = field(default_factory=dict)
    """What was sampled to find it."""


@dataclass(frozen=True)
class Desk:
    """What strategies work with. Everything is done for all problems at a time."""

    problems: Mapping[str, Problem]
    writer: Writer
    judges: Judges
    prompt: Prompt
    sampling: Sampling
    """Of the drafts; its `samples` are drawn once and shared."""
    critique_tokens: int = 512
    """New tokens of a critique at most."""
    threshold: float = 0.5
    """A step that the SORM gives a lower probability is wrong."""
    branches: int = 2
    """Next steps that the beam draws from each prefix that it keeps."""

    @property
    def _greedily(self) -> Sampling:
        return replace(self.sampling, temperature=0.0, top_p=1.0, samples=1)

    @cached_property
    def greedy(self) -> dict[str, Tried]:
        """One greedy draft of each problem."""
        return {key: found[0] for key, found in self._drafts(self._greedily, "drafts").items()}

    @cached_property
    def samples(self) -> dict[str, list[Tried]]:
        """The sampled drafts of each problem."""
        return self._drafts(self.sampling, "sampled drafts")

    def _drafts(self, sampling: Sampling, label: str) -> dict[str, list[Tried]]:
        stops = tuple(dict.fromkeys((*sampling.stop, *self.prompt.stop)))
        requests = [
            Request(p, (), raw=self.prompt.text(p))
            if self.prompt.is_raw
            else Request(p, self.prompt.messages(p))
            for p in self.problems.values()
        ]
        found = self.writer.answers("model", requests, replace(sampling, stop=stops), label)
        return dict(zip(self.problems, found, strict=True))

    def critiques(self, drafts: Drafts, role: Role, *, own: bool = False) -> dict[str, Marked]:
        """A greedy critique of each draft."""
        asked = [
            Conversation(key, critic_messages(self.problems[key], draft.response, own=own))
            for key, draft in drafts.items()
        ]
        sampling = replace(self._greedily, max_tokens=self.critique_tokens)
        found = self.writer.pieces(role, asked, sampling, "critiques")
        return {
            key: marked(piece, draft.response)
            for (key, draft), (piece,) in zip(drafts.items(), found, strict=True)
        }

    def rewritten(
        self, drafts: Drafts, role: Role, marks: Mapping[str, Marked] | None = None
    ) -> dict[str, Tried]:
        """Each draft rewritten as a whole, following its critique where there is one."""
        requests = []
        for key, draft in drafts.items():
            mark = marks[key] if marks is not None else None
            said = mark.text if mark is not None else None
            requests.append(
                Request(
                    self.problems[key],
                    global_messages(self.problems[key], draft.text, said),
                    spent=together([draft.spent, mark.spent if mark is not None else {}]),
                    notes={"refines": draft.response.id},
                )
            )
        found = self.writer.answers(role, requests, self._greedily, "rewriting")
        return {key: tried for key, (tried,) in zip(drafts, found, strict=True)}

    def continued(self, drafts: Drafts, places: Mapping[str, Place]) -> dict[str, Tried]:
        """Each draft rewritten from its first error on; those without one are left out."""
        wanted: dict[str, int] = {}
        requests = []
        for key, draft in drafts.items():
            step = places[key].step
            if step is None:
                continue
            wanted[key] = step
            requests.append(
                Request(
                    self.problems[key],
                    local_messages(self.problems[key], draft.text, step),
                    whole=_Continued(draft.text, step),
                    spent=together([draft.spent, places[key].spent]),
                    notes={"refines": draft.response.id, "from_step": step},
                )
            )
        found = self.writer.answers("local_refiner", requests, self._greedily, "continuing")
        return {key: tried for key, (tried,) in zip(wanted, found, strict=True)}

    def corrected(self) -> dict[str, Tried]:
        """Solution, critique and correction in one completion each."""
        requests = [
            Request(p, single_pass_messages(p), whole=corrected_part)
            for p in self.problems.values()
        ]
        room = self.sampling.max_tokens * 2 + self.critique_tokens
        sampling = replace(self._greedily, max_tokens=room)
        found = self.writer.answers("model", requests, sampling, "self-critique")
        return {key: tried for key, (tried,) in zip(self.problems, found, strict=True)}

    def places(self, drafts: Drafts, by: str) -> dict[str, Place]:
        """The first error of each draft: the first step that the SORM scores below the threshold,
        or the one that the critic names."""
        if by == "critic":
            marks = self.critiques(drafts, "critic")
            return {key: Place(mark.first_error, mark.spent) for key, mark in marks.items()}
        scores = self.judges.scores(by, [(self.problems[k], d.text) for k, d in drafts.items()])
        return {
            key: Place(found.first_error(self.threshold))
            for key, found in zip(drafts, scores, strict=True)
        }

    def values(self, by: str, tried: Mapping[str, Sequence[Tried]]) -> dict[str, list[float]]:
        """One number for each answer, the higher the better."""
        pairs = [(self.problems[key], one.text) for key, found in tried.items() for one in found]
        values = iter(self.judges.values(by, pairs))
        return {key: [next(values) for _ in found] for key, found in tried.items()}


@dataclass(frozen=True)
class _Continued:
    """From a continuation to the whole answer."""

    draft: str
    step: int

    def __call__(self, continuation: str) -> str:
        return continued_draft(self.draft, self.step, continuation)

"""Completions that a journal holds already, and no others."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from redink.engines.endpoint.request import request_key
from redink.engines.engine import Completion, Conversation, Failure, Sampling
from redink.engines.journal import Journal
from redink.errors import UsageError

JOURNAL_ONLY = "journal"
"""The name of this engine."""
NOT_THERE = "not in the journal"


class JournalEngine:
    """Gives what a journal holds of a model behind a server; asks for nothing.

    Args:
        model: the name that the server knows the model by.
        journal: SQLite file of finished completions.

    Raises UsageError without a journal.
    """

    def __init__(self, model: str, journal: Path | None) -> None:
        if journal is None:
            raise UsageError("engine journal: name a journal to take completions from")
        self.name = f"journal:{model}"
        self.model, self.path = model, journal

    def complete(
        self, conversations: Sequence[Conversation], sampling: Sampling
    ) -> Iterator[Completion | Failure]:
        """Yields each completion that is there; a Failure, with the reason noted in the journal
        where there is one, for the others."""
        wanted = [(c, n) for c in conversations for n in range(sampling.samples)]
        keys = [request_key(self.model, c, sampling, None, n) for c, n in wanted]
        with Journal(self.path) as journal:
            found = journal.get(keys)
            failed = journal.failures([key for key in keys if key not in found])
        for key, (conversation, sample) in zip(keys, wanted, strict=True):
            if key in found:
                yield replace(found[key], id=conversation.id, sample=sample)
            else:
                reason = failed[key].reason if key in failed else NOT_THERE
                yield Failure(conversation.id, sample, reason)

"""Step labels: what is known of each solution step, by sampling or because it was injected."""

from redink.labelling.chance import missed, rescued
from redink.labelling.continuing import Continuation, Continuer, continued_response
from redink.labelling.known import Source, Sources, injected_labels, sources
from redink.labelling.labelled import Labelled
from redink.labelling.postprocessing import balanced, first_wrong, monotone_labels
from redink.labelling.prefix import Prefix, prefix_at
from redink.labelling.results import is_used, result_of
from redink.labelling.sampled import label_by_continuations
from redink.labelling.searching import Search

__all__ = [
    "Continuation",
    "Continuer",
    "Labelled",
    "Prefix",
    "Search",
    "Source",
    "Sources",
    "balanced",
    "continued_response",
    "first_wrong",
    "injected_labels",
    "is_used",
    "label_by_continuations",
    "missed",
    "monotone_labels",
    "prefix_at",
    "rescued",
    "result_of",
    "sources",
]

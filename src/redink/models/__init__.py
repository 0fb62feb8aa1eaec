"""Models on disk: the embedded one, local folders, hub models; loading and fingerprints."""

from redink.models.resolve import resolve_model
from redink.models.source import ModelSource, fingerprint

__all__ = ["ModelSource", "fingerprint", "resolve_model"]

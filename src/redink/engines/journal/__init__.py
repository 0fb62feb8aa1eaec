"""The journal: finished completions on disk, so that none is ever made or paid twice."""

from redink.engines.journal.journal import Journal, Usage
from redink.engines.journal.rescue import Rescued, rescue

__all__ = ["Journal", "Rescued", "Usage", "rescue"]

"""Audits of critiques: verdicts against the grader, faults, lengths, copies, leaks, samples."""

from redink.audit.findings import Audit, audit

__all__ = ["Audit", "audit"]

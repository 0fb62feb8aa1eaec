"""Audits of critiques: verdicts against the grader, faults, lengths, copies, leaks, samples."""

from redink.audit.auditing import Audit, audit

__all__ = ["Audit", "audit"]

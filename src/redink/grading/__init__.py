"""Grading of final answers: bounded extraction, exact numbers, symbolic comparison."""

from redink.grading.grader import Grade, grade, grade_many

__all__ = ["Grade", "grade", "grade_many"]

"""Teachers: whatever writes critiques. `TEACHERS` names those that can be asked for."""

from redink.teachers.composition import Style
from redink.teachers.symbolic import SymbolicTeacher
from redink.teachers.teacher import TEACHERS, Teacher

__all__ = ["TEACHERS", "Style", "SymbolicTeacher", "Teacher"]

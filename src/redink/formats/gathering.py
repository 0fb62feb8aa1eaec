"""Rows of a file becoming the records of one table."""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeVar

from redink.formats.fields import checked_fields
from redink.formats.format import Kind, RowError
from redink.problems.columns import FINAL_MARK
from redink.records import (
    Critique,
    Problem,
    Response,
    content_id,
    critique_id,
    problem_id,
    response_id,
    to_row,
)
from redink.tables import Dropped, Table, critique_table, drop, problem_table, response_table
from redink.teachers.verdict import read_verdict

R = TypeVar("R", Problem, Response, Critique)
ORIGIN = "load"


class Gathering:
    """Collects rows; ids that a row does not bring are made from its content, as elsewhere.

    Rows that say the same in every respect stay apart as further samples of one response: to
    drop them is for `select`. Only problems that say the same stand once.
    """

    def __init__(self, kind: Kind, source: str, teacher: str = "") -> None:
        self.kind, self.source, self.teacher = kind, source, teacher
        self.problems: dict[str, Problem] = {}
        self.responses: dict[str, Response] = {}
        self.critiques: dict[str, Critique] = {}
        self.rows: list[Any] = []
        self.dropped: list[Dropped] = []
        self._seen: Counter[tuple[Any, ...]] = Counter()

    def add(self, parts: Mapping[str, Mapping[str, Any]]) -> None:
        """Takes the fields of one row, by record.

        Raises RowError for a field of the wrong type, a missing text, or an id that stands for
        two different records.
        """
        given = {
            "problem": checked_fields(Problem, parts.get("problem", {})),
            "response": checked_fields(Response, parts.get("response", {})),
            "critique": checked_fields(Critique, parts.get("critique", {})),
        }
        sample = self._sample(given)
        brings = {name: "id" in fields for name, fields in given.items()}
        problem = _problem(given["problem"], self.kind, self.source)
        repeated = self.kind == "problems" and self.problems.get(problem.id) == problem
        problem = _settled(self.problems, problem, brings["problem"])
        if self.kind == "problems":
            if repeated:
                self.dropped.append(drop(problem, "repeated"))
            else:
                self._keep(problem)
            return
        response = _response(given["response"], problem, sample)
        response = _settled(self.responses, response, brings["response"])
        critique = None
        if self.kind == "critiques":
            critique = _critique(given["critique"], response, self.teacher)
            critique = _settled(self.critiques, critique, brings["critique"])
        self._keep(problem, response, critique)

    def table(self) -> Table[Any]:
        """What was taken, as a table."""
        if self.kind == "problems":
            return problem_table(self.rows, self.dropped)
        if self.kind == "responses":
            return response_table(self.rows, self.problems, self.dropped)
        return critique_table(self.rows, self.responses, self.problems, self.dropped)

    def _sample(self, given: Mapping[str, Mapping[str, Any]]) -> int:
        texts = (
            given["problem"].get("question"),
            given["response"].get("text"),
            given["critique"].get("text"),
        )
        self._seen[texts] += 1
        return self._seen[texts] - 1

    def _keep(
        self, problem: Problem, response: Response | None = None, critique: Critique | None = None
    ) -> None:
        self.problems.setdefault(problem.id, problem)
        if response is not None:
            self.responses.setdefault(response.id, response)
        if critique is not None:
            self.critiques.setdefault(critique.id, critique)
        self.rows.append(critique or response or problem)


def _problem(given: dict[str, Any], kind: Kind, source: str) -> Problem:
    question = _needed(given, "question", "question")
    if "answer" not in given:
        solution = given.get("solution") or ""
        final = solution.rpartition(FINAL_MARK)[2].strip() if FINAL_MARK in solution else ""
        given["answer"] = final if kind == "problems" else ""
    given.setdefault("source", source)
    given.setdefault("id", problem_id(question, given["answer"]))
    return Problem(**given)


def _response(given: dict[str, Any], problem: Problem, sample: int) -> Response:
    text = _needed(given, "text", "response")
    given["problem_id"] = problem.id
    origin = given.setdefault("origin", ORIGIN)
    if "id" not in given:
        given["id"] = response_id(problem.id, text, origin, given.get("model", ""), sample)
    return Response(**given)


def _critique(given: dict[str, Any], response: Response, teacher: str) -> Critique:
    text = _needed(given, "text", "critique")
    given["response_id"] = response.id
    given.setdefault("teacher", teacher)
    given.setdefault("verdict", None)
    if given["verdict"] is None and "why" not in given:
        reading = read_verdict(text, given.get("finish"))
        given |= {"verdict": reading.verdict, "why": reading.why}
    given.setdefault("id", critique_id(response.id, text, given["teacher"]))
    return Critique(**given)


def _needed(given: Mapping[str, Any], field: str, called: str) -> str:
    if field not in given:
        raise RowError(f"there is no {called}; map its column, as in --column {called}=NAME")
    return str(given[field])


def _settled(records: Mapping[str, R], record: R, brings_id: bool) -> R:
    """The record under an id of its own, where another holds the one that its content gives.

    Ids fold white space and leave some fields out.
    """
    known = records.get(record.id)
    if known is None or known == record:
        return record
    if brings_id:
        raise RowError(f"id {record.id!r} stands for two different records")
    kind = type(record).__name__.lower()
    text = json.dumps(to_row(record), sort_keys=True, default=str)
    return dataclasses.replace(record, id=content_id(kind, text))

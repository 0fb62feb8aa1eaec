"""The viewer's server: pages of a run's tables as JSON, the front end, and the reviewers' edits."""

import importlib.resources
import json
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from redink.edits import Edit
from redink.errors import RedinkError, UsageError
from redink.view.comparing import compare_item, compare_page
from redink.view.feed import events
from redink.view.guard import LOOPBACK, Guard, refused
from redink.view.item import edits_json, item_of
from redink.view.query import page_of, read_query
from redink.view.review import review_of
from redink.view.rollout import rollout_item
from redink.view.rollout_query import read_rollout_query, rollouts_page
from redink.view.run import ViewedRun
from redink.view.table import ViewedTable
from redink.visible import one_line

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_OK, _WRONG, _MISSING, _BROKEN = 200, 400, 404, 500


def make_app(
    run: ViewedRun,
    *,
    author: str = "",
    token: str | None = None,
    hosts: Sequence[str] | None = LOOPBACK,
    writable: bool = True,
) -> Guard:
    """The server of one run, an ASGI application.

    Args:
        run: What is viewed.
        author: Who reviews, where the page names nobody.
        token: What callers must know; none where None.
        hosts: Names by which the server may be called; any where None, which needs a token.
        writable: Whether verdicts can be mended.
    """
    answers = _Answers(run, author, writable)
    static = static_files()

    def page(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in static or (name == "index.html" and request.url.path != "/"):
            raise HTTPException(_MISSING, f"there is no {one_line(name)!r}; open / instead")
        suffix = name[name.rfind(".") :]
        return Response(static[name], media_type=TYPES[suffix])

    routes = [
        Route("/", page),
        Route("/static/{name}", page),
        Route("/api/run", _json(answers.run_facts)),
        Route("/api/rows/{stage}", _json(answers.rows)),
        Route("/api/item/{stage}/{row_id:path}", _json(answers.item)),
        Route("/api/compare/{stage}", _json(answers.compare)),
        Route("/api/compare/{stage}/{problem_id:path}", _json(answers.compare_one)),
        Route("/api/review/{stage}", _json(answers.review)),
        Route("/api/training/{stage}", _json(answers.training)),
        Route("/api/rollouts/{stage}", _json(answers.rollouts)),
        Route("/api/rollout/{stage}/{row_id:path}", _json(answers.rollout)),
        Route("/api/edits", _written(answers.edit), methods=["POST"]),
        Route("/api/edits/undo", _written(answers.undo), methods=["POST"]),
        Route("/api/live", answers.live),
    ]
    handlers: Any = {HTTPException: _refused_route, Exception: _failed}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return Guard(app, hosts=hosts, token=token)


def static_files() -> dict[str, bytes]:
    """The front end's files by name: nothing else is ever served."""
    folder = importlib.resources.files("redink.view").joinpath("static")
    return {
        item.name: item.read_bytes()
        for item in folder.iterdir()
        if item.is_file() and item.name[item.name.rfind(".") :] in TYPES
    }


class _Answers:
    """What each address answers."""

    def __init__(self, run: ViewedRun, author: str, writable: bool) -> None:
        self.viewed, self.author, self.writable = run, author, writable

    def run_facts(self, request: Request) -> dict[str, Any]:
        return {
            **self.viewed.now().to_json(),
            "scores": self.viewed.scores(),
            "reviewer": self.author,
            "writable": self.writable,
            "bundle": False,
        }

    def rows(self, request: Request) -> dict[str, Any]:
        table = self._table(request)
        return page_of(table, read_query(request.query_params.multi_items()))

    def item(self, request: Request) -> dict[str, Any]:
        table = self._table(request)
        return item_of(table, _place(table, request.path_params["row_id"]))

    def compare(self, request: Request) -> dict[str, Any]:
        return compare_page(self._scores(request), dict(request.query_params))

    def compare_one(self, request: Request) -> dict[str, Any]:
        asked = request.query_params
        found = compare_item(
            self._scores(request),
            request.path_params["problem_id"],
            asked.get("a", ""),
            asked.get("b", ""),
            asked.get("benchmark"),
        )
        if found is None:
            raise HTTPException(_MISSING, "neither arm answered this problem; choose another")
        return found

    def review(self, request: Request) -> dict[str, Any]:
        return review_of(self._table(request))

    def training(self, request: Request) -> dict[str, Any]:
        return self.viewed.curves(request.path_params["stage"])

    def rollouts(self, request: Request) -> dict[str, Any]:
        _, training = self.viewed.training(request.path_params["stage"])
        return rollouts_page(training, read_rollout_query(request.query_params.multi_items()))

    def rollout(self, request: Request) -> dict[str, Any]:
        _, training = self.viewed.training(request.path_params["stage"])
        row_id = request.path_params["row_id"]
        found = rollout_item(training, row_id)
        if found is None:
            raise HTTPException(
                _MISSING,
                f"no rollout {one_line(row_id)!r} in the log: a training that was killed takes it "
                "back to its last checkpoint; go back to the list",
            )
        return found

    def edit(self, body: dict[str, Any]) -> dict[str, Any]:
        table, place = self._critique(body)
        row_id, verdict = body["id"], table.columns.facets["verdict"].value(place)
        edit = table.log.add(
            row_id,
            verdict,
            str(body.get("new")),
            author=str(body.get("author") or self.author),
            reason=str(body.get("reason") or ""),
        )
        return _told(table, edit, verdict)

    def undo(self, body: dict[str, Any]) -> dict[str, Any]:
        table, place = self._critique(body)
        verdict = table.columns.facets["verdict"].value(place)
        author = str(body.get("author") or self.author)
        return _told(table, table.log.undo(body["id"], verdict, author=author), verdict)

    async def live(self, request: Request) -> Response:
        return StreamingResponse(
            events(self.viewed.folder, request.is_disconnected), media_type="text/event-stream"
        )

    def _table(self, request: Request) -> ViewedTable:
        return self.viewed.table(request.path_params["stage"])

    def _scores(self, request: Request) -> ViewedTable:
        table = self._table(request)
        if table.kind != "scores":
            raise UsageError("only scores can be compared; name a stage that evaluates")
        return table

    def _critique(self, body: dict[str, Any]) -> tuple[ViewedTable, int]:
        if not self.writable:
            raise UsageError("this viewer was started to read only; start one that may write")
        if not isinstance(body.get("stage"), str) or not isinstance(body.get("id"), str):
            raise UsageError("a verdict needs a stage and an id, both texts; send them")
        table = self.viewed.table(body["stage"])
        if table.kind != "critiques":
            raise UsageError("only critiques have a verdict to mend; open a stage of critiques")
        return table, _place(table, body["id"])


def _told(table: ViewedTable, edit: Edit, verdict: str | None) -> dict[str, Any]:
    edits, _ = table.edited()
    standing = edits.standing().get(edit.id)
    return {
        "edit": edits_json([edit], edits)[0],
        "verdict_now": standing.new if standing else verdict,
    }


def _place(table: ViewedTable, row_id: str) -> int:
    place = table.place(row_id)
    if place is None:
        raise HTTPException(_MISSING, f"no row {one_line(row_id)!r} in this table; reload the page")
    return place


def _json(answer: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Response]:
    """An endpoint that answers with JSON; Starlette runs it in a thread of its own."""

    def endpoint(request: Request) -> Response:
        return _answered(lambda: answer(request))

    return endpoint


def _written(write: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """An endpoint that takes a JSON object."""

    async def endpoint(request: Request) -> Response:
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return refused(_WRONG, "a write is one JSON object; send one")
        return await run_in_threadpool(_answered, lambda: write(body))

    return endpoint


def _answered(answer: Callable[[], dict[str, Any]]) -> Response:
    try:
        return Response(orjson.dumps(answer()), media_type="application/json")
    except UsageError as error:
        return refused(_WRONG, str(error))
    except RedinkError as error:
        return refused(_BROKEN, str(error))


async def _refused_route(request: Request, error: HTTPException) -> Response:
    why = error.detail if error.status_code != _MISSING or " " in error.detail else ""
    if why in ("", "Not Found"):
        why = "there is nothing at this address; open / instead"
    return refused(error.status_code, why)


async def _failed(request: Request, error: Exception) -> Response:
    return refused(_BROKEN, f"the server failed ({type(error).__name__}); see its terminal")

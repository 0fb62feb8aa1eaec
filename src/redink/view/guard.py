"""Who may ask: this machine's browser pages of this server, or whoever has the token.

A page of another site must neither read answers (its requests have another Origin, and a name
that was made to point here has another Host) nor write (JSON with this origin only).
"""

import hmac
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
COOKIE = "redink-view"
HEADER = "x-redink-token"
LARGEST_BODY = 64 * 1024
"""Bytes of a write."""
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Lets through what is allowed, and sets the headers that tell browsers to be strict."""

    def __init__(self, app: ASGIApp, *, hosts: Sequence[str] | None, token: str | None) -> None:
        """
        Args:
            app: What is guarded.
            hosts: Names without ports by which the server may be called; any where None, which
                needs a token.
            token: What a caller must know; none where None.
        """
        if hosts is None and not token:
            raise ValueError("a server that any name may call needs a token; give one")
        self.app, self.hosts, self.token = app, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        request = Request(scope)
        added = {**_HEADERS, **self._cookie(request)}

        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                pairs = [(name.encode(), value.encode()) for name, value in added.items()]
                message["headers"] = [*message["headers"], *pairs]
            await send(message)

        await (self._refusal(request) or self.app)(scope, receive, strict)

    def _refusal(self, request: Request) -> Response | None:
        headers = request.headers
        host = headers.get("host", "")
        if self.hosts is not None and _name(host) not in self.hosts:
            return refused(421, "this name is not the server's; use the address that it printed")
        origin = headers.get("origin")
        if origin is not None and not _is_own(origin, host):
            return refused(403, "requests of other sites are refused; open the page itself")
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and _is_api(request):
            return refused(403, "requests of other sites are refused; open the page itself")
        if self.token:
            return self._without_token(request) or _unsafe_write(headers, request.method)
        return _unsafe_write(headers, request.method)

    def _without_token(self, request: Request) -> Response | None:
        cookie = request.cookies.get(COOKIE, "")
        header = request.headers.get(HEADER, "")
        if any(self._is_token(one) for one in (header, cookie, _in_address(request))):
            return None
        return refused(401, "a token is needed; open the address that `redink view` printed")

    def _is_token(self, given: str) -> bool:
        return bool(self.token) and hmac.compare_digest(given.encode(), str(self.token).encode())

    def _cookie(self, request: Request) -> dict[str, str]:
        """Who opens the page with the token in its address need not name it again: a cookie that
        neither scripts nor other sites can use."""
        if request.url.path != "/" or not self._is_token(_in_address(request)):
            return {}
        return {"set-cookie": f"{COOKIE}={self.token}; HttpOnly; SameSite=Strict; Path=/"}


def _in_address(request: Request) -> str:
    return request.query_params.get("token", "")


def refused(status: int, why: str) -> JSONResponse:
    """An error as the page reads it."""
    return JSONResponse({"error": why}, status)


def _unsafe_write(headers: Headers, method: str) -> Response | None:
    if method in ("GET", "HEAD"):
        return None
    if method != "POST":
        return refused(405, "only GET and POST are answered")
    if headers.get("origin") is None:
        return refused(403, "a write needs the Origin header; write from the page")
    if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        return refused(415, "a write is JSON; set Content-Type: application/json")
    length = headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        return refused(413, f"a write has a Content-Length of at most {LARGEST_BODY} bytes")
    return None


def _name(host: str) -> str:
    """`localhost` of `localhost:8642`, `[::1]` of `[::1]:8642`."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


def _is_own(origin: str, host: str) -> bool:
    return bool(host) and origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")

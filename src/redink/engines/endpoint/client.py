"""The HTTP side: one session for the whole run, one answer for one body."""

import ssl
import time
from collections.abc import Mapping

import aiohttp
from yarl import URL

from redink.engines.endpoint.address import Address
from redink.engines.endpoint.keys import redact
from redink.engines.endpoint.reply import Answer, Kind, read_answer

CONNECT_SECONDS = 30.0
LARGEST_REPLY = 64 * 2**20
"""Bytes."""


class Client:
    """Sends bodies to one endpoint and reads what comes back.

    It follows no redirect, takes no proxy and no credentials from the environment, and keeps no
    cookies: nothing goes anywhere but to the host in the address. Make and use it in one event
    loop.

    Args:
        address: the endpoint.
        key: its API key, if it wants one.
        timeout: seconds for a whole request, from connecting to the last byte.
    """

    def __init__(self, address: Address, key: str | None, timeout: float) -> None:
        self._timeout = timeout
        self._urls = {
            path: URL(f"{address.url}{path}", encoded=True)
            for path in ("/chat/completions", "/completions")
        }
        headers = {"Content-Type": "application/json", "User-Agent": "redink"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=0, ttl_dns_cache=300),
            timeout=aiohttp.ClientTimeout(
                total=timeout, connect=None, sock_connect=min(CONNECT_SECONDS, timeout)
            ),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    async def ask(self, path: str, body: bytes) -> tuple[Answer, Mapping[str, str]]:
        """The answer to a body, and its headers."""
        try:
            async with self._session.post(
                self._urls[path], data=body, allow_redirects=False
            ) as response:
                raw = await _read(response)
                if raw is None:
                    return Answer(Kind.AGAIN, reason="the reply is larger than 64 MiB"), {}
                headers = response.headers
                return read_answer(response.status, headers, raw, time.time()), headers
        except (aiohttp.ClientError, ssl.SSLError, OSError, ValueError) as error:
            return self._trouble(error), {}

    async def close(self) -> None:
        """Closes all connections."""
        await self._session.close()

    def _trouble(self, error: Exception) -> Answer:
        said = " ".join(redact(str(error)).split()) or type(error).__name__
        if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
            return Answer(Kind.FATAL, reason=f"no trusted TLS connection: {said}")
        if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            return Answer(Kind.UNREACHABLE, reason=said, is_overload=True)
        if isinstance(error, TimeoutError):
            reason = f"no whole answer within {self._timeout:g} s"
            return Answer(Kind.AGAIN, reason=reason, is_overload=True)
        if isinstance(error, aiohttp.ClientPayloadError):
            return Answer(Kind.AGAIN, reason=f"the reply was cut off ({said})")
        if isinstance(error, aiohttp.InvalidURL):
            return Answer(Kind.FATAL, reason=f"not a URL: {said}")
        return Answer(Kind.AGAIN, reason=f"the connection broke ({said})", is_overload=True)


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """A whole body, or None where it is too large to be one."""
    parts, size = [], 0
    while part := await response.content.readany():
        parts.append(part)
        size += len(part)
        if size > LARGEST_REPLY:
            response.close()
            return None
    return b"".join(parts)

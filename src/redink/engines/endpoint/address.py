"""Addresses: which model behind which URL, and whether it can be asked at all."""

import http.client
import ipaddress
import re
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from redink.engines.endpoint.keys import COMMON_KEY, KEY_OF_HOST, key_name, read_key, redact
from redink.errors import ModelError, UsageError

__all__ = ["Address", "check_endpoint", "is_endpoint", "redact"]

PREFIX = "endpoint:"
FORM = "endpoint:MODEL@URL, for instance endpoint:my-model@http://127.0.0.1:8000/v1"


@dataclass(frozen=True)
class Address:
    """A model behind an OpenAI-compatible endpoint."""

    model: str
    """The name that the endpoint knows it by."""
    url: str
    """The base URL, `/v1` included where the endpoint has it, without a slash at the end."""

    @classmethod
    def parse(cls, name: str) -> "Address":
        """The address in `endpoint:MODEL@URL`; MODEL may contain `@` and `/`.

        Raises UsageError where there is no model or no usable URL in it.
        """
        found = re.fullmatch(r"(?s)endpoint:(.+)@(https?://.+)", name)
        if not found:
            raise UsageError(f"{redact(name)}: not an endpoint; write {FORM}")
        model, url = found.groups()
        parts = _split(url)
        if parts.username is not None or parts.query or parts.fragment or not parts.hostname:
            raise UsageError(
                f"endpoint of {model}: the URL must name a host and a path alone, no user, "
                f"password, query or fragment; write {FORM} and put the key into the environment"
            )
        path = parts.path.rstrip("/")
        for tail in ("/chat/completions", "/completions"):
            path = path.removesuffix(tail)
        return cls(model, f"{parts.scheme}://{parts.netloc}{path}".rstrip("/"))

    @property
    def name(self) -> str:
        """As `parse` reads it."""
        return f"{PREFIX}{self.model}@{self.url}"

    @property
    def host(self) -> str:
        """The host alone, in lower case."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def key(self, key_env: str | None = None) -> str | None:
        """The API key from the environment, or None where there is none.

        Raises UsageError where a key would travel unencrypted to another machine, where one host's
        key would go to another, or where `key_env` is not set.
        """
        key = read_key(self.host, key_env)
        if key and self.url.startswith("http:") and not self.is_loopback:
            raise UsageError(
                f"{self.url}: the key in {key_name(self.host, key_env)} would travel unencrypted; "
                "use https, or a tunnel to a loopback address"
            )
        if not key and key_env is None and self.host in KEY_OF_HOST:
            raise UsageError(
                f"{self.url}: no key; set the environment variable {KEY_OF_HOST[self.host]}"
            )
        return key


def is_endpoint(name: object) -> bool:
    """Whether a model's name is an endpoint's."""
    return isinstance(name, str) and name.startswith(PREFIX)


def check_endpoint(
    address: Address | str, key_env: str | None = None, timeout: float = 10.0
) -> None:
    """Makes sure that an endpoint can be asked, without a request that costs anything.

    Its list of models is asked for, once. Whatever it answers but 401, 403 or a redirect will do:
    many servers have no such list.

    Args:
        address: the endpoint, or its name.
        key_env: the environment variable with the key, as the engine takes it.
        timeout: seconds to wait for an answer.

    Raises UsageError where there is no key for a host that wants one, ModelError where the host
    does not answer or refuses the key.
    """
    if isinstance(address, str):
        address = Address.parse(address)
    key = address.key(key_env)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    parts = urlsplit(address.url)
    try:
        connection = _connection(parts, timeout)
        connection.connect()
        status = _status(connection, f"{parts.path}/models", headers)
        connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise ModelError(
            f"{address.url}: the endpoint of {address.model} does not answer "
            f"({redact(str(error) or type(error).__name__)}); start the server or correct the URL"
        ) from None
    if status in (401, 403):
        name = key_name(address.host, key_env) or COMMON_KEY
        raise ModelError(f"{address.url}: answers {status} to the key; set {name} to a valid one")
    if 300 <= status < 400:
        raise ModelError(f"{address.url}: answers with a redirect ({status}); name the final URL")


def _status(connection: Any, path: str, headers: dict[str, str]) -> int:
    """The answer's status; 200 for a server that is there and too busy to make a list."""
    try:
        connection.request("GET", path, headers=headers)
        return int(connection.getresponse().status)
    except TimeoutError:
        return 200


def _connection(parts: SplitResult, timeout: float) -> Any:
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=timeout)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"endpoint: {redact(url)} is no URL ({error}); write {FORM}") from None
    return parts

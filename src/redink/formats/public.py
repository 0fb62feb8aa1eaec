"""What may be told in public: no addresses of hosts, no folders of a machine, no keys."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from redink.formats.entry import Entry

_HOST = re.compile(r"@?\bhttps?://\S+")
_PATH = re.compile(r"^(?:~|\.{0,2}/|[A-Za-z]:\\)|[/\\][^/\\]+\.[A-Za-z]+$")
_SECRET = re.compile(r"key|password|secret|credential|authorization|headers?$|extra$", re.I)


def public_name(name: str) -> str:
    """A name without the address of a host or the folders of a path."""
    bare = _HOST.sub("", name).strip()
    if _PATH.search(bare) and not bare.startswith("hf:"):
        return re.split(r"[/\\]", bare.rstrip("/\\"))[-1]
    return bare


def public_facts(value: Any) -> Any:
    """Settings and the like, every name in them made public, secret ones left out."""
    if isinstance(value, str):
        return public_name(value)
    if isinstance(value, Mapping):
        return {
            public_name(str(key)): public_facts(one)
            for key, one in value.items()
            if not _SECRET.search(str(key))
        }
    return [public_facts(one) for one in value] if isinstance(value, list | tuple) else value


def private_columns(entries: Iterable[Entry]) -> list[str]:
    """Columns of flat rows in which addresses of hosts or paths of this machine stand."""
    found: dict[str, None] = {}
    for entry in entries:
        names = {"source": entry.problem.source}
        names |= {"model": entry.response.model} if entry.response else {}
        names |= {"teacher": entry.critique.teacher} if entry.critique else {}
        found |= {column: None for column, name in names.items() if public_name(name) != name}
    return list(found)

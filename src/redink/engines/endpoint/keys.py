"""API keys: read from the environment by host, sent nowhere else, redacted everywhere."""

import os
import re

from redink.errors import UsageError

COMMON_KEY = "REDINK_API_KEY"
KEY_OF_HOST = {
    "api.openai.com": "OPENAI_API_KEY",
    "api.together.xyz": "TOGETHER_API_KEY",
    "api.mistral.ai": "MISTRAL_API_KEY",
    "api.groq.com": "GROQ_API_KEY",
    "api.deepseek.com": "DEEPSEEK_API_KEY",
    "openrouter.ai": "OPENROUTER_API_KEY",
}
"""The environment variable that holds a host's key, as the hosts' own clients read it."""
HIDDEN = "[key]"
SHORTEST = 8
"""Characters of the shortest key that is searched for in texts."""

_used: set[str] = set()
_looks_like_a_key = re.compile(
    r"(?i:\bbearer\s+)[^\s\"',;]+"
    r"|\b(?:sk|pk|rk|gsk|xai|nvapi|hf|tgp)[-_][A-Za-z0-9_*.\-]{6,}"
    r"|\bAIza[A-Za-z0-9_*\-]{10,}"
)


def key_name(host: str, key_env: str | None = None) -> str:
    """The environment variable that holds the key for `host`.

    Raises UsageError where `key_env` would send one known host's key to another host.
    """
    own = KEY_OF_HOST.get(host)
    if key_env is None:
        return own or COMMON_KEY
    for other, name in KEY_OF_HOST.items():
        if key_env == name and host != other:
            raise UsageError(
                f"key_env {key_env}: it holds the key of {other} and is not sent to {host}; put "
                f"the key for {host} into {own or COMMON_KEY} or another variable"
            )
    return key_env


def read_key(host: str, key_env: str | None = None) -> str | None:
    """The key for `host` from the environment, or None; what was read is redacted from then on.

    Args:
        key_env: the environment variable; None takes the host's own, "" none at all.

    Raises UsageError where a named variable is not set, or its value is no key.
    """
    if key_env == "":
        return None
    name = key_name(host, key_env)
    key = os.environ.get(name, "").strip()
    if not key:
        if key_env:
            raise UsageError(f"key_env {key_env}: the variable is not set; set it to the key")
        return None
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"{name}: not an API key (spaces or other characters); set it anew")
    _used.add(key)
    return key


def redact(text: str) -> str:
    """`text` without keys: those that were read, those in known variables, and what looks like one.

    Cut a text after this, never before: half a key is found by its looks alone.
    """
    known = {os.environ.get(name, "").strip() for name in (*KEY_OF_HOST.values(), COMMON_KEY)}
    for key in sorted(_used | known, key=len, reverse=True):
        if len(key) >= SHORTEST or key in _used:
            text = text.replace(key, HIDDEN)
    return _looks_like_a_key.sub(HIDDEN, text)

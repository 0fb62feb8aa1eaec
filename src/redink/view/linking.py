"""The front end's modules as one script, for a page without a server.

A module becomes a function that is called once and gives what it exports; so they need no
addresses. What the modules may use of `import` and `export` is what is read here.
"""

import re
from collections.abc import Mapping

from redink.errors import DataError

_IMPORT = re.compile(
    r"^import\s+(?:\{(?P<names>[^}]*)\}\s*from\s*|\*\s+as\s+(?P<whole>\w+)\s+from\s*)?"
    r'"\./(?P<file>[\w-]+\.js)";?[ \t]*$',
    re.MULTILINE,
)
_DECLARED = re.compile(
    r"^export\s+(?P<rest>(?:async\s+function\*?|function\*?|const|class)\s+(?P<name>\w+))",
    re.MULTILINE,
)
_LISTED = re.compile(r"^export\s+\{(?P<names>[^}]*)\};?[ \t]*$", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


def link(modules: Mapping[str, str], entry: str) -> str:
    """One script that does what the entry module does.

    Args:
        modules: Source by file name.
        entry: The module that begins.

    Raises DataError for a missing module, a circle, and an import or export of another form.
    """
    parts: list[str] = []
    numbers: dict[str, int] = {}
    open_modules: list[str] = []

    def visit(name: str) -> None:
        if name in numbers:
            return
        if name in open_modules or name not in modules:
            trouble = " -> ".join([*open_modules, name])
            raise DataError(f"{trouble}: a circle of imports or no such module; mend the front end")
        open_modules.append(name)
        for found in _IMPORT.finditer(modules[name]):
            visit(found["file"])
        open_modules.pop()
        parts.append(_wrapped(name, modules[name], numbers))
        numbers[name] = len(numbers)

    visit(entry)
    return "\n".join(parts)


def _wrapped(name: str, source: str, numbers: Mapping[str, int]) -> str:
    exported: list[str] = [found["name"] for found in _DECLARED.finditer(source)]
    for found in _LISTED.finditer(source):
        exported += [_renamed(one, "{1}: {0}") for one in _names(found["names"])]
    body = _IMPORT.sub(lambda found: _imported(found, numbers), source)
    body = _LISTED.sub("", _DECLARED.sub(lambda found: found["rest"], body))
    left = _OTHER.search(body)
    if left:
        raise DataError(
            f"{name}: {left[0][:80]!r} cannot be linked; use import {{..}} from and export of a "
            "function, const or class"
        )
    given = ", ".join(exported)
    return f"const module_{len(numbers)} = (() => {{\n{body}\nreturn {{ {given} }};\n}})();"


def _imported(found: re.Match[str], numbers: Mapping[str, int]) -> str:
    module = f"module_{numbers[found['file']]}"
    if found["whole"]:
        return f"const {found['whole']} = {module};"
    names = ", ".join(_renamed(one, "{0}: {1}") for one in _names(found["names"] or ""))
    return f"const {{ {names} }} = {module};"


def _names(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _renamed(name: str, pattern: str) -> str:
    """`a as b` as a property."""
    first, _, second = (part.strip() for part in name.partition(" as "))
    return pattern.format(first, second) if second else first

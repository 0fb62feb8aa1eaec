"""Solutions without what only a calculator reads."""

import re

_ANNOTATION = re.compile(r"<<[^<>]*>>")


def plain_solution(text: str) -> str:
    """A solution without calculator annotations such as `<<3*4=12>>`."""
    return _ANNOTATION.sub("", text).strip()

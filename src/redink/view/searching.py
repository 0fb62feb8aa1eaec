"""What a search asks for."""

import re

MOST_TERMS = 8
LONGEST_SEARCH = 400
"""Characters."""
_TERM = re.compile(r'"([^"]+)"|(\S+)')


def terms_of(text: str) -> list[str]:
    """The words and "quoted phrases" of a search; all of them are sought."""
    found = [phrase or word for phrase, word in _TERM.findall(text[:LONGEST_SEARCH])]
    return list(dict.fromkeys(term for term in found if term.strip('" ')))[:MOST_TERMS]

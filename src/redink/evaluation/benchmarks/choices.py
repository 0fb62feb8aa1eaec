"""Multiple choice: options in a seeded order, a letter each."""

import hashlib
import re
import string
from collections.abc import Sequence

from redink.evaluation.benchmarks.benchmark import Item

LETTERS = string.ascii_uppercase
_REFERS_TO_OTHERS = re.compile(
    r"(?i:\b(?:all|none|both|either|any|some|each) of the (?:above|preceding)\b)"
    r"|(?<!\w)\(?[A-J]\)?(?:,| and| or| &) \(?[A-J]\)?(?!\w)"
)


def multiple_choice(
    question: str,
    options: Sequence[str],
    correct: int,
    seed: int,
    *,
    solution: str | None = None,
    subject: str | None = None,
    level: str | None = None,
) -> Item:
    """A question with lettered options; the answer is the letter of the right one.

    The order depends on the seed and on what question and options say, never on the row's
    position, the options' given order or the process. Options that name others (`all of the
    above`, `A and B`) keep the order of the data.

    Args:
        question: The question without its options.
        options: The options' texts, at most 26.
        correct: 0-based index of the right option.
        seed: Another seed gives another order.
    """
    order = option_order(question, options, seed)
    shown = [options[index] for index in order]
    lines = [f"{letter}. {text}" for letter, text in zip(LETTERS, shown, strict=False)]
    return Item(
        question=question.strip() + "\n\n" + "\n".join(lines),
        answer=LETTERS[order.index(correct)],
        solution=solution,
        subject=subject,
        level=level,
        answer_type="choice",
        grading={"choices": shown},
    )


def option_order(question: str, options: Sequence[str], seed: int) -> list[int]:
    """The shown order of options, as indices into `options`."""
    if any(_REFERS_TO_OTHERS.search(option) for option in options):
        return list(range(len(options)))
    keys = [
        hashlib.blake2b(f"{seed}\0{question}\0{option}".encode(), digest_size=16).digest()
        for option in options
    ]
    return sorted(range(len(options)), key=lambda index: (keys[index], index))

"""The wording of chains: one person thinking, who tries, looks again, mends and checks.

None of these sentences says `the answer is`: a chain names its answer once, at its end, so that
whoever reads the answer out of it finds no earlier one.
"""

from collections.abc import Mapping, Sequence

CLAIM = (
    "That gives {answer}.",
    "So I get {answer}.",
    "That makes {answer}.",
    "{answer}, then.",
    "I come to {answer}.",
)
DOUBT = (
    "Wait.",
    "Hold on.",
    "But does that hold? Let me go through it.",
    "Let me look at that again.",
    "Before I trust that, I go over it once more.",
    "Hmm, let me check.",
)
IN_LINE = (
    "The {place} line is wrong.",
    "The {place} line does not hold.",
    "I went wrong in the {place} line.",
    "There is a mistake in the {place} line.",
    "It is the {place} line that is off.",
)
QUOTED = (
    "But {line} is wrong.",
    "There is a mistake in it: {line}.",
    "It is this that is off: {line}.",
)
AT_THE_END = (
    "The mistake is at the very end.",
    "It is the end that is off.",
    "What I took from it in the end is wrong.",
)
REASONS: Mapping[str, Sequence[str]] = {
    "calculation": (
        "{worked} is {value}, not {written}.",
        "I wrote {written} for {worked}, but {worked} = {value}.",
        "Calculating again: {worked} = {value}. The {written} was a slip.",
    ),
    "operator": (
        "I {did} where I have to {should}: {expected}.",
        "{worked} is not what is asked; I have to {should}, so {expected}.",
        "These numbers call for something else: I should {should}. So {expected}.",
    ),
    "reversed": (
        "I have the numbers the wrong way round: it should be {expected}.",
        "I took {worked}, but the order matters: {expected}.",
    ),
    "skipped_step": (
        "I used {put} where {needed} is needed; I left out {source}. Then {expected}.",
        "I skipped a step: {source}. With {needed} in place of {put}, {expected}.",
    ),
    "copied": (
        "I used {put}, but what I had before was {needed} ({source}). So {expected}.",
        "The {needed} from {source} became {put} on the way. It should be {expected}.",
        "I copied {put} wrongly: {source}. With {needed}, {expected}.",
    ),
    "invented": (
        "I used {put}, which is nowhere in the problem; given is {needed}. So {expected}.",
        "Where did I get {put}? The question gives {needed}: {expected}.",
    ),
    "question_number": (
        "I used {put} where {needed} is needed: {expected}.",
        "I took the wrong number: not {put} but {needed} belongs here, so {expected}.",
    ),
    "other_result": (
        "I went on with {put}, but what I need is {needed} ({source}). So {expected}.",
        "I picked {put} up from another line; here belongs {needed}: {expected}.",
    ),
    "conversion": (
        "I took {put} where {needed} is right: {expected}.",
        "The factor is {needed}, not {put}: {expected}.",
    ),
    "left_out": (
        "I left out {needed}: {expected}.",
        "I forgot the {needed}; with it, {expected}.",
    ),
    "extra": (
        "I brought in {put}, which does not belong here: {expected}.",
        "The {put} should not be there. Without it, {expected}.",
    ),
    "extra_step": (
        "The {put} in {worked} stands nowhere in the problem, so I should not have put it in.",
        "I brought in {put}, a number that the problem never gives; {worked} was made up.",
    ),
    "other": (
        "{worked} is not what I need here; it should be {expected}.",
        "Working out {worked} leads nowhere. What I need is {expected}.",
    ),
    "other_unknown": (
        "{worked} does not follow from the problem.",
        "Working out {worked} leads nowhere.",
    ),
    "claim": (
        "I said {put} there, and it should be {needed}.",
        "The {put} in it is wrong: {needed} is right.",
    ),
    "claim_unknown": (
        "I said {put}, and nothing in the problem gives that number.",
        "The {put} in it comes from nowhere.",
    ),
    "selection": (
        "My lines lead to {needed}; {put} is only a value on the way.",
        "I should have taken the last result, {needed}, and not {put}.",
    ),
    "copied_answer": (
        "My lines lead to {needed}, and I made {put} of it.",
        "{put} is not what my lines give: they come to {needed}.",
    ),
    "overshot": (
        "At {needed} I was done; there was no reason for {worked}.",
        "I had it with {needed}. Going on with {worked} spoiled it.",
    ),
    "unfinished": (
        "I stopped at {put}, but that is not it yet: still to do is {expected}.",
        "{put} is only a value on the way. What is missing is {expected}.",
    ),
    "unfinished_unknown": (
        "I stopped at {put}, which is not yet what was asked.",
        "{put} is not what the question asks for.",
    ),
}
"""Why something was wrong, by the keys of `redink.teachers.phrases.REASONS`."""
DID: Mapping[str, str] = {
    "adds": "added",
    "subtracts": "subtracted",
    "multiplies": "multiplied",
    "divides": "divided",
    "": "",
}
RULED_OUT = (
    "So {answer} cannot be right.",
    "That rules out {answer}.",
    "So it is not {answer}.",
    "Then {answer} is wrong.",
)
ANEW = (
    "Once more, from the start.",
    "Let me do it again.",
    "Another try.",
    "I start over.",
    "Again, with that put right:",
)
FROM_THERE = (
    "What comes before it stands. From there:",
    "I go on from there:",
    "Put right from that line on:",
    "The lines before it are fine. On from there:",
)
CHECK_AGAIN = (
    "Check: {sums}. It holds.",
    "Let me check: {sums}. All of it holds.",
    "Going over it once more: {sums}. That fits.",
)
CHECK_BACK = (
    "Check, the other way round: {back}. That fits.",
    "Backwards: {back}, which is what I started from. It holds.",
    "Let me check it backwards: {back}. That agrees.",
)
SETTLED = (
    "So it is {answer}.",
    "I am sure now: {answer}.",
    "It comes to {answer}.",
    "{answer} it is.",
)
ORDINALS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)


def place_of(step: int) -> str:
    """What a 0-based line is called: `first`, `second`, …, `11th`."""
    if step < len(ORDINALS):
        return ORDINALS[step]
    number = step + 1
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{ending or 'th'}"

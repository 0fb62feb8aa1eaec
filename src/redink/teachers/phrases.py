"""The wording of critiques: several ways to say each thing, chosen by a seed."""

from collections.abc import Mapping, Sequence
from random import Random

RIGHT_STEP = (
    "Step {n}: {sums}. That is right.",
    "Step {n} works out {sums}, which is correct.",
    "In step {n}, {sums} holds.",
    "Step {n} is fine: {sums}.",
    "Step {n}: {sums}, correct.",
)
CALCULATED_STEP = (
    "Step {n}: {sums}; the calculation holds.",
    "Step {n} calculates rightly that {sums}.",
    "The arithmetic of step {n} holds: {sums}.",
)
PLAIN_STEP = (
    "Step {n} only says what is known.",
    "Step {n} calculates nothing yet.",
    "Step {n} sets the scene.",
)
OPEN_WRONG = (
    "Step {n} is the first one that is wrong.",
    "The first mistake is in step {n}.",
    "Here is the mistake: step {n}.",
    "It goes wrong in step {n}.",
    "Step {n} is wrong.",
)
OPEN_WRONG_ANSWER = (
    "The mistake is in the final answer.",
    "The final answer is wrong.",
    "It goes wrong at the very end, in the final answer.",
    "Look at the final answer again.",
)
REASONS: Mapping[str, Sequence[str]] = {
    "calculation": (
        "{worked} is {value}, not {written}.",
        "It says {written} for {worked}, but {worked} = {value}.",
        "The numbers are the right ones, but {worked} comes to {value} and not to {written}.",
        "Calculating again: {worked} = {value}. The {written} is a slip.",
    ),
    "operator": (
        "It {does} where it should {should}: {expected}.",
        "It {does}, but these numbers call for something else: {should}. So {expected}.",
        "{worked} is not what is asked: here one has to {should}, so {expected}.",
    ),
    "reversed": (
        "The numbers are the wrong way round: it should be {expected}.",
        "It takes {worked}, but the order matters here: {expected}.",
        "{worked} is turned round; what is needed is {expected}.",
    ),
    "skipped_step": (
        "It uses {put} where {needed} is needed: the step {source} is missing. Then {expected}.",
        "A step was left out before it: {source}. With {needed} in place of {put}, {expected}.",
        "It goes on with {put} without first working out {source}. It should be {expected}.",
    ),
    "copied": (
        "It uses {put}, but the result from before was {needed} ({source}). So {expected}.",
        "The {needed} from {source} became {put} on the way. It should be {expected}.",
        "{put} was copied wrongly: {source}. With {needed}, {expected}.",
    ),
    "invented": (
        "It uses {put}, which is nowhere in the problem; given is {needed}. So {expected}.",
        "Where does {put} come from? The question gives {needed}: {expected}.",
        "{put} is not a number of this problem. It should be {needed}: {expected}.",
    ),
    "question_number": (
        "It uses {put} where {needed} is needed: {expected}.",
        "{put} is the wrong number to take here; {source_of} {needed}. So {expected}.",
        "Wrong number: not {put} but {needed} belongs here, so {expected}.",
    ),
    "other_result": (
        "It goes on with {put}, but the result needed is {needed} ({source}). So {expected}.",
        "It picks up {put} from another step; what belongs here is {needed}: {expected}.",
        "Not {put} but {needed}, from {source}, has to be used: {expected}.",
    ),
    "conversion": (
        "It takes {put} where {needed} is right: {expected}.",
        "The factor is {needed}, not {put}: {expected}.",
        "{put} is the wrong factor here. With {needed}, {expected}.",
    ),
    "left_out": (
        "It leaves out {needed}: {expected}.",
        "The {needed} is missing here. It should be {expected}.",
        "It forgets the {needed}; with it, {expected}.",
    ),
    "extra": (
        "It brings in {put}, which does not belong here: {expected}.",
        "The {put} should not be there. Without it, {expected}.",
        "There is no reason to include {put}; it should be {expected}.",
    ),
    "extra_step": (
        "The {put} in {worked} stands nowhere in the problem, so this step should not be there.",
        "It brings in {put}, a number that the problem never gives; {worked} is made up.",
        "Nothing in the question gives {put}, so there is no reason for {worked}.",
    ),
    "other": (
        "{worked} is not what is needed here; it should be {expected}.",
        "Working out {worked} does not lead to the answer. What is needed is {expected}.",
        "The problem does not call for {worked}. Instead, {expected}.",
    ),
    "other_unknown": (
        "{worked} does not follow from the problem.",
        "Working out {worked} does not lead to the answer.",
    ),
    "claim": (
        "It says {put} there, and it should be {needed}.",
        "The {put} in it is wrong: {needed} is right.",
        "It states {put}, but the right number is {needed}.",
    ),
    "claim_unknown": (
        "It says {put}, and nothing in the problem gives that number.",
        "The {put} in it comes from nowhere.",
    ),
    "selection": (
        "The steps lead to {needed}, but {put} is reported, which is only a value on the way.",
        "The steps are right and give {needed}; the final answer names {put} instead.",
        "The answer should be the last result, {needed}, and not {put}.",
    ),
    "copied_answer": (
        "The steps lead to {needed}, but the final answer says {put}.",
        "The result was {needed}; it became {put} in the final answer.",
        "{put} is not what the steps give: they come to {needed}.",
    ),
    "overshot": (
        "{needed} was already the answer; there is no reason for {worked}.",
        "The work was done at {needed}. Going on with {worked} spoils it.",
    ),
    "unfinished": (
        "It stops at {put}, but that is not yet the answer: still to do is {expected}.",
        "{put} is only a value on the way. What is missing is {expected}.",
        "A step is missing before the final answer {put}: {expected}.",
    ),
    "unfinished_unknown": (
        "It stops at {put}, which is not yet what was asked.",
        "{put} is not what the question asks for.",
    ),
}
SPELLED_OUT = (
    "Calculating again: {sums}, not {written}.",
    "{sums}, so {written} is a slip.",
    "It says {written}, but {sums}.",
)
CONSEQUENCE = (
    "Everything after it builds on that.",
    "The steps after it carry the wrong value on.",
    "From here on the numbers are wrong, up to the final answer {answer}.",
)
RESULT = (
    "So the final answer {answer} is wrong.",
    "That makes the final answer {answer} wrong.",
)
CORRECTION = (
    "Corrected from there:",
    "From there on it should go:",
    "Put right:",
    "The right way from there:",
)
WHOLE_CORRECTION = (
    "A correct solution:",
    "This is how it goes:",
    "Worked out correctly:",
)
FULLY_RIGHT = (
    "All steps hold, and the final answer {answer} is right.",
    "Nothing is wrong here: the answer is {answer}.",
    "Each step follows, and {answer} is the right answer.",
    "So the final answer {answer} is correct.",
)
BRIEF_RIGHT = (
    "{sums}. All correct.",
    "Checked: {sums}. Everything holds.",
    "{sums}. Each of these is right.",
)
HARMLESS_SLIP = (
    "One slip, without harm to the answer: {worked} is {value}, not {written} (step {n}).",
    "In step {n}, {worked} is {value} and not {written}; the final answer is right all the same.",
)
UNPLACED = (
    "The final answer {answer} is wrong, though no single step can be named for certain.",
    "I cannot point at one step, but the final answer {answer} is not right.",
)
CANNOT_TELL_NO_ANSWER = (
    "I find no final answer in this solution, so I cannot tell whether it is right."
)
CANNOT_TELL_TEXT = (
    "The final answer {answer} and the reference answer are not both plain numbers, so I cannot "
    "tell by calculation whether they are the same."
)
ACTS: Mapping[str, tuple[str, str]] = {
    "+": ("adds", "add"),
    "-": ("subtracts", "subtract"),
    "*": ("multiplies", "multiply"),
    "/": ("divides", "divide"),
}


class Voice:
    """Chooses among phrasings, the same way each time for the same seed."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)

    def say(self, options: Sequence[str], **values: object) -> str:
        """One of `options`, filled in."""
        return self._random.choice(options).format(**values)

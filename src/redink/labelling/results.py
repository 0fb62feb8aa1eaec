"""The intermediate result of a solution step, and whether what follows uses it."""

from fractions import Fraction

from redink.arithmetic import WorkedSolution, quantities, read_final_answer


def result_of(step: str) -> Fraction | None:
    """What a solution step comes to: the value of its last equation, else its last number.

    None where it holds no number in digits. Number words are not read: `one of them` is no result.
    """
    values = WorkedSolution.read(step).values
    if values:
        return values[-1]
    numbers = [quantity.value for quantity in quantities(step) if not quantity.spelled]
    return numbers[-1] if numbers else None


def is_used(step: str, suffix: str) -> bool:
    """Whether the result of `step` occurs among the numbers of what follows it.

    GLoRe's consistency (arXiv 2402.10963, section 3): a continuation tells nothing of a step that
    it passes over. A step without a number has no result to be used, so that anything uses it.
    Numbers are compared as values (`1,200` is 1200, `25%` is 25 or 0.25), without their signs.

    Args:
        step: one solution step.
        suffix: all that follows it, the final answer included.
    """
    result = result_of(step)
    if result is None:
        return True
    values = {abs(quantity.value) for quantity in quantities(suffix) if not quantity.spelled}
    answer = read_final_answer(suffix)
    if answer is not None and answer.value is not None:
        values.add(abs(answer.value))
    wanted = {abs(result)}
    if "%" in step:
        wanted |= {abs(result) * 100, abs(result) / 100}
    return not wanted.isdisjoint(values)

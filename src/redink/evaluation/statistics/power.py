"""How many problems a paired difference needs, and what the present number can show.

With a two-sided 5 % test and 80 % power, for the mean difference d of n problems whose
differences have the mean square psi (with one sample per problem: the discordant share):

    n = (1.96 sqrt(psi) + 0.84 sqrt(psi - d^2))^2 / d^2

R. J. Connor, Biometrics 43 (1987) 207-211, eq. 3; O. S. Miettinen, Biometrics 24 (1968) 339-352.
"""

import math

Z_TEST = 1.959963984540054
"""Standard normal quantile of 0.975: a two-sided 5 % test."""
Z_POWER = 0.8416212335729143
"""Standard normal quantile of 0.8."""


def problems_needed(
    difference: float, mean_square: float, seed_variance: float = 0.0
) -> int | None:
    """Problems with which a difference of this size would be shown in 4 of 5 evaluations.

    Args:
        difference: mean over problems, as a share (0.03 for 3 points).
        mean_square: of the problems' differences; the discordant share with one sample each.
        seed_variance: variance that training again adds to the difference; 0 with one seed.

    Returns None where no number of problems is enough: a difference of zero, or one that is
    smaller than the chance in training allows with these seeds.
    """
    if not difference or not math.isfinite(difference) or not math.isfinite(mean_square):
        return None
    mean_square = max(mean_square, difference**2)
    spread = Z_TEST * math.sqrt(mean_square) + Z_POWER * math.sqrt(mean_square - difference**2)
    left = difference**2 - (Z_TEST + Z_POWER) ** 2 * seed_variance
    return math.ceil(spread**2 / left) if left > 0 else None


def detectable_difference(
    n_problems: int, mean_square: float, grain: float = 1.0, seed_variance: float = 0.0
) -> float | None:
    """The smallest difference that `n_problems` would show in 4 of 5 evaluations.

    The inverse of `problems_needed`, at the same mean square, or the least one that the
    difference can have.

    Args:
        n_problems: problems that are compared.
        mean_square: of the problems' differences, as observed.
        grain: the smallest difference of one problem other than zero: 1 over the samples.
        seed_variance: as in `problems_needed`.

    Returns None where not even a difference of 100 points would be shown.
    """
    if n_problems < 1 or not math.isfinite(mean_square):
        return None

    def is_shown(difference: float) -> bool:
        least = max(mean_square, grain * difference)
        needed = problems_needed(difference, least, seed_variance)
        return needed is not None and needed <= n_problems

    low, high = 0.0, 1.0
    if not is_shown(high):
        return None
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if is_shown(middle) else (middle, high)
    return high

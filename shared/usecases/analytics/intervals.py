"""Confidence intervals of shares: Wilson's score interval, and Newcombe's for a difference built of two.

Newcombe RG: Two-sided confidence intervals for the single proportion, and Interval estimation for the
difference between independent proportions (method 10); Statistics in Medicine 1998; 17: 857-872, 873-890.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
_Z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)


def wilson(number: int, of: int) -> tuple[float, float]:
    """Return the interval of a share; `of` is at least 1."""
    share, square = number / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    apart = _Z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return (0.0 if number == 0 else max(middle - apart, 0.0)), (
        1.0 if number == of else min(middle + apart, 1.0)
    )


def newcombe(number: int, of: int, other: int, of_other: int) -> tuple[float, float]:
    """Return the interval of the first share less the second."""
    one, two = number / of, other / of_other
    (low, high), (lower, higher) = wilson(number, of), wilson(other, of_other)
    return (
        one - two - sqrt((one - low) ** 2 + (higher - two) ** 2),
        one - two + sqrt((high - one) ** 2 + (two - lower) ** 2),
    )

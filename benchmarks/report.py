"""Figures and targets: how numbers are summed up and held to what was promised; pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

type Json = Mapping[str, object]


def at_most(value: float, target: float) -> Json:
    """Hold a figure to a ceiling."""
    return {"value": tidy(value), "target": f"<= {target:g}", "met": value <= target}


def at_least(value: float, target: float) -> Json:
    """Hold a figure to a floor."""
    return {"value": tidy(value), "target": f">= {target:g}", "met": value >= target}


def below(value: float, target: float) -> Json:
    """Hold a figure to a ceiling that it must not reach."""
    return {"value": tidy(value), "target": f"< {target:g}", "met": value < target}


def tidy(value: float) -> float:
    """Keep four significant digits: the rest is noise."""
    return float(f"{value:.4g}")


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile; raises ValueError where there is nothing to rank."""
    if not values:
        raise ValueError("no values")
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def spread(values: Sequence[float]) -> Json:
    """Sum up repeated measurements: the best (least disturbed), the middle and the worst."""
    return {"best": tidy(min(values)), "median": tidy(median(values)), "worst": tidy(max(values))}


def targets(report: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Walk every figure of a report that is held to a target, with its path."""
    for name, value in report.items():
        where = f"{path}.{name}" if path else name
        if isinstance(value, Mapping):
            if "met" in value:
                yield where, value
            else:
                yield from targets(value, where)

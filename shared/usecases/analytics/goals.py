"""How many reached a journey's goal by way of each test, holdout too, and whether that is beyond chance."""

from __future__ import annotations

from itertools import groupby

from shared.journey.steps.split import HOLDOUT
from shared.usecases.analytics.asking import Figures, Period, Row, ask
from shared.usecases.analytics.funnel import COHORT
from shared.usecases.analytics.intervals import newcombe, wilson
from shared.usecases.services import Services

_GOALS = f"""
WITH {COHORT},
ways AS (
    SELECT DISTINCT enrolment, step, what AS way FROM lines SEMI JOIN cohort USING (enrolment)
    WHERE kind = 'way' AND step <> '@campaign'
    UNION ALL
    SELECT enrolment, '', '' FROM cohort
)
SELECT
    split_part(journey, '|', 2) AS version, step, way,
    count(*) AS entered,
    count(*) FILTER (goal) AS goals
FROM cohort JOIN ways USING (enrolment) LEFT JOIN ends USING (enrolment)
GROUP BY ALL
ORDER BY version, step, way"""


async def journey_goals(services: Services, journey: str, period: Period) -> Figures:
    """Return, by version, step and way ("" is everybody), who entered in a period and reached the goal.

    Shares are added by `with_intervals`. Raises Rejected, Unavailable.
    """
    params = {"journey": journey, "since": period.since, "until": period.until}
    return await ask(services, _GOALS, params, period.since)


def with_intervals(rows: list[Row]) -> list[Row]:
    """Add to each row its share with a 95 % interval, and its difference from the way it is compared with.

    That is the holdout, or else the way most have gone. A count that is not told (None) has none of it.
    """
    told: list[Row] = []
    for _, group in groupby(rows, key=lambda row: (row["version"], row["step"])):
        ways = list(group)
        known = [way for way in ways if None not in (way["entered"], way["goals"])]
        base = next((way for way in known if way["way"] == HOLDOUT), None) or max(
            known, key=lambda way: (way["entered"], way["way"]), default=None
        )
        told += [_told(way, base) for way in ways]
    return told


def _told(way: Row, base: Row | None) -> Row:
    names = ("rate", "low", "high", "against", "difference", "difference_low", "difference_high")
    told: Row = {**way, **dict.fromkeys(names)}
    if way["entered"] and way["goals"] is not None:
        told["rate"] = way["goals"] / way["entered"]
        told["low"], told["high"] = wilson(way["goals"], way["entered"])
        if base is not None and base is not way and base["entered"]:
            apart = newcombe(way["goals"], way["entered"], base["goals"], base["entered"])
            told["difference"] = told["rate"] - base["goals"] / base["entered"]
            told["difference_low"], told["difference_high"] = apart
            told["against"] = base["way"]
    return told

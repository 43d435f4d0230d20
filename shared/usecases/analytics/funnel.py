"""How far those came who entered a journey in a period: step by step, and how long they stood there."""

from __future__ import annotations

from shared.usecases.analytics.asking import Figures, Period, ask
from shared.usecases.services import Services

COHORT = """
cohort AS (
    SELECT enrolment, any_value(journey) AS journey, min(instant) AS entered
    FROM lines
    WHERE kind = 'journey' AND what = 'entered' AND instant >= $since AND instant < $until
        AND split_part(journey, '|', 1) = $journey
    GROUP BY enrolment
),
ends AS (
    SELECT enrolment, min(instant) AS instant, bool_or(goal) AS goal, min(what) AS what
    FROM lines SEMI JOIN cohort USING (enrolment)
    WHERE kind = 'journey' AND what IN ('completed', 'revoked')
    GROUP BY enrolment
)"""
"""Who entered a journey ($journey is its url) in a period, and how it ended for them."""

# A message is planned by the step that sends it, before whatever the enrolment then waits at.
_STEPS = f"""
WITH {COHORT},
visits AS (
    SELECT enrolment, step, instant, 1 AS turn, n FROM lines SEMI JOIN cohort USING (enrolment)
    WHERE kind = 'step'
    UNION ALL
    SELECT enrolment, step, min(instant), 0, 0 FROM lines SEMI JOIN cohort USING (enrolment)
    WHERE kind = 'message' AND what = 'planned' AND step <> '' GROUP BY enrolment, step, message
),
came AS (
    SELECT * FROM visits
    QUALIFY lag(step) OVER (PARTITION BY enrolment ORDER BY instant, turn, n) IS DISTINCT FROM step
),
stood AS (
    SELECT came.*, lead(instant) OVER (PARTITION BY enrolment ORDER BY instant, turn, n) AS gone FROM came
),
latest AS (
    SELECT enrolment, step, arg_max(coalesce(gone, -1), (instant, turn, n)) AS gone,
        arg_max(instant, (instant, turn, n)) AS instant
    FROM stood GROUP BY enrolment, step
)
SELECT
    split_part(cohort.journey, '|', 2) AS version,
    step,
    count(*) AS came,
    count(*) FILTER (gone >= 0) AS went_on,
    count(*) FILTER (gone < 0 AND ends.instant IS NOT NULL) AS ended,
    count(*) FILTER (gone < 0 AND ends.instant IS NULL) AS waiting,
    quantile_cont((CASE WHEN gone >= 0 THEN gone ELSE ends.instant END - latest.instant) / 1e6, 0.5)
        AS median_seconds
FROM latest JOIN cohort USING (enrolment) LEFT JOIN ends USING (enrolment)
GROUP BY ALL
UNION ALL
SELECT
    split_part(cohort.journey, '|', 2), '', count(*), 0, count(ends.instant), count(*) - count(ends.instant),
    quantile_cont((ends.instant - entered) / 1e6, 0.5)
FROM cohort LEFT JOIN ends USING (enrolment)
GROUP BY ALL
ORDER BY version, step"""


async def journey_funnel(services: Services, journey: str, period: Period) -> Figures:
    """Return, by version and step, how many came, went on, ended there and wait; step "" is the journey.

    `median_seconds` is how long half of those stood there who do no more. Steps are in the order of the
    definition that is in force. Raises Rejected, Unavailable.
    """
    params = {"journey": journey, "since": period.since, "until": period.until}
    found = await ask(services, _STEPS, params, period.since)
    catalogue = await services.definitions.current()
    latest = catalogue.journeys.latest(journey)
    order = {"": -1, **{step: n for n, step in enumerate(latest.steps if latest is not None else ())}}
    found.rows.sort(key=lambda row: (row["version"], order.get(row["step"], len(order)), row["step"]))
    return found

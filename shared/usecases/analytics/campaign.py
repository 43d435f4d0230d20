"""What came of the runs of a campaign: how many were reached and how, in all and by way of each test."""

from __future__ import annotations

from collections.abc import Sequence

from shared.fhir.instants import DAY, Instant
from shared.usecases.analytics.asking import Figures, ask
from shared.usecases.services import Services

EARLY = 2 * DAY
"""By how much the clocks of instances, and an enrolment that began later, may be apart from a run's begin."""

_REACHED = """
WITH runs AS (
    SELECT enrolment, any_value(what) AS run FROM lines
    WHERE kind = 'way' AND step = '@campaign' AND what IN (SELECT unnest($runs::VARCHAR[]))
    GROUP BY enrolment
),
mine AS (SELECT * FROM lines SEMI JOIN runs USING (enrolment)),
people AS (
    SELECT
        enrolment,
        bool_or(kind = 'journey' AND what = 'entered') AS entered,
        bool_or(kind = 'message' AND what = 'sent') AS sent,
        bool_or(kind = 'message' AND what IN ('delivered', 'opened', 'clicked')) AS delivered,
        bool_or(kind = 'message' AND what IN ('opened', 'clicked')) AS opened,
        bool_or(kind = 'message' AND what = 'clicked') AS clicked,
        bool_or(kind = 'message' AND what = 'answered') AS answered,
        bool_or(kind = 'message' AND what = 'opted-out') AS opted_out,
        bool_or(kind = 'journey' AND what = 'completed') AS completed,
        bool_or(kind = 'journey' AND what = 'revoked') AS revoked,
        bool_or(goal) AS goals
    FROM mine GROUP BY enrolment
),
ways AS (
    SELECT DISTINCT enrolment, step, what AS way FROM mine WHERE kind = 'way' AND step <> '@campaign'
    UNION ALL
    SELECT enrolment, '', '' FROM runs
)
SELECT
    run, step, way,
    count(*) AS asked,
    count(*) FILTER (entered) AS entered,
    count(*) FILTER (sent) AS sent,
    count(*) FILTER (delivered) AS delivered,
    count(*) FILTER (opened) AS opened,
    count(*) FILTER (clicked) AS clicked,
    count(*) FILTER (answered) AS answered,
    count(*) FILTER (opted_out) AS opted_out,
    count(*) FILTER (completed) AS completed,
    count(*) FILTER (revoked) AS revoked,
    count(*) FILTER (goals) AS goals
FROM runs JOIN people USING (enrolment) JOIN ways USING (enrolment)
GROUP BY run, step, way
ORDER BY run, step, way"""


async def campaign_funnel(services: Services, runs: Sequence[str], began: Instant) -> Figures:
    """Return, by run, step and way ("" and "" is everybody), how many people came how far.

    `runs` are ids of runs, of which the first began then. Raises Rejected, Unavailable.
    """
    return await ask(services, _REACHED, {"runs": list(runs)}, Instant(began - EARLY))

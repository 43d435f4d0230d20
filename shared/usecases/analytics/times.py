"""How long it takes from entry into a journey to what follows: the first step, the first message, the end."""

from __future__ import annotations

from shared.usecases.analytics.asking import Figures, Period, ask
from shared.usecases.analytics.funnel import COHORT
from shared.usecases.services import Services

_TIMES = f"""
WITH {COHORT},
firsts AS (
    SELECT enrolment, 'first-step' AS until, min(instant) AS instant
    FROM lines SEMI JOIN cohort USING (enrolment)
    WHERE kind = 'step' OR (kind = 'message' AND what = 'planned') GROUP BY enrolment
    UNION ALL
    SELECT enrolment, 'first-' || what, min(instant) FROM lines SEMI JOIN cohort USING (enrolment)
    WHERE kind = 'message' AND what IN ('sent', 'delivered', 'answered') GROUP BY enrolment, what
    UNION ALL
    SELECT enrolment, 'end', instant FROM ends
),
times AS (
    SELECT split_part(journey, '|', 2) AS version, until, greatest(instant - entered, 0) / 1e6 AS took
    FROM firsts JOIN cohort USING (enrolment)
)
SELECT
    version, until, count(*) AS people,
    quantile_cont(took, 0.1) AS p10,
    quantile_cont(took, 0.25) AS p25,
    quantile_cont(took, 0.5) AS p50,
    quantile_cont(took, 0.75) AS p75,
    quantile_cont(took, 0.9) AS p90,
    quantile_cont(took, 0.95) AS p95
FROM times GROUP BY version, until ORDER BY version, until"""


async def first_step_times(services: Services, journey: str, period: Period) -> Figures:
    """Return, by version and by what it lasted until, quantiles in seconds. Raises Rejected, Unavailable."""
    params = {"journey": journey, "since": period.since, "until": period.until}
    return await ask(services, _TIMES, params, period.since)

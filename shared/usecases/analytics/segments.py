"""How a segment grew and shrank, day by day; and how many are in several segments at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from shared.fhir.instants import to_datetime
from shared.usecases.analytics.asking import Figures, Period, Row, ask, log_of
from shared.usecases.services import Services

_TREND = """
SELECT
    strftime(timezone($zone, make_timestamp(instant)::TIMESTAMPTZ), '%Y-%m-%d') AS day,
    count(*) FILTER (what = 'entered') AS entered,
    count(*) FILTER (what = 'left') AS left_it
FROM lines
WHERE kind = 'segment' AND split_part(segment, '|', 1) = $segment AND instant >= $since
GROUP BY day"""
_PAGE = 10_000


async def segment_trend(services: Services, segment: str, period: Period) -> Figures:
    """Return, by day of the organisation's calendar, members at its end and how many entered and left.

    Reckoned back from the members there are now. Raises Rejected, Unavailable.
    """
    params = {"segment": segment, "since": period.since, "zone": services.policy.zone}
    found = await ask(services, _TREND, params, period.since)
    moved = {row["day"]: (row["entered"], row["left_it"]) for row in found.rows}
    zone = ZoneInfo(services.policy.zone)
    day = to_datetime(found.as_of, zone).date()
    first, last = to_datetime(period.since, zone).date(), to_datetime(period.until, zone).date()
    members, rows = len(await _members(services, segment)), list[Row]()
    while day >= first:
        entered, left = moved.get(day.isoformat(), (0, 0))
        if day <= last:
            rows.append(_of_day(day, members, entered, left))
        members, day = members - entered + left, day - timedelta(days=1)
    return Figures(rows[::-1], found.as_of)


def _of_day(day: date, members: int, entered: int, left: int) -> Row:
    return {"day": day.isoformat(), "members": max(members, 0), "entered": entered, "left": left}


async def segment_overlap(services: Services, segments: Sequence[str]) -> Figures:
    """Return how many are in each of these segments (urls), and in each two of them, now; and in all."""
    log_of(services)
    as_of = services.clock.now()
    members = {url: frozenset(await _members(services, url)) for url in segments}
    rows: list[Row] = [{"segments": [url], "members": len(members[url])} for url in segments]
    for size in range(2, len(segments) + 1):
        if size in (2, len(segments)):
            for some in combinations(segments, size):
                both = frozenset.intersection(*(members[url] for url in some))
                rows.append({"segments": list(some), "members": len(both)})
    return Figures(rows, as_of)


async def _members(services: Services, segment: str) -> list[str]:
    """Return a segment's members, by key: a query for each some thousand."""
    found: list[str] = []
    while page := await services.indexes.members(segment, found[-1] if found else "", _PAGE):
        found += page
        if len(page) < _PAGE:
            break
    return found

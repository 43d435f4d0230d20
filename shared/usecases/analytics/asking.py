"""Ask the analytics log: a period, whom to leave out, and the instant up to which the answer is whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import DAY, Instant
from shared.ports.happened import HappenedLog, Question
from shared.usecases.analytics.forgetting import forgotten
from shared.usecases.services import Services

MOST_DAYS = 400
"""Of a period: two flu seasons can be compared."""
MOST_ROWS = 10_000

type Row = dict[str, Any]


class Period(Struct, frozen=True):
    """From `since` on, before `until`."""

    since: Instant
    until: Instant

    def __post_init__(self) -> None:
        """Check that it is one. Raises Rejected."""
        if not self.since < self.until <= self.since + MOST_DAYS * DAY:
            raise Rejected(f"a period begins before it ends, {MOST_DAYS} days later at most", "bad-period")


class Figures(Struct, frozen=True):
    """Rows, and up to which instant everything that was acknowledged is in them."""

    rows: list[Row]
    as_of: Instant


def log_of(services: Services) -> HappenedLog:
    """Return the log. Raises Rejected where it is switched off."""
    if services.happened is None:
        raise Rejected("analytics are switched off here: HEARTHLINE_ANALYTICS", "analytics-off")
    return services.happened


async def ask(services: Services, sql: str, params: Mapping[str, Any], since: Instant) -> Figures:
    """Ask the lines from the day of `since` on.

    Raises Rejected (analytics-off, too-many-rows), Unavailable.
    """
    log, as_of = log_of(services), services.clock.now()
    await log.flush()
    table = await log.ask(Question(sql, params, since, await forgotten(services.documents)))
    if len(table.rows) > MOST_ROWS:
        raise Rejected(f"more than {MOST_ROWS} rows: ask for fewer days, or by less", "too-many-rows")
    return Figures([dict(zip(table.columns, row, strict=True)) for row in table.rows], as_of)

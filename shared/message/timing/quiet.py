"""Quiet: when a message may go out, given the hours, the zones it may arrive in and the places it may be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from shared.fhir.calendar import parse_clock
from shared.fhir.instants import DAY, HOUR, MINUTE, SECOND, Instant, to_datetime
from shared.message.timing.hours import Place, QuietHours
from shared.message.timing.window import Hours, allowed, first_allowed, why_day_off

FURTHEST = 14 * DAY
"""How far ahead an hour is looked for that suits every zone; after that the organisation's hours hold."""
LONGEST = 28 * DAY
"""How far ahead one is looked for in a single zone; where none comes, that is when to look again."""
APART = "no hour suits every zone that it may arrive in"


class Opening(Struct, frozen=True):
    """The first instant at which a message may go out."""

    at: Instant
    reason: str = ""
    """Why not before; "" if at once."""
    note: str = ""
    """What staff should know though it may go: see APART."""


def may_go_at(
    quiet: QuietHours,
    zones: tuple[str, ...],
    places: tuple[tuple[str, str], ...],
    now: Instant,
    home: str = "UTC",
) -> Instant | None:
    """Return the next instant at which a message may go out, None for at once.

    `zones` are IANA names, `places` (country, state); `home` is the organisation's zone, whose hours hold
    where no common hour comes within FURTHEST.
    """
    found = opening(quiet, zones, places, now, home).at
    return None if found == now else found


def why(
    quiet: QuietHours,
    zones: tuple[str, ...],
    places: tuple[tuple[str, str], ...],
    now: Instant,
    home: str = "UTC",
) -> str:
    """Return why a message may not go out now, "quiet hours until 08:00 (America/Chicago)", or ""."""
    return opening(quiet, zones, places, now, home).reason


def opening(
    quiet: QuietHours,
    zones: tuple[str, ...],
    places: tuple[tuple[str, str], ...],
    now: Instant,
    home: str = "UTC",
) -> Opening:
    """Find the first instant at which a message may go out, and say why not before."""
    hours = hours_for(quiet, places)
    zones = tuple(dict.fromkeys(zones)) or (home,)
    if len(zones) == 1:
        return _in_one(hours, zones[0], now)
    at, last = _common(hours, zones, now, FURTHEST)
    if at is None:
        found = _in_one(hours, home, now)
        return Opening(found.at, f"{found.reason}: {APART}" if found.reason else "", APART)
    return Opening(at, _reason(hours, zones, last, now, at) if at > now else "")


def _in_one(hours: Hours, zone: str, now: Instant) -> Opening:
    """Find the first instant in one zone; where it is very far away, it is looked for again later."""
    at, _ = _common(hours, (zone,), now, LONGEST)
    if at == now:
        return Opening(now)
    at = at or Instant(now + LONGEST)
    return Opening(at, _reason(hours, (zone,), zone, now, at))


@lru_cache(maxsize=4096)
def hours_for(quiet: QuietHours, places: tuple[tuple[str, str], ...]) -> Hours:
    """Return the hours that hold in all of these places: the general ones and every stricter one.

    A place with a state holds also where the state is not known: it may be that one.
    """
    stricter = [p for p in quiet.places if any(_holds(p, where) for where in places)]
    return overlap(quiet, stricter)


def overlap(quiet: QuietHours, places: Iterable[Place]) -> Hours:
    """Return what the general hours and those of the places have in common; it may be nothing."""
    rules: list[QuietHours | Place] = [quiet, *places]
    return Hours(
        opens=max(clock(rule.opens) for rule in rules),
        closes=min(clock(rule.closes) for rule in rules),
        days=frozenset.intersection(*(rule.days for rule in rules)),
        off=quiet.holidays,
    )


def clock(text: str) -> int:
    """Return a time of day in microseconds since midnight, "24:00" for the end. Raises ValueError."""
    if text == "24:00":
        return DAY
    found = parse_clock(text)
    return found.hour * HOUR + found.minute * MINUTE + found.second * SECOND


def _holds(place: Place, where: tuple[str, str]) -> bool:
    country, state = where
    return place.country == country and (not place.state or not state or place.state == state)


def _common(hours: Hours, zones: tuple[str, ...], now: Instant, furthest: int) -> tuple[Instant | None, str]:
    """Return the first instant allowed in every zone, and the zone that is the last to open.

    Every zone in turn moves the instant on to its own next opening, until none does: what lies between is
    forbidden in the zone that moved it.
    """
    at, last, until = now, "", Instant(now + furthest)
    if hours.opens >= hours.closes or not hours.days:
        return None, last
    agreed = 0
    while agreed < len(zones):
        for zone in zones:
            found = first_allowed(hours, zone_of(zone), at, until)
            if found is None:
                return None, zone
            agreed = agreed + 1 if found == at else 1
            if found > at:
                at, last = found, zone
    return at, last


def _reason(hours: Hours, zones: tuple[str, ...], last: str, now: Instant, at: Instant) -> str:
    """Say what forbids it now, and when in the zone that opens last it may go."""
    closed = [to_datetime(now, zone_of(z)) for z in zones if not allowed(hours, zone_of(z), now)]
    days = (why_day_off(hours, local.date()) for local in closed)
    cause = next(filter(None, days), "")
    until = f"until {shown(at, last, now)}"
    return f"{cause}, {until}" if cause else f"quiet hours {until}"


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Return a zone, kept: ZoneInfo's own cache holds eight, and a country may have thirty."""
    return ZoneInfo(name)


def shown(at: Instant, zone: str, now: Instant) -> str:
    """Write an instant for staff by the clock of a zone, with the date unless it is within a day."""
    local = to_datetime(at, zone_of(zone))
    day = "" if abs(at - now) < DAY else f" on {local:%Y-%m-%d}"
    return f"{_clock(local)}{day} ({zone})"


def _clock(local: datetime) -> str:
    """Leave out seconds that are none."""
    exact = local.replace(microsecond=0) + timedelta(seconds=bool(local.microsecond))
    return f"{exact:%H:%M:%S}" if exact.second else f"{exact:%H:%M}"

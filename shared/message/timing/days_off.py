"""Days off: single dates, and the public holidays of countries and states (the `holidays` library)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache


def day_off(day: date, names: tuple[str, ...]) -> str:
    """Return what a day is called on which nothing is sent, or ""; see QuietHours.holidays for `names`."""
    for name in names:
        if _is_date(name):
            if name == day.isoformat():
                return name
        elif found := _calendar(name, day.year).get(day, ""):
            return found
    return ""


def why_unknown(name: str) -> str:
    """Return why this is neither a date nor a calendar, or ""."""
    if _is_date(name):
        return ""
    import holidays  # deferred: only for organisations that name a calendar

    country, _, state = name.partition("-")
    known = holidays.list_supported_countries()
    if len(country) != 2 or country not in known:
        return 'neither a date ("2026-12-25") nor the calendar of a country ("US", "US-CA")'
    return f"the calendar of {country} has no {state}" if state and state not in known[country] else ""


def _is_date(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _calendar(name: str, year: int) -> Mapping[date, str]:
    """Return a year's holidays with the days on which they are observed (https://holidays.readthedocs.io)."""
    import holidays

    country, _, state = name.partition("-")
    return dict(
        holidays.country_holidays(country, subdiv=state or None, years=year, language="en_US").items()
    )

"""Dates, times and names as people of a language write them (CLDR, by babel)."""

from __future__ import annotations

import re
from datetime import date, time
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from shared.fhir.fact import Name

if TYPE_CHECKING:
    from babel import Locale

_FAMILY_FIRST = frozenset({"hu", "ja", "ko", "vi", "zh"})
_NARROW_SPACES = str.maketrans({"\u202f": " ", "\u00a0": " "})
"""CLDR writes them in times; one such character would more than halve what fits into an SMS."""
_NAME_USES = {"usual": 0, "official": 1, "": 2, "nickname": 3, "temp": 4}


@cache
def locale_of(language: str) -> Locale:
    """Return the locale of a BCP 47 tag, or of the language alone, or English."""
    from babel import Locale, UnknownLocaleError  # deferred: only who renders pays for it

    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


@lru_cache(maxsize=2048)
def long_date(day: date, language: str) -> str:
    """Write a day with its year: "Tuesday, March 5, 2024"."""
    from babel.dates import format_date

    return _plain(format_date(day, "full", locale_of(language)))


@lru_cache(maxsize=2048)
def long_day(day: date, language: str) -> str:
    """Write a day without its year: "Tuesday, March 5"."""
    from babel.dates import format_date

    return _plain(format_date(day, _day_pattern(language), locale_of(language)))


@lru_cache(maxsize=2048)
def short_day(day: date, language: str) -> str:
    """Write a day in as few letters as are clear: "Tue, Mar 5"."""
    from babel.dates import format_skeleton

    return _plain(format_skeleton("MMMEd", day, locale=locale_of(language)))


@lru_cache(maxsize=2048)
def clock_time(clock: time, language: str) -> str:
    """Write a time of day: "9:00 AM", "9:00"."""
    from babel.dates import format_time

    return _plain(format_time(clock, "short", locale=locale_of(language)))


@lru_cache(maxsize=2048)
def joined(names: tuple[str, ...], language: str) -> str:
    """Write a list as text: "Ana, Leo and Mia"."""
    from babel.lists import format_list

    return format_list(names, locale=locale_of(language))


@cache
def _day_pattern(language: str) -> str:
    """Return the locale's own pattern of weekday, day and month, with both names written out."""
    patterns = locale_of(language).datetime_skeletons
    chosen = next((patterns[key] for key in ("MMMMEEEEd", "MMMMEd", "MMMEd") if key in patterns), None)
    pattern = chosen.pattern if chosen is not None else "EEEE, MMMM d"
    return re.sub(r"MMM+", "MMMM", re.sub(r"E+", "EEEE", pattern))


def _plain(text: str) -> str:
    return text.translate(_NARROW_SPACES)


def choose_name(names: tuple[Name, ...]) -> Name | None:
    """Return the name to call somebody by: the usual one, else the official one; no former ones."""
    usable = [name for name in names if name.use in _NAME_USES]
    return min(usable, key=lambda name: _NAME_USES[name.use], default=None)


def full_name(name: Name, language: str) -> str:
    """Write given and family name in the order of the language."""
    given = " ".join(name.given[:1])
    order = (name.family, given) if language.partition("-")[0] in _FAMILY_FIRST else (given, name.family)
    return " ".join(filter(None, order)) or name.text

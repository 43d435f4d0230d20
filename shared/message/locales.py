"""Dates, times and names as people of a language write them (CLDR, by babel)."""

from __future__ import annotations

from datetime import datetime
from functools import cache
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


def local_date(moment: datetime, language: str = "en", skeleton: str = "yMMMMEEEEd") -> str:
    """Write the date of an aware datetime, by default "Tuesday, March 5, 2024"."""
    from babel.dates import format_skeleton

    return format_skeleton(skeleton, moment, moment.tzinfo, locale=locale_of(language)).translate(
        _NARROW_SPACES
    )


def local_time(moment: datetime, language: str = "en") -> str:
    """Write the time of day of an aware datetime: "9:00 AM", "9:00"."""
    from babel.dates import format_time

    return format_time(moment, "short", moment.tzinfo, locale_of(language)).translate(_NARROW_SPACES)


def choose_name(names: tuple[Name, ...]) -> Name | None:
    """Return the name to call somebody by: the usual one, else the official one; no former ones."""
    usable = [name for name in names if name.use in _NAME_USES]
    return min(usable, key=lambda name: _NAME_USES[name.use], default=None)


def full_name(name: Name, language: str) -> str:
    """Write given and family name in the order of the language."""
    given = " ".join(name.given[:1])
    order = (name.family, given) if language.partition("-")[0] in _FAMILY_FIRST else (given, name.family)
    return " ".join(filter(None, order)) or name.text

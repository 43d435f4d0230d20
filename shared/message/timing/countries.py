"""Countries: what addresses call them, and the time zones that each has (tzdata's zone.tab).

zone.tab names every zone of a country whose clocks have ever differed: more than differ today, never fewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

from shared.message.timing.states import fold

_SPOKEN = ("en", "es", "fr", "de", "pt")
"""Languages in which the name of a country is understood."""
_MORE = {
    **dict.fromkeys(("united states of america", "america", "estados unidos de america"), "US"),
    **dict.fromkeys(("england", "scotland", "wales", "northern ireland", "great britain"), "GB"),
    **dict.fromkeys(("the netherlands", "holland"), "NL"),
    "czech republic": "CZ",
}


@lru_cache(maxsize=1024)
def country_code(text: str) -> str:
    """Return the ISO 3166 code ("US") of a country written as "us", "USA", "United States"; "" if unknown."""
    folded = fold(text)
    if folded.upper() in _zones():
        return folded.upper()
    return _names().get(folded, "") if folded else ""


def zones_of_country(code: str) -> tuple[str, ...]:
    """Return the IANA names of a country's time zones; () where it is not known."""
    return _zones().get(code, ())


@cache
def _zones() -> Mapping[str, tuple[str, ...]]:
    """Read zone.tab: lines of code, coordinates, zone and remark (https://data.iana.org/time-zones/)."""
    found: dict[str, list[str]] = {}
    text = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            code, _, zone, *_ = line.split("\t")
            found.setdefault(code, []).append(zone)
    return {code: tuple(zones) for code, zones in found.items()}


@cache
def _names() -> Mapping[str, str]:
    from babel import Locale  # deferred: only for addresses that spell their country out
    from babel.core import get_global

    found = dict(_MORE)
    for language in _SPOKEN:
        found |= {fold(name): code for code, name in Locale(language).territories.items() if code in _zones()}
    aliases = get_global("territory_aliases")
    known = (pair for pair in aliases.items() if len(pair[1]) == 1 and pair[1][0] in _zones())
    return found | {fold(alias): codes[0] for alias, codes in known}

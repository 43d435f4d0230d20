""".NET TimeSpan texts ("hh:mm:ss") as host.json and timer triggers write them; pure."""

from __future__ import annotations

import re

from shared.fhir.instants import DAY, HOUR, MINUTE, SECOND

_TIMESPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?")


def parse_timespan(text: str) -> int:
    """Turn "[d.]hh:mm[:ss[.fffffff]]" into microseconds.

    Source: https://learn.microsoft.com/dotnet/standard/base-types/standard-timespan-format-strings.
    Raises ValueError.
    """
    match = _TIMESPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a TimeSpan (expected hh:mm:ss)")
    days, hours, minutes, seconds, fraction = match.groups()
    if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 59:
        raise ValueError(f"{text!r} is not a TimeSpan (hours to 23, minutes and seconds to 59)")
    micros = int((fraction or "").ljust(6, "0")[:6])
    return (
        int(days or 0) * DAY + int(hours) * HOUR + int(minutes) * MINUTE + int(seconds or 0) * SECOND + micros
    )

"""What a preview counts of the members, as SQL over a table of theirs: bands, channels, a sample.

Called by shared.usecases.preview. Nothing of a person is asked for but age band, sex, language and channel.
"""

from __future__ import annotations

from shared.fhir.instants import Instant
from shared.segment.sql.births import KNOWN, reached
from shared.segment.sql.reach import reached as reached_by
from shared.segment.sql.text import literal
from shared.segment.wall import Wall

BANDS = ((80, "80+"), (65, "65-79"), (40, "40-64"), (18, "18-39"), (0, "0-17"))
"""Age in years from which on, and what the band is called."""
CHANNELS = ("sms", "email", "letter")
"""The channel of somebody is the first of these by which they can be reached."""
UNKNOWN = "unknown"
NONE = "none"
BREAKDOWNS = ("age", "sex", "language", "channel")


def breakdown(members: str, wall: Wall, now: Instant) -> str:
    """Count the members by each of BREAKDOWNS in one pass: rows (age, sex, language, channel, count).

    In each row all but one of the words are NULL; all are in that of everybody.
    """
    words = {
        "age": _band(wall, now),
        "sex": _or_unknown("p.gender"),
        "language": _spoken(),
        "channel": _channel(now),
    }
    columns = ", ".join(f"{expression} AS {name}" for name, expression in words.items())
    people = f"SELECT {columns} FROM patients p SEMI JOIN {members} m ON m.patient = p.patient"
    sets = ", ".join(f"({name})" for name in (*BREAKDOWNS, ""))
    return f"SELECT {', '.join(BREAKDOWNS)}, count(*) FROM ({people}) GROUP BY GROUPING SETS ({sets})"


def sample(members: str, seed: str, size: int) -> str:
    """Choose some members (id, key), the same ones each time: by a hash of the key and the seed."""
    order = f"md5(p.key || {literal(seed)}), p.key"
    people = f"FROM patients p SEMI JOIN {members} m ON m.patient = p.patient"
    return f"SELECT p.id, p.key {people} ORDER BY {order} LIMIT {size}"


def _band(wall: Wall, now: Instant) -> str:
    cases = " ".join(f"WHEN {reached(wall, years * 12, now)} THEN {literal(name)}" for years, name in BANDS)
    return f"CASE WHEN NOT ({KNOWN}) THEN {literal(UNKNOWN)} {cases} ELSE {literal(UNKNOWN)} END"


def _or_unknown(expression: str) -> str:
    return f"CASE {expression} WHEN '' THEN {literal(UNKNOWN)} ELSE {expression} END"


def _spoken() -> str:
    """Return the language without its region."""
    return _or_unknown("string_split(p.language, '-')[1]")


def _channel(now: Instant) -> str:
    cases = " ".join(f"WHEN {reached_by(channel, now)} THEN {literal(channel)}" for channel in CHANNELS)
    return f"CASE {cases} ELSE {literal(NONE)} END"

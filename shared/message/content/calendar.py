"""The calendar file of an appointment (RFC 5545, 5546): a change or a cancellation finds the entry again.

Attached to emails whose template says `attach: [calendar]`. It says when and where, and nothing of what for:
calendars are shared, and shown on locked screens.
"""

from __future__ import annotations

from datetime import UTC, date
from typing import TYPE_CHECKING, Protocol

from shared.effects import Attachment
from shared.fhir.fact import Fact
from shared.fhir.instants import MINUTE, Instant, to_datetime
from shared.message.policy import Policy
from shared.patient.lost import ENDED_STATUSES
from shared.patient.record import PatientRecord, identify

if TYPE_CHECKING:
    from datetime import tzinfo

    from icalendar import Event

_TITLES = {"en": "Appointment", "es": "Cita", "de": "Termin"}
_MOST_VERSION = 2**31 - 1


class Setting(Protocol):
    """What a calendar file is made from; a Scene is this."""

    @property
    def record(self) -> PatientRecord: ...  # noqa: D102
    @property
    def focus(self) -> Fact | None: ...  # noqa: D102
    @property
    def place(self) -> Fact | None: ...  # noqa: D102
    @property
    def zone(self) -> tzinfo: ...  # noqa: D102
    @property
    def language(self) -> str: ...  # noqa: D102
    @property
    def policy(self) -> Policy: ...  # noqa: D102


def appointment_file(setting: Setting) -> Attachment | None:
    """Return the .ics file of the appointment; None where there is none, or nobody knows when it begins."""
    focus = setting.focus
    if focus is None or focus.resource_type != "Appointment" or focus.start is None:
        return None
    from icalendar import Calendar  # deferred: only who attaches one pays for it

    calendar = Calendar()
    calendar.add("prodid", "-//Hearthline//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if _over(focus) else "PUBLISH")
    calendar.add_component(_event(setting, focus, focus.start))
    year = to_datetime(focus.start, setting.zone).year
    calendar.add_missing_timezones(date(max(year - 1, 1), 1, 1), date(min(year + 2, 9999), 12, 31))
    return Attachment("appointment.ics", "text/calendar", calendar.to_ical())


def _event(setting: Setting, focus: Fact, start: Instant) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", identify("calendar", setting.record.key, focus.reference))
    event.add("sequence", _sequence(focus))
    event.add("dtstamp", to_datetime(focus.updated, UTC))
    event.add("dtstart", to_datetime(start, setting.zone))
    if focus.end is not None and focus.end > start:
        event.add("dtend", to_datetime(focus.end, setting.zone))
    event.add("summary", _title(setting))
    event.add("organizer", _organiser(setting.policy))
    event.add("status", "CANCELLED" if _over(focus) else "CONFIRMED")
    if where := _where(setting.place):
        event.add("location", where)
    return event


def _over(focus: Fact) -> bool:
    return focus.gone or focus.status in ENDED_STATUSES


def _sequence(focus: Fact) -> int:
    """Return a number that grows with every version: the version itself, or the minute it was made in."""
    if focus.version.isdecimal() and int(focus.version) <= _MOST_VERSION:
        return int(focus.version)
    return min(focus.updated // MINUTE, _MOST_VERSION)


def _title(setting: Setting) -> str:
    word = _TITLES.get(setting.language.partition("-")[0], _TITLES["en"])
    return f"{word}: {setting.policy.organisation}" if setting.policy.organisation else word


def _organiser(policy: Policy) -> str:
    """Return who publishes it, whom RFC 5546 (3.2.1) wants named: nobody reads mail at this address."""
    return policy.website or f"urn:uuid:{identify('organisation', policy.organisation)}"


def _where(place: Fact | None) -> str:
    if place is None:
        return ""
    return ", ".join(filter(None, (place.title, *place.attributes.get("address", ())[:1])))

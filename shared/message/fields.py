"""The closed set of objects and fields that templates may use; docs/templates.md lists them, held by a test.

A field that the record has nothing for is nil, so `{% if patient.given %}` works; an object that does not
apply (no appointment, no location) is nil too, and a field of it is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from types import MappingProxyType

from msgspec import Struct

from shared.errors import AuthorFault
from shared.fhir.calendar import first_zone
from shared.fhir.fact import Fact, Name
from shared.fhir.instants import Instant, to_datetime
from shared.message.locales import choose_name, clock_time, full_name, long_date, long_day
from shared.message.policy import Policy
from shared.patient.record import PatientRecord


class Scene(Struct, frozen=True):
    """What a message is rendered from."""

    record: PatientRecord
    focus: Fact | None
    journey: str
    """Canonical "url|version"."""
    language: str
    policy: Policy

    @property
    def place(self) -> Fact | None:
        """Return the first location of the focus that the record knows."""
        for reference in self.focus.attributes.get("location", ()) if self.focus else ():
            found = self.record.facts.get(reference)
            if found is not None and not found.gone:
                return found
        return None

    @property
    def zone(self) -> tzinfo:
        """Return the zone that instants are shown in: the location's, else the organisation's."""
        named = self.place.attributes.get("time-zone", ()) if self.place else ()
        return first_zone((*named, self.policy.zone), UTC)

    @property
    def locale(self) -> str:
        """Return the patient's own variety of the message's language, "es-MX" for "es"."""
        spoken = self.record.person.languages if self.record.person else ()
        return next((tag for tag in spoken if f"{tag}-".startswith(f"{self.language}-")), self.language)

    @property
    def name(self) -> Name | None:
        """Return the name to call the patient by."""
        return choose_name(self.record.person.names) if self.record.person else None


type Reader = Callable[[Scene], object]


class Field(Struct, frozen=True):
    """One field: what it says, and how it is read."""

    says: str
    read: Reader


class Object:
    """An object as Liquid sees it: its fields and nothing else, read when they are asked for."""

    __slots__ = ("_fields", "_scene")

    def __init__(self, fields: Mapping[str, Field], scene: Scene) -> None:
        self._fields = fields
        self._scene = scene

    def __getitem__(self, key: object) -> object:
        """Read a field. Raises KeyError, which Liquid takes for undefined."""
        return self._fields[str(key)].read(self._scene) or None

    def __str__(self) -> str:
        raise AuthorFault("an object is no text: name one of its fields")


def objects(scene: Scene) -> dict[str, Object | None]:
    """Return what a template sees."""
    return {name: Object(FIELDS[name], scene) if _PRESENT[name](scene) else None for name in FIELDS}


def _moment(instant: Instant | None, scene: Scene) -> datetime | None:
    return None if instant is None else to_datetime(instant, scene.zone)


def _start(scene: Scene) -> datetime | None:
    return _moment(scene.focus.start if scene.focus else None, scene)


def _end(scene: Scene) -> datetime | None:
    return _moment(scene.focus.end if scene.focus else None, scene)


def _date(write: Callable[[date, str], str]) -> Reader:
    def read(scene: Scene) -> object:
        start = _start(scene)
        return start and write(start.date(), scene.locale)

    return read


def _time(moment: Callable[[Scene], datetime | None]) -> Reader:
    def read(scene: Scene) -> object:
        found = moment(scene)
        return found and clock_time(found.time(), scene.locale)

    return read


def _focus(name: str) -> Reader:
    return lambda scene: " ".join(scene.focus.attributes.get(name, ())) if scene.focus else None


def _place(name: str) -> Reader:
    return lambda scene: next(iter(scene.place.attributes.get(name, ())), None) if scene.place else None


FIELDS: Mapping[str, Mapping[str, Field]] = MappingProxyType(
    {
        "patient": {
            "name": Field(
                "Given and family name, in the order of the language",
                lambda s: s.name and full_name(s.name, s.language),
            ),
            "given": Field("First given name", lambda s: s.name and next(iter(s.name.given), None)),
            "family": Field("Family name", lambda s: s.name and s.name.family),
            "prefix": Field('Title such as "Dr."', lambda s: s.name and " ".join(s.name.prefix)),
            "language": Field("Language of this message (BCP 47)", lambda s: s.language),
        },
        "appointment": {
            "date": Field('Day with its name: "Tuesday, March 5, 2024"', _date(long_date)),
            "day": Field('The same without the year: "Tuesday, March 5"', _date(long_day)),
            "time": Field('Time of day: "9:00 AM"', _time(_start)),
            "end_time": Field("Time of day when it ends", _time(_end)),
            "title": Field("What it is: description or service type", lambda s: s.focus and s.focus.title),
            "status": Field("FHIR status", lambda s: s.focus and s.focus.status),
            "instruction": Field("Instructions for the patient", _focus("patient-instruction")),
        },
        "location": {
            "name": Field("Name", lambda s: s.place and s.place.title),
            "address": Field("Address in one line", _place("address")),
            "phone": Field("Phone number", _place("phone")),
        },
        "organisation": {
            "name": Field("Name of the organisation", lambda s: s.policy.organisation),
            "phone": Field("Phone number", lambda s: s.policy.phone),
            "website": Field("Website", lambda s: s.policy.website),
        },
        "journey": {
            "url": Field("Url of the journey", lambda s: s.journey.partition("|")[0]),
            "version": Field("Version of the journey", lambda s: s.journey.partition("|")[2]),
        },
    }
)

_PRESENT: Mapping[str, Callable[[Scene], bool]] = {
    "patient": lambda s: s.record.person is not None,
    "appointment": lambda s: s.focus is not None and s.focus.resource_type == "Appointment",
    "location": lambda s: s.place is not None,
    "organisation": lambda s: True,
    "journey": lambda s: True,
}

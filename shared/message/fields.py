"""The closed set of objects and fields that templates may use; docs/templates.md lists them, held by a test.

A field that the record has nothing for is nil, so `{% if patient.given %}` works; an object that does not
apply (no appointment, no location) is nil too, and a field of it is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from shared.errors import AuthorFault
from shared.fhir.fact import Name
from shared.fhir.instants import Instant, to_datetime
from shared.fhir.wording import settled
from shared.message.locales import clock_time, full_name, joined, long_date, long_day
from shared.message.scene import Scene

if TYPE_CHECKING:
    from shared.message.links import LinkKind

__all__ = ["FIELDS", "Field", "Object", "Scene", "objects"]


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


def _name(name: Name | None, scene: Scene) -> str | None:
    return full_name(name, scene.language) if name else None


def _given(name: Name | None) -> str | None:
    return next(iter(name.given), None) if name else None


def _link(kind: LinkKind) -> Reader:
    return lambda scene: scene.link(kind)


def _survey(scene: Scene) -> object:
    """Return the link to the survey that the message asks to fill in, if it asks for one."""
    target = scene.values.get("survey", "")
    return scene.link("survey", target) if target else None


def _value(key: str) -> Field:
    return Field(_VALUES[key], lambda scene: settled(scene.values, scene.language).get(key))


def _place(name: str) -> Reader:
    return lambda scene: next(iter(scene.place.attributes.get(name, ())), None) if scene.place else None


_VALUES = {
    "text": "What is asked, word for word",
    "choices": 'What may be answered: "1 Yes, 2 No"',
    "title": "What it is about",
    "number": "Which one of several it is",
    "count": "How many there are",
    "wording": "What somebody is asked to agree to",
}
"""What a message may be told beside the record: see `values` of a message."""

FIELDS: Mapping[str, Mapping[str, Field]] = MappingProxyType(
    {
        "patient": {
            "name": Field(
                "Given and family name, in the order of the language",
                lambda s: _name(s.name, s),
            ),
            "given": Field("First given name", lambda s: _given(s.name)),
            "family": Field("Family name", lambda s: s.name and s.name.family),
            "prefix": Field('Title such as "Dr."', lambda s: s.name and " ".join(s.name.prefix)),
            "language": Field("Language of this message (BCP 47)", lambda s: s.language),
        },
        "recipient": {
            "name": Field("Name of who reads it, as `patient.name`", lambda s: _name(s.addressed, s)),
            "given": Field("Their first given name", lambda s: _given(s.addressed)),
            "language": Field("Their own variety of the language: es-MX", lambda s: s.locale),
            "is_patient": Field(
                "true, or nil for a guardian or a carer",
                lambda s: s.recipient is None or not s.recipient.party,
            ),
            "relationship": Field(
                "Code of what they are to the patient: MTH (HL7 v3 RoleCode)",
                lambda s: s.recipient and s.recipient.relationship,
            ),
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
        "practitioner": {
            "name": Field("Name, as the appointment has it", lambda s: s.practitioner),
        },
        "organisation": {
            "name": Field("Name of the organisation", lambda s: s.policy.organisation),
            "phone": Field("Phone number", lambda s: s.policy.phone),
            "website": Field("Website", lambda s: s.policy.website),
            "address": Field("Postal address in one line", lambda s: s.policy.address),
        },
        "links": {
            "preferences": Field("Page to choose what one is written to about", _link("preferences")),
            "unsubscribe": Field("Page that ends messages like this one", _link("unsubscribe")),
            "survey": Field("Page of the survey that the message asks to fill in", _survey),
        },
        "question": {key: _value(key) for key in _VALUES},
        "bundle": {
            "given": Field("List of the given names of all the patients it is about", lambda s: s.bundle),
            "names": Field(
                'The same as text: "Ana, Leo and Mia"',
                lambda s: joined(tuple(filter(None, s.bundle)), s.locale),
            ),
            "count": Field("How many they are", lambda s: len(s.bundle)),
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
    "recipient": lambda s: s.recipient is not None or s.record.person is not None,
    "location": lambda s: s.place is not None,
    "practitioner": lambda s: bool(s.practitioner),
    "organisation": lambda s: True,
    "links": lambda s: True,
    "question": lambda s: bool(s.values),
    "bundle": lambda s: bool(s.bundle),
    "journey": lambda s: True,
}

"""Find patients by what people know of themselves: the FHIR server looks, we say who of them is known here.

What is looked for stands in the body of the search, never in a URL (FHIR R4, search by POST:
https://hl7.org/fhir/R4/http.html#search). What has a meaning of its own in a search is escaped
(https://hl7.org/fhir/R4/search.html#escaping), so that a name with a comma is no list of names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.fact import Name, Person
from shared.fhir.project import project
from shared.message.contact import normalise
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.patients.known import merged_into
from shared.usecases.services import Services

MOST = 50
"""Patients that one search shows."""

type Here = Literal["known", "unknown", "merged", "erased"]


class Wanted(Struct, frozen=True):
    """What is known of whoever is looked for: an identifier, a name, a phone number or an email address."""

    system: str = ""
    """Of the identifier; "" is whichever."""
    identifier: str = ""
    name: str = ""
    """Words, each the beginning of some part of the name."""
    birth_date: str = ""
    """Narrows down whom else is asked for: "1970-01-31", or less of it."""
    phone: str = ""
    email: str = ""


class Found(Struct, frozen=True):
    """A patient of the FHIR server."""

    key: str
    person: Person
    here: Here
    """Whether we know them: somebody may have been merged away or erased here."""
    merged_into: str = ""
    """Key of the record that took this one's place."""


async def search(services: Services, wanted: Wanted, limit: int) -> tuple[Found, ...]:
    """Return the first `limit` that the server finds, in its order. Raises Rejected, Unavailable."""
    resources = await services.fhir.find("Patient", _asked(services, wanted, limit), limit)
    people = [person for each in resources if (person := _person(services, each)) is not None]
    records = await asyncio.gather(*(_record(services, person) for person in people))
    return tuple(_found(person, record) for person, record in zip(people, records, strict=True))


def escaped(text: str) -> str:
    """Escape what means something else in a search."""
    return "".join(f"\\{each}" if each in "$,|\\" else each for each in text)


def full_name(person: Person | None) -> str:
    """Return somebody's name as a list shows it: the official one before others; "" of nobody known."""
    names = sorted(person.names, key=_rank) if person is not None else []
    return _whole(names[0]) if names else ""


def _rank(name: Name) -> int:
    order = ("official", "usual", "", "temp", "nickname", "anonymous", "maiden", "old")
    return order.index(name.use) if name.use in order else len(order)


def _whole(name: Name) -> str:
    return name.text or " ".join((*name.given, name.family)).strip()


def _asked(services: Services, wanted: Wanted, limit: int) -> Mapping[str, str | Sequence[str]]:
    asked: dict[str, str | Sequence[str]] = {"_count": str(limit)}
    if wanted.identifier:
        value = escaped(wanted.identifier)
        asked["identifier"] = f"{escaped(wanted.system)}|{value}" if wanted.system else value
    elif wanted.name:
        asked["name"] = [escaped(word) for word in wanted.name.split()]
    elif wanted.phone:
        whole = normalise("whatsapp", wanted.phone, services.policy.region)
        asked["phone"] = ",".join(escaped(each) for each in dict.fromkeys((wanted.phone, whole)) if each)
    else:
        asked["email"] = escaped(wanted.email)
    return {**asked, **({"birthdate": wanted.birth_date} if wanted.birth_date else {})}


def _person(services: Services, resource: Mapping[str, object]) -> Person | None:
    try:
        found = project(resource, services.zone).content
    except Rejected:  # of no use as a whole: nobody can be shown
        return None
    return found if isinstance(found, Person) else None


async def _record(services: Services, person: Person) -> PatientRecord | None:
    stored = await services.patients.load(patient_key(person.resource_id))
    return stored.record if stored.etag else None


def _found(person: Person, record: PatientRecord | None) -> Found:
    key = patient_key(person.resource_id)
    survivor = merged_into(record) if record is not None else ""
    here: Here = "unknown" if record is None else "merged" if survivor else "known"
    if record is not None and record.erased is not None:
        return Found(key, Person(person.resource_id), "erased")
    return Found(key, person, here, survivor)

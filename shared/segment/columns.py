"""Records as rows of two tables, the ground of whole-population questions: schema, and what a record gives.

`facts` has a row for each code of each fact (one with code "" where it has none), so that a file sorted by
type, code and patient answers "who has this code" from a few pages. What decides ties is ranked here, once,
by the very orders that shared.segment.picking uses. Texts that are only ever compared in lower case are kept
so. Written by shared.adapters.columns_duckdb, asked by the SQL that shared.segment.sql makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from shared.fhir.fact import Address, ContactPoint, Fact, Value
from shared.fhir.instants import Instant
from shared.patient.permission.silence import Silence, silences
from shared.patient.record import PatientRecord
from shared.segment.birth import born
from shared.segment.picking import Order, first_end, last_end, recency, seniority
from shared.segment.types import DISPROVED

type Row = dict[str, Any]

_PLACE = "postal_code VARCHAR, city VARCHAR, state VARCHAR, country VARCHAR"
_VALUE = "number DOUBLE, unit VARCHAR, value_text VARCHAR, value_codes VARCHAR[]"
_ATTRIBUTES = "MAP(VARCHAR, VARCHAR[])"
PATIENTS: Mapping[str, str] = {
    "patient": "BIGINT",
    "key": "VARCHAR",
    "id": "VARCHAR",
    "birth_date": "VARCHAR",
    "born": "INTEGER",  # ordinal of the birth date's first day; NULL where it is not known
    "birth_month": "INTEGER",
    "zone": "VARCHAR",  # the patient's own time zone, "" where it is not known
    "gender": "VARCHAR",
    "active": "BOOLEAN",
    "deceased": "BOOLEAN",
    "died": "BIGINT",
    "merged": "BOOLEAN",
    "language": "VARCHAR",
    "organization": "VARCHAR",
    "practitioners": "VARCHAR[]",
    "identifiers": "VARCHAR[]",
    "addresses": f"STRUCT({_PLACE}, letters BOOLEAN)[]",
    "telecom": "STRUCT(system VARCHAR, start BIGINT, stop BIGINT)[]",
    "silences": "STRUCT(channel VARCHAR, start BIGINT, stop BIGINT)[]",  # when no message may go by a channel
    "attributes": _ATTRIBUTES,
}
"""Columns of `patients` and their types: everybody who is known and not deleted."""
FACTS: Mapping[str, str] = {
    "type": "VARCHAR",
    "code": "VARCHAR",
    "patient": "BIGINT",
    "fact": "BIGINT",  # unique in the snapshot
    "nth": "INTEGER",  # 0 in one row of each fact
    "start": "BIGINT",
    "stop": "BIGINT",
    "recent": "INTEGER",  # rank among the patient's facts by start, the latest highest
    "senior": "INTEGER",  # rank by start, the earliest lowest
    "recent_end": "INTEGER",
    "senior_end": "INTEGER",
    "status": "VARCHAR",
    "disproved": "BOOLEAN",  # refuted, or entered in error, by its verification status
    "prohibits": "BOOLEAN",  # an order not to do something
    "valued": "BOOLEAN",
    "number": "DOUBLE",
    "unit": "VARCHAR",
    "value_text": "VARCHAR",
    "value_codes": "VARCHAR[]",
    "id": "VARCHAR",
    "codes": "VARCHAR[]",
    "title": "VARCHAR",
    "components": f"STRUCT(codes VARCHAR[], {_VALUE})[]",
    "attributes": _ATTRIBUTES,
}
"""Columns of `facts` and their types; start and stop are microseconds, the last instant inclusive."""
LAYOUT = 3
"""Goes up when the columns change: older files are then made again."""
FACT_BITS = 20
"""A patient's facts are numbered from patient << FACT_BITS."""

_NOTHING = Value()


class Snapshot(Struct, frozen=True):
    """What a set of columns says of itself."""

    as_of: Instant
    """The records were as they were then."""
    patients: int
    facts: int
    units: tuple[str, ...] = ()
    """Every unit that a number in it has."""
    zones: tuple[str, ...] = ()
    """Every time zone that a patient has, as it was said."""
    layout: int = LAYOUT


def patient_row(number: int, record: PatientRecord) -> Row | None:
    """Return the row of a patient; None for one who is not known, or gone."""
    person = record.person
    if person is None or person.gone:
        return None
    first = born(person.birth_date)
    return {
        "patient": number,
        "key": record.key,
        "id": record.patient_id,
        "birth_date": person.birth_date,
        "born": None if first is None else first.toordinal(),
        "birth_month": None if first is None or len(person.birth_date) < 7 else first.month,
        "zone": next(iter(person.attributes.get("time-zone", ())), ""),
        "gender": person.gender,
        "active": person.active,
        "deceased": person.deceased,
        "died": person.deceased_at,
        "merged": bool(person.replaced_by),
        "language": person.languages[0].lower() if person.languages else "",
        "organization": person.managing_organization,
        "practitioners": person.general_practitioners,
        "identifiers": person.identifiers,
        "addresses": [_address(address) for address in person.addresses if address.use != "old"],
        "telecom": [_telecom(point) for point in person.telecom if point.use != "old"],
        "silences": [_silence(span) for span in silences(record)],
        "attributes": person.attributes,
    }


def _address(address: Address) -> Row:
    found = {name: getattr(address, name).lower() for name in ("postal_code", "city", "state", "country")}
    return {**found, "letters": bool(address.line or address.city)}


def _silence(span: Silence) -> Row:
    return {"channel": span.channel, "start": span.start, "stop": span.end}


def _telecom(point: ContactPoint) -> Row:
    return {"system": point.system, "start": point.start, "stop": point.end}


def fact_rows(number: int, record: PatientRecord) -> Iterator[Row]:
    """Yield the rows of a patient's facts, deleted ones left out."""
    facts = [fact for fact in record.facts if not fact.gone]
    ranks = {name: _ranks(facts, order) for name, order in _ORDERS.items()}
    for place, fact in enumerate(facts):
        codes = tuple(dict.fromkeys(record.facts.codes_of(fact)))
        row = {
            **_plain(fact),
            "codes": codes,
            "patient": number,
            "fact": (number << FACT_BITS) + place,
            **{name: found[place] for name, found in ranks.items()},
        }
        for nth, code in enumerate(codes or ("",)):
            yield {**row, "code": code, "nth": nth}


def _plain(fact: Fact) -> Row:
    return {
        "type": fact.resource_type,
        "id": fact.resource_id,
        "status": fact.status,
        "disproved": not DISPROVED.isdisjoint(fact.attributes.get("verification-status", ())),
        "prohibits": "do-not-perform" in fact.attributes,
        "start": fact.start,
        "stop": fact.end,
        "title": fact.title.lower(),
        "valued": fact.value is not None,
        **_value(fact.value or _NOTHING),
        "components": [{"codes": part.codes, **_value(part.value)} for part in fact.components],
        "attributes": fact.attributes,
    }


def _value(value: Value) -> Row:
    return {
        "number": value.number,
        "unit": value.unit,
        "value_text": value.text.lower(),
        "value_codes": value.codes,
    }


_ORDERS: dict[str, Callable[[Fact], Order]] = {
    "recent": recency,
    "senior": seniority,
    "recent_end": last_end,
    "senior_end": first_end,
}


def _ranks(facts: list[Fact], order: Callable[[Fact], Order]) -> list[int]:
    """Return each fact's place in an order."""
    ranks = [0] * len(facts)
    for rank, place in enumerate(sorted(range(len(facts)), key=lambda place: order(facts[place]))):
        ranks[place] = rank
    return ranks

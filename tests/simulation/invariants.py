"""What must hold once everything has come to rest: the design's invariants, told in a sentence if broken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from shared.catalogue import Catalogue
from shared.fhir.fact import Fact, Person
from shared.fhir.lens import Lens
from shared.fhir.project import KEPT_TYPES, SHARED_TYPES, project
from shared.message.switches import PUT_OFF, why_waiting
from shared.patient.facts import Facts
from shared.patient.packing import unpack
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from shared.patient.unseen import unseen
from shared.segment.evaluate import reassess
from tests.simulation import needing, outward, roster
from tests.simulation.process import POLICY, Outside
from tests.simulation.world import World

__all__ = ["broken", "records"]


def records(outside: Outside) -> dict[str, PatientRecord]:
    """Return every record, by patient id."""
    store = outside.patients
    found = (unpack(key, chunks) for key, chunks in store._chunks.items())
    return {record.patient_id: record for record in found}


def rows(outside: Outside) -> dict[str, Message]:
    """Return every message's row."""
    return {name: m for kept in outside.patients._messages.values() for name, m in kept.items()}


def broken(world: World, catalogue: Catalogue) -> list[str]:
    """Return every invariant that does not hold."""
    found = list(world.violations)
    for record in records(world.outside).values():
        found += (f"{record.patient_id}: {what}" for what in _record(world, record, catalogue))
    found += _facts(world.outside, catalogue)
    found += _indexes(world.outside, catalogue)
    found += _messages(world)
    found += roster.broken(world, records(world.outside).values(), catalogue)
    found += needing.broken(world, rows(world.outside))
    found += outward.broken(world, catalogue, records(world.outside).values())
    return found


def _record(world: World, record: PatientRecord, catalogue: Catalogue) -> Iterator[str]:
    now = world.outside.clock.now()
    left = record.outbox.keys() - outward.held_back(record, catalogue)
    if left:
        yield f"the outbox holds {sorted(left)}"
    if any(m.status == "in-progress" for m in record.messages.values()):
        yield "a message is still in progress"
    if record.next_due is not None and record.next_due <= now:
        yield f"something was due at {record.next_due}, and it is {now}"
    if record.next_due is not None and (record.next_due, record.key) not in world.outside.indexes._wakeups:
        yield f"nothing will wake it at {record.next_due}"
    yield from _memberships(record, catalogue, now)
    yield from _switched(record, catalogue)


def _switched(record: PatientRecord, catalogue: Catalogue) -> Iterator[str]:
    """See that nothing waits for what is switched on, and nobody is in what is switched off."""
    for enrolment in record.enrolments.values():
        if catalogue.journeys.stopped(enrolment.journey):
            yield f"is in {enrolment.journey}, which was stopped"
        if enrolment.held == "paused" and not catalogue.journeys.paused(enrolment.journey):
            yield f"stands still in {enrolment.journey}, which goes on"
    for message in record.messages.values():
        if message.status_reason in PUT_OFF and not why_waiting(record, message, catalogue.controls):
            yield f"{message.message_id} waits, and {message.status_reason} is over"


def _memberships(record: PatientRecord, catalogue: Catalogue, now: int) -> Iterator[str]:
    """Compare with an evaluation from scratch, of the same facts, freshly packed."""
    blank = PatientRecord(
        record.key,
        record.patient_id,
        record.person,
        Facts.of_facts(*record.facts),
        opt_outs=record.opt_outs,
    )
    fresh, _ = reassess(blank, catalogue.segments.all, now)  # type: ignore[arg-type] # an Instant
    held = {u: (m.segment, m.member, m.next_flip) for u, m in record.memberships.items()}
    expected = {u: (m.segment, m.member, m.next_flip) for u, m in fresh.memberships.items()}
    for url in sorted({*held, *expected}):
        if held.get(url) != expected.get(url):
            yield f"membership of {url} is {held.get(url)}, from scratch {expected.get(url)}"


def _facts(outside: Outside, catalogue: Catalogue) -> Iterator[str]:
    """Compare each record with a projection of what the FHIR server holds now, seen through the lens."""
    expected: dict[str, dict[str, Fact | Person]] = defaultdict(dict)
    places: dict[str, Fact | Person] = {}
    wanted: dict[str, set[str]] = defaultdict(set)
    for versions in outside.fhir._versions.values():
        resource = versions[-1][1]
        if resource is None:
            continue
        projection = project(resource, ZoneInfo(POLICY.zone), catalogue.lens)
        if resource["resourceType"] in SHARED_TYPES:
            places[projection.content.reference] = projection.content
        for patient in projection.patients:
            expected[patient][projection.content.reference] = projection.content
            wanted[patient] |= set(projection.references)
    held, lens = records(outside), catalogue.lens
    for patient in sorted({*expected, *held}):
        contents = expected[patient] | {name: places[name] for name in wanted[patient] if name in places}
        yield from (f"{patient}: {what}" for what in _reflects(held.get(patient), contents, places, lens))


def _reflects(
    record: PatientRecord | None,
    contents: dict[str, Fact | Person],
    places: dict[str, Fact | Person],
    lens: Lens,
) -> Iterator[str]:
    if record is None:
        yield "has no record"
        return
    theirs = (fact for fact in record.facts if fact.resource_type in KEPT_TYPES and not fact.gone)
    held: dict[str, Fact | Person] = {fact.reference: fact for fact in theirs}
    if record.person is not None and not record.person.gone:
        held[record.person.reference] = record.person
    for name in sorted({*held, *contents}):
        if name in places and held.get(name) == places[name]:
            continue  # a place that is not referred to any more may stay
        if held.get(name) != contents.get(name):
            yield f"{name} is {_version(held.get(name))} here, {_version(contents.get(name))} on the server"
    if any(unseen(record, lens)):
        yield "holds facts that nobody has looked at through the lens"


def _version(content: Fact | Person | None) -> str:
    if content is None:
        return "not there"
    return f"version {content.version} {content.attributes.get('fhirpath', '')}"


def _indexes(outside: Outside, catalogue: Catalogue) -> Iterator[str]:
    held = records(outside)
    by_place: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for record in held.values():
        for url, membership in record.memberships.items():
            if membership.member:
                by_place["member", url].add(record.key)
        for contact in record.contacts:
            channel, _, address = contact.partition("|")
            by_place["contact", channel, address].add(record.key)
        for name in outside.patients._messages.get(record.key, {}):
            by_place["message", name].add(record.key)
        for fact in record.facts:
            if fact.resource_type in SHARED_TYPES:
                by_place["reference", fact.reference].add(record.key)
    known = dict(outside.indexes._rows)
    for url, listed in outside.indexes._members.items():
        known["member", url] = {key for key, row in listed.items() if row.member}
    for place in sorted({*by_place, *known}):
        if place[0] == "message" and not known.get(place, set()) - by_place[place]:
            continue  # a message that never was in preparation needs no row; reports below would miss others
        if place[0] == "reference" and not by_place[place] - known.get(place, set()):
            continue  # written before the read: one too many, as after a deletion in between, costs a look
        if known.get(place, set()) != by_place[place]:
            said = sorted(by_place[place])
            yield f"the index of {place} has {sorted(known.get(place, ()))}, records say {said}"


def _messages(world: World) -> Iterator[str]:
    provider = world.outside.provider
    every = rows(world.outside)
    # One that the provider refused, as its contact point is none, makes room for the next contact point.
    going = (m for m in every.values() if m.enrolment_id and m.status != "not-done")
    once = Counter((m.enrolment_id, m.sequence) for m in going)
    yield from (f"{count} messages for {what}" for what, count in once.items() if count > 1)
    for name in provider.after_acceptance:
        yield f"{name} was handed over again after the provider had taken it"
    for name in sorted(provider.accepted):
        message = every.get(name)
        if message is None or message.status not in ("completed", "unknown"):
            yield f"{name} was sent, its row says {message.status if message else 'nothing'}"
    for name, message in every.items():
        yield from _outcome(world, name, message)


def _outcome(world: World, name: str, message: Message) -> Iterator[str]:
    provider = world.outside.provider
    if message.status == "in-progress":
        yield f"{name} is in progress"
    if message.status == "completed" and name not in provider.accepted:
        yield f"{name} is said to be sent, the provider knows nothing of it"
    if message.status == "unknown":
        claimed_by = message.claimed_by.split("/")[0]
        excused = name in provider.lost or any(claimed_by.startswith(t) for t in world.disturbed)
        if not excused:
            yield f"{name} is unknown, though nothing befell {message.claimed_by}"
        lines = (line for rows in world.outside.patients._timeline.values() for kept in rows for line in kept)
        if not any(name in line.refs and "Perhaps sent" in line.text for line in lines):
            yield f"{name} is unknown, and nobody is told"
    told = world.told.get(name)
    if told and message.status == "completed" and message.delivery != told:
        yield f"{name} was reported {told}, its row says {message.delivery or 'nothing'}"

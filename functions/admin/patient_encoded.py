"""Encode what is known of a patient: what is left out without sight of clinical facts is left out here."""

from __future__ import annotations

from collections.abc import Iterator

from functions.admin.call import Call
from functions.admin.patient_shapes import (
    JourneyBefore,
    JourneyHeld,
    LineShown,
    MayBeWritten,
    MessageShown,
    PatientShown,
    PersonShown,
    Point,
    SegmentHeld,
)
from functions.admin.shapes import definition_id, moment, moment_or_none
from shared.access.patients import WORDS
from shared.catalogue import Catalogue
from shared.fhir.canonical import split_canonical
from shared.fhir.choice import PURPOSES
from shared.fhir.fact import ContactPoint, Person
from shared.fhir.instants import Instant
from shared.message.contact import normalise
from shared.message.outbound import CHANNELS
from shared.patient.permission.ask import Ask
from shared.patient.permission.verdict import why_not
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import Membership, Message, Unusable
from shared.ports.glance import Glance
from shared.usecases.patients.facts import count_facts
from shared.usecases.patients.known import merged_into
from shared.usecases.patients.search import full_name
from shared.usecases.patients.shown import Sight, shown_line, shown_reason, shown_refs


def sight_of(call: Call, catalogue: Catalogue) -> Sight:
    """Say what whoever calls may see of a patient."""
    return Sight(call.clinical, call.clinical or call.caller.has(WORDS), catalogue.segments)


def whole(seen: Glance, catalogue: Catalogue, now: Instant, sight: Sight) -> PatientShown:
    """Encode the first screen; of somebody erased that they were, and nothing else."""
    record = seen.record
    if record.erased is not None:
        return PatientShown(
            patient=record.key, state="erased", erased=moment(record.erased), clinical=sight.clinical
        )
    survivor = merged_into(record)
    segments = [url for url, held in sorted(record.memberships.items()) if held.member]
    seen_in = [url for url in segments if sight.shows(url)]
    return PatientShown(
        patient=record.key,
        state="merged" if survivor else "known",
        merged_into=survivor,
        clinical=sight.clinical,
        person=_person(record.person, record.unusable, catalogue.policy.region) if record.person else None,
        segments=[_segment(record.memberships[url], catalogue, sight) for url in seen_in],
        segments_withheld=len(segments) - len(seen_in),
        journeys=list(_journeys(record, catalogue, sight.clinical)),
        journeys_before=list(_before(record, catalogue)),
        messages=[message(each, sight) for each in seen.messages],
        timeline=[line(each, sight) for each in seen.lines],
        consent=list(_consent(record, catalogue, now)),
        facts=count_facts(record) if sight.clinical else None,
        next_due=moment_or_none(record.next_due),
        catalogue=record.catalogue,
    )


def message(told: Message, sight: Sight) -> MessageShown:
    """Encode a message of a list."""
    return MessageShown(
        message=told.message_id,
        channel=told.channel,
        template=told.template,
        journey=told.journey,
        enrolment=told.enrolment_id,
        step=told.step,
        party=told.party,
        purpose=told.purpose,
        language=told.language,
        status=told.status,
        reason=shown_reason(told, sight.clinical),
        delivery=told.delivery,
        created=moment(told.created),
        due=moment(told.due),
        first_sent=moment_or_none(told.first_sent),
        reported=moment_or_none(told.delivery_at),
    )


def line(told: TimelineLine, sight: Sight) -> LineShown:
    """Encode a line of the timeline."""
    text, withheld = shown_line(told, sight)
    about = list(shown_refs(told, sight))
    return LineShown(at=moment(told.at), kind=told.kind, text=text, withheld=withheld, about=about)


def _person(person: Person, unusable: tuple[Unusable, ...], region: str) -> PersonShown:
    bad = {each.address: each.why for each in unusable}
    return PersonShown(
        name=full_name(person),
        birth_date=person.birth_date,
        gender=person.gender,
        languages=list(person.languages),
        deceased=person.deceased,
        active=person.active and not person.gone,
        contact_points=[
            Point(
                system=each.system,
                value=each.value,
                use=each.use,
                why_not=bad.get(_address(each, region), ""),
            )
            for each in person.telecom
        ],
    )


def _address(point: ContactPoint, region: str) -> str:
    """Return a contact point as messages are addressed to it."""
    channel = "email" if point.system == "email" else "whatsapp"
    return normalise(channel, point.value, region) or point.value


def _segment(held: Membership, catalogue: Catalogue, sight: Sight) -> SegmentHeld:
    url, version = split_canonical(held.segment)
    found = catalogue.segments.get(url)
    return SegmentHeld(
        segment=definition_id("segment", url),
        url=url,
        version=version,
        title=found.title if found is not None else "",
        since=moment(held.since),
        may_change=moment_or_none(held.next_flip),
        reason=held.reason if sight.clinical else None,
    )


def _journeys(record: PatientRecord, catalogue: Catalogue, clinical: bool) -> Iterator[JourneyHeld]:
    for held in sorted(record.enrolments.values(), key=lambda e: (e.entered, e.enrolment_id)):
        yield JourneyHeld(
            enrolment=held.enrolment_id,
            journey=definition_id("journey", held.journey_url),
            url=held.journey_url,
            version=split_canonical(held.journey)[1] or "",
            title=_title(catalogue, held.journey_url),
            status=held.status,
            step=held.step,
            entered=moment(held.entered),
            due=moment_or_none(held.due),
            ends=moment_or_none(held.ends),
            held=held.held,
            reason=held.reason if clinical else None,
            campaign=held.results.get("@campaign", ""),
        )


def _before(record: PatientRecord, catalogue: Catalogue) -> Iterator[JourneyBefore]:
    for url, past in sorted(record.history.items(), key=lambda each: -each[1].last_entered):
        yield JourneyBefore(
            journey=definition_id("journey", url),
            url=url,
            title=_title(catalogue, url),
            entries=past.entries,
            last_entered=moment(past.last_entered),
        )


def _title(catalogue: Catalogue, url: str) -> str:
    found = catalogue.journeys.latest(url)
    return found.title if found is not None else ""


def _consent(record: PatientRecord, catalogue: Catalogue, now: Instant) -> Iterator[MayBeWritten]:
    for purpose in PURPOSES:
        for channel in CHANNELS:
            why = why_not(record, Ask(channel, purpose), now, catalogue.policy.restrictive)
            yield MayBeWritten(purpose=purpose, channel=channel, allowed=not why, why_not=why)

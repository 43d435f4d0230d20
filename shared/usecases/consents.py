"""Consent as staff see and change it: what a person may be written to about, by whose word, and a new word.

What staff are told counts as what is chosen on a page: ConsentChosen happens to the patient, with `staff` as
its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Rejected
from shared.events import ConsentChosen
from shared.fhir.choice import ANY, PURPOSES, Choice
from shared.message.contact import normalise
from shared.message.outbound import CHANNELS
from shared.message.recipient import recipient
from shared.patient.permission.ask import Ask, is_point
from shared.patient.permission.consents import in_force, parties
from shared.patient.permission.verdict import why_not
from shared.patient.record import PatientRecord, TimelineLine
from shared.usecases.merge import carry_over
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


class Standing(Struct, frozen=True):
    """How somebody's consent stands."""

    party: str
    """Whose: "RelatedPerson/1", or "" for the patient."""
    answers: Mapping[tuple[str, str, str], str]
    """By purpose, channel and topic why not, "" where they may be written to; topic "" is any."""
    consents: Mapping[str, bool]
    """The FHIR Consents about them, by reference, and whether each is in force."""


async def stands(services: Services, record: PatientRecord, party: str = "") -> Standing:
    """Return how the consent of a record's patient, or of somebody of theirs, stands.

    Raises Rejected (unknown-party), Unavailable.
    """
    _check(record, party)
    catalogue = await services.definitions.current(record.catalogue)
    now, restrictive = services.clock.now(), catalogue.policy.restrictive
    answers: dict[tuple[str, str, str], str] = {
        (purpose, channel, topic): why_not(
            record, Ask(channel, purpose, topic, party=party), now, restrictive
        )
        for topic in ("", *_topics(record))
        for purpose in PURPOSES
        for channel in CHANNELS
    }
    consents = record.facts.of("Consent").values()
    about = {each.reference: in_force(each, now) for each in consents if party in parties(each)}
    return Standing(party, answers, about)


def parties_of(record: PatientRecord) -> tuple[str, ...]:
    """Return whose consent there is to tell of: "" for the patient, then the relatives that are known."""
    related = record.facts.of("RelatedPerson").values()
    return ("", *sorted(fact.reference for fact in related if not fact.gone))


def _topics(record: PatientRecord) -> list[str]:
    """Return the topics that somebody said something about by name."""
    return sorted({each.topic for each in (*record.opt_outs, *record.opt_ins)} - {"", ANY})


async def say(
    services: Services,
    record: PatientRecord,
    choice: Choice,
    verdict: Literal["permit", "deny"],
    chosen_id: str,
) -> tuple[TimelineLine, ...]:
    """Let a choice that staff were told happen, as of now and once under `chosen_id`; the lines it brought.

    Raises Rejected (unknown-party, bad-address), Unavailable.
    """
    _check(record, choice.party)
    if is_point(choice.address) and choice.channel != ANY:
        region = services.policy.region
        if not normalise(choice.channel, choice.address, region):
            raise Rejected(f"the contact point is none that {choice.channel} can use", "bad-address")
    before = len(await services.patients.timeline(record.key))
    choice = replace(choice, since=services.clock.now())
    permits, denials = ((choice,), ()) if verdict == "permit" else ((), (choice,))
    event = ConsentChosen(chosen_id, permits, denials)
    trigger = Trigger(event.chosen_id)
    reaction = await react(services, record.key, [event], trigger)
    await carry_over(services, reaction.after, trigger)
    return (await services.patients.timeline(record.key))[before:]


def _check(record: PatientRecord, party: str) -> None:
    if party and recipient(record, party) is None:
        raise Rejected("the patient has no such related person", "unknown-party")

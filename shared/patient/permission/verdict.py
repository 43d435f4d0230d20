"""The one answer to whether somebody may be written to: by choices, by FHIR Consent, by default.

Asked by the guard before each send (shared.message.consent), by segments (`reachable_by`) and by journeys
(`exit_when.opted_out`). The record's own choices are the truth; of a Consent that we wrote ourselves only
that counts which the record does not know, or which somebody changed on the FHIR server since.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from shared.fhir.choice import Choice
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.patient.messages import by
from shared.patient.permission.ask import PENDING, STRANGER, Ask, about, is_point, lifts, refuses, speaks_to
from shared.patient.permission.consents import denies, in_force, permits
from shared.patient.record import PatientRecord, identify

_ENDED = frozenset({"inactive", "rejected", "entered-in-error"})


def consent_id(key: str, pattern: tuple[str, ...]) -> str:
    """Return the id of the Consent by which we write down what was said about this (Choice.pattern)."""
    return identify("consent", key, *pattern)


def why_not(record: PatientRecord, ask: Ask, now: Instant, restrictive: Collection[str] = frozenset()) -> str:
    """Return why this must not be, in words of staff, or ""."""
    consents = record.facts.of("Consent")
    own = _own(record) if consents else {}
    for no in record.opt_outs:
        if refuses(no, ask) and not _excepted(record, no, ask) and _stands(own.get(no.pattern), no, consents):
            return _words(no, ask)
    spoken_for = frozenset(own.values())
    theirs = [c for c in consents.values() if c.resource_id not in spoken_for and in_force(c, now)]
    for consent in theirs:
        if denies(consent, ask):
            return f"{consent.reference} denies it"
    if ask.purpose not in restrictive or any(permits(consent, ask) for consent in theirs):
        return ""
    return _why_not_agreed(record, ask, own, consents)


def _own(record: PatientRecord) -> Mapping[tuple[str, ...], str]:
    choices = (*record.opt_outs, *record.opt_ins)
    return {choice.pattern: consent_id(record.key, choice.pattern) for choice in choices}


def _excepted(record: PatientRecord, no: Choice, ask: Ask) -> bool:
    return any(speaks_to(yes, ask) and lifts(yes, no) for yes in record.opt_ins)


def _stands(
    own_id: str | None,
    choice: Choice,
    consents: Mapping[str, Fact],
    verdict: Literal["deny", "permit"] = "deny",
) -> bool:
    """Say whether nobody has taken the choice back on the FHIR server since it was made."""
    fact = consents.get(own_id) if own_id is not None else None
    if fact is None or fact.updated <= choice.since:
        return True
    ended = fact.status in _ENDED and verdict in fact.attributes.get("provision-type", ())
    return not (fact.gone or ended)


def _why_not_agreed(
    record: PatientRecord, ask: Ask, own: Mapping[tuple[str, ...], str], consents: Mapping[str, Fact]
) -> str:
    what = f"{ask.purpose} by {by(ask.channel)}"
    asked = False
    for yes in record.opt_ins:
        if yes.purpose == ask.purpose and speaks_to(yes, ask) and _reaches(yes, ask):
            if yes.source == PENDING:
                asked = True
            elif _stands(own.get(yes.pattern), yes, consents, "permit"):
                return ""
    return f"the yes to {what} has not been confirmed" if asked else f"nobody has agreed to {what}"


def _reaches(yes: Choice, ask: Ask) -> bool:
    """Say whether a yes is of this person, and of this contact point where both name one."""
    here = not is_point(yes.address) or ask.address in ("", yes.address)
    return yes.party == ask.party and here


def _words(no: Choice, ask: Ask) -> str:
    if no.party == STRANGER:
        return "somebody else answers at this contact point"
    who = no.party or "the patient"
    if no.party != ask.party:
        return f"{who} has opted out of {about(no)} at this contact point"
    return f"{who} has opted out of {about(no)}"

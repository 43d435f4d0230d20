"""Consent: whether a channel may be used for this patient, and what replies change about it."""

from __future__ import annotations

from msgspec.structs import replace

from shared.events import InboundReceived
from shared.fhir.choice import Choice
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.message.contact import normalise
from shared.message.handled import Handled
from shared.message.keywords import keyword
from shared.message.policy import DEFAULT, Policy
from shared.patient.messages import CHANNEL_WORDS, by, call_off
from shared.patient.record import PatientRecord, TimelineLine

_OTHER_SCOPES = frozenset({"research", "adr", "treatment"})
"""Scopes of Consent that are not about being written to (https://hl7.org/fhir/R4/valueset-consent-scope.html)."""


def why_forbidden(record: PatientRecord, channel: str, now: Instant) -> str:
    """Return why the patient must not be written to by this channel, or "".

    An opt-out holds for the whole channel, whichever of the patient's numbers it came from. A FHIR Consent
    that denies holds for every channel, or for those that its codes name (sms, email, whatsapp).
    """
    if any(opt_out.channel in (channel, "*") for opt_out in record.opt_outs):
        return f"the patient has opted out of {by(channel)}"
    for consent in record.facts.of("Consent").values():
        if _holds(consent, now) and _denies(consent, channel):
            return f"{consent.reference} denies it"
    return ""


def receive(
    record: PatientRecord, inbound: InboundReceived, now: Instant, policy: Policy = DEFAULT
) -> Handled:
    """Take in a reply: STOP ends the channel at once, START resumes it, anything else is for staff to read.

    A repeated STOP or START changes nothing and says nothing.
    """
    asked = keyword(inbound.text)
    if asked == "stop":
        return _stop(record, inbound, now, policy)
    if asked == "start":
        return _start(record, inbound, now)
    return Handled(record, (_line(inbound, now, f"Replied by {by(inbound.channel)}: {inbound.text}"),))


def _stop(record: PatientRecord, inbound: InboundReceived, now: Instant, policy: Policy) -> Handled:
    address = normalise(inbound.channel, inbound.sender, policy.region) or inbound.sender
    if any((o.channel, o.address) == (inbound.channel, address) for o in record.opt_outs):
        return Handled(record)
    opt_out = Choice(inbound.channel, address, inbound.at, "reply")
    record = replace(record, opt_outs=(*record.opt_outs, opt_out))
    reason = f"the patient has opted out of {by(inbound.channel)}"
    record, ended, lines = call_off(record, lambda m: m.channel == inbound.channel, reason, now)
    first = _line(inbound, now, f"Opted out of {by(inbound.channel)}: replied {inbound.text.strip()}")
    return Handled(record, (first, *lines), ended)


def _start(record: PatientRecord, inbound: InboundReceived, now: Instant) -> Handled:
    """Lift the channel's opt-outs, apart from later ones: replies can arrive out of order."""
    left = tuple(o for o in record.opt_outs if o.channel != inbound.channel or o.since > inbound.at)
    if left == record.opt_outs:
        return Handled(record)
    text = f"Opted in to {by(inbound.channel)} again: replied {inbound.text.strip()}"
    return Handled(replace(record, opt_outs=left), (_line(inbound, now, text),))


def _line(inbound: InboundReceived, now: Instant, text: str) -> TimelineLine:
    return TimelineLine(now, "inbound", text, (inbound.inbound_id,))


def _holds(consent: Fact, now: Instant) -> bool:
    if consent.gone or consent.status != "active":
        return False
    started = consent.start is None or consent.start <= now
    return started and (consent.end is None or now <= consent.end)


def _denies(consent: Fact, channel: str) -> bool:
    kept = consent.attributes
    if _words(kept.get("scope", ())) & _OTHER_SCOPES:
        return False
    named = _channels((*kept.get("provision-code", ()), *kept.get("provision-class", ())))
    verdict = _root_denies(consent) and (not named or channel in named)
    for exception in consent.components:
        if channel in _channels(exception.codes):
            verdict = exception.value.text == "deny"
    return verdict


def _root_denies(consent: Fact) -> bool:
    types = consent.attributes.get("provision-type", ())
    return "deny" in types or (not types and "optout" in _words(consent.attributes.get("policy-rule", ())))


def _channels(tokens: tuple[str, ...]) -> frozenset[str]:
    return _words(tokens) & CHANNEL_WORDS.keys()


def _words(tokens: tuple[str, ...]) -> frozenset[str]:
    return frozenset(token.rpartition("|")[2].casefold() for token in tokens)

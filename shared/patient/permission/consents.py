"""What a FHIR Consent says of being written to (https://hl7.org/fhir/R4/consent.html), read from its fact.

Its provision may name purposes (v3 PurposeOfUse), channels (sms, email, …) and topics of ours; what it does
not name, it means all of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.patient.messages import CHANNEL_WORDS
from shared.patient.permission.ask import Ask

CHANNEL_SYSTEM = "https://hearthline.example/fhir/CodeSystem/message-channel"
TOPIC_SYSTEM = "https://hearthline.example/fhir/CodeSystem/message-topic"
REASON_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
"""Purposes of use (https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html)."""

PURPOSE_OF: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("treat", "etreat", "caremgt", "coc", "treatds"), "care"),
        **dict.fromkeys(("hoperat", "patadmin", "memadmin", "patsfty", "prosen"), "operations"),
        **dict.fromkeys(("hmarkt",), "marketing"),
        **dict.fromkeys(
            ("hresch", "biorr", "clintrch", "clintrchnpc", "clintrchpc", "preclintrch"), "research"
        ),
    }
)
"""Purposes of ours by v3 code, in lower case."""

_ELSEWHERE = frozenset({"adr", "treatment"})
"""Scopes of Consent that are not about messages (https://hl7.org/fhir/R4/valueset-consent-scope.html)."""


def in_force(consent: Fact, now: Instant) -> bool:
    """Say whether it is active, and its period includes this instant; both its ends belong to it."""
    if consent.gone or consent.status != "active":
        return False
    started = consent.start is None or consent.start <= now
    return started and (consent.end is None or now <= consent.end)


def denies(consent: Fact, ask: Ask) -> bool:
    """Say whether a Consent is a no to this; an exception inside it beats what it says as a whole."""
    if not _concerns(consent, ask):
        return False
    verdict = _root_denies(consent) and _names(_root(consent), ask)
    for exception in consent.components:
        if _is_known(exception.codes) and _names(exception.codes, ask):
            verdict = exception.value.text == "deny"
    return verdict


def permits(consent: Fact, ask: Ask) -> bool:
    """Say whether a Consent is a yes to this very purpose, by name."""
    if not _concerns(consent, ask) or denies(consent, ask):
        return False
    named = (_root(consent),) if "permit" in consent.attributes.get("provision-type", ()) else ()
    exceptions = (part.codes for part in consent.components if part.value.text == "permit")
    of_scope = {"research"} & _words(consent.attributes.get("scope", ()))
    return any(
        _names(codes, ask) and ask.purpose in (_purposes(codes) | of_scope) for codes in (*named, *exceptions)
    )


def parties(consent: Fact) -> frozenset[str]:
    """Return about whom it is: the relatives who gave it or are named in it, else the patient ("")."""
    kept = consent.attributes
    named = (*kept.get("performer", ()), *kept.get("provision-actor", ()))
    return frozenset(each for each in named if each.startswith("RelatedPerson/")) or frozenset({""})


def _concerns(consent: Fact, ask: Ask) -> bool:
    scopes = _words(consent.attributes.get("scope", ()))
    if scopes & _ELSEWHERE or ("research" in scopes and ask.purpose != "research"):
        return False
    return ask.party in parties(consent)


def _root(consent: Fact) -> tuple[str, ...]:
    names = ("provision-purpose", "provision-code", "provision-class")
    return tuple(token for name in names for token in consent.attributes.get(name, ()))


def _root_denies(consent: Fact) -> bool:
    types = consent.attributes.get("provision-type", ())
    return "deny" in types or (not types and "optout" in _words(consent.attributes.get("policy-rule", ())))


def _names(tokens: Iterable[str], ask: Ask) -> bool:
    tokens = tuple(tokens)
    channels, topics, purposes = _channels(tokens), _topics(tokens), _purposes(tokens)
    if not purposes and any(token.startswith(f"{REASON_SYSTEM}|") for token in tokens):
        return False  # it is about payment, say, and no purpose of messages
    return (
        (not channels or ask.channel in channels)
        and (not topics or ask.topic in topics)
        and (not purposes or ask.purpose in purposes)
    )


def _is_known(tokens: tuple[str, ...]) -> bool:
    return bool(_channels(tokens) or _topics(tokens) or _purposes(tokens))


def _channels(tokens: Iterable[str]) -> frozenset[str]:
    return _words(tokens) & CHANNEL_WORDS.keys()


def _topics(tokens: Iterable[str]) -> frozenset[str]:
    prefix = f"{TOPIC_SYSTEM}|"
    return frozenset(token.removeprefix(prefix) for token in tokens if token.startswith(prefix))


def _purposes(tokens: Iterable[str]) -> frozenset[str]:
    return frozenset(PURPOSE_OF[word] for word in _words(tokens) if word in PURPOSE_OF)


def _words(tokens: Iterable[str]) -> frozenset[str]:
    return frozenset(token.rpartition("|")[2].casefold() for token in tokens)

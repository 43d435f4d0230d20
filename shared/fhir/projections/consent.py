"""Consent (https://hl7.org/fhir/R4/consent.html): what the patient permits or denies, to whom, for what."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.fact import Component, Value
from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    codings,
    concept_title,
    concepts,
    each,
    inside,
    patients,
    references,
    within,
    word,
    words,
)
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import UNKNOWN, instant, period


def _ends(value: object) -> tuple[str, ...]:
    """Read a Period as (start, end) in FHIR's text, "" for the open end."""
    found = word(inside(value, "start")), word(inside(value, "end"))
    return found if any(found) else ()


_ATTRIBUTES: Table = (
    ("scope", "scope", concepts),
    ("category", "category", concepts),
    ("dateTime", "date-time", words),
    ("performer", "performer", references),
    ("organization", "organization", references),
    ("policyRule", "policy-rule", concepts),
)
_PROVISION: Table = (
    ("type", "provision-type", words),
    ("period", "provision-period", _ends),
    ("actor", "provision-actor", within("reference", references)),
    ("actor", "provision-actor-role", within("role", concepts)),
    ("action", "provision-action", concepts),
    ("purpose", "provision-purpose", codings),
    ("class", "provision-class", codings),
    ("code", "provision-code", concepts),
)
ELEMENTS = {"Consent": named(_ATTRIBUTES, _PROVISION)}


def consent(resource: Json, zone: tzinfo) -> Draft:
    """Project a Consent: the root provision as attributes, the exceptions inside it as components."""
    rule = resource.get("provision")
    start, end = period(inside(rule, "period"), zone)
    if (start, end) == UNKNOWN:
        start = instant(resource.get("dateTime"), zone)
    kept = attributes(resource, _ATTRIBUTES)
    return Draft(
        patients=patients(resource.get("patient")),
        status=word(resource.get("status")),
        codes=tuple(dict.fromkeys(kept.get("category", ()) + kept.get("scope", ()))),
        start=start,
        end=end,
        components=_exceptions(rule),
        attributes=kept | attributes(rule, _PROVISION) if isinstance(rule, dict) else kept,
        title=concept_title(resource.get("category")),
    )


def _exceptions(rule: object) -> tuple[Component, ...]:
    """Read the nested provisions, one level deep: what each is about, and "permit" or "deny" as its text."""
    nested = each(inside(rule, "provision"))
    return tuple(
        Component(_about(item), Value(codes=within("reference", references)(item.get("actor")), text=kind))
        for item in nested
        if (kind := word(item.get("type")))
    )


def _about(item: Json) -> tuple[str, ...]:
    said = concepts(item.get("action")), codings(item.get("purpose")), codings(item.get("class"))
    return tuple(dict.fromkeys(token for part in (*said, concepts(item.get("code"))) for token in part))

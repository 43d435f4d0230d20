"""Criteria on what a patient is, as conditions on the columns of `patients`; none is ever NULL."""

from __future__ import annotations

from shared.segment.criteria.address import AddressCriterion, AddressPattern
from shared.segment.criteria.extension import (
    BirthSexCriterion,
    EthnicityCriterion,
    ExtensionCriterion,
    PatientCriterion,
    RaceCriterion,
)
from shared.segment.criteria.person import (
    ActiveCriterion,
    DeceasedCriterion,
    GenderCriterion,
    IdentifierCriterion,
    LanguageCriterion,
    OrganizationCriterion,
    PractitionerCriterion,
)
from shared.segment.criterion import Context
from shared.segment.sql.facts import element
from shared.segment.sql.text import all_of, among, any_of, holds_any, literal, matched


def _begins(expression: str, beginnings: list[str]) -> str:
    return any_of(f"starts_with({expression}, {literal(beginning)})" for beginning in beginnings)


def gender(criterion: GenderCriterion) -> str:
    """See GenderCriterion."""
    return among("p.gender", criterion.gender)


def language(criterion: LanguageCriterion) -> str:
    """See LanguageCriterion."""
    if "*" in criterion.language:
        return "(p.language <> '')"
    spoken = _begins("(p.language || '-')", [f"{tag.lower()}-" for tag in criterion.language])
    return f"(p.language <> '' AND {spoken})"


def active(criterion: ActiveCriterion) -> str:
    """See ActiveCriterion."""
    return "p.active" if criterion.active else "NOT p.active"


def deceased(criterion: DeceasedCriterion) -> str:
    """See DeceasedCriterion."""
    return "p.deceased" if criterion.deceased else "NOT p.deceased"


def organization(criterion: OrganizationCriterion) -> str:
    """See OrganizationCriterion."""
    return among("p.organization", criterion.managing_organization)


def practitioner(criterion: PractitionerCriterion) -> str:
    """See PractitionerCriterion."""
    return holds_any("p.practitioners", criterion.general_practitioner)


def identifier(criterion: IdentifierCriterion) -> str:
    """See IdentifierCriterion."""
    exact = holds_any("p.identifiers", criterion.identifier)
    systems = [found for found in criterion.identifier if found.endswith("|")]
    return any_of([exact, _some("p.identifiers", _begins("w", systems))] if systems else [exact])


def _some(expression: str, test: str) -> str:
    """Test whether something in a list is so."""
    return f"(len(list_filter({expression}, lambda w: {test})) > 0)"


def address(criterion: AddressCriterion) -> str:
    """See AddressCriterion."""
    return _some("p.addresses", all_of(_lives(name, criterion.address) for name in _PLACES))


_PLACES = ("postal_code", "city", "state", "country")


def _lives(name: str, pattern: AddressPattern) -> str:
    words = [word.lower() for word in getattr(pattern, name) or ()]
    if not words:
        return all_of([])
    beginnings = [word[:-1] for word in words if word.endswith("*")]
    found = any_of([among(f"w.{name}", words), _begins(f"w.{name}", beginnings)])
    return f"(w.{name} <> '' AND {found})"


def race(criterion: RaceCriterion) -> str:
    """See RaceCriterion."""
    return _said("race", criterion.race)


def ethnicity(criterion: EthnicityCriterion) -> str:
    """See EthnicityCriterion."""
    return _said("ethnicity", criterion.ethnicity)


def birth_sex(criterion: BirthSexCriterion) -> str:
    """See BirthSexCriterion."""
    return _said("birth-sex", criterion.birth_sex)


def _said(name: str, wanted: tuple[str, ...]) -> str:
    written = f"list_transform(p.attributes['{name}-text'], lambda w: lower(w))"
    texts = holds_any(written, (word.lower() for word in wanted))
    return any_of([matched(f"p.attributes['{name}']", wanted), texts])


def patient(criterion: PatientCriterion, context: Context) -> str:
    """See PatientCriterion."""
    inside = context.inside(".patient")
    return all_of(
        element(f"p.attributes[{literal(word.replace('_', '-'))}]", wanted, inside.inside(f".{word}"))
        for word, wanted in criterion.patient.items()
    )


def extension(criterion: ExtensionCriterion) -> str:
    """See ExtensionCriterion."""
    pattern = criterion.extension
    expression = f"p.attributes[{literal(f'extension:{pattern.url}')}]"
    if pattern.value is not None:
        return matched(expression, pattern.value)
    there = f"coalesce(len({expression}) > 0, false)"
    return there if pattern.exists else f"NOT {there}"

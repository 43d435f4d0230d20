"""Every criterion there is, as one union: a mapping with one word picks its family.

When you add a criterion: a family in this folder, a line in FAMILIES and in AnyCriterion, an example in
docs/segments.md (a test runs it).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Tag

from shared.segment.criteria.address import AddressCriterion
from shared.segment.criteria.age import AgeCriterion
from shared.segment.criteria.birth import BirthDateCriterion, BirthMonthCriterion
from shared.segment.criteria.death import DeathCriterion
from shared.segment.criteria.engagement import EngagementCriterion
from shared.segment.criteria.extension import (
    BirthSexCriterion,
    EthnicityCriterion,
    ExtensionCriterion,
    PatientCriterion,
    RaceCriterion,
)
from shared.segment.criteria.logic import AllCriterion, AnyOfCriterion, NotCriterion
from shared.segment.criteria.member import ListCriterion, MemberCriterion
from shared.segment.criteria.person import (
    ActiveCriterion,
    DeceasedCriterion,
    GenderCriterion,
    IdentifierCriterion,
    LanguageCriterion,
    OrganizationCriterion,
    PractitionerCriterion,
)
from shared.segment.criteria.reach import ReachableCriterion
from shared.segment.criteria.resource import HasCriterion, HasNoCriterion
from shared.segment.criteria.season import SeasonCriterion
from shared.segment.criterion import Criterion

FAMILIES: dict[str, type[Criterion]] = {
    "all": AllCriterion,
    "any": AnyOfCriterion,
    "not": NotCriterion,
    "has": HasCriterion,
    "has_no": HasNoCriterion,
    "member_of": MemberCriterion,
    "in_list": ListCriterion,
    "age": AgeCriterion,
    "birth_date": BirthDateCriterion,
    "birth_month": BirthMonthCriterion,
    "gender": GenderCriterion,
    "language": LanguageCriterion,
    "address": AddressCriterion,
    "active": ActiveCriterion,
    "deceased": DeceasedCriterion,
    "died": DeathCriterion,
    "managing_organization": OrganizationCriterion,
    "general_practitioner": PractitionerCriterion,
    "identifier": IdentifierCriterion,
    "reachable_by": ReachableCriterion,
    "race": RaceCriterion,
    "ethnicity": EthnicityCriterion,
    "birth_sex": BirthSexCriterion,
    "patient": PatientCriterion,
    "extension": ExtensionCriterion,
    "engagement": EngagementCriterion,
    "season": SeasonCriterion,
}
"""The criteria by their word."""

MARK = "~"
"""Begins the tags, so that they can be told from fields in the path of a Problem."""


def _family(value: object) -> str | None:
    if isinstance(value, Mapping) and len(value) == 1:
        return f"{MARK}{next(iter(value))}"
    return next((MARK + word for word, model in FAMILIES.items() if isinstance(value, model)), None)


type AnyCriterion = Annotated[
    Annotated[AllCriterion, Tag("~all")]
    | Annotated[AnyOfCriterion, Tag("~any")]
    | Annotated[NotCriterion, Tag("~not")]
    | Annotated[HasCriterion, Tag("~has")]
    | Annotated[HasNoCriterion, Tag("~has_no")]
    | Annotated[MemberCriterion, Tag("~member_of")]
    | Annotated[ListCriterion, Tag("~in_list")]
    | Annotated[AgeCriterion, Tag("~age")]
    | Annotated[BirthDateCriterion, Tag("~birth_date")]
    | Annotated[BirthMonthCriterion, Tag("~birth_month")]
    | Annotated[GenderCriterion, Tag("~gender")]
    | Annotated[LanguageCriterion, Tag("~language")]
    | Annotated[AddressCriterion, Tag("~address")]
    | Annotated[ActiveCriterion, Tag("~active")]
    | Annotated[DeceasedCriterion, Tag("~deceased")]
    | Annotated[DeathCriterion, Tag("~died")]
    | Annotated[OrganizationCriterion, Tag("~managing_organization")]
    | Annotated[PractitionerCriterion, Tag("~general_practitioner")]
    | Annotated[IdentifierCriterion, Tag("~identifier")]
    | Annotated[ReachableCriterion, Tag("~reachable_by")]
    | Annotated[RaceCriterion, Tag("~race")]
    | Annotated[EthnicityCriterion, Tag("~ethnicity")]
    | Annotated[BirthSexCriterion, Tag("~birth_sex")]
    | Annotated[PatientCriterion, Tag("~patient")]
    | Annotated[ExtensionCriterion, Tag("~extension")]
    | Annotated[EngagementCriterion, Tag("~engagement")]
    | Annotated[SeasonCriterion, Tag("~season")],
    Discriminator(_family),
]
"""Any criterion: {"word": …} with exactly one word of FAMILIES."""

for _nesting in (AllCriterion, AnyOfCriterion, NotCriterion):
    _nesting.model_rebuild(_types_namespace={"AnyCriterion": AnyCriterion})

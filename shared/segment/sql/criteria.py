"""Every criterion as a condition on a row `p` of `patients`; the counterpart of shared.segment.criteria.

When you add a criterion: say it here in SQL too; tests/unit/segment/test_sql_families.py asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from shared.segment.pattern import ResourcePattern
from shared.segment.sql import ages, deaths, people, reach
from shared.segment.sql.query import Build
from shared.segment.sql.selecting import holding
from shared.segment.sql.text import EVERYBODY, NOBODY, all_of, any_of, negated

type Say = Callable[[Any, Build], str]


def condition(criterion: Criterion, build: Build) -> str:
    """Say a criterion in SQL; what cannot be said yet is a Problem. Never NULL."""
    say = SAID.get(type(criterion))
    if say is None:
        word = next(iter(criterion.model_fields_set)).rstrip("_")
        build.context.fault(f"{word} cannot be said in SQL yet", ", ".join(sorted(words())))
        return NOBODY
    return say(criterion, build)


def _all(criterion: AllCriterion, build: Build) -> str:
    return all_of(condition(c, build.inside(f".all[{n}]")) for n, c in enumerate(criterion.all_))


def _any(criterion: AnyOfCriterion, build: Build) -> str:
    return any_of(condition(c, build.inside(f".any[{n}]")) for n, c in enumerate(criterion.any_))


def _not(criterion: NotCriterion, build: Build) -> str:
    return negated(condition(criterion.not_, build.inside(".not")))


def _has(pattern: ResourcePattern, build: Build) -> str:
    return f"(p.patient IN ({holding(pattern, build)}))"


_EITHER = {True: EVERYBODY, False: NOBODY}

SAID: dict[type[Criterion], Say] = {
    AllCriterion: _all,
    AnyOfCriterion: _any,
    NotCriterion: _not,
    HasCriterion: lambda c, build: _has(c.has, build.inside(".has")),
    HasNoCriterion: lambda c, build: negated(_has(c.has_no, build.inside(".has_no"))),
    EngagementCriterion: lambda c, build: _has(c.resource_pattern(), build),
    AgeCriterion: ages.age,
    BirthDateCriterion: ages.birth_date,
    BirthMonthCriterion: ages.birth_month,
    GenderCriterion: lambda c, build: people.gender(c),
    LanguageCriterion: lambda c, build: people.language(c),
    AddressCriterion: lambda c, build: people.address(c),
    ActiveCriterion: lambda c, build: people.active(c),
    DeceasedCriterion: lambda c, build: people.deceased(c),
    DeathCriterion: deaths.died,
    OrganizationCriterion: lambda c, build: people.organization(c),
    PractitionerCriterion: lambda c, build: people.practitioner(c),
    IdentifierCriterion: lambda c, build: people.identifier(c),
    RaceCriterion: lambda c, build: people.race(c),
    EthnicityCriterion: lambda c, build: people.ethnicity(c),
    BirthSexCriterion: lambda c, build: people.birth_sex(c),
    ExtensionCriterion: lambda c, build: people.extension(c),
    PatientCriterion: lambda c, build: people.patient(c, build.context),
    ReachableCriterion: lambda c, build: reach.reachable(c, build.now),
    SeasonCriterion: lambda c, build: _EITHER[c.season.holds(build.context.wall, build.now)[0]],
}
"""How each family is said; member_of is added by shared.segment.sql.members, which is made of these."""


def words() -> list[str]:
    """Return the words of the families that can be said."""
    return [next(iter(family.model_fields)).rstrip("_") for family in SAID]

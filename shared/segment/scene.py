"""What a pattern is looked at in: a record at an instant, and the matched resources that have names there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import TYPE_CHECKING

from msgspec import Struct

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.birth import age_reached
from shared.segment.edge import Bindings
from shared.segment.wall import NEVER, Wall

if TYPE_CHECKING:
    from shared.segment.criterion import Context

THIS = "this"
"""The resource that a `with` or `without` is about."""


class Scene(Struct, frozen=True, eq=False):
    """A record at an instant; `bound` names the resources that the pattern lies inside of."""

    record: PatientRecord
    now: Instant
    bound: Mapping[str, Fact] = {}

    def binding(self, fact: Fact, name: str | None) -> Scene:
        """Step into a resource: it is "this", and goes by its own name too."""
        named = {THIS: fact} if name is None else {THIS: fact, name: fact}
        return Scene(self.record, self.now, {**self.bound, **named})


class Found(Struct, frozen=True, eq=False):
    """What a pattern finds, and the first instant at which that could change with no new data."""

    facts: list[Fact]
    until: Instant = NEVER
    asked: list[Fact] = []
    """Those that `which` chose, whatever their values."""


type Select = Callable[[Scene], Found]
type Views = Callable[[Scene], tuple[list[Bindings], Instant]]
"""Every way to give the names of a pattern their resources, and until when these are all."""


def views(named: frozenset[str], context: Context) -> Views:
    """Compile what gives names to resources; a name that nothing has is a Problem."""
    for name in sorted(named - context.names - context.matches.keys()):
        known = ", ".join(sorted(context.names | context.matches.keys())) or "a name under matches"
        context.fault(f"there is no match {name}", known)
    order = tuple(sorted(named))

    def give(scene: Scene) -> tuple[list[Bindings], Instant]:
        options, until = [], NEVER
        for name in order:
            if name in scene.bound:
                options.append([scene.bound[name]])
            else:
                found = context.matches[name].select(scene)
                options.append(found.facts)
                until = min(until, found.until)
        return [dict(zip(order, chosen, strict=True)).get for chosen in product(*options)], until

    return give


def hanging[T](
    named: frozenset[str], context: Context, resolve: Callable[[Bindings, Instant], T | None]
) -> Callable[[Scene], tuple[list[T], Instant]]:
    """Compile what hangs on names and on the day of birth: what `resolve` makes of every way to choose them.

    Beside it the instant until when these are all.
    """
    give, birth = views(named, context), births(context.wall)

    def each(scene: Scene) -> tuple[list[T], Instant]:
        ways, until = give(scene)
        born = birth(scene.record)
        found = (resolve(bound_to, born) for bound_to in ways)
        return [one for one in found if one is not None], until

    return each


def births(wall: Wall) -> Callable[[PatientRecord], Instant]:
    """Return what tells when a patient's day of birth began; NEVER where that is not known."""
    reached = age_reached(wall, 0)
    return lambda record: NEVER if record.person is None else reached(record.person.birth_date)


def remembered(select: Select) -> Select:
    """Remember what was found last: many windows hang on the same match of the same record."""
    memo: list[tuple[PatientRecord, Instant, Found]] = []

    def recalled(scene: Scene) -> Found:
        if memo and memo[0][0] is scene.record and memo[0][1] == scene.now:
            return memo[0][2]
        found = select(Scene(scene.record, scene.now))
        memo[:] = [(scene.record, scene.now, found)]
        return found

    return recalled

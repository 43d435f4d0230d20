"""Patterns that do not stand alone: hung on other matches, linked, nested, counted by days or time.

`select` finds the facts, as of an instant, with the first instant at which they could be others; the
criteria in shared.segment.criteria.resource and the named matches of a definition are made of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.fhir.kept import ELEMENTS
from shared.fhir.lens import EMPTY, Lens, union
from shared.patient.record import PatientRecord
from shared.segment.amounts import Enough, enough
from shared.segment.criterion import Context, Touch
from shared.segment.element import element_name
from shared.segment.pattern import ResourcePattern
from shared.segment.picking import chooser
from shared.segment.placing import Place, placer
from shared.segment.scene import THIS, Found, Scene, Select, remembered
from shared.segment.selection import accepter, coded_as, finder, keeper, touches

_ANY_ELEMENT = frozenset().union(*ELEMENTS.values())

type Source = Callable[[Scene], Found]


@dataclass(frozen=True, slots=True)
class Selector:
    """A pattern, ready to run."""

    select: Select
    enough: Enough
    touches: frozenset[Touch]

    def holds(self, scene: Scene) -> tuple[bool, Instant]:
        """Say whether it finds enough, and until when that surely stays so with no new data."""
        found = self.select(scene)
        answer, until = self.enough(scene, found)
        return answer, min(until, found.until)


def compile_match(pattern: ResourcePattern, context: Context) -> Selector:
    """Compile a named match: it is found once for all that refer to it."""
    made = compile_selector(pattern, context)
    return Selector(remembered(made.select), made.enough, made.touches)


def compile_selector(pattern: ResourcePattern, context: Context) -> Selector:
    """Compile any pattern; mistakes go to `context.problems`."""
    unions = _each(pattern.any_of, "any_of", context)
    inner = context.naming({THIS, *([pattern.as_] if pattern.as_ else [])})
    wanted, unwanted = _each(pattern.with_, "with", inner), _each(pattern.without, "without", inner)
    within = [*((True, selector) for selector in wanted), *((False, selector) for selector in unwanted)]
    source, seen = _source(pattern, context, unions)
    accept = accepter(pattern, context)
    before = accept if pattern.which is None else None
    place = placer(pattern, context)
    choose = chooser(pattern.which, context.inside(".which")) if pattern.which else None

    def select(scene: Scene) -> Found:
        found = source(scene)
        facts = found.facts if before is None else [fact for fact in found.facts if before(fact)]
        facts, until = _placed(place, scene, facts, found.until)
        for wanted, selector in within:
            facts, until = _related(selector, wanted, scene, facts, until, pattern.as_)
        asked = facts if choose is None else choose(facts)
        kept = asked if choose is None or accept is None else [fact for fact in asked if accept(fact)]
        return Found(kept, until, asked)

    seen = seen.union(*(s.touches for s in (*unions, *wanted, *unwanted)), _touched(pattern, context))
    return Selector(select, enough(pattern, context), seen)


def _each(patterns: tuple[ResourcePattern, ...] | None, word: str, context: Context) -> list[Selector]:
    return [compile_selector(p, context.inside(f".{word}[{n}]")) for n, p in enumerate(patterns or ())]


def _placed(
    place: Place | None, scene: Scene, facts: list[Fact], until: Instant
) -> tuple[list[Fact], Instant]:
    if place is None or not facts:
        return facts, until
    placed = place(scene, facts)
    return placed.facts, min(until, placed.until)


def _related(
    selector: Selector, wanted: bool, scene: Scene, facts: list[Fact], until: Instant, name: str | None
) -> tuple[list[Fact], Instant]:
    """Keep the facts from which the inner pattern finds something, or nothing."""
    kept = []
    for fact in facts:
        holds, further = selector.holds(scene.binding(fact, name))
        until = min(until, further)
        if holds == wanted:
            kept.append(fact)
    return kept, until


def _source(
    pattern: ResourcePattern, context: Context, unions: list[Selector]
) -> tuple[Source, frozenset[Touch]]:
    """Compile where the facts come from: the record, a link, a named match or a union of patterns."""
    tokens, keep = pattern.tokens(context), keeper(pattern, context)
    if pattern.type is not None:
        _check_links(pattern, context)
        return _recorded(pattern, tokens, keep), touches(pattern, tokens)
    chosen = coded_as(pattern, tokens)
    if pattern.from_ is not None:
        base, seen = _named(pattern.from_, context.inside(".from"))
    else:
        base, seen = _united([selector.select for selector in unions]), frozenset()

    def source(scene: Scene) -> Found:
        found, facts = base(scene), scene.record.facts
        return Found([fact for fact in found.facts if chosen(facts, fact) and keep(fact)], found.until)

    return source, seen


def _check_links(pattern: ResourcePattern, context: Context) -> None:
    """Find a link to nothing, or by an element that no type has; what this one has shows in what it finds."""
    if (pattern.link or pattern.linked_by) and THIS not in context.names:
        context.fault("links to nothing here", "link and linked_by only inside with and without")
    for word, name in (("link", pattern.link), ("linked_by", pattern.linked_by)):
        if name is not None and element_name(name) not in _ANY_ELEMENT:
            known = ", ".join(sorted(_ANY_ELEMENT))
            context.inside(f".{word}").fault("is no element that is kept", known)


def _named(name: str, context: Context) -> tuple[Source, frozenset[Touch]]:
    if name in context.names:
        return lambda scene: Found([scene.bound[name]]), frozenset()
    match = context.matches.get(name)
    if match is None:
        context.fault(
            f"there is no match {name}", ", ".join(sorted(context.matches)) or "a name under matches"
        )
        return lambda scene: Found([]), frozenset()
    return match.select, match.touches


def _united(parts: list[Select]) -> Source:
    def source(scene: Scene) -> Found:
        found = [part(scene) for part in parts]
        facts = {fact.reference: fact for each in found for fact in each.facts}
        return Found(list(facts.values()), min(each.until for each in found))

    return source


def _recorded(pattern: ResourcePattern, tokens: frozenset[str], keep: Callable[[Fact], bool]) -> Source:
    find, chosen, kind = finder(pattern, tokens), coded_as(pattern, tokens), pattern.type or ""
    if pattern.link is None and pattern.linked_by is None:
        return lambda scene: Found([fact for fact in find(scene.record.facts) if keep(fact)])
    if pattern.link is not None:
        link = element_name(pattern.link)

        def linked(scene: Scene) -> Found:
            found = _referred(scene.record, scene.bound[THIS].attributes.get(link, ()), kind)
            return Found([f for f in found if chosen(scene.record.facts, f) and keep(f)])

        return linked
    back = element_name(pattern.linked_by or "")

    def linking(scene: Scene) -> Found:
        this = scene.bound[THIS].reference
        facts = find(scene.record.facts)
        return Found([f for f in facts if this in f.attributes.get(back, ()) and keep(f)])

    return linking


def _referred(record: PatientRecord, references: tuple[str, ...], kind: str) -> list[Fact]:
    facts = (record.facts.get(ref) for ref in dict.fromkeys(references) if ref.startswith(f"{kind}/"))
    return [fact for fact in facts if fact is not None and not fact.gone]


def _touched(pattern: ResourcePattern, context: Context) -> frozenset[Touch]:
    """Return what else it reads: the birth date, and the matches that its windows hang on."""
    windows = [window for _, window in pattern.when.windows()] if pattern.when else []
    measures = [m.within for m in (pattern.covered_days, pattern.total_time) if m and m.within]
    named = frozenset().union(*(window.named for window in (*windows, *measures)))
    seen = {("Patient", "birth_date", "")} if any(w.hangs for w in (*windows, *measures)) else set()
    return frozenset(seen) | context.touches_of(named)


def lens_of(pattern: ResourcePattern) -> Lens:
    """Return the FHIRPath filters of a pattern and of those inside it."""
    own = Lens({pattern.type: frozenset({pattern.fhirpath})}) if pattern.type and pattern.fhirpath else EMPTY
    return union((own, *(lens_of(inner) for _, inner in pattern.inner())))

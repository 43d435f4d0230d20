"""Finding the facts that a pattern asks for, whatever the time: codes, status and the other words."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shared.fhir.fact import Fact
from shared.fhir.kept import ELEMENTS
from shared.fhir.lens import MARKS, mark_of
from shared.patient.facts import Facts
from shared.segment.codes import matcher
from shared.segment.criterion import Context, Touch
from shared.segment.element import element_name
from shared.segment.pattern import ComponentPattern, ResourcePattern
from shared.segment.types import DISPROVED, NEVER_COUNTS, PROHIBITABLE, VERIFIED_TYPES

type Keep = Callable[[Fact], bool]
type Find = Callable[[Facts], Iterable[Fact]]
type Chosen = Callable[[Facts, Fact], bool]


def finder(pattern: ResourcePattern, tokens: frozenset[str]) -> Find:
    """Compile the way to the facts of the type and codes; tombstones are never among them."""
    kind, texts = pattern.type or "", pattern.texts
    if not pattern.chooses:
        return lambda facts: [fact for fact in facts.of(kind).values() if not fact.gone]
    chosen = coded_as(pattern, tokens)
    if texts:
        return lambda facts: _scan(facts, kind, chosen)
    if len(tokens) == 1:
        (token,) = tokens
        return lambda facts: facts.coded(kind, token)
    return lambda facts: _looked_up(facts, kind, tokens, chosen)


def _scan(facts: Facts, kind: str, chosen: Chosen) -> list[Fact]:
    return [fact for fact in facts.of(kind).values() if not fact.gone and chosen(facts, fact)]


def _looked_up(facts: Facts, kind: str, tokens: frozenset[str], chosen: Chosen) -> Iterable[Fact]:
    """Look up each code, or hold each fact against the set, whichever are fewer; each fact comes once."""
    if len(tokens) > len(facts.of(kind)):
        return _scan(facts, kind, chosen)
    return {fact.resource_id: fact for code in tokens for fact in facts.coded(kind, code)}.values()


def coded_as(pattern: ResourcePattern, tokens: frozenset[str]) -> Chosen:
    """Compile the test of one fact's codes and text; those of a referenced Medication count as its own."""
    texts = pattern.texts

    def chosen(facts: Facts, fact: Fact) -> bool:
        if not tokens.isdisjoint(facts.codes_of(fact)):
            return True
        return bool(texts) and any(text in facts.title_of(fact).lower() for text in texts)

    return chosen if pattern.chooses else lambda facts, fact: True


def keeper(pattern: ResourcePattern, context: Context) -> Keep:
    """Compile the words on status and attributes, with the safe defaults of the type."""
    tests = [*_status(pattern)]
    if pattern.type in VERIFIED_TYPES:
        tests.append(_verified(pattern))
    if pattern.type is not None:
        tests += _ordered(pattern)
    tests += [_attribute(name, words) for name, words in pattern.attributes.items()]
    tests += _elements(pattern, context)
    if pattern.fhirpath:
        mark = f"+{mark_of(pattern.fhirpath)}"
        tests.append(lambda fact: mark in fact.attributes.get(MARKS, ()))
    return both(tests)


def both(tests: list[Keep]) -> Keep:
    """Join tests into one."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda fact: first(fact) and second(fact)
    return lambda fact: all(test(fact) for test in tests)


def _status(pattern: ResourcePattern) -> Iterable[Keep]:
    if pattern.status:
        wanted = frozenset(pattern.status)
        yield lambda fact: fact.status in wanted
    elif pattern.type is not None:
        never = NEVER_COUNTS[pattern.type]
        yield lambda fact: fact.status not in never


def _verified(pattern: ResourcePattern) -> Keep:
    if pattern.verification_status:
        wanted = frozenset(pattern.verification_status)
        return lambda fact: not wanted.isdisjoint(fact.attributes.get("verification-status", ()))
    return lambda fact: DISPROVED.isdisjoint(fact.attributes.get("verification-status", ()))


def _ordered(pattern: ResourcePattern) -> Iterable[Keep]:
    """Tell orders to do something from orders not to."""
    if pattern.not_to:
        yield lambda fact: "do-not-perform" in fact.attributes
    elif pattern.type in PROHIBITABLE:
        yield lambda fact: "do-not-perform" not in fact.attributes


def _attribute(name: str, words: tuple[str, ...]) -> Keep:
    matches = matcher(words)
    return lambda fact: matches(fact.attributes.get(name, ()))


def _elements(pattern: ResourcePattern, context: Context) -> Iterable[Keep]:
    for word, wanted in (pattern.elements or {}).items():
        name = element_name(word)
        inside = context.inside(f".elements.{word}")
        known = ELEMENTS.get(pattern.type or "")
        if known is not None and name not in known:
            inside.fault("is no element that is kept", ", ".join(sorted(known)) or "none of this type")
        yield _element(name, wanted.judge(inside))


def _element(name: str, judge: Callable[[tuple[str, ...]], bool]) -> Keep:
    return lambda fact: judge(fact.attributes.get(name, ()))


def accepter(pattern: ResourcePattern, context: Context) -> Keep | None:
    """Compile the words on value and components; None where there are none."""
    tests: list[Keep] = []
    if pattern.value is not None:
        judge = pattern.value.judge(context.inside(".value"))
        tests.append(lambda fact: judge(fact.value))
    for number, component in enumerate(pattern.component or ()):
        tests.append(_component(component, context.inside(f".component[{number}]")))
    return both(tests) if tests else None


def _component(pattern: ComponentPattern, context: Context) -> Keep:
    tokens = pattern.tokens(context)
    judge = None if pattern.value is None else pattern.value.judge(context.inside(".value"))

    def accepts(fact: Fact) -> bool:
        for part in fact.components:  # half the time that a generator takes
            if not tokens.isdisjoint(part.codes) and (judge is None or judge(part.value)):
                return True
        return False

    return accepts


def touches(pattern: ResourcePattern, tokens: frozenset[str]) -> frozenset[Touch]:
    """Return what a changed fact must carry to concern the pattern: one word of it, the narrowest."""
    kind = pattern.type or ""
    if tokens and not pattern.text:
        return frozenset((kind, "code", token) for token in tokens)
    for name, words in pattern.attributes.items():
        return frozenset((kind, name, word.rpartition("|")[2]) for word in words)
    if pattern.status:
        return frozenset((kind, "status", word) for word in pattern.status)
    return frozenset({(kind, "", "")})

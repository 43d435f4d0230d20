"""What definitions name in each other: who depends on whose publication, and what nobody published.

Asked by shared.catalogue when documents are checked together, and when value sets are looked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from pydantic import BaseModel

from shared.document import Document
from shared.errors import Problem
from shared.fhir.canonical import canonical, version_key
from shared.journey.campaign import CampaignDefinition
from shared.journey.definition import JourneyDefinition
from shared.journey.steps.branch import BranchStep, ResultIs
from shared.journey.steps.survey import SurveyStep
from shared.journey.survey.dialogue import ENDS
from shared.journey.survey.questionnaire import Questionnaire
from shared.journey.survey.scoring import categories
from shared.journey.uses import uses
from shared.nearest import nearest
from shared.segment.compiled import CompiledSegment
from shared.segment.definition import SegmentDefinition

type Names = Mapping[str, Collection[str]]
"""What is published, by kind: urls and "url|version"s."""


def dated(
    compiled: Iterable[CompiledSegment],
    definitions: Iterable[SegmentDefinition],
    documents: Iterable[Document],
    since: Mapping[str, int],
    otherwise: int,
) -> Iterator[CompiledSegment]:
    """Note on each segment the latest publication that could have changed what it says.

    That is its own, that of the value sets and lists which it uses (of a url without version: of the latest
    version) and of the segments that it refers to, which come before it.
    """
    codes = used_names(documents)
    used = {definition.canonical: set(named(definition)) for definition in definitions}
    known: dict[str, int] = {}
    for segment in compiled:
        names = {f"segment {segment.canonical}", *(codes[u] for u in used[segment.canonical] if u in codes)}
        own = [since.get(name, otherwise) for name in names]
        known[segment.url] = max(own + [known[url] for url in segment.depends if url in known])
        yield replace(segment, published_in=known[segment.url])


def used_names(documents: Iterable[Document]) -> dict[str, str]:
    """Return the canonical name of the document that a reference to a value set or a list finds."""
    found: dict[str, str] = {}
    latest: dict[str, tuple[str, str]] = {}
    for document in documents:
        if document.kind in ("valueset", "list"):
            url, version = str(document.body.get("url", "")), str(document.body.get("version", ""))
            found[canonical(url, version)] = document.canonical
            if url not in latest or version_key(version) > version_key(latest[url][0]):
                latest[url] = version, document.canonical
    return found | {url: name for url, (_, name) in latest.items()}


def named(node: object, fields: Collection[str] = ("valueset", "in_list")) -> Iterator[str]:
    """Yield what a definition names in such fields, at whatever depth: value sets and lists."""
    if isinstance(node, BaseModel):
        for name, value in node:
            if name in fields:
                yield from [value] if isinstance(value, str) else value or ()
            else:
                yield from named(value, fields)
    elif isinstance(node, Mapping):
        yield from (name for value in node.values() for name in named(value, fields))
    elif isinstance(node, list | tuple):
        yield from (name for item in node for name in named(item, fields))


def names_of(documents: Iterable[Document]) -> Names:
    """Return what may be referred to, by kind: each by its url, and by "url|version"."""
    found: dict[str, set[str]] = {}
    for document in documents:
        url, version = str(document.body.get("url", "")), str(document.body.get("version", ""))
        found.setdefault(document.kind, set()).update((url, canonical(url, version)))
    return found


def unresolved(journeys: Iterable[tuple[str, JourneyDefinition]], known: Names) -> Iterator[Problem]:
    """Find what journeys name and nobody published."""
    for where, journey in journeys:
        for used in uses(journey):
            if used.name not in known.get(used.kind, ()):
                told = f"there is no {used.kind} {used.name}"
                close = _nearest(used.name, known.get(used.kind, ()))
                yield Problem(f"{where}: {used.path}", told, close or f"a published {used.kind}")


def unscored(
    journeys: Iterable[tuple[str, JourneyDefinition]], questionnaires: Mapping[str, Questionnaire]
) -> Iterator[Problem]:
    """Find branches that ask of a survey what it never comes to."""
    for where, journey in journeys:
        surveys = {step.id: step for step in journey.steps if isinstance(step, SurveyStep)}
        for path, asked in _asked(journey):
            step = surveys.get(asked.step)
            asks = questionnaires.get(step.questionnaire) if step is not None else None
            possible = (*categories(asks), *ENDS) if asks is not None else asked.was
            for each in asked.was:
                if each not in possible:
                    told = f"{asked.step} never comes to {each}"
                    yield Problem(f"{where}: {path}.result.is", told, f"one of {', '.join(possible)}")


def _asked(journey: JourneyDefinition) -> Iterator[tuple[str, ResultIs]]:
    for n, step in enumerate(journey.steps):
        for m, case in enumerate(step.cases if isinstance(step, BranchStep) else ()):
            if case.when.result is not None:
                yield f"steps[{n}].cases[{m}].when", case.when.result


def latest_named(
    questionnaires: Iterable[Questionnaire],
) -> dict[str, Questionnaire]:
    """Return questionnaires by "url|version", and by url the latest version of each."""
    ordered = sorted(questionnaires, key=lambda each: version_key(each.version))
    return {each.url: each for each in ordered} | {each.canonical: each for each in ordered}


def unresolved_by_campaigns(
    campaigns: Iterable[tuple[str, CampaignDefinition]], known: Names
) -> Iterator[Problem]:
    """Find what campaigns name and nobody published."""
    people = {*known.get("segment", ()), *known.get("list", ())}
    for where, campaign in campaigns:
        if campaign.journey not in known.get("journey", ()):
            told = f"there is no journey {campaign.journey}"
            yield Problem(f"{where}: journey", told, "a published journey")
        for path, url in campaign.named:
            if url not in people:
                told = f"there is no segment or list {url}"
                yield Problem(f"{where}: {path}", told, "a published segment or list")


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return what was probably meant, by the ends of urls: what stands before is mostly the same."""
    ends = {_end(url): url for url in sorted(known) if ("|" in url) == ("|" in name)}
    return ends.get(nearest(_end(name), ends), "")


def _end(url: str) -> str:
    return url.rpartition("/")[2]

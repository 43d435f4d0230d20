"""Value sets: FHIR ValueSet resources as sets of tokens, looked up by canonical at compile time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from shared.errors import Invalid, Problem
from shared.fhir.canonical import canonical, split_canonical, version_key

type Json = Mapping[str, object]


class ValueSets:
    """All value sets at hand, by url and version."""

    def __init__(
        self,
        tokens: Mapping[str, frozenset[str]],
        latest: Mapping[str, str],
        sought: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._tokens, self._latest = MappingProxyType(dict(tokens)), MappingProxyType(dict(latest))
        self.sought = MappingProxyType(dict(sought))

    @classmethod
    def of(cls, resources: Iterable[Json], sought: Mapping[str, str] = MappingProxyType({})) -> ValueSets:
        """Read FHIR ValueSets (https://hl7.org/fhir/R4/valueset.html). Raises Invalid with every Problem.

        The codes are those of `expansion.contains`, nested and inactive ones too (old data
        carries them), abstract ones not; else those that
        `compose.include` lists; a filter or an import needs a terminology server, and is a Problem here.
        `sought` says of references that are not among them where else they were looked for, and why in vain.
        """
        tokens: dict[str, frozenset[str]] = {}
        latest: dict[str, str] = {}
        problems: list[Problem] = []
        for resource in resources:
            url, version = _text(resource, "url"), _text(resource, "version")
            codes = _codes(resource, url, problems)
            name = canonical(url, version)
            if name in tokens and tokens[name] != codes:
                problems.append(Problem(name, "is defined twice, with different codes", "a new version"))
            tokens[name] = codes
            if url not in latest or version_key(version) > version_key(latest[url]):
                latest[url] = version
        if problems:
            raise Invalid(tuple(problems))
        return cls(tokens, latest, sought)

    def tokens(self, reference: str) -> frozenset[str]:
        """Return the codes of "url|version", or of the latest version of "url". Raises KeyError."""
        url, version = split_canonical(reference)
        return self._tokens[canonical(url, version or self._latest[url])]

    @property
    def urls(self) -> tuple[str, ...]:
        """Return the urls of all value sets, sorted."""
        return tuple(sorted(self._latest))


def _codes(resource: Json, url: str, problems: list[Problem]) -> frozenset[str]:
    where = url or "a value set"
    if resource.get("resourceType") != "ValueSet" or not url:
        problems.append(Problem(where, "is not a ValueSet with a url", '"resourceType": "ValueSet"'))
        return frozenset()
    expansion, compose = resource.get("expansion"), resource.get("compose")
    if isinstance(expansion, Mapping):
        found = frozenset(_contained(_objects(expansion, "contains")))
    else:
        found = frozenset(_listed(compose if isinstance(compose, Mapping) else {}, where, problems))
    if not found:
        problems.append(
            Problem(where, "has no codes", "expansion.contains, or compose.include with concepts")
        )
    return found


def _contained(entries: Iterable[Json]) -> Iterator[str]:
    for entry in entries:
        if _text(entry, "code") and entry.get("abstract") is not True:
            yield f"{_text(entry, 'system')}|{_text(entry, 'code')}"
        yield from _contained(_objects(entry, "contains"))


def _listed(compose: Json, where: str, problems: list[Problem]) -> Iterator[str]:
    if _objects(compose, "exclude"):
        problems.append(Problem(f"{where}: compose.exclude", "needs a terminology server", "an expansion"))
    for number, include in enumerate(_objects(compose, "include")):
        concepts = _objects(include, "concept")
        if not concepts or include.get("filter") or include.get("valueSet"):
            place = f"{where}: compose.include[{number}]"
            problems.append(Problem(place, "does not simply list concepts", "concept, or an expansion"))
        for concept in concepts:
            yield f"{_text(include, 'system')}|{_text(concept, 'code')}"


def _objects(holder: Json, name: str) -> list[Json]:
    found = holder.get(name)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _text(holder: Json, name: str) -> str:
    found = holder.get(name)
    return found if isinstance(found, str) else ""

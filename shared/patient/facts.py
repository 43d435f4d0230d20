"""The facts of one patient, decoded type by type when somebody looks at them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from shared.fhir.fact import MEDICATION_KINDS, Fact
from shared.patient.packed import PackedFacts

_NOTHING = PackedFacts({})
_NONE_TAKEN_OUT: Mapping[str, int] = MappingProxyType({})
_SIFTED = 2
"""Codes of a type that are looked for among its packed facts; with more, decoding all of them is cheaper."""


class Facts:
    """An immutable collection of facts, by type and id. `with_fact` makes a new one that shares the rest.

    A medication's use that only refers to its Medication has the codes and the title of that one, so long as
    it is held here: `coded`, `codes_of` and `title_of` look there.
    """

    __slots__ = ("_by_code", "_decoded", "_packed", "_sifted", "changed", "shrunk")

    def __init__(
        self,
        packed: PackedFacts = _NOTHING,
        decoded: Mapping[str, Mapping[str, Fact]] | None = None,
        changed: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self._packed = packed
        self._decoded: dict[str, Mapping[str, Fact]] = dict(decoded) if decoded else {}
        self._by_code: dict[str, dict[str, list[Fact]]] = {}
        self._sifted: dict[str, dict[str, list[Fact]]] = {}
        self.changed: Mapping[str, frozenset[str]] = changed or {}
        """Ids, by type, of the facts that differ from the packed ones: what a commit must write."""
        self.shrunk: Mapping[str, int] = _NONE_TAKEN_OUT
        """Of types from which facts were taken out: how many the packed ones may be, to be written over."""

    @classmethod
    def of_facts(cls, *facts: Fact) -> Facts:
        """Make a collection of facts at hand."""
        decoded: dict[str, dict[str, Fact]] = {}
        for fact in facts:
            decoded.setdefault(fact.resource_type, {})[fact.resource_id] = fact
        return cls(decoded=decoded, changed={kind: frozenset(ids) for kind, ids in decoded.items()})

    def of(self, resource_type: str) -> Mapping[str, Fact]:
        """Return the facts of a type by id, tombstones and all, in the order of their first arrival."""
        found = self._decoded.get(resource_type)
        if found is None:
            found = self._decoded[resource_type] = self._packed.all_of(resource_type)
        return found

    def coded(self, resource_type: str, code: str) -> list[Fact]:
        """Return the facts of a type that carry a token "system|code", those deleted left out."""
        index = self._by_code.get(resource_type)
        if index is None:
            if resource_type not in self._decoded and resource_type not in MEDICATION_KINDS:
                sifted = self._sifted.setdefault(resource_type, {})
                if code not in sifted and len(sifted) < _SIFTED:
                    sifted[code] = self._packed.coded(resource_type, code)
                if code in sifted:
                    return sifted[code]
            index = self._by_code[resource_type] = self._index(resource_type)
        return index.get(code, [])

    def _index(self, resource_type: str) -> dict[str, list[Fact]]:
        """Order the facts of a type by their codes, each once under each."""
        index: dict[str, list[Fact]] = {}
        elsewhere = resource_type in MEDICATION_KINDS
        for fact in self.of(resource_type).values():
            if not fact.gone:
                for code in self.codes_of(fact) if elsewhere else fact.codes:
                    found = index.get(code)
                    if found is None:
                        index[code] = [fact]
                    elif found[-1] is not fact:
                        found.append(fact)
        return index

    def codes_of(self, fact: Fact) -> tuple[str, ...]:
        """Return a fact's tokens, and those of the Medication to which it refers."""
        elsewhere = self._medications(fact)
        return fact.codes + tuple(code for other in elsewhere for code in other.codes)

    def title_of(self, fact: Fact) -> str:
        """Return a fact's title, or where it has none that of the Medication to which it refers."""
        return fact.title or next((other.title for other in self._medications(fact)), "")

    def _medications(self, fact: Fact) -> list[Fact]:
        named = fact.attributes.get("medication", ()) if fact.resource_type in MEDICATION_KINDS else ()
        found = (self.get(reference) for reference in named)
        return [other for other in found if other is not None and not other.gone]

    def get(self, reference: str) -> Fact | None:
        """Find one fact by "Type/id"; a deleted one is returned as its tombstone."""
        resource_type, _, resource_id = reference.partition("/")
        return self.of(resource_type).get(resource_id)

    def with_fact(self, fact: Fact) -> Facts:
        """Return the collection with one fact added or replaced."""
        decoded = dict(self._decoded)
        decoded[fact.resource_type] = {**self.of(fact.resource_type), fact.resource_id: fact}
        dirty = self.changed.get(fact.resource_type, frozenset()) | {fact.resource_id}
        grown = Facts(self._packed, decoded, {**self.changed, fact.resource_type: dirty})
        stale = {fact.resource_type, *(MEDICATION_KINDS if fact.resource_type == "Medication" else ())}
        grown._by_code = {kind: index for kind, index in self._by_code.items() if kind not in stale}
        grown._sifted = {kind: found for kind, found in self._sifted.items() if kind not in stale}
        grown.shrunk = self.shrunk
        return grown

    def without(self, resource_type: str, ids: Collection[str]) -> Facts:
        """Return the collection without some facts of a type: not as tombstones, but as if they never were.

        For what is too old to be kept, or to be forgotten; a resource that was deleted keeps its tombstone.
        """
        held = self.of(resource_type)
        left = {name: fact for name, fact in held.items() if name not in ids}
        if len(left) == len(held):
            return self
        decoded = {**self._decoded, resource_type: left}
        shrunk = Facts(self._packed, decoded, {**self.changed, resource_type: frozenset(left)})
        most = max(len(held), self.shrunk.get(resource_type, 0))
        shrunk.shrunk = {**self.shrunk, resource_type: most}
        return shrunk

    def committed(self) -> Facts:
        """Return the same facts, taken as packed: nothing left to write."""
        kept = Facts(self._packed, self._decoded)
        kept._by_code, kept._sifted = self._by_code, self._sifted
        return kept

    @property
    def types(self) -> frozenset[str]:
        """Return the resource types that have facts."""
        held = {kind for kind, facts in self._decoded.items() if facts}
        return frozenset(held.union(self._packed.types.difference(self._decoded)))

    def __iter__(self) -> Iterator[Fact]:
        for resource_type in sorted(self.types):
            yield from self.of(resource_type).values()

    def __len__(self) -> int:
        return sum(len(self.of(resource_type)) for resource_type in self.types)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and {f.reference: f for f in self} == {f.reference: f for f in other}

    def __hash__(self) -> int:
        return hash(self.types)

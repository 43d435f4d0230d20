"""Which publication could have changed what a segment says, and what a record is looked at again for."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from shared.adapters.memory import MemoryDocuments, MemoryIndexes, MemoryPatients, MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.catalogue import Document, build_catalogue, publication
from shared.decide import decide
from shared.events import DefinitionsPublished, ResourceChanged, WakeupDue
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant, parse_instant
from shared.message.policy import Policy
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.publish import CATALOGUE, CURRENT, Shelf, load_shelf, publish
from shared.usecases.published import PublishedDefinitions
from shared.usecases.services import Services

NOW = parse_instant("2026-03-02T09:00:00Z")
BASE = "https://hearthline.example"


class Still:
    """A clock that stands."""

    def now(self) -> Instant:
        return NOW


def segment(name: str, version: str = "1", **criteria: object) -> Document:
    body = {"url": f"{BASE}/s/{name}", "version": version, "title": name, "criteria": criteria}
    return Document("segment", f"{name}.yaml", body)


def codes(name: str, version: str, *found: str) -> Document:
    include = [{"system": "urn:x", "concept": [{"code": code} for code in found]}]
    body = {"resourceType": "ValueSet", "url": f"{BASE}/v/{name}", "version": version}
    return Document("valueset", f"{name}.json", {**body, "compose": {"include": include}})


def having(reference: str) -> dict[str, object]:
    return {"type": "Condition", "valueset": reference}


def made() -> Services:
    """Make services over memory."""
    clock, documents, policy = Still(), MemoryDocuments(), Policy()
    return Services(
        patients=MemoryPatients(),
        indexes=MemoryIndexes(),
        documents=documents,
        queue=MemoryQueue(),
        fhir=MemoryFhir(clock),
        channels={},
        definitions=PublishedDefinitions(documents, policy, 0.0),
        clock=clock,
        policy=policy,
    )


async def dated(services: Services) -> dict[str, int]:
    catalogue = await services.definitions.current()
    return {s.url.rpartition("/")[2]: s.published_in for s in catalogue.segments.all}


async def test_a_segment_is_as_new_as_what_it_uses() -> None:
    """Its own version, value sets (without a version: the latest), and segments that it refers to."""
    services = made()
    await publish(
        services,
        (
            codes("any", "1", "a"),
            codes("fixed", "1", "a"),
            segment("plain", gender="female"),
            segment("loose", has=having(f"{BASE}/v/any")),
            segment("pinned", has=having(f"{BASE}/v/any|1")),
            segment("nested", all=[{"not": {"any": [{"member_of": f"{BASE}/s/loose"}]}}, {"gender": "male"}]),
        ),
    )
    assert set((await dated(services)).values()) == {1}
    await publish(services, (codes("any", "2", "a", "b"),))
    assert await dated(services) == {"plain": 1, "loose": 2, "pinned": 1, "nested": 2}
    await publish(services, (codes("any", "1.5", "c"),))
    await publish(services, (segment("plain", "2", gender="male"), segment("new", gender="other")))
    assert await dated(services) == {"plain": 4, "loose": 2, "pinned": 1, "nested": 2, "new": 4}
    await publish(services, (segment("plain", "1.5", gender="other"),))
    assert (await dated(services))["plain"] == 4


async def test_only_what_changes_a_segment_needs_a_look_at_everybody() -> None:
    services = made()
    first = await publish(services, (segment("plain", gender="female"),))
    assert first.population == first.version
    unused = await publish(services, (codes("any", "1", "a"),))
    assert unused.version != first.version
    assert unused.population == first.version
    shelf, _ = await load_shelf(services.documents)
    assert (shelf.population, publication(shelf.version)) == (first.version, 2)
    again = await publish(services, (codes("any", "1", "a"),))
    assert (again.added, again.version, again.population) == ((), unused.version, first.version)


async def test_an_old_shelf_is_read_and_what_it_holds_came_with_its_version() -> None:
    """A shelf from before each document's publication was kept: records seen with it are not looked at."""
    services = made()
    await publish(services, (segment("plain", gender="female"),))
    shelf, etag = await load_shelf(services.documents)
    old = {"version": f"7-{'0' * 16}", "documents": shelf.documents}
    await services.documents.put(CATALOGUE, CURRENT, msgspec.json.encode(old), etag)
    assert (await load_shelf(services.documents))[0] == Shelf(**old)
    assert await dated(services) == {"plain": 7}
    await publish(services, (segment("new", gender="other"),))
    assert await dated(services) == {"plain": 7, "new": 8}


def test_a_catalogue_without_publications_is_new_to_all() -> None:
    catalogue = build_catalogue([segment("plain", gender="female")], "tests", Policy())
    assert [s.url for s in catalogue.segments.since(0)] == [f"{BASE}/s/plain"]
    assert catalogue.segments.since(1) == ()


ANN = PatientRecord(
    key=patient_key("ann"), patient_id="ann", person=Person("ann", "1", 1, gender="female", active=True)
)


@pytest.fixture
def looked() -> dict[str, int]:
    """Count how often each segment is evaluated."""
    return {}


def watched(looked: dict[str, int], *publications: int):
    """Build a catalogue of segments that came one after the other, which count their evaluations."""
    documents = [segment(f"s{n}", gender="female" if n % 2 else "male") for n in publications]
    since = {document.canonical: n for document, n in zip(documents, publications, strict=True)}
    catalogue = build_catalogue(documents, f"{max(publications)}-x", Policy(), since)
    for compiled in catalogue.segments.all:
        inner = compiled.criteria.test

        def test(record, now, name=compiled.title, inner=inner):
            looked[name] = looked.get(name, 0) + 1
            return inner(record, now)

        object.__setattr__(compiled.criteria, "test", test)
    return catalogue


def test_only_segments_published_since_are_evaluated(looked: dict[str, int]) -> None:
    catalogue = watched(looked, 1, 2, 3, 4)
    decision = decide(replace(ANN, catalogue="2-y"), DefinitionsPublished(), catalogue, NOW)
    assert set(looked) == {"s3", "s4"}
    assert decision.record.catalogue == "4-x"
    assert set(decision.record.memberships) == {f"{BASE}/s/s3"}
    looked.clear()
    assert decide(decision.record, WakeupDue(NOW), catalogue, NOW).record is decision.record
    assert looked == {}


@pytest.mark.parametrize("event", [WakeupDue(NOW), DefinitionsPublished(stamp=False)])
def test_the_stamp_alone_is_not_worth_a_write(event) -> None:
    catalogue = watched({}, 2, 4)
    record = replace(ANN, catalogue="3-y")
    assert decide(record, event, catalogue, NOW).record is record
    assert decide(record, DefinitionsPublished(), catalogue, NOW).record == replace(record, catalogue="4-x")


def test_a_change_stamps_and_a_duplicate_does_not() -> None:
    catalogue = watched({}, 2, 4)
    record = replace(ANN, catalogue="3-y")
    fact = Fact("Condition", "c1", "1", 1)
    changed = decide(record, ResourceChanged(fact), catalogue, NOW).record
    assert (changed.catalogue, len(changed.facts)) == ("4-x", 1)
    unstamped = replace(changed, catalogue="3-y")
    assert decide(unstamped, ResourceChanged(fact), catalogue, NOW).record is unstamped

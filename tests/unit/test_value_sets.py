"""Value sets that a publication lacks: read from the server, kept by version, taken again, and refused."""

from __future__ import annotations

import pytest
from memory_kit import Time, in_memory, person, record, server

from shared.catalogue import Document
from shared.errors import Invalid, Rejected, Unavailable
from shared.fhir.instants import MINUTE
from shared.patient.record import patient_key
from shared.queues import POPULATIONS
from shared.segment.definition import parse_segment
from shared.usecases import value_sets
from shared.usecases.jobs import Populate, decode_job
from shared.usecases.populate import populate, start_population
from shared.usecases.publish import Published, load_documents, load_shelf, publish
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.take_in import take_in_everyone
from shared.usecases.value_sets import WHERE, complete, missing, take_value_set, version_of

SYSTEM = "urn:x"
SET = "https://hearthline.example/valuesets/ailing"
ILL = "https://hearthline.example/segments/ill"


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
async def services(clock: Time) -> Services:
    """Three patients: with a condition of code a, b and c."""
    made = in_memory(clock)
    for name in "abc":
        await server(made).update(person(name))
        await server(made).update(condition(name))
    await take_in_everyone(made)
    return made


def condition(code: str) -> dict[str, object]:
    return {
        "resourceType": "Condition",
        "id": f"c-{code}",
        "subject": {"reference": f"Patient/{code}"},
        "code": {"coding": [{"system": SYSTEM, "code": code}]},
        "onsetDateTime": "2026-01-01",
    }


async def keep(services: Services, version: str, *codes: str, url: str = SET, name: str = "") -> None:
    """Put a value set on the server."""
    contains = [{"system": SYSTEM, "code": code, "display": code.upper()} for code in codes]
    body = {"resourceType": "ValueSet", "id": name or f"v{version}", "url": url, "status": "active"}
    told = {"version": version} if version else {}
    expansion = {"timestamp": "2026-03-01T00:00:00Z", "total": len(codes), "contains": contains}
    await server(services).update({**body, **told, "expansion": expansion})


def segment(reference: str | list[str] = SET, url: str = ILL, **more: object) -> Document:
    criteria = {"has": {"type": "Condition", "valueset": reference}}
    body = {"url": url, "version": "1", "title": url.rpartition("/")[2], "criteria": criteria, **more}
    return Document("segment", "ill.yaml", body)


def listed(version: str, *codes: str) -> Document:
    include = [{"system": SYSTEM, "concept": [{"code": code} for code in codes]}]
    body = {"resourceType": "ValueSet", "url": SET, "version": version, "compose": {"include": include}}
    return Document("valueset", "valuesets/ailing.json", body)


async def published(services: Services, *documents: Document) -> Published:
    """Do as `hearthline publish` does."""
    whole = await complete(services, documents)
    return await publish(services, whole.documents, sought=whole.sought)


async def look(services: Services, done: Published) -> None:
    """Carry out the population run of a publication."""
    await start_population(services, done.population)
    while POPULATIONS in services.queue.waiting():
        letter = services.queue.take(POPULATIONS)
        job = decode_job(letter.body)
        assert isinstance(job, Populate)
        await populate(services, job, Trigger(letter.letter_id, letter.deliveries))


async def ill(services: Services, url: str = ILL) -> set[str]:
    members = await services.indexes.members(url)
    return {name for name in "abc" if patient_key(name) in members}


async def held(services: Services) -> dict[str, Document]:
    shelf, _ = await load_shelf(services.documents)
    documents = await load_documents(services.documents, shelf)
    return {each.canonical: each for each in documents if each.kind == "valueset"}


async def test_a_value_set_that_nobody_gave_comes_from_the_server(services):
    await keep(services, "1.0", "b", "a")
    done = await published(services, segment())
    assert done.added == (f"segment {ILL}|1", f"valueset {SET}|1.0")
    await look(services, done)
    assert await ill(services) == {"a", "b"}
    (document,) = (await held(services)).values()
    contains = [{"system": SYSTEM, "code": "a"}, {"system": SYSTEM, "code": "b"}]
    body = {"resourceType": "ValueSet", "url": SET, "version": "1.0", "expansion": {"contains": contains}}
    assert (document.where, document.body) == (WHERE, body)


async def test_what_is_given_or_published_is_not_asked_for(services, monkeypatch):
    """Not with a server that is away, either."""

    async def away(self: object, url: str, version: str = "") -> None:
        raise Unavailable("no answer from the FHIR server", 7.0)

    monkeypatch.setattr(type(server(services)), "value_set", away)
    assert (await complete(services, (segment(), listed("1", "a")))).read == ()
    await published(services, segment(), listed("1", "a"))
    both = segment([SET, f"{SET}|1"], url="urn:other")
    assert await complete(services, (both,)) == value_sets.Completed((both,), (), {})
    with pytest.raises(Unavailable, match=r"value set .*ailing\|2 is in no file.*no answer") as raised:
        await complete(services, (segment(f"{SET}|2", url="urn:other"),))
    assert raised.value.retry_after == 7.0


async def test_a_pinned_version_is_the_one_that_is_read_and_stays(services):
    await keep(services, "1.0", "a")
    await keep(services, "2.0", "a", "b")
    done = await published(services, segment(f"{SET}|1.0"), segment(url="urn:any"))
    assert done.added[-2:] == (f"valueset {SET}|1.0", f"valueset {SET}|2.0")
    await look(services, done)
    assert (await ill(services), await ill(services, "urn:any")) == ({"a"}, {"a", "b"})
    await keep(services, "3.0", "c")
    taken = await take_value_set(services, SET)
    assert (taken.codes, taken.version, taken.latest) == (1, "3.0", "3.0")
    await look(services, taken.published)
    assert (await ill(services), await ill(services, "urn:any")) == ({"a"}, {"c"})


async def test_what_was_read_stays_until_it_is_taken_again(services, clock):
    await keep(services, "1.0", "a", "b")
    await look(services, await published(services, segment()))
    await keep(services, "1.1", "b", "c")
    again = await published(services, segment())
    assert (again.added, set(await held(services))) == ((), {f"valueset {SET}|1.0"})
    clock.passes(MINUTE)
    taken = await take_value_set(services, SET)
    assert taken.published is not None
    assert taken.published.population == taken.published.version
    await look(services, taken.published)
    assert await ill(services) == {"b", "c"}
    assert not (await record(services, "a")).memberships.get(ILL)
    assert (await take_value_set(services, SET)).published is None
    assert set(await held(services)) == {f"valueset {SET}|1.0", f"valueset {SET}|1.1"}


async def test_a_value_set_without_a_version_gets_one_that_follows(services):
    """Each is later than those before, also that which goes back to former codes."""
    versions = []
    for codes in ("a", "ab", "a"):
        await keep(services, "", *codes)
        taken = await take_value_set(services, SET)
        assert taken.published is not None
        assert taken.latest == taken.version
        versions.append(taken.version)
        assert (await take_value_set(services, SET)).published is None
    numbers, digests = zip(*(version.split("-") for version in versions), strict=True)
    assert numbers == ("1", "2", "3")
    assert digests[0] == digests[2] != digests[1]
    assert {len(each) for each in digests} == {16}
    await look(services, await published(services, segment()))
    assert await ill(services) == {"a"}


async def test_other_codes_under_the_same_version_are_a_version_of_their_own(services):
    await keep(services, "2.0", "a")
    await look(services, await published(services, segment(), segment(f"{SET}|2.0", url="urn:pinned")))
    await keep(services, "2.0", "b")
    taken = await take_value_set(services, SET)
    assert taken.version.startswith("2.0+1-")
    await look(services, taken.published)
    assert (await ill(services), await ill(services, "urn:pinned")) == ({"b"}, {"a"})
    assert (await take_value_set(services, SET)).published is None
    await keep(services, "2.0", "a")
    assert (await take_value_set(services, SET)).version.startswith("2.0+2-")


async def test_an_older_version_is_published_and_does_not_count_as_the_latest(services):
    await published(services, segment(), listed("v3", "a"))
    await keep(services, "2.0", "b")
    taken = await take_value_set(services, f"{SET}|2.0")
    assert (taken.version, taken.latest) == ("2.0", "v3")
    assert taken.published is not None
    assert taken.published.population != taken.published.version


@pytest.mark.parametrize(
    ("told", "held", "version"),
    [
        ("", {}, "1-"),
        ("", {"2024.05": "b"}, "2025-"),
        ("", {"v3": "b"}, "1-"),
        ("", {"2024": "a"}, "2024"),
        ("7", {"8": "a"}, "7"),
        ("7", {"7": "a", "8": "b"}, "7"),
        ("7", {"7": "b", "7+1-x": "a", "70": "c"}, "7+1-x"),
        ("7", {"7": "a", "7+1-x": "b", "70": "c"}, "7+2-"),
    ],
)
def test_which_version_codes_get(told, held, version):
    made = version_of(told, frozenset("a"), {name: frozenset(codes) for name, codes in held.items()})
    assert made == version if not version.endswith("-") else made.startswith(version)
    assert len(made) == len(version) + 16 * version.endswith("-")


async def test_what_the_server_does_not_have_is_told_with_all_else(services, monkeypatch):
    """Nothing is published then; each reference says what became of it."""
    untold = {"include": [{"system": SYSTEM, "filter": [{"property": "p", "op": "=", "value": "v"}]}]}
    rule = {"resourceType": "ValueSet", "id": "rule", "url": "urn:rule", "compose": untold}
    await server(services).update(rule)
    await keep(services, "1", *(f"code-{n}" for n in range(30)), url="urn:large", name="large")
    monkeypatch.setattr(value_sets, "MOST_BYTES", 1000)
    wrong = segment("urn:none", url="urn:wrong", title=7)
    with pytest.raises(Invalid) as invalid:
        await published(services, segment(["urn:none", "urn:rule", "urn:large"]), wrong)
    told = [str(problem) for problem in invalid.value.problems]
    assert any("title" in each for each in told)
    about = {name: next(each for each in told if f"value set {name} " in each) for name in told_of(told)}
    assert "is not defined, and the FHIR server does not know it" in about["urn:none"]
    assert "neither expands it nor keeps all its codes" in about["urn:rule"]
    assert "too large: 30 codes in" in about["urn:large"]
    assert "1000 at most" in about["urn:large"]
    assert all(each.startswith("ill.yaml: ") for each in about.values())
    assert await held(services) == {}


def told_of(told: list[str]) -> set[str]:
    return {each.split("value set ")[1].split()[0] for each in told if "value set " in each}


async def test_what_cannot_be_taken(services):
    with pytest.raises(Rejected, match="does not know it") as rejected:
        await take_value_set(services, "urn:none")
    assert rejected.value.code == "no-valueset"
    await keep(services, "1", "a")
    with pytest.raises(Rejected):
        await take_value_set(services, f"{SET}|2")


async def test_a_server_that_expands_to_nothing(services, monkeypatch):
    async def empty(self: object, url: str, version: str = "") -> dict[str, object]:
        return {"resourceType": "ValueSet", "url": url, "expansion": {"contains": []}}

    monkeypatch.setattr(type(server(services)), "value_set", empty)
    with pytest.raises(Rejected, match="has no codes"):
        await take_value_set(services, SET)


async def test_of_two_who_take_at_once_one_does_it_again(services, monkeypatch):
    """The catalogue is written over what was read, so that none is lost."""
    await keep(services, "1", "a")
    read = server(services).value_set

    async def interrupted(self: object, url: str, version: str = "") -> object:
        await publish(services, (listed("1", "a", "b"),))
        return await read(url, version)

    monkeypatch.setattr(type(server(services)), "value_set", interrupted)
    with pytest.raises(Invalid, match="published with other content"):
        await take_value_set(services, SET)
    monkeypatch.undo()
    assert (await take_value_set(services, SET)).version.startswith("1+1-")


def test_missing_are_those_of_value_sets_alone():
    """However deep they lie; lists are none, and a definition that is wrong names nothing."""
    deep = segment(
        criteria={"all": [{"not": {"has": {"type": "Condition", "valueset": ["urn:a", "urn:b|2"]}}}]}
    )
    parse_segment(deep.body, "deep")
    lists = segment(criteria={"in_list": "urn:list"})
    wrong = segment(criteria={"has": {"type": "Condition", "valueset": "urn:w"}, "nonsense": 1})
    known = (
        Document("valueset", "b", {"url": "urn:b", "version": "1"}),
        Document("list", "a", {"url": "urn:a"}),
    )
    assert missing(known, (deep, lists, wrong, listed("1", "a"))) == ("urn:a", "urn:b|2")
    other = Document("valueset", "b2", {"url": "urn:b", "version": "2"})
    assert missing((*known, other), (deep,)) == ("urn:a",)

"""Events from elsewhere, carried out: whose they are, that they count once, and who must wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from shared.catalogue import Document
from shared.errors import Rejected, Unavailable
from shared.fhir.custom_events import Told
from shared.fhir.references import ResourceKey
from shared.patient.record import patient_key
from shared.queues import EVENTS
from shared.usecases.custom_events import LAG, queue_event, take_event
from shared.usecases.jobs import Change, Happened, decode_job
from shared.usecases.publish import publish
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from tests.unit.memory_kit import Time, in_memory, person, server

MRN = "urn:oid:1.2.36"


@pytest.fixture
async def services() -> Services:
    """Know ann and bob; a journey begins with an event."""
    made = in_memory(Time())
    steps = [{"id": "done", "kind": "exit", "reason": "heard"}]
    body = {"url": "urn:j:called", "version": "1", "title": "Called", "trigger": {"event": "no-show"}}
    body |= {"re_entry": "after-exit", "steps": steps}
    await publish(made, (Document("journey", "called.yaml", body),))
    for number, name in enumerate(("ann", "bob")):
        held = [{"system": MRN, "value": f"{number}"}, {"system": "urn:other", "value": "7"}]
        await server(made).update(person(name, identifier=held))
        await take_change(made, Change("Patient", name), Trigger(name))
    return made


def told(event_id: str = "1", identifier: tuple[str, str] | None = None, name: str = "no-show") -> Told:
    patient = ResourceKey("Patient", "ann") if identifier is None else None
    return Told(name, f"{name}|{event_id}", patient, identifier)


async def carried_out(services: Services, event: Told) -> str:
    """Put an event on the queue and take it off; whose it was."""
    await queue_event(services, event)
    letter = services.queue.take(EVENTS)
    job = decode_job(letter.body)
    assert isinstance(job, Happened)
    await take_event(services, job, Trigger(letter.letter_id))
    return job.patient_id


async def entries(services: Services, name: str = "ann") -> int:
    lines = await services.patients.timeline(patient_key(name))
    return sum(line.text.startswith("Entered Called") for line in lines)


async def test_it_counts_once_however_often_it_is_told(services: Services) -> None:
    for event_id in ("1", "1", "2", "1"):
        assert await carried_out(services, told(event_id)) == "ann"
    assert await entries(services) == 2
    await carried_out(services, told("1", name="other"))
    assert await entries(services) == 2


async def test_an_identifier_finds_its_patient_and_is_on_no_queue(services: Services) -> None:
    await queue_event(services, told(identifier=(MRN, "1")))
    letter = services.queue.take(EVENTS)
    assert MRN.encode() not in letter.body
    job = decode_job(letter.body)
    assert isinstance(job, Happened)
    assert (job.patient_id, job.at) == ("bob", services.clock.now())


@pytest.mark.parametrize(
    ("identifier", "code"),
    [((MRN, "9"), "unknown-patient"), (("urn:other", "7"), "ambiguous-patient")],
)
async def test_an_identifier_of_nobody_or_of_two(
    services: Services, identifier: tuple[str, str], code: str
) -> None:
    with pytest.raises(Rejected) as caught:
        await queue_event(services, told(identifier=identifier))
    assert caught.value.code == code
    assert EVENTS not in services.queue.waiting()


async def test_a_record_that_was_merged_away_does_not_count(services: Services) -> None:
    link = [{"type": "replaced-by", "other": {"reference": "Patient/bob"}}]
    held = [{"system": "urn:other", "value": "7"}]
    await server(services).update(person("ann", identifier=held, link=link))
    assert await carried_out(services, told(identifier=("urn:other", "7"))) == "bob"


async def test_the_search_is_escaped_and_bounded(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Mapping[str, str]] = []

    async def endless(resource_type: str, params: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        asked.append(params)
        while True:
            yield person("someone")

    monkeypatch.setattr(server(services), "search", endless)
    with pytest.raises(Rejected):
        await queue_event(services, told(identifier=("urn:x", r"a|b,c$d\e")))
    assert [params["identifier"] for params in asked] == [r"urn:x|a\|b\,c\$d\\e"]


async def test_who_is_not_known_yet_is_waited_for_a_while(services: Services) -> None:
    job = Happened("no-show|1", "no-show", "cal", services.clock.now())
    for delivery in range(1, LAG):
        with pytest.raises(Unavailable):
            await take_event(services, job, Trigger("t", delivery))
    with pytest.raises(Rejected, match="not known"):
        await take_event(services, job, Trigger("t", LAG))
    await server(services).update(person("cal"))
    await take_change(services, Change("Patient", "cal"), Trigger("cal"))
    await take_event(services, job, Trigger("t", LAG))
    assert await entries(services, "cal") == 1

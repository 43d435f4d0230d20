"""Publishing journeys: who is looked at for it, and what becomes of those inside and of those it is for."""

from __future__ import annotations

from typing import Any

import pytest

from shared.catalogue import Document
from shared.events import EnrolAsked
from shared.patient.record import patient_key
from shared.queues import POPULATIONS
from shared.usecases.jobs import Change, Populate, decode_job
from shared.usecases.populate import populate, start_population
from shared.usecases.publish import Published, publish
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from tests.unit.memory_kit import Time, in_memory, person, record, server, visit

BASE = "https://hearthline.example"
JOURNEY = f"{BASE}/journeys/care"
WOMEN = f"{BASE}/segments/women"
SEGMENT = Document(
    "segment",
    "women.yaml",
    {"url": WOMEN, "version": "1", "title": "women", "criteria": {"gender": "female"}},
)


def journey(version: str = "1", trigger: dict[str, Any] | None = None, **more: Any) -> Document:
    steps = [{"id": "a-week", "kind": "wait", "duration": "P7D"}]
    body = {"url": JOURNEY, "version": version, "title": "Care", "steps": steps}
    body |= {"trigger": trigger or {"manual": True}, **more}
    return Document("journey", f"care-{version}.yaml", body)


@pytest.fixture
async def services() -> Services:
    """Know ann, who has an appointment in a fortnight, and a segment that she is in."""
    made = in_memory(Time())
    await publish(made, (SEGMENT,))
    for resource in (person("ann"), visit("a1", "ann", "Location/l1", "2026-03-16T10:00:00Z")):
        await server(made).update(resource)
        change = Change(str(resource["resourceType"]), str(resource["id"]))
        await take_change(made, change, Trigger(change.resource_id))
    return made


async def looked(services: Services, published: Published) -> None:
    """Have everybody looked at, as the command does after a publication."""
    assert published.population == published.version
    await start_population(services, published.population)
    while POPULATIONS in services.queue.waiting():
        letter = services.queue.take(POPULATIONS)
        job = decode_job(letter.body)
        assert isinstance(job, Populate)
        await populate(services, job, Trigger(letter.letter_id, letter.deliveries))


async def stands(services: Services) -> list[tuple[str, str, str]]:
    found = (await record(services, "ann")).enrolments.values()
    return [(each.journey.rpartition("|")[2], each.step, each.focus) for each in found]


APPOINTMENT = {"of": {"type": "Appointment", "status": ["booked"]}, "offset": "-P3D"}


@pytest.mark.parametrize(
    ("trigger", "everybody"),
    [
        ({"manual": True}, False),
        ({"event": "called"}, False),
        ({"segment_entered": WOMEN}, False),
        ({"segment_left": WOMEN}, False),
        ({"fhir_change": {"type": "Observation", "condition": "value.exists()"}}, False),
        ({"segment_member": {"segment": WOMEN}}, True),
        ({"instant": APPOINTMENT}, True),
        ({"date": {"of": "birth-date"}}, True),
    ],
)
async def test_everybody_is_looked_at_where_the_past_counts(
    services: Services, trigger: dict[str, Any], everybody: bool
) -> None:
    published = await publish(services, (journey(trigger=trigger),))
    assert (published.population == published.version) is everybody


@pytest.mark.parametrize(("wanted", "everybody"), [("finish", False), ("move", True), ("leave", True)])
async def test_everybody_is_looked_at_where_those_inside_are_meant(
    services: Services, wanted: str, everybody: bool
) -> None:
    await publish(services, (journey(),))
    published = await publish(services, (journey("2", on_publish={"those_inside": wanted}),))
    assert (published.population == published.version) is everybody


async def test_an_old_version_that_comes_late_concerns_nobody(services: Services) -> None:
    await publish(services, (journey("2"),))
    late = await publish(services, (journey("1.5", on_publish={"those_inside": "leave"}),))
    assert late.population != late.version


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ({"segment_member": {"segment": WOMEN}}, [("1", "a-week", "")]),
        ({"instant": APPOINTMENT}, [("1", "@scheduled", "Appointment/a1")]),
        ({"date": {"of": "birth-date"}}, [("1", "@scheduled", "")]),
        ({"segment_entered": WOMEN}, []),
    ],
)
async def test_what_was_there_before_it_is_published_begins_it(
    services: Services, trigger: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    published = await publish(services, (journey(trigger=trigger),))
    if expected:
        await looked(services, published)
    assert await stands(services) == expected


@pytest.mark.parametrize(
    ("on_publish", "expected"),
    [
        ({"those_inside": "move"}, [("2", "a-week", "")]),
        ({"those_inside": "move", "steps": {"a-week": "a-month"}}, [("2", "a-month", "")]),
        ({"those_inside": "leave"}, []),
    ],
)
async def test_those_inside_do_as_the_author_of_the_new_version_wants(
    services: Services, on_publish: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    await publish(services, (journey(),))
    entered = EnrolAsked(JOURNEY, "cause", "asked")
    await react(services, patient_key("ann"), [entered], Trigger("enter"))
    steps = [
        {"id": "a-week", "kind": "wait", "duration": "P7D"},
        {"id": "a-month", "kind": "wait", "duration": "P1M"},
    ]
    await looked(services, await publish(services, (journey("2", on_publish=on_publish, steps=steps),)))
    assert await stands(services) == expected


async def test_a_run_that_comes_twice_enters_nobody_twice(services: Services) -> None:
    published = await publish(services, (journey(trigger={"segment_member": {"segment": WOMEN}}),))
    await looked(services, published)
    later = await publish(services, (journey("2", trigger={"segment_member": {"segment": WOMEN}}),))
    await looked(services, later)
    assert await stands(services) == [("1", "a-week", "")]
    lines = await services.patients.timeline(patient_key("ann"))
    assert sum(line.text.startswith("Entered Care") for line in lines) == 1

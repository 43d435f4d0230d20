"""How jobs get on queues: in whose turn, and which of them a queue may drop as told already."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.errors import Conflict
from shared.fhir.notification import Limits, Recover, Request
from shared.fhir.parse_notification import parse
from shared.fhir.sources import Source
from shared.patient.record import Decision, patient_key
from shared.ports import Stored
from shared.queues import CHANGES
from shared.usecases.hear import hear_message, take_parsed
from shared.usecases.jobs import Change, Job, Recovery, decode_job, encode_job, in_turn_of, session_of
from shared.usecases.posting import post
from shared.usecases.react import Crowded, Trigger
from shared.usecases.recover import recover
from shared.usecases.replay import replay
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from tests.unit.fhir.notification_data import grid
from tests.unit.memory_kit import Time, in_memory, person, result, server, visit
from tests.unit.queue_kit import CHANGED, JOBS, Written

ROOT = Path(__file__).parents[2]
SOURCE = Source(name="queue", formats=frozenset({"event-grid", "cloud-events"}), required=False)
VERSIONED = CHANGED.map(lambda change: replace(change, version=change.version or "1", key=""))


@pytest.fixture
def queue() -> Written:
    return Written()


@pytest.fixture
def services(queue: Written) -> Services:
    return replace(in_memory(Time()), queue=queue)


def told(*numbers: int) -> bytes:
    return json.dumps([grid(number) for number in numbers]).encode()


@given(JOBS, st.floats(0, 9))
async def test_what_nobody_told_just_now_is_never_dropped(job: Job, delay: float) -> None:
    """Whatever job: a queue that knows repetitions has no name to know it by."""
    queue = Written()
    await post(queue, CHANGES, job, delay)
    [sent] = queue.sent
    assert (sent.once, sent.delay, decode_job(sent.body)) == ("", delay, job)


@given(JOBS)
async def test_only_a_version_of_a_resource_can_be_told_twice(job: Job) -> None:
    queue = Written()
    await post(queue, CHANGES, job, heard=True)
    assert bool(queue.sent[0].once) == (isinstance(job, Change) and bool(job.version) and not job.key)


@given(VERSIONED, VERSIONED)
async def test_one_version_has_one_name_and_no_two_have_the_same(one: Change, other: Change) -> None:
    queue = Written()
    await post(queue, CHANGES, one, heard=True)
    await post(queue, CHANGES, replace(one, resource=None, at=None), heard=True)
    await post(queue, CHANGES, other, heard=True)
    what = [(job.resource_type, job.resource_id, job.version, job.action) for job in (one, other)]
    assert queue.sent[0].once == queue.sent[1].once
    assert (queue.sent[0].once == queue.sent[2].once) == (what[0] == what[1])


@given(JOBS)
def test_whose_turn_a_job_is_survives_the_queue(job: Job) -> None:
    assert session_of(decode_job(encode_job(job))) == session_of(job)


@given(CHANGED)
def test_a_change_is_always_somebodys_turn(change: Change) -> None:
    assert session_of(change)
    assert session_of(in_turn_of(change, "somebody")) == (change.key or "somebody")


@pytest.mark.parametrize(
    ("resource", "session"),
    [
        (person("7"), patient_key("7")),
        (result("r", "7", 9.5), patient_key("7")),
        (visit("v", "7", "Location/l"), "Appointment/v"),
        ({"resourceType": "Observation", "id": "r", "subject": {"reference": "Group/g"}}, "Observation/r"),
        (None, "Observation/r"),
    ],
)
def test_a_body_says_whose_turn_it_is_where_it_says_so_plainly(
    resource: dict[str, object] | None, session: str
) -> None:
    named = resource or {"resourceType": "Observation", "id": "r"}
    assert session_of(Change(str(named["resourceType"]), str(named["id"]), resource=resource)) == session


def test_only_what_a_source_tells_is_posted_as_heard() -> None:
    """Of all that puts jobs on queues: whatever we find or try again ourselves must not be dropped."""
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("shared", "functions", "cli")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "post"
        and any(keyword.arg == "heard" for keyword in node.keywords)
    }
    assert found == {"shared/usecases/hear.py"}


def test_only_posting_gives_a_message_a_name() -> None:
    named = {
        path.relative_to(ROOT).as_posix()
        for folder in ("shared", "functions", "cli")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "send"
        if any(keyword.arg == "once" for keyword in node.keywords)
    }
    passing_on = {"cli/calling.py"}  # a queue that hands all but long work to another, as it came
    assert named - passing_on == {"shared/usecases/posting.py"}


async def test_what_is_heard_again_may_be_dropped(services: Services, queue: Written) -> None:
    """Event Grid delivers an event more than once."""
    for _ in range(2):
        await hear_message(services, SOURCE, told(1, 2), Limits())
    assert [sent.once for sent in queue.sent] == [f"Patient/{n}/1/updated" for n in (1, 2, 1, 2)]


async def test_what_is_replayed_is_never_dropped(services: Services, queue: Written) -> None:
    """An operator wants it to be carried out, though it was heard minutes ago."""
    assert (await replay(services, told(1, 2))).queued == 2
    assert [sent.once for sent in queue.sent] == ["", ""]
    parsed = parse(Request("POST", body=told(1)))
    await take_parsed(services, SOURCE, parsed, replayed=True)
    assert queue.sent[-1].once == ""


async def test_what_is_recovered_is_never_dropped(services: Services, queue: Written) -> None:
    await server(services).update(result("r", "7", 9.5))
    await recover(services, Recovery("fhir", Recover("gap", types=frozenset({"Observation"}))))
    [sent] = queue.sent
    assert (sent.once, sent.session) == ("", patient_key("7"))


async def test_what_is_fanned_out_is_never_dropped(services: Services, queue: Written) -> None:
    """A place that changed goes to each patient who has it, in the turn of each."""
    for patient_id in ("7", "8"):
        await server(services).update(person(patient_id))
        await server(services).update(visit(f"v{patient_id}", patient_id, "Location/l"))
    await server(services).update({"resourceType": "Location", "id": "l", "name": "Riverside"})
    for patient_id in ("7", "8"):
        await take_change(services, Change("Appointment", f"v{patient_id}"), Trigger("t"))
    queue.sent.clear()
    await take_change(services, Change("Location", "l"), Trigger("t"))
    assert {sent.session for sent in queue.sent} == {patient_key("7"), patient_key("8")}
    assert {sent.once for sent in queue.sent} == {""}


class Crowd:
    """A store in which somebody else always commits first."""

    def __init__(self, services: Services) -> None:
        self._inner = services.patients

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def commit(self, stored: Stored, decision: Decision) -> Stored:
        raise Conflict("another commit came first")


async def test_a_change_that_others_always_precede_says_at_whose_record(services: Services) -> None:
    await server(services).update(result("r", "7", 9.5))
    crowded = replace(services, patients=Crowd(services))
    with pytest.raises(Crowded, match="others keep writing to this patient's record") as met:
        await take_change(crowded, Change("Observation", "r"), Trigger("t"))
    assert met.value.key == patient_key("7")

"""What journeys ask for outside is done once, tried again while it cannot be, and told when it is refused."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from shared.adapters.memory import MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.adapters.memory_webhooks import MemoryWebhooks
from shared.catalogue import Document
from shared.decide import decide
from shared.effects import PostWebhook
from shared.errors import Conflict, HearthlineError, Invalid, Rejected, Unavailable
from shared.events import DefinitionsPublished, EffectRefused, EffectsDone, EnrolAsked, PostDelayed
from shared.fhir.instants import DAY, HOUR
from shared.fhir.references import ResourceKey
from shared.journey.controls import Controls
from shared.message.outbound import Accepted, OutboundMessage, SendResult
from shared.patient.record import PatientRecord, patient_key
from shared.queues import OUTBOX
from shared.usecases import outside
from shared.usecases.jobs import Refresh, decode_job
from shared.usecases.publish import publish
from shared.usecases.react import Reaction, Trigger, react
from shared.usecases.services import Services
from shared.usecases.shelf import load_shelf, save_shelf
from shared.usecases.sweep import sweep
from shared.usecases.take_in import take_in
from shared.usecases.wake import TRIES, refresh
from tests.unit.memory_kit import Time, in_memory, person, record, server

BASE = "https://hearthline.example"
JOURNEY = f"{BASE}/journeys/outside"
KEY = patient_key("ann")
TASK = {"id": "call", "kind": "task", "title": "Call the patient"}
HOOK = {"id": "hook", "kind": "webhook", "to": "partner", "event": "patient.entered"}
NOTICE = {"id": "team", "kind": "notify", "to": "team", "title": "Please look"}
REST = {"id": "rest", "kind": "wait", "duration": "P30D"}
KINDS = {"partner": "signed", "team": "teams"}


class MoodyFhir(MemoryFhir):
    """A FHIR server that raises what it is told to at the next writes, before or after it has written."""

    def __init__(self, clock: Time) -> None:
        super().__init__(clock)
        self.before: deque[HearthlineError] = deque()
        self.after: deque[HearthlineError] = deque()

    async def update(self, resource: Mapping[str, object], if_match: str | None = None) -> str:
        if self.before:
            raise self.before.popleft()
        version = await super().update(resource, if_match)
        if self.after:
            raise self.after.popleft()
        return version


class Stage:
    """A patient, a journey that acts outside, and what is outside."""

    def __init__(self, *steps: dict[str, Any]) -> None:
        self.clock = Time()
        self.fhir = MoodyFhir(self.clock)
        self.webhooks = MemoryWebhooks(KINDS)  # type: ignore[arg-type] # these are kinds
        self.services = replace(in_memory(self.clock), fhir=self.fhir, webhooks=self.webhooks)
        self.steps = (*steps, REST)

    async def begin(self) -> Reaction:
        await publish(self.services, (journey(*self.steps),))
        await self.fhir.update(person("ann"))
        await take_in(self.services, "ann")
        return await self.enrol("once")

    async def enrol(self, cause: str, delivery: int = 1) -> Reaction:
        asked = EnrolAsked(JOURNEY, cause, "asked for")
        return await react(self.services, KEY, [asked], Trigger(cause, delivery))

    async def record(self) -> PatientRecord:
        return await record(self.services, "ann")

    async def timeline(self) -> list[str]:
        return [line.text for line in await self.services.patients.timeline(KEY)]

    async def retried(self, delivery: int = 1) -> None:
        """Take the message by which what is outside is tried again."""
        await refresh(self.services, self.waiting(), Trigger("again", delivery))

    def waiting(self) -> Refresh:
        job = decode_job(queue(self.services).take(OUTBOX).body)
        assert isinstance(job, Refresh)
        return job

    def tasks(self) -> list[str]:
        return [key.resource_id for key in self.fhir._versions if key.resource_type == "Task"]


def journey(*steps: dict[str, Any], version: str = "1") -> Document:
    body = {"url": JOURNEY, "version": version, "title": "Outside", "trigger": {"manual": True}}
    return Document("journey", "outside.yaml", {**body, "re_entry": "after-exit", "steps": list(steps)})


def queue(services: Services) -> MemoryQueue:
    assert isinstance(services.queue, MemoryQueue)
    return services.queue


async def test_it_is_done_and_leaves_the_outbox():
    stage = Stage(TASK, HOOK, NOTICE)
    reaction = await stage.begin()
    assert reaction.waiting == ""
    assert (await stage.record()).outbox == {}
    assert len(stage.tasks()) == 1
    assert [to for to, _ in stage.webhooks.calls] == ["partner", "team"]
    assert OUTBOX not in queue(stage.services).waiting()


async def test_nothing_else_waits_for_what_cannot_be_done_now():
    """The trigger is done with; a message of its own tries again, some times."""
    stage = Stage(HOOK)
    stage.webhooks.failures += [Unavailable("away")] * 2
    reaction = await stage.begin()
    assert reaction.waiting == "away"
    assert len((await stage.record()).outbox) == 1
    with pytest.raises(Unavailable, match="away"):
        await refresh(stage.services, stage.waiting(), Trigger("again", 1))
    await refresh(stage.services, Refresh(KEY), Trigger("again", 2))
    assert (await stage.record()).outbox == {}
    assert len(stage.webhooks.calls) == 1


async def test_after_some_tries_it_is_left_to_the_sweep():
    stage = Stage(HOOK)
    stage.webhooks.failures += [Unavailable("away")] * 2
    await stage.begin()
    await stage.retried(TRIES)
    assert OUTBOX not in queue(stage.services).waiting()
    assert await sweep(stage.services) == 1
    await stage.retried()
    assert (await stage.record()).outbox == {}


async def test_a_webhook_that_is_away_for_days_is_given_up():
    stage = Stage(HOOK)
    stage.webhooks.failures += [Unavailable("the webhook partner cannot be reached")] * 3
    await stage.begin()
    stage.clock.passes(outside.GIVE_UP)
    await stage.retried(TRIES)
    assert len((await stage.record()).outbox) == 1
    stage.clock.passes(HOUR)
    await refresh(stage.services, Refresh(KEY), Trigger("again"))
    held = await stage.record()
    (enrolment,) = held.enrolments.values()
    assert held.outbox == {}
    assert (enrolment.status, enrolment.held) == ("on-hold", "fault")
    given_up = "the call of partner of step hook was given up after 3 days"
    assert enrolment.reason == f"{given_up}: the webhook partner cannot be reached"


async def test_what_nobody_tried_for_days_is_not_given_up_at_the_first_bad_moment():
    """Nobody was there to try, as the process died and the application stood still."""
    stage = Stage(HOOK)
    services, stage.services = stage.services, replace(stage.services, webhooks=Crashing(KINDS))  # type: ignore[arg-type]
    with pytest.raises(SystemError):
        await stage.begin()
    stage.services = services
    stage.clock.passes(10 * DAY)
    stage.webhooks.failures.append(Unavailable("away"))
    await refresh(services, Refresh(KEY), Trigger("again", TRIES))
    assert len((await stage.record()).outbox) == 1
    await refresh(services, Refresh(KEY), Trigger("later"))
    assert [to for to, _ in stage.webhooks.calls] == ["partner"]
    assert (await stage.record()).outbox == {}


@pytest.mark.parametrize("tried", [False, True], ids=["never tried", "tried before"])
async def test_what_was_held_back_for_days_is_not_given_up_at_the_first_bad_moment(tried):
    stage = Stage(HOOK)
    stage.webhooks.failures += [Unavailable("away")] * (1 + tried)
    if tried:
        await stage.begin()
    await publish(stage.services, (journey(*stage.steps),))
    await switch(stage.services, Controls(sending=False))
    if tried:
        await refresh(stage.services, Refresh(KEY), Trigger("while off"))
    else:
        await stage.begin()
    stage.clock.passes(10 * DAY)
    await switch(stage.services, Controls())
    await refresh(stage.services, Refresh(KEY), Trigger("on", TRIES))
    assert len((await stage.record()).outbox) == 1
    await refresh(stage.services, Refresh(KEY), Trigger("later"))
    assert [to for to, _ in stage.webhooks.calls] == ["partner"]
    assert (await stage.record()).outbox == {}


async def test_what_came_of_a_call_counts_though_another_found_the_receiver_away_meanwhile():
    stage = Stage(HOOK)
    stage.webhooks.failures.append(Unavailable("away"))
    await stage.begin()
    held = await stage.record()
    (effect,) = held.outbox.values()
    assert isinstance(effect, PostWebhook)
    assert effect.away == stage.clock.now()
    as_it_was, catalogue = replace(effect, away=None), await stage.services.definitions.current()
    for event in (EffectsDone((as_it_was,)), EffectRefused(as_it_was, "no")):
        after = decide(held, event, catalogue, stage.clock.now()).record
        assert effect.effect_id not in after.outbox
    assert decide(held, PostDelayed(as_it_was, held=False), catalogue, stage.clock.now()).record is held


@pytest.mark.parametrize("step", [TASK, HOOK], ids=["write", "post"])
async def test_what_is_refused_puts_the_enrolment_on_hold_with_the_reason(step):
    stage = Stage(step)
    stage.fhir.before.clear()
    refusal = Rejected("it is not taken (422)", "refused")
    await publish(stage.services, (journey(*stage.steps),))
    await stage.fhir.update(person("ann"))
    await take_in(stage.services, "ann")
    stage.fhir.before.append(refusal)
    stage.webhooks.failures.append(refusal)
    await stage.enrol("once")
    held = await stage.record()
    (enrolment,) = held.enrolments.values()
    assert held.outbox == {}
    assert (enrolment.status, enrolment.held) == ("on-hold", "fault")
    assert enrolment.reason.endswith(f"of step {step['id']} was refused: it is not taken (422)")
    assert f"On hold at rest: {enrolment.reason}" in await stage.timeline()


async def test_a_server_that_does_not_take_ids_of_ours_is_a_refusal():
    stage = Stage(TASK)
    await publish(stage.services, (journey(*stage.steps),))
    await stage.fhir.update(person("ann"))
    await take_in(stage.services, "ann")
    stage.fhir.before.append(Rejected("the FHIR server does not support this (405)", "not-supported"))
    await stage.enrol("once")
    (enrolment,) = (await stage.record()).enrolments.values()
    assert "the Task of step call was refused" in enrolment.reason


@pytest.mark.parametrize("error", [Unavailable("no answer"), Conflict("somebody else")], ids=repr)
async def test_what_may_have_been_written_is_not_written_again(error):
    """Staff may have begun to work on it meanwhile: their version stays."""
    stage = Stage(TASK)
    await publish(stage.services, (journey(*stage.steps),))
    await stage.fhir.update(person("ann"))
    await take_in(stage.services, "ann")
    stage.fhir.after.append(error)
    reaction = await stage.enrol("once")
    assert reaction.waiting
    (task_id,) = stage.tasks()
    key = ResourceKey("Task", task_id)
    written = (await stage.fhir.read(key)).resource
    assert written is not None
    await stage.fhir.update({**written, "status": "in-progress"})
    await stage.retried()
    found = await stage.fhir.read(key)
    assert (await stage.record()).outbox == {}
    assert found.version == "2"
    assert found.resource is not None
    assert found.resource["status"] == "in-progress"


async def test_what_staff_deleted_does_not_come_back():
    stage = Stage(TASK)
    await publish(stage.services, (journey(*stage.steps),))
    await stage.fhir.update(person("ann"))
    await take_in(stage.services, "ann")
    stage.fhir.after.append(Unavailable("no answer"))
    await stage.enrol("once")
    (task_id,) = stage.tasks()
    await stage.fhir.delete(ResourceKey("Task", task_id))
    await stage.retried()
    assert (await stage.record()).outbox == {}
    assert (await stage.fhir.read(ResourceKey("Task", task_id))).deleted


async def test_the_other_effects_are_done_though_one_waits():
    stage = Stage(HOOK, TASK, NOTICE)
    stage.webhooks.failures.append(Unavailable("away"))
    await stage.begin()
    assert len(stage.tasks()) == 1
    assert [to for to, _ in stage.webhooks.calls] == ["team"]
    (left,) = (await stage.record()).outbox.values()
    assert isinstance(left, PostWebhook)
    assert left.to == "partner"
    await stage.retried()
    assert [to for to, _ in stage.webhooks.calls] == ["team", "partner"]


async def test_while_sending_is_off_nobody_is_told_and_tasks_are_written():
    stage = Stage(HOOK, NOTICE, TASK)
    await publish(stage.services, (journey(*stage.steps),))
    await switch(stage.services, Controls(sending=False))
    await stage.fhir.update(person("ann"))
    await take_in(stage.services, "ann")
    reaction = await stage.enrol("once")
    assert reaction.waiting == ""
    assert stage.webhooks.calls == []
    assert len(stage.tasks()) == 1
    stage.clock.passes(10 * DAY)
    await switch(stage.services, Controls())
    assert await sweep(stage.services) == 1
    await stage.retried()
    assert {to for to, _ in stage.webhooks.calls} == {"partner", "team"}
    assert (await stage.record()).outbox == {}


async def switch(services: Services, controls: Controls) -> None:
    shelf, etag = await load_shelf(services.documents)
    await save_shelf(services.documents, shelf.following(shelf.documents, (), controls), etag)


async def test_our_own_task_comes_back_as_a_fact_and_does_no_harm():
    stage = Stage(TASK)
    await stage.begin()
    before = await stage.record()
    await take_in(stage.services, "ann")
    after = await stage.record()
    assert [fact.reference for fact in after.facts] == [f"Task/{stage.tasks()[0]}"]
    assert after.enrolments == before.enrolments
    assert after.outbox == {}


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        (HOOK | {"to": "nobody"}, "the settings name no webhook nobody of kind signed (expected partner)"),
        (HOOK | {"to": "team"}, "the settings name no webhook team of kind signed"),
        (NOTICE | {"to": "partner"}, "the settings name no webhook partner of kind teams (expected team)"),
    ],
)
async def test_a_journey_that_calls_whom_the_settings_do_not_name_is_not_published(step, wanted):
    stage = Stage()
    with pytest.raises(Invalid) as invalid:
        await publish(stage.services, (journey(step, REST),))
    assert str(invalid.value).startswith(f"outside.yaml: step {step['id']}: {wanted}")
    assert (await load_shelf(stage.services.documents))[0].documents == {}


async def test_what_is_published_stays_so_where_a_webhook_was_taken_out_of_the_settings():
    stage = Stage(HOOK)
    await stage.begin()
    without = replace(stage.services, webhooks=MemoryWebhooks({}))
    await publish(without, (journey(TASK, REST, version="2"),))
    assert len((await load_shelf(without.documents))[0].documents) == 2


async def test_where_the_settings_name_none_a_call_is_refused():
    clock = Time()
    with pytest.raises(Rejected, match="there is no webhook partner in the settings"):
        await in_memory(clock).webhooks.post("partner", "id", b"{}")
    assert server(in_memory(clock))


async def test_of_several_at_work_on_a_patient_only_one_calls():
    """What another trigger has in hand is left to it; a trigger that comes again takes over what is there."""
    stage = Stage(HOOK)
    stage.webhooks.failures.append(Unavailable("away"))
    await stage.begin()
    look = [DefinitionsPublished()]
    assert (await react(stage.services, KEY, look, Trigger("another"))).waiting == ""
    assert stage.webhooks.calls == []
    await react(stage.services, KEY, look, Trigger("another", delivery=2))
    assert len(stage.webhooks.calls) == 1
    assert (await stage.record()).outbox == {}


async def test_how_a_message_fared_is_written_down_before_anything_slow():
    """A crash in a call of a webhook leaves no message with an unknown outcome."""
    stage = Stage(HELLO, HOOK)
    await publish(stage.services, (template(), journey(*stage.steps)))
    await stage.fhir.update(person("ann", telecom=[{"system": "phone", "value": "+12065550123"}]))
    await take_in(stage.services, "ann")
    services = replace(stage.services, channels={"sms": Phone()}, webhooks=Crashing(KINDS))  # type: ignore[arg-type]
    with pytest.raises(SystemError):
        await react(services, KEY, [EnrolAsked(JOURNEY, "once", "asked for")], Trigger("once"))
    (message,) = await stage.services.patients.messages(KEY)
    assert message.status == "completed"
    await react(stage.services, KEY, [DefinitionsPublished()], Trigger("once", delivery=2))
    assert len(stage.webhooks.calls) == 1


HELLO = {"id": "hello", "kind": "send", "template": f"{BASE}/templates/hello", "channels": ["sms"]}


def template() -> Document:
    channels = {"sms": {"text": {"en": "Hello"}}}
    body = {"url": f"{BASE}/templates/hello", "version": "1", "title": "Hello", "channels": channels}
    return Document("template", "hello.yaml", body)


class Phone:
    """A channel that takes everything."""

    async def send(self, message: OutboundMessage) -> SendResult:
        return Accepted(f"provider-{message.message_id}")


class Crashing(MemoryWebhooks):
    """Webhooks whose caller's process dies."""

    async def post(self, to: str, post_id: str, body: bytes) -> None:
        raise SystemError("the process dies")

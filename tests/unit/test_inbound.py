"""Whose answer a reply is: of one patient or of a family, with one question open or several."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.catalogue import Document
from shared.events import EnrolAsked
from shared.fhir.instants import HOUR, MINUTE
from shared.message.asking import PATIENCE
from shared.message.consent import why_forbidden
from shared.message.outbound import Accepted, OutboundMessage, SendResult
from shared.message.policy import Policy
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.inbound import kept
from shared.usecases.inbound.take import take_inbound
from shared.usecases.jobs import Inbound
from shared.usecases.publish import publish
from shared.usecases.published import PublishedDefinitions
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.take_in import take_in
from tests.unit.memory_kit import Time, in_memory, person, record, server

BASE = "https://hearthline.example"
PHONE = "+12125550142"
POLICY = Policy(zone="America/New_York", organisation="Riverside Clinic", questions_to_staff=True)
VISIT: list[dict[str, Any]] = [
    {"when": {"answer": {"words": ["1"], "means": ["confirm"]}}, "as": "comes", "next": "comes"},
    {"when": {"answer": {"words": ["2"], "means": ["reschedule", "no"]}}, "as": "later", "next": "later"},
    {"when": {"answer": {"any": True}}, "as": "unclear", "next": "unclear"},
]
PAIN: list[dict[str, Any]] = [
    {"when": {"answer": {"number": {"at_least": 3, "at_most": 10}}}, "as": "pain", "next": "pain"},
]


def journey(name: str, cases: list[dict[str, Any]]) -> Document:
    ends = [{"id": case["next"], "kind": "exit", "reason": case["next"]} for case in cases]
    ask = {"id": "ask", "kind": "send", "template": f"{BASE}/templates/ask", "channels": ["sms"]}
    wait = {"id": "reply", "kind": "wait_for", "cases": cases, "timeout": "P5D"}
    silent = {"id": "silent", "kind": "exit", "reason": "silence"}
    body = {"url": f"{BASE}/journeys/{name}", "version": "1", "title": name, "trigger": {"manual": True}}
    return Document("journey", name, {**body, "re_entry": "after-exit", "steps": [ask, wait, silent, *ends]})


def template(name: str, text: str) -> Document:
    channels = {"sms": {"text": {"en": text}}}
    return Document(
        "template",
        name,
        {"url": f"{BASE}/templates/{name}", "version": "1", "title": name, "channels": channels},
    )


class Phones:
    """A channel that takes everything."""

    def __init__(self) -> None:
        self.sent: list[OutboundMessage] = []

    async def send(self, message: OutboundMessage) -> SendResult:
        self.sent.append(message)
        return Accepted(message.message_id)


class Family:
    """Patients who share a phone, and what is written to it."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.clock, self.phones, self.count = Time(), Phones(), 0
        services = in_memory(self.clock)
        self.services: Services = replace(
            services,
            channels={"sms": self.phones},
            policy=policy,
            definitions=PublishedDefinitions(services.documents, policy, 0),
        )

    async def begin(self, *names: str) -> None:
        words = {
            "ask": "Well?",
            "reply-which": "Which? {{ question.choices }}",
            "reply-noted": "We will call you.",
            "reply-not-understood": "Somebody will read it.",
            "reply-stop": "No more.",
            "reply-help": "We are a clinic.",
        }
        texts = [template(name, text) for name, text in words.items()]
        journeys = (journey("visit", VISIT), journey("other-visit", VISIT), journey("pain", PAIN))
        journeys = (*journeys, journey("comment", VISIT[2:]))
        await publish(self.services, (*journeys, *texts))
        for name in names:
            given = [{"use": "official", "family": "Lopez", "given": [name.capitalize()]}]
            phone = [{"system": "phone", "value": PHONE, "use": "mobile"}]
            await server(self.services).update(person(name, name=given, telecom=phone))
            await take_in(self.services, name)

    async def ask(self, name: str, what: str) -> None:
        self.clock.passes(MINUTE)
        asked = EnrolAsked(f"{BASE}/journeys/{what}", f"{what} {self.clock.at}", "asked for")
        await react(self.services, patient_key(name), [asked], Trigger(f"ask-{self.clock.at}"), name)

    async def says(self, text: str, inbound_id: str = "", delivery: int = 1) -> list[str]:
        """Reply; returns what was written to the phone for it."""
        self.clock.passes(MINUTE)
        self.count += 1
        before = len(self.phones.sent)
        job = Inbound(inbound_id or f"in-{self.count}", "sms", PHONE, text, self.clock.at)
        await take_inbound(self.services, job, Trigger(job.inbound_id, delivery))
        return [message.text for message in self.phones.sent[before:]]

    async def record(self, name: str) -> PatientRecord:
        return await record(self.services, name)

    async def waits(self, name: str) -> list[str]:
        return sorted(e.journey_url.rpartition("/")[2] for e in (await self.record(name)).enrolments.values())

    async def lines(self, name: str) -> list[str]:
        return [line.text for line in await self.services.patients.timeline(patient_key(name))]

    def tasks(self) -> list[dict[str, Any]]:
        held = server(self.services)._versions
        return [dict(v[-1][1] or {}) for key, v in held.items() if key.resource_type == "Task"]


async def test_the_one_question_that_is_open_is_answered_and_nobody_else_hears_of_it():
    family = Family()
    await family.begin("ana", "leo")
    await family.ask("ana", "visit")
    before = await family.record("leo")
    assert await family.says("1") == []
    assert await family.waits("ana") == []
    assert await family.record("leo") == before


async def test_a_reply_that_plainly_answers_one_of_several_questions_is_its_answer():
    """A pain of 7 is no answer to whether somebody comes."""
    family = Family()
    await family.begin("ana", "leo")
    await family.ask("ana", "visit")
    await family.ask("leo", "pain")
    await family.says("7")
    assert (await family.waits("ana"), await family.waits("leo")) == (["visit"], [])
    await family.says("ok!")
    assert await family.waits("ana") == []


@pytest.mark.parametrize("choice", ["2", "two", "Leo", "for leo, please", "#2"])
async def test_where_several_fit_the_sender_is_asked_and_the_first_answer_counts(choice: str):
    family = Family()
    await family.begin("ana", "leo")
    await family.ask("ana", "visit")
    await family.ask("leo", "visit")
    (asked,) = await family.says("yes")
    assert asked.startswith("Which? 1 Ana: our question of Mon, Mar 2 at ")
    assert "; 2 Leo: our question of Mon, Mar 2 at " in asked
    assert (await family.waits("ana"), await family.waits("leo")) == (["visit"], ["visit"])
    assert await family.says(choice) == []
    assert (await family.waits("ana"), await family.waits("leo")) == (["visit"], [])
    assert "At reply: answered, which means yes" in await family.lines("leo")
    assert not any("yes" in line for line in await family.lines("ana"))
    await family.says("1")
    assert await family.waits("ana") == []


async def test_one_patient_with_two_questions_is_asked_without_a_name():
    family = Family()
    await family.begin("ana")
    await family.ask("ana", "visit")
    await family.ask("ana", "other-visit")
    (asked,) = await family.says("sí")
    assert asked.startswith("Which? 1 our question of Mon, Mar 2 at 4:01")
    assert asked.count("our question") == 2
    await family.says("1")
    assert await family.waits("ana") == ["other-visit"]
    assert "Replied by SMS: sí" in await family.lines("ana")


async def test_free_text_goes_to_the_one_question_that_takes_anything():
    family = Family()
    await family.begin("ana")
    await family.ask("ana", "visit")
    await family.ask("ana", "pain")
    assert await family.says("I do not know yet") == []
    assert await family.waits("ana") == ["pain"]
    assert not family.tasks()  # the journey sees to it


async def test_a_reply_that_no_answer_of_the_one_question_fits_goes_to_staff():
    family = Family()
    await family.begin("ana")
    await family.ask("ana", "pain")
    assert await family.says("between 3 and 8") == ["Somebody will read it."]
    assert await family.waits("ana") == ["pain"]
    assert len(family.tasks()) == 1


async def test_who_cannot_tell_is_asked_twice_and_then_staff_are():
    family = Family()
    await family.begin("ana", "leo")
    await family.ask("ana", "visit")
    await family.ask("leo", "visit")
    assert len(await family.says("yes")) == 1
    assert len(await family.says("yes, I said")) == 1
    assert await family.says("what do you mean") == ["Somebody will read it."]
    assert (await family.waits("ana"), await family.waits("leo")) == (["visit"], ["visit"])
    assert [task["input"][0]["valueString"] for task in family.tasks()] == ["yes", "what do you mean"]


async def test_a_choice_that_comes_too_late_is_none():
    family = Family()
    await family.begin("ana", "leo")
    await family.ask("ana", "visit")
    await family.ask("leo", "visit")
    await family.says("yes")
    family.clock.passes(PATIENCE)
    (asked,) = await family.says("2")
    assert asked.startswith("Which?")  # 2 is an answer to both
    assert (await family.waits("ana"), await family.waits("leo")) == (["visit"], ["visit"])


@pytest.mark.parametrize("again", [1, 2], ids=["a second message", "the same message"])
async def test_what_is_delivered_twice_happens_once(again: int):
    family = Family()
    await family.begin("ana", "leo")
    await family.ask("ana", "visit")
    await family.ask("leo", "visit")
    assert len(await family.says("yes", "r-1")) == 1
    assert await family.says("yes", "r-1", again) == []
    await family.says("2", "r-2")
    left = [await family.record("ana"), await family.record("leo")]
    assert await family.says("2", "r-2", again) == []
    assert [await family.record("ana"), await family.record("leo")] == left
    assert not family.tasks()


async def test_stop_is_heard_by_everybody_there_and_confirmed_once():
    family = Family()
    await family.begin("ana", "leo")
    await family.ask("ana", "visit")
    await family.ask("leo", "visit")
    assert await family.says("stop texting me") == ["No more."]
    for name in ("ana", "leo"):
        assert why_forbidden(await family.record(name), "sms", family.clock.at)


async def test_who_are_you_is_answered_once_and_answers_no_question():
    family = Family()
    await family.begin("ana", "leo")
    await family.ask("ana", "visit")
    await family.ask("leo", "visit")
    assert await family.says("wer sind Sie") == ["We are a clinic."]
    assert (await family.waits("ana"), await family.waits("leo")) == (["visit"], ["visit"])
    assert not family.tasks()


async def test_cancel_my_appointment_with_no_question_open_cancels_nothing_and_is_urgent():
    family = Family()
    await family.begin("ana")
    await family.ask("ana", "visit")
    await family.says("1")
    visit = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "booked",
        "start": "2026-03-20T10:00:00Z",
        "participant": [{"actor": {"reference": "Patient/ana"}, "status": "accepted"}],
    }
    await server(family.services).update(visit)
    await take_in(family.services, "ana")
    assert await family.says("cancel my appt") == ["We will call you."]
    (task,) = family.tasks()
    assert (task["priority"], task["focus"]) == ("urgent", {"reference": "Appointment/a1"})
    held = [
        v[-1][1] for k, v in server(family.services)._versions.items() if k.resource_type == "Appointment"
    ]
    assert [each["status"] for each in held if each] == ["booked"]


async def test_a_wish_to_cancel_is_no_answer_to_a_question_about_something_else():
    """A question that takes any answer would swallow it."""
    family = Family()
    await family.begin("ana", "leo")
    await family.ask("ana", "comment")
    assert await family.says("I can't make it") == ["We will call you."]
    assert await family.waits("ana") == ["comment"]
    assert await family.says("it was fine") == []
    assert await family.waits("ana") == []


async def test_what_nobody_understands_goes_to_staff_and_thanks_do_not():
    family = Family()
    await family.begin("ana")
    await family.ask("ana", "visit")
    await family.says("1")
    assert await family.says("is there parking?") == ["Somebody will read it."]
    assert await family.says("and a lift?") == []  # told today already
    assert await family.says("thanks!") == []
    assert [task["input"][0]["valueString"] for task in family.tasks()] == [
        "is there parking?",
        "and a lift?",
    ]


async def test_a_contact_point_that_nobody_was_written_to_at_is_nobodys():
    family = Family()
    await family.begin("ana")
    job = Inbound("in-1", "sms", "+12125550199", "hello", family.clock.at)
    assert await take_inbound(family.services, job, Trigger("in-1")) == 0


async def test_replies_that_wait_are_not_kept_for_longer_than_a_day():
    family = Family()
    await family.begin("ana", "leo")
    await family.ask("ana", "visit")
    await family.ask("leo", "visit")
    await family.says("yes")
    assert [name async for name, _ in family.services.documents.all(kept.KIND)]
    family.clock.passes(PATIENCE + HOUR)
    await kept.purge(family.services, family.clock.at)
    assert not [name async for name, _ in family.services.documents.all(kept.KIND)]


async def test_every_reply_is_a_communication_where_messages_are():
    family = Family(replace(POLICY, write_communications=True))
    await family.begin("ana", "leo")
    await family.ask("ana", "visit")
    for text in ("1", "is there parking?", "HELP"):
        await family.says(text)
    held = server(family.services)._versions
    said = [v[-1][1] for key, v in held.items() if key.resource_type == "Communication"]
    replies = [each for each in said if each and each.get("sender") == {"reference": "Patient/ana"}]
    words = [each["payload"][0]["contentString"] for each in replies]  # type: ignore[index]
    assert sorted(words) == ["1", "HELP", "is there parking?"]


ANSWERS = ("1", "2", "yes", "no", "7", "Leo", "ana", "I do not know", "cancel my appt", "thanks", "two")


@settings(max_examples=40, deadline=None)
@given(
    asked=st.lists(
        st.tuples(st.sampled_from(["ana", "leo"]), st.sampled_from(["visit", "other-visit", "pain"])),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    replies=st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=5),
)
def test_never_does_one_reply_answer_two_questions_or_one_that_was_not_asked(
    asked: list[tuple[str, str]], replies: list[str]
) -> None:
    """Whoever of a family is asked whatever, and however they answer: nothing is lost and nothing guessed."""
    asyncio.run(_never_guessed(asked, replies))


async def _never_guessed(asked: list[tuple[str, str]], replies: list[str]) -> None:
    family = Family()
    await family.begin("ana", "leo")
    for name, what in asked:
        await family.ask(name, what)
    left = set(asked)
    for text in replies:
        tasks, waiting = len(family.tasks()), [n async for n, _ in family.services.documents.all(kept.KIND)]
        wrote = await family.says(text)
        after = {(name, what) for name in ("ana", "leo") for what in await family.waits(name)}
        assert after <= left
        assert len(left - after) <= 1
        dealt_with = after != left or len(family.tasks()) > tasks or wrote or text == "thanks"
        assert dealt_with or waiting
        left = after

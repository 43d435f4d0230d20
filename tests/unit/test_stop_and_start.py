"""Replies about being written to, all the way: from the queue to the phone, the provider's list and FHIR."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cli.yaml_files import load_yaml
from shared.catalogue import Document
from shared.events import ConsentChosen, EnrolAsked
from shared.fhir.choice import Choice
from shared.fhir.instants import HOUR, MINUTE
from shared.message.consent import why_forbidden
from shared.message.outbound import Accepted, OutboundMessage, SendResult
from shared.message.policy import Policy
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.inbound.take import take_inbound
from shared.usecases.jobs import Inbound
from shared.usecases.publish import publish
from shared.usecases.published import PublishedDefinitions
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.take_in import take_in
from tests.unit.memory_kit import Time, in_memory, person, record, server

ROOT = Path(__file__).parents[2]
NEWS = "https://x.example/templates/news"
JOURNEY = "https://x.example/journeys/news"
PHONE = "+12125550142"
POLICY = Policy(
    organisation="Riverside Clinic",
    phone="+1 212 555 0100",
    restrictive=frozenset({"marketing"}),
    write_consents=True,
    questions_to_staff=True,
)


class Provider:
    """A channel that takes everything, and its list of numbers that want nothing."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.opted_out: set[str] = set()

    async def send(self, message: OutboundMessage) -> SendResult:
        assert message.to not in self.opted_out, "the provider would refuse it"
        self.sent.append(message.text)
        return Accepted(message.message_id)

    async def add(self, address: str) -> None:
        self.opted_out.add(address)

    async def remove(self, address: str) -> None:
        self.opted_out.discard(address)


class Life:
    """One patient with a phone, and a journey that sends news; `shipped` answers to replies."""

    def __init__(self, language: str = "en") -> None:
        self.clock, self.provider, self.count = Time(), Provider(), 0
        self.language = language
        services = in_memory(self.clock)
        self.services: Services = replace(
            services,
            channels={"sms": self.provider},
            policy=POLICY,
            definitions=PublishedDefinitions(services.documents, POLICY, 0),
            opt_out_list=self.provider,
        )

    async def begin(self, purpose: str = "care") -> Life:
        files = (ROOT / "definitions/templates").glob("reply-*.yaml")
        shipped = [Document("template", path.name, load_yaml(path.read_text("utf-8"))) for path in files]
        words = {"sms": {"text": {"en": "News."}}}
        news = {"url": NEWS, "version": "1", "title": "News", "purpose": purpose, "channels": words}
        send = {"id": "send", "kind": "send", "template": NEWS, "channels": ["sms"]}
        body = {"url": JOURNEY, "version": "1", "title": "News", "trigger": {"manual": True}, "steps": [send]}
        journey: dict[str, Any] = {**body, "re_entry": "after-exit"}
        own = (Document("template", "news", news), Document("journey", "news", journey))
        await publish(self.services, (*shipped, *own))
        told = [{"preferred": True, "language": {"coding": [{"code": self.language}]}}]
        phone = [{"system": "phone", "value": PHONE, "use": "mobile"}]
        await server(self.services).update(person("ana", telecom=phone, communication=told))
        await take_in(self.services, "ana")
        return self

    async def news(self) -> list[str]:
        """Send news; what arrives."""
        self.clock.passes(MINUTE)
        asked = EnrolAsked(JOURNEY, str(self.clock.at), "asked for")
        return await self._told(asked)

    async def chooses(self, *permits: Choice) -> list[str]:
        self.clock.passes(MINUTE)
        now = tuple(replace(yes, since=self.clock.at) for yes in permits)
        return await self._told(ConsentChosen(f"page-{self.clock.at}", now))

    async def says(self, text: str) -> list[str]:
        """Reply; what is answered."""
        self.clock.passes(MINUTE)
        self.count += 1
        before = len(self.provider.sent)
        job = Inbound(f"in-{self.count}", "sms", PHONE, text, self.clock.at)
        await take_inbound(self.services, job, Trigger(job.inbound_id))
        return self.provider.sent[before:]

    async def _told(self, event: ConsentChosen | EnrolAsked) -> list[str]:
        before = len(self.provider.sent)
        await react(self.services, patient_key("ana"), [event], Trigger(str(self.clock.at)), "ana")
        return self.provider.sent[before:]

    async def record(self) -> PatientRecord:
        return await record(self.services, "ana")

    def consents(self) -> list[Mapping[str, Any]]:
        held = server(self.services)._versions
        return [versions[-1][1] or {} for key, versions in held.items() if key.resource_type == "Consent"]


@pytest.mark.parametrize(
    ("language", "stop", "confirmation", "start"),
    [
        ("en", "stop texting me", "You will get no more messages", "START"),
        ("es", "no me manden más mensajes", "Ya no le enviaremos mensajes", "ALTA"),
        ("de", "keine Nachrichten mehr", "Sie bekommen hier keine Nachrichten mehr", "START"),
    ],
)
async def test_stop_holds_until_start(language: str, stop: str, confirmation: str, start: str) -> None:
    life = await Life(language).begin()
    assert await life.news() == ["News."]
    (answer,) = await life.says(stop)
    assert confirmation in answer
    assert life.provider.opted_out == {PHONE}
    assert [c["provision"]["type"] for c in life.consents()] == ["deny"]
    assert await life.news() == []
    assert await life.says("STOP") == []
    assert await life.news() == []
    assert len(await life.says(start)) == 1
    assert life.provider.opted_out == set()
    assert [c["provision"]["type"] for c in life.consents()] == ["permit"]
    assert await life.news() == ["News."]


async def test_who_asks_is_told_who_we_are_also_after_stop() -> None:
    life = await Life().begin()
    await life.news()
    for text in ("HELP", "HELP"):
        (answer,) = await life.says(text)
        assert "+1 212 555 0100" in answer
    await life.says("STOP")
    life.provider.opted_out.clear()
    assert len(await life.says("HELP")) == 1


async def test_it_is_answered_in_the_language_it_was_asked_in() -> None:
    life = await Life("es").begin()
    await life.news()
    (answer,) = await life.says("wer sind Sie")
    assert "Wir schreiben Ihnen" in answer


async def test_a_machine_at_the_other_end_is_not_answered_for_ever() -> None:
    life = await Life().begin()
    await life.news()
    assert len(await life.says("Who is this?")) == 1
    assert [await life.says("Who is this?") for _ in range(5)] == [[]] * 5
    life.clock.passes(24 * HOUR)
    assert len(await life.says("Who is this?")) == 1


async def test_marketing_waits_for_a_confirmed_yes() -> None:
    life = await Life().begin("marketing")
    yes = Choice("sms", "", life.clock.at, "page", "marketing", wording="News: yes", evidence="page 1")
    assert await life.news() == []
    (asked,) = await life.chooses(yes)
    assert "reply YES within 24 hours" in asked
    assert await life.news() == []
    assert life.consents() == []
    (done,) = await life.says("Yes!")
    assert "From now on you get our news" in done
    assert [c["verification"][0]["verified"] for c in life.consents()] == [True]
    assert await life.news() == ["News."]


async def test_staff_who_take_a_stop_back_on_the_fhir_server_are_heard() -> None:
    life = await Life().begin()
    await life.news()
    await life.says("STOP")
    life.provider.opted_out.clear()
    (ours,) = life.consents()
    life.clock.passes(HOUR)
    await server(life.services).update({**ours, "status": "entered-in-error"})
    await take_in(life.services, "ana")
    assert why_forbidden(await life.record(), "sms", life.clock.at) == ""
    assert await life.news() == ["News."]

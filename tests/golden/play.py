"""Play a scenario through the real core, instant by instant, and write down what happened.

A scenario is a YAML document: definitions (files, or inline), a patient, what happens when, and the
expected story. Everything goes through shared.decide; between two happenings the record is woken whenever
it asked to be, and messages and effects are handed out, as the system does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from shared.catalogue import Catalogue
from shared.decide import decide
from shared.effects import AnswerAppointment, AskEntry, OutboxEffect, PostWebhook, SendMessage, WriteResource
from shared.events import (
    CustomEventReceived,
    DefinitionsPublished,
    DeliveryReported,
    EffectRefused,
    EffectsDone,
    EnrolAsked,
    EnrolmentAsked,
    EntryGranted,
    Event,
    InboundReceived,
    MigrationAsked,
    ResourceChanged,
    SendDue,
    SendSettled,
    SurveyAnswered,
    WakeupDue,
)
from shared.fhir.instants import Instant, parse_instant, to_datetime
from shared.journey.index import Journeys
from shared.patient.record import PatientRecord, patient_key
from shared.patient.state import Enrolment, Message
from tests.golden.parts import fact, fields, flow, person, resource, told
from tests.golden.stage import DEFINITIONS, Stage, marker

__all__ = ["DEFINITIONS", "Play"]

PATIENT = {"phone": "(212) 555-0142", "email": "ana@example.org", "languages": ["en"]}


class Play:
    """One patient, some definitions, and the story so far."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.stage = Stage(scenario)
        self.zone = ZoneInfo(self.stage.policy.zone)
        self.roster = "roster" in scenario.get("shows", ())
        self.person = person(scenario.get("patient", PATIENT))
        self.record = PatientRecord(patient_key("p1"), "p1")
        self.story: list[str] = []
        self.answers: list[dict[str, Any]] = []
        self.refusals: list[str] = []
        self.asked: list[str] = []
        """Ids of enrolments that wait to be let in, first come first."""
        self.sent: list[str] = []
        self.planned: list[Message] = []
        self.heard = 0

    @property
    def catalogue(self) -> Catalogue:
        """Return what is published now."""
        return self.stage.catalogue

    @property
    def journeys(self) -> Journeys:
        """Return the journeys that are published now."""
        return self.catalogue.journeys

    def run(self, happenings: Iterable[dict[str, Any]]) -> str:
        """Let everything happen; return the story."""
        for happening in happenings:
            at = parse_instant(happening["at"])
            if self.record.person is None:
                self.decide(ResourceChanged(replace(self.person, updated=at)), at)
            self.sleep_until(at)
            for kind, content in happening.items():
                if kind != "at":
                    self.story.append(f"{self.stamp(at)} * {kind}: {flow(content)}")
                    getattr(self, f"on_{kind.replace('-', '_')}")(content, at)
                    self.drain(at)
        return "\n".join(self.story) + "\n"

    def sleep_until(self, at: Instant) -> None:
        """Wake the record at every instant it asked for, up to and including `at`."""
        while (due := self.record.next_due) is not None and due <= at:
            self.decide(WakeupDue(due), due)
            self.drain(due)

    def on_patient(self, content: dict[str, Any], at: Instant) -> None:
        before = self.record.person
        assert before is not None
        version = str(int(before.version) + 1)
        after = replace(before, version=version, updated=at, **fields(content))
        self.decide(ResourceChanged(after), at)

    def on_fact(self, content: dict[str, Any], at: Instant) -> None:
        self.decide(ResourceChanged(fact(content, at)), at)

    def on_resource(self, content: dict[str, Any], at: Instant) -> None:
        """Let a FHIR resource arrive, as it is on the server."""
        self.decide(ResourceChanged(resource(content, at, self.zone, self.catalogue.arrivals)), at)

    def on_segment(self, content: dict[str, Any], at: Instant) -> None:
        """Let a stand-in segment hold, or no longer, for the reason given."""
        entered = content.get("entered", True)
        reason = content.get("reason", "HbA1c 9.1 % > 9 %" if entered else "HbA1c 7.9 % ≤ 9 %")
        self.decide(ResourceChanged(marker(content["url"], entered, reason, at)), at)

    def on_event(self, content: dict[str, Any], at: Instant) -> None:
        self.decide(CustomEventReceived(content.get("id", f"event-{at}"), content["name"], at), at)

    def on_enrol(self, content: dict[str, Any], at: Instant) -> None:
        given = {k: v for k, v in content.items() if k != "not_before"}
        if "not_before" in content:
            given["not_before"] = parse_instant(content["not_before"])
        self.decide(EnrolAsked(**{"cause": f"asked {at}", "why": "asked for by staff"} | given), at)

    def on_enrolment(self, content: dict[str, Any], at: Instant) -> None:
        """Let staff do something with the enrolment `of` a journey, by the end of its url (and focus)."""
        found = self.enrolment(content["of"], content.get("focus", ""))
        given = {k: v for k, v in content.items() if k not in ("of", "focus")}
        self.decide(EnrolmentAsked(found.enrolment_id, **{"by": "staff-7"} | given), at)

    def on_migration(self, content: dict[str, Any], at: Instant) -> None:
        """Let staff ask for the enrolment `of` a journey to go on in another version."""
        found = self.enrolment(content["of"])
        to = f"{found.journey_url}|{content['to']}"
        steps, reason = content.get("steps", {}), content.get("reason", "because")
        self.decide(MigrationAsked(found.enrolment_id, found.journey, to, "staff-7", reason, steps), at)

    def on_grant(self, content: dict[str, Any], at: Instant) -> None:
        """Let in who waited longest, or `again` somebody who is in already."""
        self.decide(EntryGranted(self.asked[0]), at)
        if not content.get("again"):
            self.asked.pop(0)

    def on_publish(self, content: dict[str, Any], at: Instant) -> None:
        self.stage.publish(content)
        self.decide(DefinitionsPublished(), at)

    def on_controls(self, content: dict[str, Any], at: Instant) -> None:
        self.on_publish({"controls": content}, at)

    def on_answers(self, content: list[dict[str, Any]], at: Instant) -> None:
        """Say what the provider will answer next; it accepts where nothing is said."""
        self.answers += content

    def on_refusals(self, content: list[str], at: Instant) -> None:
        """Say why the next things to be done outside are refused; they are done where nothing is said."""
        self.refusals += content

    def on_reply(self, content: dict[str, Any], at: Instant) -> None:
        self.heard += 1
        inbound_id, channel = content.get("id", f"in-{self.heard}"), content.get("channel", "sms")
        self.decide(InboundReceived(inbound_id, channel, content["from"], content["text"], at), at)

    def on_survey(self, content: dict[str, Any], at: Instant) -> None:
        """Let a survey be filled in on its page: of an enrolment in the journey `of`; `answers` by linkId."""
        found = self.enrolment(content["of"])
        name = content.get("id", f"page-{at}")
        told = {link_id: str(answer) for link_id, answer in content["answers"].items()}
        step = content.get("step", found.step)
        self.decide(SurveyAnswered(name, found.enrolment_id, step, told, at), at)

    def on_report(self, content: dict[str, Any], at: Instant) -> None:
        self.decide(DeliveryReported(self.sent[content["of"] - 1], content["status"], at), at)

    def on_restart(self, content: dict[str, Any], at: Instant) -> None:
        """Let nothing happen but that time has passed."""
        self.decide(WakeupDue(at), at)

    def enrolment(self, name: str, focus: str = "") -> Enrolment:
        """Find an enrolment of the patient."""
        inside = self.record.enrolments.values()
        found = [e for e in inside if e.journey.partition("|")[0].endswith(f"/{name}")]
        return next(e for e in found if not focus or e.focus == focus)

    def decide(self, event: Event, at: Instant) -> None:
        """Let the core decide; write its lines down, and do outside what it wants done."""
        decision = decide(self.record, event, self.catalogue, at)
        known = {message.message_id for message in self.planned}
        self.planned += [m for m in decision.messages if m.message_id not in known]
        self.record = replace(decision.record, sequence=self.record.sequence + 1)
        self.story += [f"{self.stamp(line.at)}   {line.kind}: {line.text}" for line in decision.timeline]
        for effect in decision.effects:
            if isinstance(effect, SendMessage):
                self.send(effect, at)
        self.outside(tuple(self.record.outbox.values()), at)

    def outside(self, effects: tuple[OutboxEffect, ...], at: Instant) -> None:
        """Do what stands in the outbox, or have it refused."""
        if not effects:
            return
        self.story += [f"{self.stamp(at)} = {line}" for line in told(effects, self.roster)]
        self.asked += [e.enrolment_id for e in effects if isinstance(e, AskEntry)]
        for effect in effects:
            if self.refusals and isinstance(effect, WriteResource | PostWebhook | AnswerAppointment):
                self.decide(EffectRefused(effect, self.refusals.pop(0)), at)
        self.decide(EffectsDone(effects), at)

    def drain(self, at: Instant) -> None:
        """Hand out the messages that are due."""
        while ready := self.record.ready_messages(at):
            for message in ready:
                self.decide(SendDue(message.message_id, "t"), at)

    def send(self, effect: SendMessage, at: Instant) -> None:
        self.sent.append(effect.message_id)
        words = " ⏎ ".join(filter(None, [effect.subject, *effect.text.splitlines()]))
        self.story.append(f"{self.stamp(at)} > {effect.channel} {effect.to}: {words}")
        said = self.answers.pop(0) if self.answers else {"outcome": "accepted", "provider_id": "x"}
        if said["outcome"] != "silence":
            self.decide(SendSettled(effect.message_id, **said), at)

    def stamp(self, at: Instant) -> str:
        return to_datetime(at, self.zone).strftime("%Y-%m-%d %H:%M")

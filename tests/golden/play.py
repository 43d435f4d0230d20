"""Play a scenario through journeys and messages, instant by instant, and write down what happened.

A scenario is a YAML document: definitions (files, or inline), a patient, what happens when, and the
expected story. Between two happenings the record is woken whenever it asked to be, as the system does.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from msgspec.structs import replace

from shared.events import DeliveryReported, InboundReceived, SendDue, SendSettled
from shared.fhir.fact import ContactPoint, Fact, Name, Person
from shared.fhir.instants import Instant, parse_instant, to_datetime
from shared.journey.advance import Sprint, on_change, on_segment, on_wakeup
from shared.journey.compile import compile_journey
from shared.journey.definition import parse_journey
from shared.journey.index import Journeys
from shared.message import consent, delivery, guard
from shared.message.handled import Handled
from shared.message.index import Templates
from shared.message.plan import plan
from shared.message.policy import Policy
from shared.message.render import compile_template
from shared.message.template import parse_template
from shared.patient.apply import apply_content
from shared.patient.record import PatientRecord, TimelineLine, patient_key
from shared.patient.state import Membership, Message
from shared.patient.transition import SegmentChanged

ROOT = Path(__file__).parents[2]
DEFINITIONS = ROOT / "definitions"


def load(kind: str, name: str | dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return a definition's document and its place: a shipped one by name, or the inline one."""
    if isinstance(name, dict):
        return name, "inline"
    path = DEFINITIONS / kind / f"{name}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")), path.name


class Play:
    """One patient, some definitions, and the story so far."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.policy = Policy(**scenario.get("policy", {}))
        self.zone = ZoneInfo(self.policy.zone)
        journeys = [parse_journey(*load("journeys", j)) for j in scenario["journeys"]]
        templates = [parse_template(*load("templates", t)) for t in scenario["templates"]]
        self.journeys = Journeys(compile_journey(journey, self.zone) for journey in journeys)
        self.templates = Templates(map(compile_template, templates))
        self.story: list[str] = []
        self.answers: list[dict[str, Any]] = []
        self.sent: list[str] = []
        self.planned: list[Message] = []
        self.record = PatientRecord(patient_key("p1"), "p1", person=person(scenario.get("patient", {})))

    def run(self, happenings: Iterable[dict[str, Any]]) -> str:
        """Let everything happen; return the story."""
        for happening in happenings:
            at = parse_instant(happening["at"])
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
            self.advance(on_wakeup(self.record, self.journeys, due), due)
            self.drain(due)

    def on_patient(self, content: dict[str, Any], at: Instant) -> None:
        before = self.record.person
        assert before is not None
        version = str(int(before.version or 0) + 1)
        changed_person = replace(before, version=version, updated=at, **content)
        after, changed = apply_content(self.record, changed_person)
        assert changed is not None
        self.record = after
        self.advance(on_change(after, changed, self.journeys, at), at)

    def on_fact(self, content: dict[str, Any], at: Instant) -> None:
        after, changed = apply_content(self.record, fact(content, at))
        if changed is not None:
            self.record = after
            self.advance(on_change(after, changed, self.journeys, at), at)

    def on_segment(self, content: dict[str, Any], at: Instant) -> None:
        url, entered = content["url"], content.get("entered", True)
        held = Membership(f"{url}|1", entered, at)
        self.record = replace(self.record, memberships={**self.record.memberships, url: held})
        changed = SegmentChanged(url, f"{url}|1", entered, content.get("reason", "HbA1c 9.1 % > 9 %"))
        self.advance(on_segment(self.record, changed, self.journeys, at), at)

    def on_answers(self, content: list[dict[str, Any]], at: Instant) -> None:
        """Say what the provider will answer next; it accepts where nothing is said."""
        self.answers += content

    def on_reply(self, content: dict[str, Any], at: Instant) -> None:
        inbound = InboundReceived("in-1", content.get("channel", "sms"), content["from"], content["text"], at)
        self.take(consent.receive(self.record, inbound, at, self.policy))

    def on_report(self, content: dict[str, Any], at: Instant) -> None:
        reported = DeliveryReported(self.sent[content["of"] - 1], content["status"], at)
        self.take(delivery.report(self.record, None, reported, at))

    def on_restart(self, content: dict[str, Any], at: Instant) -> None:
        self.take(delivery.expire(self.record, at))

    def advance(self, sprint: Sprint, at: Instant) -> None:
        self.record = sprint.record
        self.tell(sprint.timeline)
        for intent in sprint.intents:
            planned = plan(self.record, intent, self.templates, self.policy, at)
            self.record = planned.record
            self.planned += planned.messages
            self.tell(planned.timeline)

    def drain(self, at: Instant) -> None:
        for message in self.record.ready_messages(at):
            claimed = guard.claim(
                self.record, SendDue(message.message_id, "t"), self.templates, self.policy, at
            )
            self.record = claimed.record
            self.tell(claimed.timeline)
            if claimed.effect is not None:
                effect = claimed.effect
                self.sent.append(effect.message_id)
                words = " ⏎ ".join(filter(None, [effect.subject, *effect.text.splitlines()]))
                self.story.append(f"{self.stamp(at)} > {effect.channel} {effect.to}: {words}")
                self.answer(effect.message_id, at)

    def answer(self, message_id: str, at: Instant) -> None:
        said = self.answers.pop(0) if self.answers else {"outcome": "accepted", "provider_id": "x"}
        if said["outcome"] != "silence":
            self.take(delivery.settle(self.record, SendSettled(message_id, **said), at, self.policy))

    def take(self, handled: Handled) -> None:
        self.record = handled.record
        self.tell(handled.timeline)

    def tell(self, lines: Iterable[TimelineLine]) -> None:
        self.story += [f"{self.stamp(line.at)}   {line.kind}: {line.text}" for line in lines]

    def stamp(self, at: Instant) -> str:
        return to_datetime(at, self.zone).strftime("%Y-%m-%d %H:%M")


def person(content: dict[str, Any]) -> Person:
    """Make a patient: given, family, languages, phone, email."""
    name = Name("official", content.get("family", "Lopez"), (content.get("given", "Ana"),))
    points = [ContactPoint(s, content[s], "mobile") for s in ("phone", "email") if s in content]
    return Person("p1", names=(name,), telecom=tuple(points), languages=tuple(content.get("languages", ())))


def fact(content: dict[str, Any], at: Instant) -> Fact:
    """Make a fact: start and end as FHIR instants, the rest as it is."""
    kind, _, identity = content["reference"].partition("/")
    moments = {k: parse_instant(content[k]) for k in ("start", "end") if k in content}
    attributes = {k: tuple(v) for k, v in content.get("attributes", {}).items()}
    rest = {k: content[k] for k in ("status", "title", "gone") if k in content}
    return Fact(kind, identity, str(content.get("version", at)), at, attributes=attributes, **moments, **rest)


def flow(content: object) -> str:
    """Write content on one line."""
    return yaml.safe_dump(
        content, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True
    ).strip()

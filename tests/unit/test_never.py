"""What must never happen to a patient, looked for in random lives that go through the core whole.

No message inside quiet hours, above a cap, after a STOP, to the dead, twice for one intent, without the yes
that its purpose needs, or in a language that the person does not read where theirs exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.catalogue import Catalogue, Document, build_catalogue
from shared.decide import decide
from shared.effects import SendMessage
from shared.events import (
    ConsentChosen,
    EnrolAsked,
    Event,
    InboundReceived,
    ResourceChanged,
    SendDue,
    SendSettled,
    WakeupDue,
)
from shared.fhir.choice import Choice
from shared.fhir.fact import Address, ContactPoint, Name, Person
from shared.fhir.instants import DAY, HOUR, MINUTE, Instant, parse_instant, to_datetime
from shared.message.policy import Policy
from shared.message.timing.caps import Cap
from shared.message.timing.hours import QuietHours
from shared.patient.record import PatientRecord, patient_key

BASE = "https://x.example"
PHONE, MAIL = "+12125550142", "ana@example.org"
PURPOSES = ("care", "operations", "marketing", "research")
WEEK = 7 * DAY
CAPS = (
    Cap(frozenset({"marketing"}), 2, WEEK),
    Cap(frozenset({"marketing", "operations", "research"}), 3, WEEK),
)
POLICY = Policy(
    zone="America/New_York",
    quiet=QuietHours(),
    caps=CAPS,
    restrictive=frozenset({"marketing"}),
    patience=30 * DAY,
)
ORDER = ("care", "operations", "research", "marketing")
ZONES = ("America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "Europe/Berlin")
START = parse_instant("2026-03-06T09:30:00Z")
"""Two days before clocks go forward in New York."""


def _documents(purpose: str) -> list[Document]:
    words = {"en": "Clinic", "es": "Clínica", "de": "Klinik"}
    template = {
        "url": f"{BASE}/templates/{purpose}",
        "version": "1.0.0",
        "title": purpose,
        "purpose": purpose,
        "channels": {"sms": {"text": words}, "email": {"subject": words, "text": words}},
    }
    send = {"kind": "send", "template": template["url"], "channels": ["sms", "email"]}
    journey = {
        "url": f"{BASE}/journeys/{purpose}",
        "version": "1.0.0",
        "title": purpose,
        "trigger": {"manual": True},
        "re_entry": {"after": "PT1M"},
        "steps": [
            {**send, "id": "first"},
            {"id": "wait", "kind": "wait", "duration": "PT20H"},
            {**send, "id": "second"},
            {"id": "end", "kind": "exit"},
        ],
    }
    return [
        Document("template", f"{purpose}.yaml", template),
        Document("journey", f"{purpose}.yaml", journey),
    ]


CATALOGUE: Catalogue = build_catalogue(
    [document for purpose in PURPOSES for document in _documents(purpose)], "1-a", POLICY
)


def _person(zone: str, spoken: tuple[str, ...], version: int, **more: Any) -> Person:
    return Person(
        "p",
        version=str(version),
        updated=Instant(version),
        names=(Name(given=("Ana",), family="Ruiz"),),
        telecom=(ContactPoint("phone", PHONE, "mobile"), ContactPoint("email", MAIL)),
        languages=spoken,
        addresses=(Address(country="US"),),
        attributes={"time-zone": (zone,)},
        **more,
    )


def matter_as_much(purpose: str) -> frozenset[str]:
    """Return the purposes that matter as much as this one, or more."""
    return frozenset(ORDER[: ORDER.index(purpose) + 1])


class Life:
    """One patient through the core, a provider that takes everything, and an eye on what it was given."""

    def __init__(self, zone: str, spoken: tuple[str, ...]) -> None:
        self.now = START
        self.zone = zone
        self.spoken = spoken
        self.dead = False
        self.stopped: set[str] = set()
        self.agreed = False
        self.sent: list[tuple[Instant, str]] = []
        self.intents: set[tuple[str, int]] = set()
        self.version = 1
        self.turn = 0
        self.record = PatientRecord(patient_key("p"), "p")
        self.changed()

    def happens(self, event: Event) -> None:
        """Let an event happen, and all that follows now."""
        self.record = decide(self.record, event, CATALOGUE, self.now).record
        for message in self.record.ready_messages(self.now):
            self.turn += 1
            decision = decide(self.record, SendDue(message.message_id, f"t{self.turn}"), CATALOGUE, self.now)
            self.record = decision.record
            for effect in decision.effects:
                if isinstance(effect, SendMessage):
                    self.watch(effect)
                    settled = SendSettled(effect.message_id, "accepted", "x")
                    self.record = decide(self.record, settled, CATALOGUE, self.now).record

    def watch(self, send: SendMessage) -> None:
        """Hold a message that goes out to all that was ever promised."""
        message = self.record.messages[send.message_id]
        clock = to_datetime(self.now, ZoneInfo(self.zone)).time()
        assert not self.dead
        if message.answers:
            return
        assert time(8) <= clock < time(21), clock
        assert send.channel not in self.stopped
        assert message.purpose != "marketing" or self.agreed
        intent = (message.enrolment_id, message.sequence)
        assert intent not in self.intents
        self.intents.add(intent)
        readable = [tag for tag in self.spoken if tag in ("en", "es", "de")]
        assert send.language == (readable[0] if readable else "en")
        self.sent.append((self.now, message.purpose))
        for cap in CAPS:
            if message.purpose in cap.purposes:
                # What matters less never holds back what matters more: it does not count against it.
                counted = [
                    purpose
                    for at, purpose in self.sent
                    if at > self.now - cap.window
                    and purpose in matter_as_much(message.purpose) & cap.purposes
                ]
                assert len(counted) <= cap.most, counted

    def changed(self) -> None:
        self.version += 1
        person = _person(self.zone, self.spoken, self.version, deceased=self.dead)
        self.happens(ResourceChanged(person))

    def passes(self, length: int) -> None:
        """Let time pass, and wake the patient whenever they want to be."""
        until = Instant(self.now + length)
        for _ in range(200):
            due = self.record.next_due
            if due is None or due > until:
                break
            self.now = max(self.now, due)
            self.happens(WakeupDue(due))
        self.now = until

    def says(self, text: str) -> None:
        self.turn += 1
        self.happens(InboundReceived(f"in{self.turn}", "sms", PHONE, text, self.now))

    def chooses(self, *, yes: bool) -> None:
        self.turn += 1
        choice = Choice("*", "", self.now, "staff", purpose="marketing", evidence="form 7")
        given = {"permits": (choice,)} if yes else {"denials": (choice,)}
        self.agreed = yes
        self.happens(ConsentChosen(f"c{self.turn}", **given))


STEPS = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(PURPOSES)),
    st.tuples(st.just("pass"), st.sampled_from([MINUTE, HOUR, 5 * HOUR, 13 * HOUR, DAY, 3 * DAY])),
    st.tuples(
        st.just("say"), st.sampled_from(["STOP", "start", "please stop texting me", "ok", "no más mensajes"])
    ),
    st.tuples(st.just("choose"), st.booleans()),
    st.tuples(st.just("move"), st.sampled_from(ZONES)),
    st.tuples(st.just("speak"), st.sampled_from([("es", "en"), ("de",), ("fr", "es"), ("fr",), ()])),
    st.tuples(st.just("die"), st.just(None)),
)


def play(life: Life, steps: Sequence[tuple[str, Any]]) -> None:
    """Play the steps of a life."""
    for number, (what, how) in enumerate(steps):
        match what:
            case "ask":
                life.happens(EnrolAsked(f"{BASE}/journeys/{how}", f"cause{number}", "asked"))
            case "pass":
                life.passes(how)
            case "say":
                if how.casefold() == "start":
                    life.stopped.discard("sms")
                elif how != "ok":
                    life.stopped.add("sms")
                life.says(how)
            case "choose":
                life.chooses(yes=how)
            case "move":
                life.zone = how
                life.changed()
            case "speak":
                life.spoken = how
                life.changed()
            case "die":
                life.dead = True
                life.changed()


@settings(max_examples=150)
@given(st.sampled_from(ZONES), st.lists(STEPS, max_size=30))
def test_what_must_never_happen_never_does(zone: str, steps: list[tuple[str, Any]]) -> None:
    play(Life(zone, ("es", "en")), steps)


def test_a_life_without_trouble_is_told_everything() -> None:
    """The eye above sees something: what nothing hinders goes out."""
    life = Life("Europe/Berlin", ("de",))
    play(life, [("ask", "care"), ("ask", "operations"), ("pass", 3 * DAY)])
    assert sorted(purpose for _, purpose in life.sent) == ["care", "care", "operations", "operations"]
    assert replace(life.record, messages={}).opt_outs == ()

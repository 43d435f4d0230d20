"""Preview and status: exactly who gets what and when, and what came of it; the one agrees with the other."""

from __future__ import annotations

from typing import Any

import pytest
from campaign_kit import CAMPAIGN, JOURNEY, SEGMENTS, Clinic, campaign, journey
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.memory import MemoryPatients
from shared.catalogue import Document
from shared.errors import Invalid, Rejected
from shared.events import InboundReceived
from shared.fhir.instants import DAY, HOUR, MINUTE, Instant, iso, parse_instant
from shared.journey.campaign import parse_campaign
from shared.message.outbound import Accepted, OutboundMessage
from shared.patient.record import patient_key
from shared.usecases.campaigns.foresight import Foreseen
from shared.usecases.campaigns.moves import find
from shared.usecases.campaigns.preview import Totals, plan, preview
from shared.usecases.campaigns.status import RunStatus, status

TEMPLATE = "https://hearthline.example/templates/flu"


def template() -> Document:
    sms = {"text": {"en": "Hello {{ patient.given }}", "es": "Hola {{ patient.given }}"}}
    email = {"subject": {"en": "Flu"}, "text": {"en": "Dear {{ patient.given }}"}}
    body = {"url": TEMPLATE, "version": "1", "title": "Flu", "purpose": "care", "default_language": "en"}
    return Document("template", "flu.yaml", {**body, "channels": {"sms": sms, "email": email}})


def sending(**changes: Any) -> Document:
    steps = [
        {"id": "invite", "kind": "send", "template": TEMPLATE, "channels": ["sms", "email"]},
        {"id": "wait", "kind": "wait", "duration": "P30D"},
    ]
    return journey(**{"steps": steps, **changes})


class Phone:
    """A provider that takes everything."""

    def __init__(self) -> None:
        self.sent: list[OutboundMessage] = []

    async def send(self, message: OutboundMessage) -> Accepted:
        self.sent.append(message)
        return Accepted("provider-1")


@pytest.fixture
def clinic() -> Clinic:
    made = Clinic()
    phone = Phone()
    made.services.channels.update({"sms": phone, "email": phone})  # type: ignore[attr-defined]
    return made


def reached(name: str, number: int, **more: object) -> dict[str, object]:
    point = {"system": "phone", "use": "mobile", "value": f"+1212555{number:04d}"}
    return {"name": [{"given": [name.capitalize()], "family": "X"}], "telecom": [point], **more}


async def foreseen(clinic: Clinic) -> dict[str, Foreseen]:
    definition = await find(clinic.services, CAMPAIGN)
    made = await plan(clinic.services, definition)
    return {seen.patient: seen async for seen in preview(clinic.services, definition, made)}


async def test_each_with_the_words_they_would_get_and_when(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, template(), sending(), campaign(pace={"per_hour": 1}))
    names = sorted(("ana", "bob"), key=patient_key)
    speaks = {"ana": [{"language": {"coding": [{"code": "es"}]}}], "bob": []}
    for n, name in enumerate(names):
        await clinic.registers(name, **reached(name, n, communication=speaks[name]))
    seen = await foreseen(clinic)
    now = clinic.clock.now()
    assert [seen[name].message_at for name in names] == [now, now + HOUR]
    assert (seen["ana"].channel, seen["ana"].language, seen["ana"].text) == ("sms", "es", "Hola Ana")
    assert (seen["bob"].channel, seen["bob"].language, seen["bob"].text) == ("sms", "en", "Hello Bob")


async def test_who_is_left_out_and_why(clinic: Clinic) -> None:
    await clinic.publishes(
        *SEGMENTS, template(), sending(), campaign(audience={"in": [SEGMENTS[1].body["url"]]})
    )
    await clinic.registers("reachable", **reached("r", 1))
    await clinic.registers("silent")
    await clinic.registers("stopped", **reached("s", 2))
    stop = InboundReceived("in-1", "sms", "+12125550002", "STOP", clinic.clock.now())
    await clinic.happens("stopped", stop)
    await clinic.registers("before", **reached("b", 3))
    await clinic.enters_otherwise("before")
    seen = await foreseen(clinic)
    assert seen["reachable"].invited
    assert "no phone number that takes SMS is known" in seen["silent"].why_not
    assert "the patient has opted out of SMS" in seen["stopped"].why_not
    assert seen["before"].why_not == "has been in the journey before"
    totals = Totals()
    for each in seen.values():
        totals.add(each)
    assert (totals.looked_at, totals.invited, sum(totals.left_out.values())) == (4, 1, 3)


async def test_by_their_own_clock_and_through_the_gate(clinic: Clinic) -> None:
    when = {"start": "2026-03-03T10:00", "zone": "patient"}
    await clinic.publishes(*SEGMENTS, template(), sending(limits={"per_hour": 1}), campaign(schedule=when))
    for n, name in enumerate(("ana", "bob")):
        await clinic.registers(name, **reached(name, n))
    seen = await foreseen(clinic)
    assert [iso(each.at or Instant(0)) for each in seen.values()] == ["2026-03-02T20:00:00.000Z"] * 2
    assert sorted(iso(each.message_at or Instant(0)) for each in seen.values()) == [
        "2026-03-03T10:00:00.000Z",
        "2026-03-03T11:00:00.000Z",
    ]


async def test_nothing_is_written_by_a_preview(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, template(), sending(), campaign())
    await clinic.registers("ana", **reached("ana", 1))
    patients = clinic.services.patients
    assert isinstance(patients, MemoryPatients)
    before = (dict(patients._etags), dict(clinic.services.documents._bodies))  # type: ignore[attr-defined]
    await foreseen(clinic)
    assert (dict(patients._etags), dict(clinic.services.documents._bodies)) == before  # type: ignore[attr-defined]
    assert clinic.waiting() == 0


async def test_what_cannot_be_previewed_is_told(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, template(), sending(), campaign())
    stray = parse_campaign({**campaign().body, "journey": "urn:x", "version": "9"}, "file")
    with pytest.raises(Invalid, match="there is no journey urn:x"):
        await plan(clinic.services, stray)
    await clinic.starts()
    await clinic.tick()
    with pytest.raises(Rejected, match="does not run any more"):
        await plan(clinic.services, await find(clinic.services, CAMPAIGN))


async def played(clinic: Clinic, hours: int) -> None:
    for _ in range(hours * 4):
        await clinic.tick()
        await clinic.works()
        await clinic.lets_in()
        clinic.clock.passes(15 * MINUTE)


people = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["en", "es", "fr"]), st.booleans(), st.booleans()), max_size=6
)
limits = st.sampled_from(
    [None, {"per_hour": 1}, {"hours": {"from": "10:00", "until": "12:00"}}, {"in_all": 2}]
)


@settings(max_examples=60, deadline=None)
@given(people, limits, limits.filter(lambda gate: gate is None or "in_all" not in gate))
async def test_what_is_foreseen_is_what_comes(
    who: list[tuple[bool, str, bool, bool]], pace: Any, gate: Any
) -> None:
    """Message for message, to the same people by the same channel.

    In which order those of one batch come to the gate nobody foresees: it is left out that it matters who.
    """
    clinic, phone = Clinic(), Phone()
    clinic.services.channels.update({"sms": phone, "email": phone})  # type: ignore[attr-defined]
    paced = {"pace": pace} if pace else {}
    gated = {"limits": gate} if gate else {}
    await clinic.publishes(*SEGMENTS, template(), sending(**gated), campaign(**paced))
    for n, (phoned, language, been, child) in enumerate(who):
        name = f"p{n}"
        more = reached(name, n, communication=[{"language": {"coding": [{"code": language}]}}])
        if not phoned:
            more["telecom"] = [{"system": "email", "value": f"{name}@example.org"}] if child else []
        await clinic.registers(name, **more)
        if been:
            await clinic.enters_otherwise(name)
    seen = {key: each for key, each in (await foreseen(clinic)).items() if each.message_at is not None}
    begun = clinic.clock.now()
    await clinic.starts()
    await played(clinic, 72)
    expected = sorted(
        (each.channel, each.text) for each in seen.values() if each.message_at < begun + 60 * HOUR
    )  # type: ignore[operator]
    others = {f"P{n}" for n, (_, _, been, _) in enumerate(who) if been}
    came = [(m.channel, m.text) for m in phone.sent if m.text.split()[-1] not in others]
    assert sorted(came) == expected


async def result(clinic: Clinic, **asked: bool) -> RunStatus:
    found = await status(clinic.services, await find(clinic.services, CAMPAIGN), **asked)
    return found.runs[-1]


async def test_results_as_they_come(clinic: Clinic) -> None:
    ways = [{"name": "a", "weight": 1, "next": "invite"}, {"name": "holdout", "weight": 1, "next": "wait"}]
    steps = [{"id": "which", "kind": "split", "ways": ways}, *sending().body["steps"]]
    await clinic.publishes(*SEGMENTS, template(), sending(steps=steps), campaign(pace={"per_hour": 4}))
    for n in range(6):
        await clinic.registers(f"p{n}", **reached(f"p{n}", n))
    await clinic.enters_otherwise("p5")
    await clinic.starts()
    await clinic.tick()
    await clinic.works()
    found = await result(clinic, messages=True)
    assert (found.asked, found.entered) == (4, 4)
    assert found.remaining == 2 - sum(found.skipped.values())
    assert found.done_by == clinic.clock.now() + HOUR
    went = {way: came.entered for way, came in found.ways["which"].items()}
    assert sum(went.values()) == found.entered == found.inside
    assert found.messages["sent"] + found.messages["completed"] == went.get("a", 0)
    clinic.clock.passes(HOUR)
    await clinic.tick()
    await clinic.works()
    found = await result(clinic)
    assert (found.asked, found.remaining, found.finished is not None) == (5, 0, True)
    assert found.skipped == {"has been in the journey before": 1}
    clinic.clock.passes(31 * DAY)
    for n in range(6):
        from shared.events import WakeupDue

        await clinic.happens(f"p{n}", WakeupDue(clinic.clock.now()))
    assert (await result(clinic)).by_status == {"completed": 5}


async def test_a_campaign_that_waits_says_when_it_runs(clinic: Clinic) -> None:
    await clinic.publishes(*SEGMENTS, journey(), campaign(schedule={"start": "2026-03-05T10:00"}))
    definition = await find(clinic.services, CAMPAIGN)
    found = await status(clinic.services, definition)
    assert (found.state.status, found.next_run, found.runs) == (
        "draft",
        parse_instant("2026-03-05T10:00:00Z"),
        (),
    )
    await clinic.moves("cancel")
    assert (await status(clinic.services, definition)).next_run is None
    assert definition.journey == JOURNEY


async def test_a_preview_is_of_the_run_that_a_start_would_bring(clinic: Clinic) -> None:
    """What a rule says of the time before the start is not made up for: not in a preview either."""
    monthly = {"start": "2025-01-06T09:00", "rrule": "FREQ=MONTHLY;BYDAY=1MO"}
    await clinic.publishes(*SEGMENTS, template(), sending(), campaign(schedule=monthly))
    definition = await find(clinic.services, CAMPAIGN)
    first, expected = await plan(clinic.services, definition), (await status(clinic.services, definition))
    assert first.begins == expected.next_run == parse_instant("2026-03-02T09:00:00Z")
    clinic.clock.passes(HOUR)
    late, expected = await plan(clinic.services, definition), (await status(clinic.services, definition))
    assert late.begins == expected.next_run == parse_instant("2026-04-06T09:00:00Z")
    await clinic.starts()
    assert (await status(clinic.services, definition)).next_run == late.begins

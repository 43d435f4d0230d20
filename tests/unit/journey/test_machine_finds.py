"""What the machine of random journeys has found, each told as the short story that it shrank to."""

from __future__ import annotations

from typing import Any

from shared.events import EnrolAsked, RecordMerged, ResourceChanged
from shared.fhir.instants import DAY, Instant
from tests.unit.journey.machine_life import PERSON, PHONE, Life
from tests.unit.journey.random_steps import JOURNEYS, TEMPLATE

URL = JOURNEYS[0]
DAY_LONG = {"id": "day", "kind": "wait", "duration": "P1D"}
SEND = {"id": "tell", "kind": "send", "template": TEMPLATE, "channels": ["sms"]}


def life(*steps: dict[str, Any], **more: Any) -> Life:
    """Publish one journey, and know the patient."""
    body = {"url": URL, "version": "1", "title": "J", "trigger": {"manual": True}, "steps": list(steps)}
    made = Life([{"re_entry": "after-exit", **body, **more}])
    made.happen(ResourceChanged(PERSON))
    return made


def ask(cause: str, **more: Any) -> EnrolAsked:
    return EnrolAsked(URL, cause, "asked for", **more)


def said(made: Life) -> list[str]:
    return [line.text for line in made.watch.told]


def test_an_asking_is_heard_once_whoever_was_asked_in_since() -> None:
    """The queue brings the first campaign's job again after the second has had its turn."""
    made = life(SEND)
    made.happen(ask("run-1"))
    made.happen(ask("run-2"))
    made.happen(ask("run-1"))
    assert len(made.sent) == 2


def test_who_is_not_let_in_is_told_of_once() -> None:
    made = life(SEND, entry_window={"until": "2026-01-01T00:00:00Z"})
    made.happen(ask("run-1"))
    made.happen(ask("run-1"))
    assert [text for text in said(made) if text.startswith("Not entered")] == [
        "Not entered J: it has taken nobody in since 2026-01-01T00:00:00.000Z"
    ]


def test_a_journey_that_starts_itself_writes_once_in_a_call() -> None:
    made = life(SEND, {"id": "again", "kind": "start", "journey": URL})
    made.happen(ask("run-1"))
    assert len(made.sent) == 2  # who was asked for, and who was started once
    assert said(made).count("Not started again at once: J starts itself") == 1


def test_nobody_enters_once_it_is_over() -> None:
    made = life(DAY_LONG, exit_when={"until": "2026-03-02T00:00:00Z"})
    made.sleep(Instant(made.now + 2 * DAY))
    made.happen(ask("late"))
    assert not made.record.enrolments
    assert said(made)[-1] == "Not entered J: it is over, as of 2026-03-02T00:00:00.000Z"


def test_an_opt_out_that_a_merge_brings_ends_what_an_opt_out_ends() -> None:
    made = life(SEND, DAY_LONG, exit_when={"opted_out": True})
    made.happen(ask("run-1"))
    made.happen(RecordMerged("p0", (("sms", PHONE, made.now),)))
    assert not made.record.enrolments
    assert said(made)[-1] == "Left J: the patient has opted out of every channel it uses"

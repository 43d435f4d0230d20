"""What may happen in a patient's life, as strategies: each happening is a name and what it needs to know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from shared.events import (
    CompartmentRead,
    CustomEventReceived,
    DefinitionsPublished,
    DeliveryReported,
    EnrolAsked,
    EnrolmentAsked,
    EntryGranted,
    Event,
    InboundReceived,
    MigrationAsked,
    RecordMerged,
    ResourceChanged,
    SendSettled,
    SurveyAnswered,
)
from shared.fhir.canonical import split_canonical
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, HOUR, MINUTE, Instant, parse_instant
from shared.fhir.lens import MARKS, mark_of
from shared.journey.controls import Controls
from tests.unit.journey.machine_life import EMAIL, PERSON, PHONE, START, Life
from tests.unit.journey.random_journeys import journeys
from tests.unit.journey.random_steps import CONDITION, EVENTS, JOURNEYS, mixed

type Does = Callable[..., Iterator[Event] | None]

CHANGES_OF_CLOCKS = tuple(
    parse_instant(text)
    for text in (
        *("2026-03-08T06:59:00Z", "2026-03-29T00:59:00Z", "2026-10-25T00:59:00Z", "2026-11-01T05:59:00Z"),
        *("2027-03-14T06:59:00Z", "2027-03-28T00:59:00Z"),
    )
)
"""A minute before daylight saving begins or ends in New York or in Madrid."""

pauses = st.sampled_from([0, 0, MINUTE, HOUR, DAY, DAY, 4 * DAY, 10 * DAY, 40 * DAY])
numbers = st.integers(1, 2)
picks = st.integers(0, 50)
_DOES: dict[str, Does] = {}


class Happening(Struct, frozen=True):
    """Something that happens after a pause."""

    what: str
    pause: int
    args: dict[str, Any]

    def to(self, life: Life) -> None:
        """Let it happen."""
        life.sleep(Instant(life.now + self.pause))
        events = _DOES[self.what](life, **self.args)
        life.happen(*(events or ()))


def _of(does: Does, **args: st.SearchStrategy[Any]) -> st.SearchStrategy[Happening]:
    _DOES[does.__name__] = does
    return st.builds(Happening, st.just(does.__name__), pauses, st.fixed_dictionaries(args))


def _version(life: Life) -> str:
    return str(len(life.lived) + 2)


def visit(
    life: Life, number: int, status: str, days: int, minutes: int, *, gone: bool = False
) -> Iterator[Event]:
    """Write an appointment, move it, end it or delete it."""
    start = Instant(life.now + days * DAY + minutes * MINUTE)
    timed = {} if gone else {"status": status, "start": start, "end": Instant(start + HOUR)}
    fact = Fact("Appointment", f"a{number}", _version(life), life.now, gone=gone, **timed)  # type: ignore[arg-type] # as above
    yield ResourceChanged(fact)


def moved_about(life: Life, number: int, times: list[int]) -> Iterator[Event]:
    """Move an appointment several times in one go, and tell of an older version afterwards."""
    first, *rest = (next(visit(life, number, "booked", days, 0)) for days in times)
    for n, event in enumerate((*rest, first)):
        assert isinstance(event, ResourceChanged)
        version = f"{_version(life)}{(n + 1) % (len(times)):02}"
        yield ResourceChanged(replace(event.content, version=version))


def test(life: Life, number: int, days: int, *, final: bool, gone: bool) -> Iterator[Event]:
    """Write a test, or delete it."""
    attributes: dict[str, tuple[str, ...]] = {MARKS: (f"{'+' if final else '-'}{mark_of(CONDITION)}",)}
    start = Instant(life.now - days * DAY)
    tested = Fact("Observation", f"o{number}", _version(life), life.now, start=start, attributes=attributes)
    yield ResourceChanged(replace(tested, gone=True) if gone else tested)


def illness(life: Life, *, gone: bool) -> Iterator[Event]:
    """Fall ill, or turn out not to be."""
    yield ResourceChanged(Fact("Condition", "c", _version(life), life.now, gone=gone))


def several(life: Life, days: int) -> Iterator[Event]:
    """Read several resources at once."""
    facts = (
        event.content
        for event in (*visit(life, 2, "booked", days, 0), *test(life, 2, 1, final=True, gone=False))
        if isinstance(event, ResourceChanged)
    )
    yield CompartmentRead(tuple(facts))


def person(life: Life, change: dict[str, Any]) -> Iterator[Event]:
    """Change the patient's own resource."""
    held = life.record.person or PERSON
    yield ResourceChanged(replace(held, version=_version(life), updated=life.now, **change))


def reply(life: Life, text: str, channel: str) -> Iterator[Event]:
    """Write to us."""
    sender = PHONE if channel == "sms" else EMAIL
    yield InboundReceived(f"in-{len(life.lived)}", channel, sender, text, life.now)


def page(life: Life, pick: int, well: str) -> Iterator[Event]:
    """Fill in the page of a survey, whoever is asked for it, or nobody any more."""
    held = sorted(life.record.enrolments)
    if held:
        enrolment = life.record.enrolments[held[pick % len(held)]]
        given = {"well": well, "pain": "7"}
        yield SurveyAnswered(f"page-{pick}", enrolment.enrolment_id, enrolment.step, given, life.now)


def report(
    life: Life, pick: int, status: Literal["delivered", "failed", "opened", "clicked"]
) -> Iterator[Event]:
    """Report on a message that was sent."""
    if life.sent:
        yield DeliveryReported(life.sent[-1 - pick % len(life.sent)], status, life.now)


def provider(life: Life, said: list[SendSettled]) -> None:
    """Say what the provider will answer next."""
    life.answers.extend(said)


def told(life: Life, name: str) -> Iterator[Event]:
    """Tell a custom event."""
    yield CustomEventReceived(f"e-{len(life.lived)}", name, life.now)


def enrol(life: Life, url: str, focus: str, later: str) -> Iterator[Event]:
    """Ask for somebody to be let into a journey, now or later."""
    cause = f"run-{len(life.lived)}"
    asked = EnrolAsked(url, cause, "asked for", focus, results={"@campaign": cause})
    if later == "instant":
        asked = replace(asked, not_before=Instant(life.now + 5 * DAY))
    yield replace(asked, local_at="2026-03-29T02:30") if later == "clock" else asked


def grant(life: Life, pick: int) -> Iterator[Event]:
    """Let somebody in who waits at a gate, or who is in already."""
    if life.record.enrolments:
        held = sorted(life.record.enrolments)
        yield EntryGranted(held[pick % len(held)])


def staff(
    life: Life, pick: int, action: Literal["pause", "resume", "stop", "retry", "move"], step: str
) -> Iterator[Event]:
    """Ask for something to be done with an enrolment."""
    if life.record.enrolments:
        held = sorted(life.record.enrolments)
        yield EnrolmentAsked(held[pick % len(held)], action, "staff-1", "because", step)


def migrate(life: Life, pick: int, version: int, names: dict[str, str]) -> Iterator[Event]:
    """Ask for an enrolment to go on in another version, whichever that is."""
    if life.record.enrolments:
        held = life.record.enrolments[sorted(life.record.enrolments)[pick % len(life.record.enrolments)]]
        url, _ = split_canonical(held.journey)
        to = f"{url}|{1 + version % life.versions[url]}"
        yield MigrationAsked(held.enrolment_id, held.journey, to, "staff-1", "because", names)


def publish(life: Life, document: dict[str, Any], *, look: bool) -> Iterator[Event]:
    """Publish a new version of a journey; a population run looks at the patient now, or has yet to come."""
    life.publish(document)
    if look or life.prompt:
        yield DefinitionsPublished()


def switch(
    life: Life, sending: bool, paused: frozenset[str], stopped: frozenset[str], *, look: bool
) -> Iterator[Event]:
    """Switch sending and journeys."""
    life.publish(controls=Controls(sending=sending, paused=paused, stopped=stopped))
    if look or life.prompt:
        yield DefinitionsPublished()


def clock_changes(life: Life, pick: int) -> None:
    """Sleep until right before the clock changes, and over it."""
    ahead = [instant for instant in CHANGES_OF_CLOCKS if instant > life.now]
    if ahead:
        life.sleep(ahead[pick % min(len(ahead), 2)])
        life.sleep(Instant(life.now + 2 * MINUTE))


def long_sleep(life: Life, days: int) -> None:
    """Let a long time pass in which nothing comes in."""
    life.sleep(Instant(life.now + days * DAY))


def outage(life: Life, works: bool) -> None:
    """Let nothing of the outbox be carried out, or all of it again."""
    life.outside = works


def refusing(life: Life, times: int) -> None:
    """Let the world refuse what the next steps ask for outside."""
    life.refusals = times


def merge(life: Life, channel: str) -> Iterator[Event]:
    """Take over what the person had said stop to under another record."""
    yield RecordMerged("p0", ((channel, PHONE if channel == "sms" else EMAIL, life.now),))


_answers = st.sampled_from(
    [
        SendSettled("", "accepted", "x"),
        SendSettled("", "refused", reason="no"),
        SendSettled("", "deferred", reason="busy"),
        SendSettled("", "unknown", reason="lost"),
        SendSettled("", "unknown", reason="silence"),
    ]
)
_urls = st.sampled_from(JOURNEYS)
_few = st.sampled_from([frozenset[str](), frozenset[str](), *(frozenset([url]) for url in JOURNEYS)])
_changed = st.sampled_from(
    [
        *({"birth_date": day} for day in ("1980-02-29", "1979-03-15", "1981", "")),
        *({"languages": (language,)} for language in ("es-MX", "en", "zz")),
        {"telecom": PERSON.telecom[:1]},
        {"telecom": PERSON.telecom},
        {"telecom": ()},
    ]
)
_ended = st.sampled_from(
    [{"deceased": True}, {"active": False}, {"gone": True}, {"links": (("replaced-by", "Patient/p2"),)}]
)

visits = mixed(
    _of(
        visit,
        number=numbers,
        status=st.sampled_from(["booked", "booked", "booked", "cancelled", "noshow", "fulfilled", "arrived"]),
        days=st.sampled_from([-5, 0, 1, 2, 4, 9, 30]),
        minutes=st.integers(0, 1440),
        gone=st.sampled_from([False] * 9 + [True]),
    ),
    _of(moved_about, number=numbers, times=st.lists(st.integers(1, 20), min_size=2, max_size=5)),
)
clinical = mixed(
    _of(
        test,
        number=numbers,
        days=st.sampled_from([0, 3, 19, 30]),
        final=st.booleans(),
        gone=st.sampled_from([False, False, True]),
    ),
    _of(illness, gone=st.booleans()),
    _of(several, days=st.sampled_from([0, 3, 12])),
)
people = _of(person, change=_changed)
endings = mixed(_of(person, change=_ended), _of(person, change=st.just({"deceased": False, "active": True})))
pages = _of(page, pick=picks, well=st.sampled_from(["true", "false", "perhaps"]))
replies = _of(
    reply,
    text=st.sampled_from(["yes", "No!", "7", "2/10", "STOP", "START", "who is this"]),
    channel=st.sampled_from(["sms", "sms", "email"]),
)
reports = _of(
    report,
    pick=st.integers(0, 3),
    status=st.sampled_from(["delivered", "failed", "failed", "opened", "clicked"]),
)
answers = _of(provider, said=st.lists(_answers, min_size=1, max_size=3))
tidings = mixed(
    *[_of(told, name=st.sampled_from(EVENTS))] * 2,
    _of(
        enrol,
        url=_urls,
        focus=st.sampled_from(["", "Appointment/a1", "Appointment/a2"]),
        later=st.sampled_from(["", "", "instant", "clock"]),
    ),
    _of(grant, pick=picks),
    _of(merge, channel=st.sampled_from(["sms", "email"])),
)
_steps = st.sampled_from([f"s{n}" for n in range(5)])
commands = mixed(
    *[
        _of(
            staff,
            pick=picks,
            action=st.sampled_from(["pause", "resume", "stop", "retry", "move", "move"]),
            step=_steps,
        )
    ]
    * 3,
    _of(
        migrate,
        pick=picks,
        version=st.integers(0, 3),
        names=st.dictionaries(_steps, _steps, max_size=2),
    ),
)
publications = _of(publish, document=st.integers(1, 3).flatmap(journeys), look=st.booleans())
switches = _of(
    switch,
    sending=st.sampled_from([True, True, False]),
    paused=_few,
    stopped=st.sampled_from([frozenset[str]()] * 4 + [frozenset([JOURNEYS[0]])]),
    look=st.booleans(),
)
times = mixed(_of(clock_changes, pick=picks), _of(long_sleep, days=st.sampled_from([30, 90, 366])))
troubles = mixed(
    _of(outage, works=st.sampled_from([True, True, False])), _of(refusing, times=st.integers(1, 3))
)
anything = mixed(
    *(visits, visits, visits, clinical, replies, replies, pages, reports, reports, tidings, tidings, tidings),
    *(commands, commands, publications, switches, times, answers, people, troubles),
)
"""Anything but the end."""

__all__ = ["START", "Happening", "anything"]

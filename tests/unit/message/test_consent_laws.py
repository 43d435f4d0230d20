"""What always holds of consent, whatever was said and in whatever order we hear of it."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from shared.fhir.choice import ANY, PURPOSES, Choice
from shared.fhir.instants import Instant
from shared.message.consent import choose, receive
from shared.patient.record import PatientRecord
from tests.unit.message.consent_kit import (
    BASE,
    CHANNELS,
    MOTHER,
    RESTRICTIVE,
    holding,
    mother,
    open_channels,
    reply,
)
from tests.unit.message.kit import NOW, PHONE, record

STOPS = ("STOP", "stop texting me", "no me manden más mensajes", "Unsubscribe", "keine Nachrichten mehr")
STARTS = ("START", "alta", "unstop")
HELD = record(BASE.person, mother())


@st.composite
def _choices(draw: st.DrawFn) -> Choice:
    return Choice(
        draw(st.sampled_from(("sms", "email", ANY))),
        draw(st.sampled_from(("", PHONE, ANY))),
        Instant(NOW - draw(st.integers(0, 20))),
        draw(st.sampled_from(("page", "staff", "link", "provider"))),
        draw(st.sampled_from((ANY, *PURPOSES))),
        draw(st.sampled_from((ANY, "diabetes"))),
        draw(st.sampled_from(("", MOTHER))),
        "",
        draw(st.sampled_from(("", "form"))),
    )


@st.composite
def _said(draw: st.DrawFn) -> PatientRecord:
    """Draw a record after some choices, on pages and to staff."""
    held = HELD
    for choice in draw(st.lists(_choices(), max_size=6)):
        sides = ((choice,), ()) if draw(st.booleans()) else ((), (choice,))
        held = choose(held, *sides, NOW, RESTRICTIVE).record
    return held


@given(_said(), st.sampled_from(STOPS), st.sampled_from(PURPOSES), st.sampled_from(("", "diabetes")))
def test_after_stop_nothing_goes_by_that_channel(
    held: PatientRecord, text: str, purpose: str, topic: str
) -> None:
    after = receive(held, reply(text, NOW + 1), Instant(NOW + 1), RESTRICTIVE).record
    for address in ("", PHONE, "+12125550199"):
        ways = open_channels(after, policy=RESTRICTIVE, purpose=purpose, topic=topic, address=address)
        assert "sms" not in ways


@given(
    _said(), st.lists(st.sampled_from(("HELP", "yes", "no", "2", "thanks", "who is this", "wrong number")))
)
def test_nothing_but_start_opens_it_again(held: PatientRecord, replies: list[str]) -> None:
    held = receive(held, reply("STOP", NOW + 1), Instant(NOW + 1), RESTRICTIVE).record
    for place, text in enumerate(replies):
        at = Instant(NOW + 2 + place)
        held = receive(held, reply(text, at), at, RESTRICTIVE).record
    assert "sms" not in open_channels(held)


@given(st.lists(st.sampled_from((*STOPS, *STARTS)), min_size=1, max_size=4), st.data())
def test_the_order_of_arrival_of_stop_and_start_does_not_matter(
    texts: list[str], data: st.DataObject
) -> None:
    order = data.draw(st.sampled_from(list(permutations(range(len(texts))))))
    held = HELD
    for place in order:
        held = receive(held, reply(texts[place], NOW + place), Instant(NOW + 10), RESTRICTIVE).record
    assert ("sms" in open_channels(held)) == (texts[-1] in STARTS)


@given(_said(), st.lists(_choices(), max_size=3), st.lists(_choices(), max_size=3))
def test_said_again_it_changes_nothing(
    held: PatientRecord, permits: list[Choice], denials: list[Choice]
) -> None:
    once = choose(held, permits, denials, NOW, RESTRICTIVE).record
    again = choose(once, permits, denials, NOW, RESTRICTIVE)
    for purpose in PURPOSES:
        assert _answers(again.record, purpose) == _answers(once, purpose)
    assert again.replies == ()


@given(_said(), _choices())
def test_a_no_is_no_from_then_on(held: PatientRecord, no: Choice) -> None:
    no = Choice(no.channel, "", Instant(NOW + 1), "page", no.purpose, no.topic, no.party)
    after = choose(held, (), (no,), NOW, RESTRICTIVE).record
    about = {
        "purpose": "care" if no.purpose == ANY else no.purpose,
        "topic": "" if no.topic == ANY else no.topic,
    }
    ways = open_channels(after, policy=RESTRICTIVE, party=no.party, **about)
    assert not ways & ({no.channel} if no.channel != ANY else set(CHANNELS))


@given(_said())
def test_nothing_pending_ever_permits(held: PatientRecord) -> None:
    without = holding(*held.opt_outs, ins=tuple(yes for yes in held.opt_ins if yes.source != "pending"))
    for purpose in PURPOSES:
        assert _answers(held, purpose) == _answers(without, purpose)


def _answers(held: PatientRecord, purpose: str) -> list[set[str]]:
    asks = ({}, {"topic": "diabetes"}, {"address": PHONE}, {"party": MOTHER})
    return [open_channels(held, policy=RESTRICTIVE, purpose=purpose, **ask) for ask in asks]

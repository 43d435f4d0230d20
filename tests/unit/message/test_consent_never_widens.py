"""By a no nothing is ever allowed again, whatever was said before and by whom."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.fhir.choice import ANY, PURPOSES, Choice
from shared.fhir.instants import Instant
from shared.message.consent import choose, why_forbidden
from shared.message.policy import Policy
from shared.patient.record import PatientRecord
from tests.unit.message.kit import EMAIL, NOW, PHONE, record

POLICY = Policy(restrictive=frozenset({"marketing"}))
CHANNELS = ("sms", "email", "whatsapp")
PARTIES = ("", "RelatedPerson/m")
QUESTIONS = list(product(CHANNELS, PURPOSES, ("", "checks"), PARTIES))

CHOICES = st.builds(
    Choice,
    channel=st.sampled_from((*CHANNELS, ANY)),
    address=st.sampled_from(("", PHONE)),
    since=st.integers(NOW - 9, NOW).map(Instant),
    source=st.sampled_from(("page", "staff", "reply")),
    purpose=st.sampled_from((*PURPOSES, ANY)),
    topic=st.sampled_from((ANY, "checks")),
    party=st.sampled_from(PARTIES),
    evidence=st.just("e"),
)


def forbidden(held: PatientRecord) -> set[tuple[str, str, str, str]]:
    """Return all that must not be sent."""
    return {
        (channel, purpose, topic, party)
        for channel, purpose, topic, party in QUESTIONS
        if why_forbidden(
            held,
            channel,
            NOW,
            purpose=purpose,
            topic=topic,
            address=EMAIL if channel == "email" else PHONE,
            party=party,
            policy=POLICY,
        )
    }


@settings(max_examples=400)
@given(st.lists(st.tuples(st.booleans(), CHOICES), max_size=6), CHOICES)
def test_by_a_no_nothing_is_allowed_again(said: list[tuple[bool, Choice]], no: Choice) -> None:
    held = record()
    for yes, choice in said:
        permits, denials = ((choice,), ()) if yes else ((), (choice,))
        held = choose(held, permits, denials, NOW, POLICY).record
    before = forbidden(held)
    after = forbidden(choose(held, (), (replace(no, since=NOW),), NOW, POLICY).record)
    assert before <= after


def test_by_a_no_nothing_is_allowed_again_after_any_two_things_said() -> None:
    """All of a small world: two channels and all of them, care and everything, in either order of time."""
    small = [
        (yes, Choice(channel, "", Instant(NOW - ago), "staff", purpose, evidence="e"))
        for yes, channel, purpose, ago in product((True, False), ("sms", "email", ANY), ("care", ANY), (9, 5))
    ]
    noes = [
        Choice(channel, "", NOW, "page", purpose)
        for channel, purpose in product(("sms", "email", ANY), ("care", ANY))
    ]
    for first, second in product(small, small):
        held = record()
        for yes, choice in (first, second):
            permits, denials = ((choice,), ()) if yes else ((), (choice,))
            held = choose(held, permits, denials, NOW, POLICY).record
        for no in noes:
            after = choose(held, (), (no,), NOW, POLICY).record
            for channel, purpose in product(("sms", "email"), ("care", "operations")):
                if why_forbidden(held, channel, NOW, purpose=purpose, policy=POLICY):
                    told = why_forbidden(after, channel, NOW, purpose=purpose, policy=POLICY)
                    assert told, (first, second, no, channel, purpose)

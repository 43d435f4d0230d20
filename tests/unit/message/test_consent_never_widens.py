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

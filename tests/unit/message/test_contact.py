"""Which number or address is used: use, rank, period, and what cannot be one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from shared.fhir.fact import ContactPoint
from shared.fhir.instants import HOUR, Instant
from shared.message.contact import addresses, normalise
from tests.unit.message.kit import NOW, PERSON

MOBILE, HOME, WORK = "+12125550142", "+12125550143", "+12125550144"


def best(channel: str, *points: ContactPoint) -> tuple[str, ...]:
    return addresses(replace(PERSON, telecom=points), channel, NOW, "US")


def test_a_mobile_goes_before_what_may_be_a_landline() -> None:
    home = ContactPoint("phone", HOME, "home", rank=1)
    mobile = ContactPoint("phone", MOBILE, "mobile", rank=2)
    assert best("sms", home, mobile) == (MOBILE, HOME)


def test_rank_decides_and_unranked_goes_last() -> None:
    points = [ContactPoint("phone", n, "mobile", r) for n, r in ((HOME, 0), (WORK, 2), (MOBILE, 1))]
    assert best("sms", *points) == (MOBILE, WORK, HOME)


def test_home_email_goes_before_work() -> None:
    points = (
        ContactPoint("email", "a@work.example", "work"),
        ContactPoint("email", "a@home.example", "home"),
    )
    assert best("email", *points) == ("a@home.example", "a@work.example")


@pytest.mark.parametrize(
    "point",
    [
        ContactPoint("phone", MOBILE, "old"),
        ContactPoint("phone", MOBILE, "mobile", end=Instant(NOW - 1)),
        ContactPoint("phone", MOBILE, "mobile", start=Instant(NOW + 1)),
        ContactPoint("fax", MOBILE, "home"),
        ContactPoint("email", MOBILE),
        ContactPoint("phone", "call my sister"),
        ContactPoint("phone", "12"),
    ],
)
def test_what_does_not_hold_now_or_is_no_number_is_left_out(point: ContactPoint) -> None:
    assert best("sms", point) == ()


def test_a_period_that_holds_now_is_used() -> None:
    point = ContactPoint("phone", MOBILE, "mobile", start=NOW, end=Instant(NOW + HOUR))
    assert best("sms", point) == (MOBILE,)


def test_a_known_landline_takes_no_sms() -> None:
    madrid = "+34 91 123 45 67"
    assert normalise("sms", madrid, "US") == ""
    assert normalise("whatsapp", madrid, "US") == "+34911234567"


@pytest.mark.parametrize(
    ("channel", "value", "region", "expected"),
    [
        ("sms", "(212) 555-0142", "US", MOBILE),
        ("sms", "555-123-4567", "US", "+15551234567"),
        ("sms", "tel:+1-212-555-0142", "ES", MOBILE),
        ("sms", "612 34 56 78", "ES", "+34612345678"),
        ("email", " mailto:Ana@Example.ORG ", "US", "Ana@example.org"),
        ("email", "ana+x@mail.example.org", "US", "ana+x@mail.example.org"),
        ("email", "ana@localhost", "US", ""),
        ("email", "ana@@example.org", "US", ""),
        ("email", "ana..b@example.org", "US", ""),
        ("email", "ana@example.org\nbcc: x@example.org", "US", ""),
        ("email", "a" * 65 + "@example.org", "US", ""),
        ("email", "a@" + "b." * 130 + "org", "US", ""),
    ],
)
def test_normalises(channel: str, value: str, region: str, expected: str) -> None:
    assert normalise(channel, value, region) == expected


def test_the_same_number_twice_counts_once() -> None:
    assert best("sms", ContactPoint("phone", MOBILE), ContactPoint("phone", "212 555 0142")) == (MOBILE,)

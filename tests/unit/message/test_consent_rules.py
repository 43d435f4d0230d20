"""Whether somebody may be written to: every rule of docs/consent.md, with what it is not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from shared.fhir.choice import Choice
from shared.fhir.fact import Component, Fact, Value
from shared.fhir.instants import Instant
from shared.message.consent import consent_id, why_forbidden
from shared.patient.permission.ask import STRANGER
from tests.unit.message.consent_kit import (
    BASE,
    CHANNELS,
    MOTHER,
    MOTHERS_PHONE,
    RESTRICTIVE,
    consent,
    holding,
    open_channels,
    said,
)
from tests.unit.message.kit import NOW, PHONE, record

ALL = set(CHANNELS)
OTHER = "+12125550199"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
TOPIC = "https://hearthline.example/fhir/CodeSystem/message-topic"
ASKS: dict[str, dict[str, str]] = {
    "care": {},
    "marketing": {"purpose": "marketing"},
    "about diabetes": {"topic": "diabetes"},
    "at the number": {"address": PHONE},
    "at another number": {"address": OTHER},
    "the mother": {"party": MOTHER, "address": MOTHERS_PHONE},
    "the mother at the number": {"party": MOTHER, "address": PHONE},
}


def closed(held: object, ask: str) -> set[str]:
    """Return the channels that are closed for one of ASKS."""
    return ALL - open_channels(held, **ASKS[ask])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("no", "ask", "expected"),
    [
        (said("sms"), "care", {"sms"}),
        (said("sms"), "marketing", {"sms"}),
        (said("sms"), "about diabetes", {"sms"}),
        (said("*"), "care", ALL),
        (said("*"), "about diabetes", ALL),
        (said("*", "marketing"), "care", set()),
        (said("*", "marketing"), "marketing", ALL),
        (said("email", "marketing"), "marketing", {"email"}),
        (said("sms", topic="diabetes"), "care", set()),
        (said("sms", topic="diabetes"), "about diabetes", {"sms"}),
        (said("sms", address=PHONE), "at the number", {"sms"}),
        (said("sms", address=PHONE), "at another number", {"sms"}),
        (said("sms", address="*"), "at another number", {"sms"}),
        (said("sms"), "the mother", set()),
        (said("sms", address=PHONE), "the mother", set()),
        (said("sms", address=PHONE), "the mother at the number", {"sms"}),
        (said("sms", party=MOTHER), "care", set()),
        (said("sms", party=MOTHER), "the mother", {"sms"}),
        (said("sms", party=MOTHER, address=PHONE), "at the number", {"sms"}),
        (said("sms", party=MOTHER, address=PHONE), "at another number", set()),
        (said("sms", party=STRANGER, address=PHONE), "at the number", {"sms"}),
        (said("sms", party=STRANGER, address=PHONE), "at another number", set()),
        (said("sms", party=STRANGER, address=PHONE), "care", set()),
    ],
)
def test_what_an_opt_out_covers(no: Choice, ask: str, expected: set[str]) -> None:
    assert closed(holding(no), ask) == expected


@pytest.mark.parametrize(
    ("no", "yes", "ask", "is_open"),
    [
        (said("sms", ago=2), said("sms", ago=1), "care", True),
        (said("sms", ago=1), said("sms", ago=2), "care", False),
        (said("sms", ago=2), said("sms", "care", ago=1), "care", True),
        (said("sms", ago=2), said("sms", "care", ago=1), "marketing", False),
        (said("*", ago=2), said("sms", ago=1), "care", True),
        (said("sms", "marketing", ago=2), said("sms", ago=1), "marketing", False),
        (said("sms", ago=2), said("sms", ago=1, source="pending"), "care", False),
        (said("sms", ago=2), said("sms", ago=1, party=MOTHER), "care", False),
        (said("sms", ago=2, address=PHONE), said("sms", ago=1, party=MOTHER, address=PHONE), "care", True),
    ],
)
def test_a_later_yes_to_the_same_or_to_a_part_lifts_a_no(
    no: Choice, yes: Choice, ask: str, is_open: bool
) -> None:
    assert ("sms" in open_channels(holding(no, ins=(yes,)), **ASKS[ask])) is is_open


@pytest.mark.parametrize(
    ("no", "ask", "words"),
    [
        (said("sms"), {}, "the patient has opted out of SMS"),
        (said("*"), {}, "the patient has opted out of every message"),
        (said("sms", "marketing"), {"purpose": "marketing"}, "the patient has opted out of marketing by SMS"),
        (
            said("*", "marketing"),
            {"purpose": "marketing"},
            "the patient has opted out of marketing by every channel",
        ),
        (
            said("sms", topic="diabetes"),
            {"topic": "diabetes"},
            "the patient has opted out of messages about diabetes by SMS",
        ),
        (said("sms", party=MOTHER), {"party": MOTHER}, "RelatedPerson/mum has opted out of SMS"),
        (
            said("sms", party=MOTHER, address=PHONE),
            {"address": PHONE},
            "RelatedPerson/mum has opted out of SMS at this contact point",
        ),
        (
            said("sms", party=STRANGER, address=PHONE),
            {"address": PHONE},
            "somebody else answers at this contact point",
        ),
    ],
)
def test_the_reason_is_in_words_of_staff(no: Choice, ask: dict[str, str], words: str) -> None:
    assert why_forbidden(holding(no), "sms", NOW, **ask) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("yes", "words"),
    [
        (None, "nobody has agreed to marketing by SMS"),
        (said("sms"), "nobody has agreed to marketing by SMS"),
        (said("email", "marketing"), "nobody has agreed to marketing by SMS"),
        (said("sms", "research"), "nobody has agreed to marketing by SMS"),
        (said("sms", "marketing", party=MOTHER), "nobody has agreed to marketing by SMS"),
        (said("sms", "marketing", address=OTHER), "nobody has agreed to marketing by SMS"),
        (said("sms", "marketing", topic="diabetes"), "nobody has agreed to marketing by SMS"),
        (said("sms", "marketing", source="pending"), "the yes to marketing by SMS has not been confirmed"),
        (said("sms", "marketing"), ""),
        (said("*", "marketing"), ""),
        (said("sms", "marketing", address=PHONE), ""),
    ],
)
def test_a_restrictive_purpose_needs_a_yes_by_name(yes: Choice | None, words: str) -> None:
    held = holding(ins=(yes,) if yes else ())
    found = why_forbidden(held, "sms", NOW, purpose="marketing", address=PHONE, policy=RESTRICTIVE)
    assert found == words
    assert not why_forbidden(held, "sms", NOW, address=PHONE, policy=RESTRICTIVE)


def deny(**more: tuple[str, ...]) -> Fact:
    return consent(provision_type=("deny",), **more)


@pytest.mark.parametrize(
    ("fact", "ask", "expected"),
    [
        (deny(provision_purpose=(f"{REASON}|HMARKT",)), "care", set()),
        (deny(provision_purpose=(f"{REASON}|HMARKT",)), "marketing", ALL),
        (deny(provision_purpose=(f"{REASON}|TREAT",)), "care", ALL),
        (deny(provision_purpose=(f"{REASON}|HPAYMT",)), "care", set()),
        (deny(provision_purpose=("urn:x|unknown",)), "care", ALL),
        (
            deny(provision_purpose=(f"{REASON}|HMARKT",), provision_code=("urn:x|email",)),
            "marketing",
            {"email"},
        ),
        (deny(provision_code=(f"{TOPIC}|diabetes",)), "care", set()),
        (deny(provision_code=(f"{TOPIC}|diabetes",)), "about diabetes", ALL),
        (deny(provision_code=(f"{TOPIC}|diabetes", "urn:x|sms")), "about diabetes", {"sms"}),
        (deny(performer=(MOTHER,)), "care", set()),
        (deny(performer=(MOTHER,)), "the mother", ALL),
        (deny(performer=("Patient/p1",)), "care", ALL),
        (deny(provision_actor=(MOTHER,)), "the mother", ALL),
        (deny(scope=("x|research",)), "care", set()),
        (deny(scope=("x|adr",)), "marketing", set()),
    ],
)
def test_a_consent_names_what_it_is_about(fact: Fact, ask: str, expected: set[str]) -> None:
    assert closed(holding(facts=(fact,)), ask) == expected


def test_a_consent_about_research_is_about_messages_of_research() -> None:
    held = holding(facts=(deny(scope=("x|research",)),))
    assert open_channels(held, purpose="research") == set()


def test_an_exception_in_a_consent_may_name_a_purpose() -> None:
    exception = Component((f"{REASON}|HMARKT",), Value(text="deny"))
    held = holding(facts=(replace(consent(provision_type=("permit",)), components=(exception,)),))
    assert open_channels(held) == ALL
    assert open_channels(held, purpose="marketing") == set()


def test_a_consent_that_permits_a_restrictive_purpose_by_name_is_a_yes() -> None:
    permit = consent(provision_type=("permit",), provision_purpose=(f"{REASON}|HMARKT",))
    general = consent(provision_type=("permit",))
    assert open_channels(holding(facts=(permit,)), policy=RESTRICTIVE, purpose="marketing") == ALL
    assert open_channels(holding(facts=(general,)), policy=RESTRICTIVE, purpose="marketing") == set()


def test_a_yes_of_a_consent_lifts_no_opt_out() -> None:
    permit = consent(provision_type=("permit",), provision_purpose=(f"{REASON}|HMARKT",))
    held = holding(said("sms"), facts=(permit,))
    assert "sms" not in open_channels(held, purpose="marketing", policy=RESTRICTIVE)


@pytest.mark.parametrize(
    ("now", "is_open"), [(NOW - 1, True), (NOW, False), (NOW + 1, False), (NOW + 2, True)]
)
def test_both_ends_of_a_consents_period_belong_to_it(now: int, is_open: bool) -> None:
    fact = replace(deny(), start=NOW, end=Instant(NOW + 1))
    assert bool(open_channels(holding(facts=(fact,)), now)) is is_open


class TestOwnConsents:
    """Those that we wrote down ourselves: the record is the truth, staff may take it back on the server."""

    NO = said("sms", ago=10)
    ID = consent_id(BASE.key, NO.pattern)

    def own(self, **changes: object) -> Fact:
        return replace(consent(self.ID, provision_type=("deny",), provision_code=("urn:x|sms",)), **changes)

    def test_it_is_not_asked_beside_the_choice(self) -> None:
        assert why_forbidden(holding(self.NO, facts=(self.own(),)), "sms", NOW).startswith("the patient has")

    def test_it_counts_where_the_record_has_forgotten_the_choice(self) -> None:
        assert why_forbidden(holding(facts=(self.own(),)), "sms", NOW) == f"Consent/{self.ID} denies it"

    def test_a_yes_to_the_same_beats_it_though_it_is_still_to_be_written_over(self) -> None:
        assert "sms" in open_channels(holding(ins=(said("sms"),), facts=(self.own(),)))

    @pytest.mark.parametrize("status", ["inactive", "rejected", "entered-in-error"])
    def test_staff_take_the_choice_back_by_its_status(self, status: str) -> None:
        assert "sms" in open_channels(holding(self.NO, facts=(self.own(status=status),)))

    def test_staff_take_the_choice_back_by_deleting_it(self) -> None:
        assert "sms" in open_channels(holding(self.NO, facts=(self.own(gone=True),)))

    @pytest.mark.parametrize("ago", [10, 11])
    def test_what_was_so_before_the_choice_takes_nothing_back(self, ago: int) -> None:
        old = self.own(status="inactive", updated=Instant(NOW - ago))
        assert "sms" not in open_channels(holding(self.NO, facts=(old,)))

    def test_our_own_taking_back_of_a_yes_takes_no_later_no_back(self) -> None:
        over = replace(self.own(status="inactive"), attributes={"provision-type": ("permit",)})
        assert "sms" not in open_channels(holding(self.NO, facts=(over,)))

    def test_staff_may_take_back_a_yes(self) -> None:
        yes = said("sms", "marketing", ago=10)
        gone = replace(consent(consent_id(BASE.key, yes.pattern)), gone=True)
        held = replace(record(BASE.person, gone), opt_ins=(yes,))
        assert "sms" not in open_channels(held, purpose="marketing", policy=RESTRICTIVE)

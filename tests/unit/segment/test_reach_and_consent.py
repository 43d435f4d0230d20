"""reachable_by asks the one question of consent that the guard asks: opt-outs, their exceptions, Consents."""

from __future__ import annotations

from msgspec.structs import replace

from shared.fhir.choice import Choice
from shared.fhir.fact import ContactPoint, Fact
from shared.fhir.instants import Instant, iso
from shared.patient.apply import FactChanged
from shared.patient.permission.silence import Silence, silences
from shared.patient.record import PatientRecord
from shared.segment.index import SegmentIndex
from tests.unit.segment.making import at, fact, holds, record, segment

MOBILE = ContactPoint("phone", "+16175550100", "mobile")
NOW = "2021-03-01T12:00:00Z"
CRITERIA = "reachable_by: sms"


def denying(when: str = "", **more: object) -> Fact:
    """Return a Consent that denies messages by SMS."""
    kept = {"provision-type": ("deny",), "provision-code": ("urn:x|sms",)}
    return fact("Consent", "c", when, status="active", attributes=kept | more)


def who(*consents: Fact) -> PatientRecord:
    return record(*consents, telecom=(MOBILE,))


def test_a_consent_that_denies_closes_its_channel():
    assert not holds(CRITERIA, who(denying()), NOW)
    assert holds("reachable_by: whatsapp", who(denying()), NOW)


def test_a_consent_about_marketing_does_not():
    about = {"provision-purpose": ("http://terminology.hl7.org/CodeSystem/v3-ActReason|HMARKT",)}
    assert holds(CRITERIA, who(denying(**about)), NOW)


def test_a_later_yes_to_care_is_an_exception_to_stop():
    stopped = replace(who(), opt_outs=(Choice("sms", "", at(NOW)),))
    care = Choice("sms", "", Instant(at(NOW) + 1), "page", "care")
    assert not holds(CRITERIA, stopped, NOW)
    assert holds(CRITERIA, replace(stopped, opt_ins=(care,)), NOW)


def test_it_is_open_again_the_instant_after_a_consent_ends():
    held, compiled = who(denying("2021-04-01/2021-04-30T23:59:59.999999Z")), segment(CRITERIA)
    flips, now = [], at("2021-03-01")
    while (flip := compiled.evaluate(held, now).next_flip) is not None:
        now = flip
        flips.append((iso(flip), compiled.evaluate(held, flip).member))
    assert flips == [("2021-04-01T00:00:00.000Z", False), ("2021-05-01T00:00:00.000Z", True)]


def test_a_consent_that_ends_while_there_is_no_number_opens_nothing():
    later = replace(MOBILE, start=at("2021-06-01"))
    held = record(denying("/2021-04-30T23:59:59.999999Z"), telecom=(later,))
    answer = segment(CRITERIA).evaluate(held, at(NOW))
    assert not answer.member
    assert answer.next_flip == at("2021-06-01")


def test_silences_are_each_a_span():
    held = who(denying("2021-04-01/2021-04-30T23:59:59.999999Z"))
    end = Instant(at("2021-05-01") - 1)
    assert silences(held) == (Silence("sms", at("2021-04-01"), end),)
    assert silences(who()) == ()
    assert {span.channel for span in silences(replace(who(), opt_outs=(Choice("*", "", at(NOW)),)))} > {"sms"}


def test_segments_that_ask_it_hear_of_consents():
    index = SegmentIndex([segment(CRITERIA)])
    assert index.touched_by(FactChanged(None, denying()))

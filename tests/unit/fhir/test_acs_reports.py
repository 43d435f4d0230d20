"""Reports of Communication Services: each failure has a kind that we know, and no words of the provider."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.fhir.acs_events import AcsEvent, AcsReport, parse_acs_events
from shared.fhir.acs_failures import email_failure, sms_failure, whatsapp_failure
from shared.fhir.notification import Limits
from shared.message.failures import FAILURES, UNUSABLE

SECRET = "+15551110001"


def parsed(kind: str, **data: Any) -> tuple[AcsEvent, ...]:
    event = {
        "eventType": f"Microsoft.Communication.{kind}",
        "eventTime": "2026-03-02T09:00:00Z",
        "data": {"messageId": "m1", **data},
    }
    return parse_acs_events(json.dumps([event]).encode(), Limits())


def report(kind: str, **data: Any) -> AcsReport:
    (found,) = parsed(kind, **data)
    assert isinstance(found, AcsReport)
    return found


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4000", "blocked"),
        ("4001", "blocked"),
        ("4002", "invalid-address"),
        ("4003", "landline"),
        ("4004", "invalid-address"),
        ("4005", "blocked"),
        ("4006", "temporary"),
        ("4007", "opted-out"),
        ("4008", "temporary"),
        ("4010", "blocked"),
        ("4020", "temporary"),
        ("5000", "temporary"),
        ("5001", "temporary"),
        ("9999", "temporary"),
        ("4711", "temporary"),
    ],
)
def test_sms(number: str, code: str) -> None:
    found = report(
        "SMSDeliveryReportReceived",
        deliveryStatus="Failed",
        deliveryStatusDetails=f"{number}: No way to {SECRET}",
    )
    assert (found.status, found.code, found.reason) == ("failed", code, f"provider code {number}")


def test_sms_delivered_has_no_code() -> None:
    found = report("SMSDeliveryReportReceived", deliveryStatus="Delivered", deliveryStatusDetails="2000: ok")
    assert (found.status, found.code, found.reason) == ("delivered", "", "")


def test_a_carrier_without_reports_says_nothing() -> None:
    """5002: the message may have been delivered already."""
    assert (
        parsed("SMSDeliveryReportReceived", deliveryStatus="Failed", deliveryStatusDetails="5002: no reports")
        == ()
    )


@pytest.mark.parametrize("details", ["", f"not to {SECRET}", "²: odd", f"{SECRET[1:]}: no"])
def test_sms_without_a_number(details: str) -> None:
    found = report("SMSDeliveryReportReceived", deliveryStatus="Failed", deliveryStatusDetails=details)
    assert (found.code, found.reason) == ("temporary", "the provider reports a failure")


@pytest.mark.parametrize(
    ("status", "said", "code", "reason"),
    [
        ("Bounced", "550 5.1.1 nobody", "hard-bounce", "bounced 5.1.1"),
        ("Bounced", "", "hard-bounce", "bounced"),
        ("Suppressed", "", "suppressed", "suppressed"),
        ("Quarantined", "", "blocked", "quarantined"),
        ("FilteredSpam", "", "blocked", "filteredspam"),
        ("Failed", "", "temporary", "failed"),
        ("Failed", f"550 5.1.10 RecipientNotFound {SECRET}", "hard-bounce", "failed 5.1.10"),
        ("Failed", "552 5.2.2 mailbox full", "temporary", "failed 5.2.2"),
        ("Failed", "554 5.7.1 no", "blocked", "failed 5.7.1"),
        ("Failed", "552 5.3.4 too large", "content", "failed 5.3.4"),
        ("Failed", "451 4.7.0 later", "temporary", "failed 4.7.0"),
    ],
)
def test_email(status: str, said: str, code: str, reason: str) -> None:
    details = {"statusMessage": said}
    found = report("EmailDeliveryReportReceived", status=status, deliveryStatusDetails=details)
    assert (found.status, found.code, found.reason) == ("failed", code, reason)


@pytest.mark.parametrize("details", [None, "text", {}, {"statusMessage": 5}])
def test_email_with_odd_details(details: object) -> None:
    found = report("EmailDeliveryReportReceived", status="Failed", deliveryStatusDetails=details)
    assert (found.code, found.reason) == ("temporary", "failed")


@pytest.mark.parametrize(
    ("number", "code"),
    [("131026", "landline"), ("131047", "content"), ("131050", "opted-out"), ("7", "temporary")],
)
def test_whatsapp(number: str, code: str) -> None:
    error = {"channelCode": number, "channelMessage": f"no {SECRET}"}
    found = report("AdvancedMessageDeliveryStatusUpdated", status="Failed", error=error)
    assert (found.status, found.code, found.reason) == ("failed", code, f"provider code {number}")


@pytest.mark.parametrize(
    "error", [None, "text", {}, {"channelCode": SECRET}, {"channelCode": SECRET[1:]}, {"channelCode": 131026}]
)
def test_whatsapp_with_an_odd_error(error: object) -> None:
    found = report("AdvancedMessageDeliveryStatusUpdated", status="Failed", error=error)
    assert found.status == "failed"
    assert SECRET[1:] not in repr(found)


def test_every_kind_is_one_that_is_known() -> None:
    kinds = {sms_failure(str(number)) for number in range(3999, 10000)}
    kinds |= {whatsapp_failure(str(number)) for number in range(130000, 133000)}
    kinds |= {
        email_failure(word) for word in ("bounced", "suppressed", "quarantined", "filteredspam", "failed")
    }
    kinds |= {email_failure("failed", f"5.{a}.{b}") for a in range(9) for b in range(12)}
    assert kinds <= set(FAILURES)


def test_what_is_not_known_never_gives_up_a_contact_point() -> None:
    assert sms_failure("") not in UNUSABLE
    assert whatsapp_failure("") not in UNUSABLE
    assert email_failure("failed") not in UNUSABLE

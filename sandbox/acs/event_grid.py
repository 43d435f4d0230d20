"""The Event Grid events that ACS publishes about messages, field by field as documented.

Sources, with example payloads: https://learn.microsoft.com/azure/event-grid/ and there
communication-services-telephony-sms-events, -email-events, -advanced-messaging-events. The SMS example
writes "Tag" where the schema and the SDK's model have "tag"; this sends "tag".
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sandbox.acs.store import Message
from shared.fhir.instants import Instant, to_datetime

Event = dict[str, object]

_TOPIC = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/sandbox"
    "/providers/Microsoft.Communication/CommunicationServices/hearthline-sandbox"
)
SMS_CODES = {
    "2000": "Message Delivered Successfully.",
    "4000": "Message is rejected due to fraud detection.",
    "4001": "Message is rejected due to invalid Source/From number format.",
    "4002": "Message is rejected due to invalid Destination/To number format.",
    "4003": "Message failed to deliver due to unsupported destination.",
    "4004": "Message failed to deliver since Destination/To number doesn't exist.",
    "4005": "Message blocked by Destination carrier.",
    "4006": "The Destination/To number isn't reachable.",
    "4007": "The Destination/To number opted out of receiving messages from you.",
    "4008": "You exceeded the maximum number of messages allowed for your profile.",
    "4009": "Message rejected by Microsoft Entitlement System.",
    "4010": "Message was blocked due to the toll-free number not being verified.",
    "4020": "Message rejected by the carrier due to a volumetric violation.",
    "5000": "Message failed to deliver. Reach out Microsoft support team for more details.",
    "5001": "Message failed to deliver due to temporary unavailability of application/system.",
    "5002": "Carrier does not support delivery report.",
    "9999": "Message failed to deliver due to unknown error/failure.",
}
"""Result codes of SMS delivery (ACS troubleshooting codes, SMS)."""


def sms_report(message: Message, now: Instant, failure: str) -> list[Event]:
    """Give SMSDeliveryReportReceived: Delivered, or Failed with the code and sentence of `failure`."""
    segments = _segments(message.text)
    attempt = {
        "timestamp": stamp(message.at),
        "segmentsSucceeded": 0 if failure else segments,
        "segmentsFailed": segments if failure else 0,
    }
    code = failure or "2000"
    data = {
        "messageId": message.id,
        "from": message.sender,
        "to": message.to,
        "deliveryStatus": "Failed" if failure else "Delivered",
        "deliveryStatusDetails": f"{code}: {SMS_CODES[code]}" if code in SMS_CODES else code,
        "deliveryAttempts": [attempt],
        "receivedTimestamp": stamp(now),
        "tag": message.tag,
    }
    return [_event("SMSDeliveryReportReceived", message.id, f"/phonenumber/{_digits(message.to)}", data, now)]


def sms_received(message: Message) -> Event:
    """Give SMSReceived, a patient's text message."""
    data = {
        "messageId": message.id,
        "from": message.sender,
        "to": message.to,
        "message": message.text,
        "receivedTimestamp": stamp(message.at),
        "segmentCount": _segments(message.text),
    }
    return _event("SMSReceived", message.id, f"/phonenumber/{_digits(message.to)}", data, message.at)


def email_report(message: Message, now: Instant, failure: str) -> list[Event]:
    """Give EmailDeliveryReportReceived: Delivered, or the status that `failure` names, or Failed."""
    named = failure in ("Suppressed", "Bounced", "Quarantined", "FilteredSpam", "Expanded", "Failed")
    data = {
        "sender": message.sender,
        "recipient": message.to,
        "messageId": message.id,
        "internetMessageId": f"<{message.id}@sandbox.invalid>",
        "status": (failure if named else "Failed") if failure else "Delivered",
        "deliveryStatusDetails": {"statusMessage": failure or "No error."},
        "deliveryAttemptTimeStamp": stamp(now),
    }
    return [_event("EmailDeliveryReportReceived", str(uuid.uuid4()), _mail_subject(message), data, now)]


def email_engagement(message: Message, now: Instant, kind: str, link: str = "") -> Event:
    """Give EmailEngagementTrackingReportReceived: "view", or "click" with the link."""
    data = {
        "sender": message.sender,
        "recipient": message.to,
        "messageId": message.id,
        "userActionTimeStamp": stamp(now),
        "engagementContext": link,
        "userAgent": "hearthline-sandbox",
        "engagementType": kind,
    }
    return _event(
        "EmailEngagementTrackingReportReceived", str(uuid.uuid4()), _mail_subject(message), data, now
    )


def whatsapp_report(message: Message, now: Instant, failure: str) -> list[Event]:
    """Give AdvancedMessageDeliveryStatusUpdated: Sent and Delivered, or Failed with a channel error.

    A failure of digits is Meta's code for it; other words go with that of a number without WhatsApp.
    """
    if failure:
        code = failure if failure.isdecimal() else "131026"
        error = {"channelCode": code, "channelMessage": failure}
        return [whatsapp_status(message, now, "Failed", error)]
    return [whatsapp_status(message, now, status) for status in ("Sent", "Delivered")]


def whatsapp_status(
    message: Message, now: Instant, status: str, error: dict[str, str] | None = None
) -> Event:
    """Give one AdvancedMessageDeliveryStatusUpdated; status is Sent, Delivered, Read or Failed."""
    data: dict[str, object] = {
        "messageId": message.id,
        "status": status,
        "channelType": "whatsapp",
        "from": message.sender,
        "to": _digits(message.to),
        "receivedTimestamp": stamp(now),
    }
    if error:
        data["error"] = error
    subject = f"advancedMessage/{message.id}/status/{status}"
    return _event("AdvancedMessageDeliveryStatusUpdated", str(uuid.uuid4()), subject, data, now)


def whatsapp_received(message: Message) -> Event:
    """Give AdvancedMessageReceived, a patient's WhatsApp text."""
    data = {
        "content": message.text,
        "channelType": "whatsapp",
        "messageId": message.id,
        "messageType": "text",
        "from": _digits(message.sender),
        "to": message.to,
        "receivedTimestamp": stamp(message.at),
    }
    subject = f"advancedMessage/sender/{_digits(message.sender)}/recipient/{message.to}"
    return _event("AdvancedMessageReceived", str(uuid.uuid4()), subject, data, message.at)


REPORTS = {"sms": sms_report, "email": email_report, "whatsapp": whatsapp_report}


def stamp(instant: Instant) -> str:
    """Write an instant as Azure does: seven digits of fraction, "Z"."""
    return f"{to_datetime(instant):%Y-%m-%dT%H:%M:%S.%f}0Z"


def _event(kind: str, key: str, subject: str, data: Mapping[str, object], now: Instant) -> Event:
    return {
        "id": key,
        "topic": _TOPIC,
        "subject": subject,
        "data": data,
        "eventType": f"Microsoft.Communication.{kind}",
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": stamp(now),
    }


def _mail_subject(message: Message) -> str:
    return f"sender/{message.sender}/message/{message.id}"


def _digits(number: str) -> str:
    return number.removeprefix("+")


def _segments(text: str) -> int:
    """Count SMS segments: 160 characters or 153 a part in GSM-7 (taken as Latin-1), else 70 or 67."""
    single, part = (160, 153) if all(ord(letter) < 256 for letter in text) else (70, 67)
    return 1 if len(text) <= single else -(-len(text) // part)

"""What Azure Communication Services tells by Event Grid: delivery reports, engagement, and replies.

https://learn.microsoft.com/azure/event-grid/event-schema-communication-services. Event Grid schema or
CloudEvents, told apart by content; the fields of `data` are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from shared.errors import Rejected
from shared.fhir.instants import Instant, parse_instant
from shared.fhir.notification import Limits
from shared.fhir.strict_json import decode

type Status = Literal["delivered", "failed", "opened", "clicked"]

_EMAIL: Mapping[str, Status] = {
    "delivered": "delivered",
    "expanded": "delivered",
    "bounced": "failed",
    "failed": "failed",
    "quarantined": "failed",
    "filteredspam": "failed",
    "suppressed": "failed",
}
_ENGAGEMENT: Mapping[str, Status] = {"view": "opened", "click": "clicked"}
_MESSAGING: Mapping[str, Status] = {"delivered": "delivered", "read": "opened", "failed": "failed"}


class AcsReport(msgspec.Struct, frozen=True):
    """A report of one message; `tag` is what we gave along with an SMS, "KEY MESSAGE-ID"."""

    provider_id: str
    status: Status
    at: Instant
    reason: str = ""
    tag: str = ""


class AcsReply(msgspec.Struct, frozen=True):
    """A message from a patient."""

    inbound_id: str
    channel: str
    sender: str
    text: str
    at: Instant


class AcsHandshake(msgspec.Struct, frozen=True):
    """Event Grid wants the validation code back."""

    code: str


class AcsIgnored(msgspec.Struct, frozen=True):
    """An event that cannot be used, among others that can; `code` is stable."""

    code: str


type AcsEvent = AcsReport | AcsReply | AcsHandshake | AcsIgnored

_LONGEST = 5_000
"""Characters of a text: more than any channel carries, and few enough for a queue message."""
_LONGEST_NAME = 320
"""Characters of an id or an address; of the latter, email has the longest (RFC 3696)."""


def parse_acs_events(body: bytes, limits: Limits) -> tuple[AcsEvent, ...]:
    """Read a delivery of one or many events; those that say nothing to us are left out.

    Raises Rejected where it is no delivery of events, or where every one of them is bad.
    """
    if len(body) > limits.body:
        raise Rejected("the body is too large", "too-large")
    decoded = decode(body, limits.depth)
    events = decoded if isinstance(decoded, list) else [decoded]
    if len(events) > limits.events:
        raise Rejected("too many events in one delivery", "batch-too-large")
    bad: list[Rejected] = []
    found: list[AcsEvent] = []
    for event in events:
        try:
            found += _event(event)
        except Rejected as rejected:
            bad.append(rejected)
            found.append(AcsIgnored(rejected.code))
    if bad and len(bad) == len(events):
        raise bad[0]
    return tuple(found)


def _event(event: object) -> Iterator[AcsEvent]:
    if not isinstance(event, dict):
        raise Rejected("not an event", "unknown-format")
    kind, data = event.get("eventType") or event.get("type"), event.get("data")
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise Rejected("not an event of Event Grid", "unknown-format")
    at = _at(event.get("eventTime") or event.get("time"))
    if kind == "Microsoft.EventGrid.SubscriptionValidationEvent":
        yield AcsHandshake(_text(data, "validationCode"))
    elif kind == "Microsoft.Communication.SMSReceived":
        yield _reply("sms", data, _text(data, "messageId"), _text(data, "message"), at)
    elif kind == "Microsoft.Communication.AdvancedMessageReceived":
        inbound_id = _text(data, "messageId", str(event.get("id")))
        yield _reply("whatsapp", data, inbound_id, _text(data, "content", ""), at)
    else:
        yield from _report(kind.removeprefix("Microsoft.Communication."), data, at)


def _reply(channel: str, data: Mapping[str, object], inbound_id: str, text: str, at: Instant) -> AcsReply:
    sender = _text(data, "from")
    if max(len(sender), len(inbound_id)) > _LONGEST_NAME:
        raise Rejected("the event has no usable sender or id", "bad-event")
    return AcsReply(inbound_id, channel, sender, text, at)


def _report(kind: str, data: dict[str, object], at: Instant) -> Iterator[AcsEvent]:
    if kind == "SMSDeliveryReportReceived":
        delivered = _text(data, "deliveryStatus").lower() == "delivered"
        reason = "" if delivered else _code(_text(data, "deliveryStatusDetails", ""))
        status: Status | None = "delivered" if delivered else "failed"
    elif kind == "EmailDeliveryReportReceived":
        word = _text(data, "status").lower()
        status, reason = _EMAIL.get(word), "" if word == "delivered" else word
    elif kind == "EmailEngagementTrackingReportReceived":
        status, reason = _ENGAGEMENT.get(_text(data, "engagementType").lower()), ""
    elif kind == "AdvancedMessageDeliveryStatusUpdated":
        status, reason = _MESSAGING.get(_text(data, "status").lower()), ""
    else:
        status, reason = None, ""
    if status is not None:
        yield AcsReport(_text(data, "messageId"), status, at, reason, _text(data, "tag", ""))


def _code(details: str) -> str:
    """Keep the provider's code and nothing else: the sentence behind it may quote the number."""
    code = details.partition(":")[0].strip()
    return f"provider code {code}" if code.isdigit() else "the provider reports a failure"


def _text(data: Mapping[str, object], name: str, default: str | None = None) -> str:
    found = data.get(name, default)
    if found is None and default is not None:
        return default
    if not isinstance(found, str) or len(found) > _LONGEST:
        raise Rejected(f"the event has no usable {name}", "bad-event")
    return found


def _at(text: object) -> Instant:
    try:
        return parse_instant(text if isinstance(text, str) else "")
    except ValueError:
        raise Rejected("the event has no usable time", "bad-event") from None

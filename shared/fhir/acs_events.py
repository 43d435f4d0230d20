"""What Azure Communication Services tells by Event Grid: delivery reports, engagement, and replies.

https://learn.microsoft.com/azure/event-grid/event-schema-communication-services. Event Grid schema or
CloudEvents, told apart by content; the fields of `data` are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import msgspec

from shared.errors import Rejected
from shared.fhir.acs_failures import NO_WORD, email_failure, sms_failure, whatsapp_failure
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
    """What the provider calls a failure: a code, never its sentence, which may quote the recipient."""
    tag: str = ""
    code: str = ""
    """Kind of a failure, see shared.fhir.acs_failures."""
    theirs: bool = False
    """`provider_id` is no id that we chose, and there is no tag: WhatsApp."""


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
_LONGEST_CODE = 6
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
    reader = _READERS.get(kind)
    if reader is None:
        return
    status, name, code = reader(data)
    if status is not None:
        theirs = kind == _WHATSAPP
        yield AcsReport(_text(data, "messageId"), status, at, name, _text(data, "tag", ""), code, theirs)


_WHATSAPP = "AdvancedMessageDeliveryStatusUpdated"

type _Told = tuple[Status | None, str, str]
"""The status, what the provider calls the failure, and which kind of failure it is."""


def _sms(data: dict[str, object]) -> _Told:
    if _text(data, "deliveryStatus").lower() == "delivered":
        return "delivered", "", ""
    number = _number(_text(data, "deliveryStatusDetails", ""))
    status: Status | None = None if number in NO_WORD else "failed"
    return status, _called(number), sms_failure(number)


def _email(data: dict[str, object]) -> _Told:
    word = _text(data, "status").lower()
    status = _EMAIL.get(word)
    if status != "failed":
        return status, "" if word == "delivered" else word, ""
    details = data.get("deliveryStatusDetails")
    said = details.get("statusMessage") if isinstance(details, dict) else ""
    found = _ENHANCED.search(said if isinstance(said, str) else "")
    smtp = found[0] if found else ""
    return status, f"{word} {smtp}".strip(), email_failure(word, smtp)


def _engagement(data: dict[str, object]) -> _Told:
    return _ENGAGEMENT.get(_text(data, "engagementType").lower()), "", ""


def _whatsapp(data: dict[str, object]) -> _Told:
    status = _MESSAGING.get(_text(data, "status").lower())
    error = data.get("error")
    number = _safe(str(error.get("channelCode") or "")) if isinstance(error, dict) else ""
    if status != "failed":
        return status, "", ""
    return status, _called(number), whatsapp_failure(number)


_READERS: Mapping[str, Callable[[dict[str, object]], _Told]] = {
    "SMSDeliveryReportReceived": _sms,
    "EmailDeliveryReportReceived": _email,
    "EmailEngagementTrackingReportReceived": _engagement,
    _WHATSAPP: _whatsapp,
}

_ENHANCED = re.compile(r"\b[45]\.\d{1,3}\.\d{1,3}\b")
"""A mail server's enhanced status code (RFC 3463)."""


def _number(details: str) -> str:
    """Keep the provider's code and nothing else: the sentence behind it may quote the number."""
    return _safe(details.partition(":")[0].strip())


def _safe(code: str) -> str:
    """Keep what is a code for sure: phone numbers are longer."""
    return code if code.isascii() and code.isdigit() and len(code) <= _LONGEST_CODE else ""


def _called(number: str) -> str:
    return f"provider code {number}" if number else "the provider reports a failure"


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

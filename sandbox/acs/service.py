"""The stand-in's heart: what becomes of each message, once a channel's API has read the request."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Protocol

from sandbox.acs import event_grid
from sandbox.acs.event_grid import Event
from sandbox.acs.faults import Faults, Plan
from sandbox.acs.pusher import Pusher
from sandbox.acs.signing import Gate
from sandbox.acs.store import Draft, Message, Request, Store, fingerprint
from shared.fhir.instants import SECOND, Instant

NUMBERS = ("+15555550100",)
"""What a stack has where nobody says otherwise."""
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LANGUAGE = re.compile(r"\blang=[\"']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)")
_HELD_FOR = 1.0  # seconds after which a report held for reordering goes out alone


class Clock(Protocol):
    """Tells the sandbox's time."""

    def now(self) -> Instant:
        """Return the present instant."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """How one stand-in is set up; `repeat_window` is in seconds of its clock, 0 for no limit."""

    access_key: str
    events_url: str = ""
    events_key: str = ""
    bearer: str = ""
    repeat_window: float = 0.0
    limit: int = 50_000
    first_pause: float = 0.2
    numbers: tuple[str, ...] = NUMBERS
    """Numbers and short codes of the resource."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the API answers for one recipient: a message's id, or a status with a code and a sentence."""

    draft: Draft
    message_id: str = ""
    status: int = 202
    code: str = ""
    error: str = ""
    rejected: bool = False


class Service:
    """One ACS resource."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.store = Store(options.limit)
        self.faults = Faults()
        self.gate = Gate(options.access_key, options.bearer)
        self.pusher = Pusher(options.events_url, options.events_key, first_pause=options.first_pause)
        self.reports_on = True
        self.stopped: set[tuple[str, str]] = set()
        """The opt-out list: from which of our numbers to which others nothing is delivered."""
        self.suppressed: set[str] = set()
        """Addresses that bounced: ACS drops what is sent to them."""
        self.unlisted = False
        """The caller's identity may not list numbers."""
        self._held: list[Event] = []

    def settle(self, draft: Draft, request: Request, plan: Plan) -> Outcome:
        """Accept, repeat or refuse one message."""
        refusal = self._refusal(draft, plan) or self._unrepeatable(draft, request)
        if refusal:
            self.store.counts[draft.channel].rejected += 1
            return refusal
        repeated = self.store.repeat(request, draft)
        if repeated:
            return Outcome(draft, repeated)
        message = self.store.accept(request, draft, self.clock.now(), _language(draft))
        if draft.reports and self.reports_on:
            self._report(message, plan)
        return Outcome(draft, message.id)

    def _refusal(self, draft: Draft, plan: Plan) -> Outcome | None:
        rule = plan.first("reject")
        if rule and rule.reason == "opted-out":
            return Outcome(draft, "", 400, "EmailDroppedAllRecipientsSuppressed",
                           "Sender blocked for given recipient: opted out.")  # fmt: skip
        pattern = _ADDRESS if draft.channel == "email" else _NUMBER
        if rule is None and pattern.fullmatch(draft.to):
            return None
        return Outcome(draft, "", 400, "InvalidRecipient", "Invalid To phone number format.")

    def _unrepeatable(self, draft: Draft, request: Request) -> Outcome | None:
        """Refuse ids that come without a date, too late, or with another content than before."""
        if not draft.request_id or (draft.channel == "email" and not draft.first_sent):
            return None
        sent = _seconds(draft.first_sent)
        if sent is None:
            return Outcome(draft, "", 400, "BadRequest", "Request sent with Invalid DateTime value for "
                           "repeatability-first-sent.", rejected=True)  # fmt: skip
        window = self.options.repeat_window
        if window and abs(self.clock.now() / SECOND - sent) > window:
            return Outcome(draft, "", 412, "PreconditionFailed", "Outside the window.", rejected=True)
        if request.message_id and request.fingerprint != fingerprint(draft):
            return Outcome(draft, "", 400, "BadRequest", "Does not match the first.", rejected=True)
        return None

    def _report(self, message: Message, plan: Plan) -> None:
        rule = plan.first("report-failed")
        failure = (rule.reason or "9999") if rule else ""
        if message.channel == "sms" and (message.sender, message.to) in self.stopped:
            failure = "4007"
        if message.channel == "email" and message.to in self.suppressed:
            failure = "Suppressed"
        if message.channel == "email" and failure == "Bounced":
            self.suppressed.add(message.to)
        self.store.change(message, "failed" if failure else "delivered", failure)
        if not plan.first("report-none"):
            self._publish(event_grid.REPORTS[message.channel](message, self.clock.now(), failure), plan)

    def _publish(self, events: list[Event], plan: Plan) -> None:
        if plan.first("report-twice"):
            events = events * 2
        late = plan.first("report-late")
        if late:
            asyncio.get_running_loop().call_later(self._real(late.seconds), self.pusher.push, events)
        elif plan.first("report-reorder"):
            self._reorder(events)
        else:
            self.pusher.push(events)
            self.release()

    def _reorder(self, events: list[Event]) -> None:
        if len(events) > 1:
            self.pusher.push(events[::-1])
            return
        self._held += events
        asyncio.get_running_loop().call_later(_HELD_FOR, self.release)

    def release(self) -> None:
        """Send the reports that were held to come after another's."""
        if self._held:
            held, self._held = self._held, []
            self.pusher.push(held)

    def _real(self, seconds: float) -> float:
        """Turn seconds of the sandbox's clock into real ones, to wait for."""
        speed = float(getattr(self.clock, "speed", 1.0))
        return seconds / speed if speed > 0 else seconds


def _language(draft: Draft) -> str:
    """Read the language from `lang=` in the tag, or from the HTML."""
    found = _LANGUAGE.search(draft.tag) or _LANGUAGE.search(draft.html[:2000])
    return found[1] if found else ""


def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None

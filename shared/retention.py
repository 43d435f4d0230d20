"""Retention: how long each kind of what we hold is kept; part of the settings, for shared.usecases.retention.

Six years for what was decided and sent, as 45 CFR 164.316(b)(2)(i) asks of a covered entity's documentation.
What people said of being written to, and contact points that do not work, are kept as long as the person.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from shared.fhir.calendar import add, parse_duration
from shared.fhir.instants import DAY, Instant

type Kept = Literal["messages", "timeline", "engagement", "links", "rejections", "audit", "analytics"]


def _length(text: str) -> str:
    if parse_duration(text).sign <= 0:
        raise ValueError("must be a length of time such as P6Y")
    return text


type Length = Annotated[str, AfterValidator(_length)]

_SHORTEST: dict[Kept, int] = {"messages": 30, "timeline": 30, "engagement": 90, "audit": 365}
"""Days for which reports, replies, caps and segments may still ask."""


class Retention(BaseModel):
    """By kind an ISO 8601 duration, in the organisation's calendar; null keeps it as long as the person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: Length | None = "P6Y"
    """Rows of messages: words, contact point, what became of them. Since it was last heard of one."""
    timeline: Length | None = "P6Y"
    """Why what was decided."""
    engagement: Length | None = "P2Y"
    """That a message was sent, arrived, was opened or answered, as segments ask for it."""
    links: Length | None = "P400D"
    """What a link leads to; at the latest until it expires."""
    rejections: Length | None = "P90D"
    """What could not be used: an instant, an id and a reason, nothing of the content."""
    audit: Length | None = "P6Y"
    """The audit trail: who read and changed what."""
    analytics: Length | None = "P3Y"
    """Lines of the analytics log: what happened, by opaque ids."""

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        for kind, days in _SHORTEST.items():
            before = self.before(kind, _LONG_AGO, "UTC")
            if before is not None and before > _LONG_AGO - days * DAY:
                raise ValueError(f"{kind} must be kept {days} days at least")
        return self

    def before(self, kind: Kept, now: Instant, zone: str) -> Instant | None:
        """Return the instant before which this kind is no longer kept at `now`, or None."""
        length = getattr(self, kind)
        return add(now, -parse_duration(length), ZoneInfo(zone)) if length is not None else None


_LONG_AGO = Instant(40 * 365 * DAY)

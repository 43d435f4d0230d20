"""The provider: takes messages by their id, answers, loses answers, and reports on delivery later."""

from __future__ import annotations

from collections import Counter
from random import Random

from shared.fhir.instants import Instant
from shared.message.outbound import Accepted, Deferred, OutboundMessage, Refused, SendResult, Unknown
from shared.ports import Clock
from shared.usecases.jobs import Report

_STORIES = (
    *((), ("delivered",), ("delivered", "opened"), ("delivered", "opened", "clicked")),
    *(("failed",), ("failed", "delivered")),
)


class Provider:
    """Remembers every call; what it took it reports on, as the message id says: the same in every run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.calls: Counter[str] = Counter()
        self.accepted: dict[str, OutboundMessage] = {}
        self.refused: set[str] = set()
        self.lost: set[str] = set()
        """Messages whose sender was told that nothing is known."""
        self.after_acceptance: list[str] = []
        """Messages that were handed over once more, although they had been taken."""
        self.reports: list[Report] = []
        """Not yet told."""

    def take(self, message: OutboundMessage, fault: str) -> SendResult:
        """Act on a call."""
        name = message.message_id
        self.calls[name] += 1
        if name in self.accepted:
            self.after_acceptance.append(name)
        if fault == "deferred":
            return Deferred("too many requests", 30.0)
        if fault == "refused":
            self.refused.add(name)
            return Refused("invalid-address", "the number is not one that can receive messages")
        if fault == "lost":
            self.lost.add(name)
            return Unknown("no answer in time")
        self.accepted[name] = message
        self.reports += self._story(message)
        return Accepted(f"provider-{name}")

    def answer(self, result: SendResult, fault: str) -> SendResult:
        """Answer, or let the answer be lost on the way."""
        if fault == "lost" and isinstance(result, Accepted):
            self.lost.add(result.provider_id.removeprefix("provider-"))
            return Unknown("no answer in time")
        return result

    def _story(self, message: OutboundMessage) -> list[Report]:
        """Tell the message's fate; by the id alone, so that every run of a history has the same.

        A report on an SMS brings back the tag, one on an email only the id.
        """
        name, key = message.message_id, message.tag.partition(" ")[0] if message.channel == "sms" else ""
        random = Random(name)
        story = list(random.choice(_STORIES))
        if story and random.random() < 0.3:
            story.append(random.choice(story))
        now = self._clock.now()
        return [Report(name, key, word, Instant(now + i)) for i, word in enumerate(story)]

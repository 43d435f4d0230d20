"""Assumptions: what a dry run supposes of people and prices, as nobody knows; defaults are no findings.

Given by the command line or a file as names and values ("delivered:email=0.95"); docs/simulation.md has all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from msgspec import Struct

from shared.fhir.calendar import Duration, describe, parse_duration
from shared.message.outbound import CHANNELS

SHARES: Mapping[str, float] = {
    "delivered": 0.98,
    "opened:email": 0.4,
    "opened:whatsapp": 0.6,
    "clicked:email": 0.05,
    "answered": 0.5,
    "stopped": 0.0,
}
"""Shares of messages where nobody says otherwise; what is not named never happens."""

LENGTHS: Mapping[str, Duration] = {
    "delivered-after": parse_duration("PT10S"),
    "opened-after": parse_duration("PT2H"),
    "clicked-after": parse_duration("PT2H5M"),
    "answer-after": parse_duration("PT2H"),
    "stop-after": parse_duration("PT10M"),
    "event-after": parse_duration("P7D"),
}
"""How long after a message was sent, or for an event after its enrolment began."""

PRICES: Mapping[str, float] = {"sms": 0.0083, "email": 0.00026, "whatsapp": 0.0165}
"""Of one part of an SMS, one email, one WhatsApp message; made up in their order of size."""

_BY_CHANNEL = ("delivered", "opened", "clicked", "stopped")
SILENT = {"opened": ("sms",), "clicked": ("sms",)}
"""Channels that never tell."""


class Assumptions(Struct, frozen=True):
    """What is supposed; shares are of 1."""

    seed: str = "1"
    shares: dict[str, float] = {}
    """By name or "name:channel", where not as SHARES has it."""
    answers: dict[str, float] = {}
    """By text, or "step/text" for one step alone: the share of those asked who say so."""
    events: dict[str, float] = {}
    """By name of a custom event: the share of enrolments for which it happens."""
    lengths: dict[str, Duration] = {}
    prices: dict[str, float] = {}
    currency: str = "USD"
    slots: int | None = None
    """Free slots at any moment; None where the data say it, or nobody asks."""

    def share(self, name: str, channel: str) -> float:
        """Return a share for a channel: said for it, said for all, or as usual."""
        if channel in SILENT.get(name, ()):
            return 0.0
        asked = (f"{name}:{channel}", name)
        for known in (self.shares, SHARES):
            for each in asked:
                if each in known:
                    return known[each]
        return 0.0

    def length(self, name: str) -> Duration:
        """Return a length of time."""
        return self.lengths.get(name, LENGTHS[name])

    def price(self, channel: str) -> float:
        """Return the price of one part."""
        return self.prices.get(channel, PRICES.get(channel, 0.0))

    def stated(self) -> dict[str, str]:
        """Return every assumption in force, as one would write it."""
        lengths = {name: describe(self.length(name)) for name in LENGTHS}
        parts = {**SHARES, **self.shares, **{f"answered:{k}": v for k, v in self.answers.items()}}
        parts |= {f"event:{name}": part for name, part in self.events.items()}
        prices = {f"price {name}": f"{self.price(name):g} {self.currency}" for name in PRICES}
        slots = {} if self.slots is None else {"slots": str(self.slots)}
        return {name: f"{part:g}" for name, part in parts.items()} | lengths | slots | prices

    def answers_at(self, step: str) -> Mapping[str, float]:
        """Return what is said at a step, by text; none where nobody says so."""
        own = {text.partition("/")[2]: n for text, n in self.answers.items() if text.startswith(f"{step}/")}
        return own or {text: n for text, n in self.answers.items() if "/" not in text}


def read_assumptions(
    assumed: Iterable[tuple[str, str]],
    prices: Iterable[tuple[str, str]] = (),
    seed: str = "1",
    currency: str = "USD",
) -> Assumptions:
    """Read names and values; later ones beat earlier ones. Raises ValueError with what is wrong."""
    found: dict[str, dict[str, float]] = {"shares": {}, "answers": {}, "events": {}}
    lengths: dict[str, Duration] = {}
    slots: int | None = None
    for name, value in assumed:
        if name == "slots":
            slots = _count(name, value)
        elif name in LENGTHS:
            lengths[name] = _length(name, value)
        else:
            kind, key = _sort(name)
            found[kind][key] = _share(name, value)
    _check_answers(found["answers"])
    paid = {name: _price(name, value) for name, value in prices}
    return Assumptions(seed=seed, lengths=lengths, prices=paid, currency=currency, slots=slots, **found)


def _sort(name: str) -> tuple[str, str]:
    word, colon, of = name.partition(":")
    if word == "answered" and of:
        return "answers", of
    if word == "event" and of:
        return "events", of
    if (word == "answered" and not colon) or (word in _BY_CHANNEL and (not colon or of in CHANNELS)):
        return "shares", name
    known = [*_BY_CHANNEL, "answered", "answered:TEXT", "answered:STEP/TEXT", "event:NAME", *LENGTHS, "slots"]
    raise ValueError(f"{name!r} is nothing that can be assumed; there are {', '.join(known)}")


def _share(name: str, value: str) -> float:
    number = _number(name, value)
    if not 0 <= number <= 1:
        raise ValueError(f"{name}: {value} is no share from 0 to 1")
    return number


def _price(name: str, value: str) -> float:
    number = _number(name, value)
    if name not in CHANNELS or number < 0:
        raise ValueError(f"price of {name}: {value} is no price of one of {', '.join(CHANNELS)}")
    return number


def _count(name: str, value: str) -> int:
    if not value.isdigit():
        raise ValueError(f"{name}: {value} is no number of slots")
    return int(value)


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name}: {value!r} is no number")
    return number


def _length(name: str, value: str) -> Duration:
    try:
        length = parse_duration(value)
    except ValueError as wrong:
        raise ValueError(f"{name}: {value!r} is {wrong}") from None
    if length.sign < 0:
        raise ValueError(f"{name}: {value} lies before what it comes of")
    return length


def _check_answers(answers: Mapping[str, float]) -> None:
    """See that what is said at one step is said by no more than everybody."""
    together: dict[str, float] = {}
    for text, part in answers.items():
        step = text.partition("/")[0] if "/" in text else ""
        together[step] = together.get(step, 0.0) + part
        if together[step] > 1 + 1e-9:
            where = f"of step {step} " if step else ""
            raise ValueError(f"the answers {where}add up to {together[step]:g}, which is more than everybody")

"""Configured: quiet hours and caps as the settings write them, checked whole, into what the rules go by."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.fhir.calendar import parse_duration
from shared.fhir.choice import Purpose
from shared.fhir.instants import DAY
from shared.message.timing.caps import Cap
from shared.message.timing.countries import country_code
from shared.message.timing.days_off import why_unknown
from shared.message.timing.hours import Place, QuietHours
from shared.message.timing.quiet import FURTHEST, clock, overlap
from shared.message.timing.states import state_code

_LONGEST_WINDOW = 366 * DAY
_LONGEST_CLOSURE = FURTHEST // DAY
_A_MONDAY = date(2024, 1, 1).toordinal()

type Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _clock(text: str) -> str:
    clock(text)
    return text


def _country(text: str) -> str:
    if not (code := country_code(text)):
        raise ValueError('must be a country such as "US"')
    return code


def _holiday(text: str) -> str:
    if reason := why_unknown(text):
        raise ValueError(reason)
    return text


def _window(text: str) -> str:
    length = parse_duration(text)
    if length.months or not 0 < _micros(text) <= _LONGEST_WINDOW:
        raise ValueError('must be days or hours, at most "P366D"')
    return text


def _micros(text: str) -> int:
    length = parse_duration(text)
    return length.days * DAY + length.micros


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Hours(_Frozen):
    opens: Annotated[str, AfterValidator(_clock)] = "08:00"
    closes: Annotated[str, AfterValidator(_clock)] = "21:00"
    days: Annotated[tuple[Day, ...], Field(min_length=1)] = _DAYS

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if clock(self.opens) >= clock(self.closes):
            raise ValueError("opens must be before closes, on the same day")
        return self

    def weekdays(self) -> frozenset[int]:
        return frozenset(map(_DAYS.index, self.days))


class PlaceSetting(_Hours):
    """Somewhere with stricter hours."""

    country: Annotated[str, AfterValidator(_country)]
    state: str = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.state and not state_code(self.country, self.state):
            raise ValueError("must be a state of the country, by its code or name")
        return self

    def made(self) -> Place:
        """Return it as the rules go by it."""
        state = state_code(self.country, self.state) if self.state else ""
        return Place(self.country, state, self.opens, self.closes, self.weekdays())


class QuietSetting(_Hours):
    """HEARTHLINE_QUIET_HOURS: when messages may go out, on the wall clock of who gets them."""

    places: tuple[PlaceSetting, ...] = ()
    holidays: tuple[Annotated[str, AfterValidator(_holiday)], ...] = ()

    @model_validator(mode="after")
    def _leaves_some_time(self) -> Self:
        """Refuse what would keep messages waiting without end; an unknown state may be any of its country."""
        made = self.made()
        for country in dict.fromkeys(place.country for place in made.places):
            left = overlap(made, [place for place in made.places if place.country == country])
            if left.opens >= left.closes or not left.days:
                raise ValueError(
                    f"the places in {country} leave no hour to somebody whose state is not known"
                )
            if _closed_too_long(left.days, made.holidays):
                raise ValueError(f"no hour is left in {country} for {_LONGEST_CLOSURE} days or more")
        if _closed_too_long(made.days, made.holidays):
            raise ValueError(f"no hour is left for {_LONGEST_CLOSURE} days or more")
        return self

    def made(self) -> QuietHours:
        """Return it as the rules go by it."""
        places = tuple(place.made() for place in self.places)
        return QuietHours(self.opens, self.closes, self.weekdays(), places, self.holidays)


class CapSetting(_Frozen):
    """One of HEARTHLINE_CAPS: how many messages of some purposes a person gets within a time."""

    purposes: Annotated[frozenset[Purpose], Field(min_length=1)]
    counts: frozenset[Purpose] = frozenset()
    most: Annotated[int, Field(ge=1)]
    within: Annotated[str, AfterValidator(_window)]
    then: Literal["defer", "drop"] = "defer"

    def made(self) -> Cap:
        """Return it as the rules go by it."""
        return Cap(self.purposes, self.most, _micros(self.within), self.then, self.counts)


CAPS = (
    CapSetting(purposes=frozenset({"marketing"}), most=2, within="P7D"),
    CapSetting(
        purposes=frozenset({"marketing", "research", "operations"}),
        counts=frozenset({"care"}),
        most=6,
        within="P7D",
    ),
)
"""What holds unless the settings say otherwise."""


def _closed_too_long(days: frozenset[int], holidays: tuple[str, ...]) -> bool:
    """Say whether dates that are named leave no day open for as long as anybody looks ahead.

    Public holidays by calendar never last that long.
    """
    dates = {date.fromisoformat(name).toordinal() for name in holidays if name[:1].isdigit()}
    spans = (range(day, day + _LONGEST_CLOSURE) for day in dates)
    return any(all(d in dates or (d - _A_MONDAY) % 7 not in days for d in span) for span in spans)

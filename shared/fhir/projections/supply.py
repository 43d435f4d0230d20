"""How long a medication lasts, as the CQL library CumulativeMedicationDuration 6.0 counts it.

Called for prescriptions and dispenses (medication_request.py and medication_use.py). Source:
https://github.com/cqframework/dqm-content-qicore-2025, input/cql/CumulativeMedicationDuration.cql.

Days of supply are those that are told, else quantity / (dose x doses a day). The dose is the upper end of
its range. Doses a day are frequencyMax, else frequency, over the period (a month has 30 days, a year 365);
else so many as times of day are listed. Without either nothing is computed: there the library divides by
zero, which is null. Only a single dosage is read, as a taper has no one rate. We go further in one point: a
period without a frequency is once per period, which is what FHIR means by it
(https://hl7.org/fhir/R4/datatypes.html#Timing).

Supply covers whole days, the first being the day that is written, so it ends where the last of them does.
"""

from __future__ import annotations

from datetime import tzinfo

from msgspec import Struct

from shared.fhir.calendar import Duration, add
from shared.fhir.instants import Instant
from shared.fhir.projections.elements import Json, each, inside, word
from shared.fhir.projections.timing import instant
from shared.fhir.projections.values import number

_MOST_DAYS = 366 * 100
_DAYS = {
    "s": 1 / 86400,
    "min": 1 / 1440,
    "h": 1 / 24,
    "d": 1.0,
    "wk": 7.0,
    "mo": 30.4375,
    "a": 365.25,
    "second": 1 / 86400,
    "minute": 1 / 1440,
    "hour": 1 / 24,
    "day": 1.0,
    "week": 7.0,
    "month": 30.4375,
    "year": 365.25,
}
_PERIOD_DAYS = {**_DAYS, "mo": 30.0, "a": 365.0, "month": 30.0, "year": 365.0}


class Dosage(Struct, frozen=True):
    """What a single dosage says: a dose, so many times a day, within a Period (as in FHIR)."""

    dose: float | None = None
    daily: float | None = None
    bounds: object = None


def dosage(value: object) -> Dosage:
    """Read Dosage[] (https://hl7.org/fhir/R4/dosage.html); none or several say nothing."""
    found = each(value)
    if len(found) != 1:
        return Dosage()
    repeat = inside(found[0].get("timing"), "repeat")
    rates = each(found[0].get("doseAndRate"))
    dose = _dose(rates[0]) if len(rates) == 1 else None
    return Dosage(dose, _daily(repeat), inside(repeat, "boundsPeriod"))


def days(duration: object) -> float | None:
    """Read a Duration in days."""
    found, unit = number(inside(duration, "value")), _unit(duration)
    return found * _DAYS[unit] if found is not None and unit in _DAYS else None


def supplied(told: object, quantity: object, given: Dosage) -> float | None:
    """Return for how many days a fill lasts: the Duration that is told, else by quantity and dosage."""
    found = days(told)
    if found is not None:
        return found
    amount = number(inside(quantity, "value"))
    if amount is None or not given.dose or not given.daily:
        return None
    return amount / (given.dose * given.daily)


def covered(begun: object, length: float | None, zone: tzinfo) -> Instant | None:
    """Return the last instant of the last of so many days, the first being that of the date-time `begun`."""
    day = instant(begun[:10], zone) if isinstance(begun, str) else None
    if day is None or length is None or not 0 < length <= _MOST_DAYS:
        return None
    try:
        return Instant(add(day, Duration(days=int(round(length, 8) - 1) + 1), zone) - 1)
    except ValueError:
        return None


def _dose(rate: Json) -> float | None:
    most = number(inside(inside(rate.get("doseRange"), "high"), "value"))
    return number(inside(rate.get("doseQuantity"), "value")) if most is None else most


def _daily(repeat: object) -> float | None:
    often = number(inside(repeat, "frequencyMax")) or number(inside(repeat, "frequency"))
    period, unit = number(inside(repeat, "period")), word(inside(repeat, "periodUnit"))
    if period and unit in _PERIOD_DAYS:
        return (often or 1.0) / (period * _PERIOD_DAYS[unit])
    times = inside(repeat, "timeOfDay")
    return float(len(times)) if isinstance(times, list) and times else None


def _unit(quantity: object) -> str:
    found = word(inside(quantity, "code")) or word(inside(quantity, "unit")).lower()
    return found.removesuffix("s") if len(found) > 3 else found

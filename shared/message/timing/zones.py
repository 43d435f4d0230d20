"""Zones: the time zones in which whoever gets a message may be, from what is known of where they live.

Nothing here guesses: where the zone is not known, all that are plausible are named, and a message waits for
an hour that suits them all (shared.message.timing.quiet).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.fhir.calendar import first_zone
from shared.fhir.fact import Address, ContactPoint, Fact, Person
from shared.fhir.spelled import read_spelled
from shared.message.policy import Policy
from shared.message.timing.countries import country_code, zones_of_country
from shared.message.timing.states import state_code, zones_of_state

type Where = tuple[str, str]
"""A country and a state, by their codes; "" is not known."""

_LIVED_AT = ("home", "temp", "")


def plausible_zones(person: Person | None, related: Fact | None, policy: Policy) -> tuple[str, ...]:
    """Return the IANA names of the zones that the recipient may be in: `related` if given, else the patient.

    Of the patient the zone that the record states (FHIR extension timezone). Else those of their addresses:
    of the state, or of the whole country. Without an address those of their phone numbers, and the
    organisation's own beside them. With nothing known all of `policy.region`, and the organisation's.
    """
    if related is None and (own := _own_zone(person)):
        return (own,)
    if found := _unique(z for place in _addressed(person, related, policy) for z in _zones_of(place)):
        return found
    called = (
        zone for number in _numbers(person, related) for zone in _zones_of_number(number, policy.region)
    )
    return _unique((*(tuple(called) or zones_of_country(policy.region)), policy.zone))


def plausible_places(person: Person | None, related: Fact | None, policy: Policy) -> tuple[Where, ...]:
    """Return where the recipient may live: stricter hours of those places hold for them."""
    if places := _addressed(person, related, policy):
        return places
    numbers = _numbers(person, related)
    called = dict.fromkeys((c, "") for n in numbers if (c := _country_of_number(n, policy.region)))
    return tuple(called) or ((policy.region, ""),)


def _own_zone(person: Person | None) -> str:
    names = person.attributes.get("time-zone", ()) if person is not None else ()
    found = first_zone(names, UTC)
    return found.key if isinstance(found, ZoneInfo) else ""


def _addressed(person: Person | None, related: Fact | None, policy: Policy) -> tuple[Where, ...]:
    """Return where their addresses are: those they live at, else any that is not an old one."""
    known = [a for a in _addresses(person, related) if a.use != "old"]
    lived_at = [a for a in known if a.use in _LIVED_AT]
    found = (_where(address, policy.region) for address in lived_at or known)
    return tuple(dict.fromkeys(place for place in found if place is not None))


def _addresses(person: Person | None, related: Fact | None) -> tuple[Address, ...]:
    if related is not None:
        return read_spelled(Address, related.attributes.get("spelled-address", ()))
    return person.addresses if person is not None else ()


def _where(address: Address, region: str) -> Where | None:
    """Read an address; one that names no country is in ours, one whose country is not known is nowhere."""
    country = country_code(address.country) if address.country.strip() else region
    return (country, state_code(country, address.state)) if country else None


def _zones_of(place: Where) -> tuple[str, ...]:
    country, state = place
    return zones_of_state(country, state) or zones_of_country(country)


def _numbers(person: Person | None, related: Fact | None) -> tuple[str, ...]:
    points: tuple[ContactPoint, ...] = person.telecom if person is not None else ()
    if related is not None:
        points = read_spelled(ContactPoint, related.attributes.get("spelled-telecom", ()))
    return tuple(p.value for p in points if p.system in ("phone", "sms") and p.use != "old")


@lru_cache(maxsize=4096)
def _zones_of_number(value: str, region: str) -> tuple[str, ...]:
    """Return the zones of a landline's area; of any other number those of its country: mobiles travel."""
    import phonenumbers  # deferred: its tables cost import time that a cold start should not pay

    country = _country_of_number(value, region)
    if not country:
        return ()
    number = phonenumbers.parse(value.removeprefix("tel:"), region)
    if phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.FIXED_LINE:
        from phonenumbers.timezone import time_zones_for_number

        found = time_zones_for_number(number)
        return tuple(zone for zone in found if zone != "Etc/Unknown") or zones_of_country(country)
    return zones_of_country(country)


@lru_cache(maxsize=4096)
def _country_of_number(value: str, region: str) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(value.removeprefix("tel:"), region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    country = phonenumbers.region_code_for_country_code(number.country_code or 0)
    found = phonenumbers.region_code_for_number(number) or country
    return found if zones_of_country(found) else ""  # satellites and free numbers are nowhere


def _unique(zones: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(zones))

"""Contact points: which of a person's numbers and addresses a channel would use, best first.

https://hl7.org/fhir/R4/datatypes.html#ContactPoint; numbers become E.164, the form that ACS takes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Protocol

from shared.fhir.fact import Address, ContactPoint, Name
from shared.fhir.instants import Instant
from shared.message.locales import choose_name, full_name

_EMAIL = re.compile(
    r"[^\s@<>\"(),:;\[\]\\]{1,64}@(?:[^\s@.<>\"(),:;\[\]\\]{1,63}\.)+[^\s@.\d<>\"(),:;\[\]\\]{2,63}"
)
_LONGEST_EMAIL = 254
_SYSTEMS = {"sms": ("sms", "phone"), "whatsapp": ("phone", "sms"), "email": ("email",)}
_USES = {"mobile": 0, "": 1, "home": 2, "temp": 3, "work": 4}
"""Order of preference after rank; "old" is never used."""
_LOWEST_RANK = 2**31
_HOMES = {"home": 0, "": 1, "temp": 2, "work": 3}
"""Uses of addresses that a letter goes to, in order of preference."""

NOBODY_TO_REACH = {
    "sms": "no phone number that takes SMS is known",
    "whatsapp": "no phone number is known",
    "email": "no email address is known",
    "letter": "no postal address is known",
}


class Reachable(Protocol):
    """A person as far as it takes to write to them: a Person, or a Recipient."""

    @property
    def names(self) -> tuple[Name, ...]:
        """Return how they are called."""
        ...

    @property
    def telecom(self) -> tuple[ContactPoint, ...]:
        """Return their contact points."""
        ...

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Return where they live."""
        ...

    @property
    def reference(self) -> str:
        """Return "Type/id"."""
        ...


def addresses(
    person: Reachable,
    channel: str,
    now: Instant,
    region: str,
    unusable: Collection[tuple[str, str]] = (),
) -> tuple[str, ...]:
    """Return the person's addresses for a channel that hold now, normalised, the preferred one first.

    What may be a landline (a phone whose use is home or work) goes last; then rank decides (1 first,
    unranked last), then use, then the order given. `unusable` are those, (channel, address), that are known
    not to work. Of a letter it is the lines of the address, of a push notification who is meant.
    """
    if channel == "push":
        return (person.reference,)
    found = _letters(person) if channel == "letter" else _points(person, channel, now, region)
    return tuple(dict.fromkeys(a for a in found if a and (channel, a) not in unusable))


def _letters(person: Reachable) -> Iterator[str]:
    """Yield the postal addresses as they stand in the window, one line each: name, street, place, country."""
    name = choose_name(person.names)
    for address in sorted(person.addresses, key=lambda a: _HOMES.get(a.use, len(_HOMES))):
        place = " ".join(filter(None, (address.city, address.state, address.postal_code)))
        if address.use in _HOMES and address.line and place and name is not None:
            yield "\n".join(filter(None, (full_name(name, ""), *address.line, place, address.country)))


def _points(person: Reachable, channel: str, now: Instant, region: str) -> Iterator[str]:
    points = sorted((p for p in person.telecom if _usable(p, channel, now)), key=_preference)
    return (normalise(channel, point.value, region) for point in points)


def normalise(channel: str, value: str, region: str) -> str:
    """Return the address as the channel takes it, or "" where it cannot be one."""
    if channel in ("letter", "push"):
        return value
    return _email(value) if channel == "email" else _phone(value, region, texts=channel == "sms")


def _usable(point: ContactPoint, channel: str, now: Instant) -> bool:
    if point.system not in _SYSTEMS.get(channel, ()) or point.use not in _USES:
        return False
    return (point.start is None or point.start <= now) and (point.end is None or now <= point.end)


def _preference(point: ContactPoint) -> tuple[bool, int, int]:
    perhaps_landline = point.system == "phone" and point.use not in ("mobile", "")
    return perhaps_landline, point.rank or _LOWEST_RANK, _USES[point.use]


def _email(value: str) -> str:
    address = value.strip().removeprefix("mailto:")
    if len(address) > _LONGEST_EMAIL or _EMAIL.fullmatch(address) is None:
        return ""
    local, _, domain = address.rpartition("@")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        return ""
    return f"{local}@{domain.lower()}"


@lru_cache(maxsize=4096)  # planned and guarded within seconds of each other
def _phone(value: str, region: str, *, texts: bool) -> str:
    """Normalise to E.164. A number need only be possible: new ranges appear before any library knows them."""
    import phonenumbers  # deferred: its tables cost import time that a cold start should not pay

    try:
        number = phonenumbers.parse(value.removeprefix("tel:"), region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    landline = phonenumbers.PhoneNumberType.FIXED_LINE
    if texts and phonenumbers.number_type(number) == landline:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

"""Reading how people are called and reached: names, contact points, addresses, languages."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.fact import Address, ContactPoint, Name
from shared.fhir.projections.elements import Json, each, inside, prose, proses, word
from shared.fhir.projections.timing import period


def names(value: object) -> tuple[Name, ...]:
    """Read HumanNames, in their order."""
    found = (_name(item) for item in each(value))
    return tuple(name for name in found if name.family or name.given or name.text)


def _name(item: Json) -> Name:
    return Name(
        use=word(item.get("use")),
        family=prose(item.get("family")),
        given=proses(item.get("given")),
        prefix=proses(item.get("prefix")),
        text=prose(item.get("text")),
    )


def shown_name(name: Name) -> str:
    """Return a name as a line of text."""
    return name.text or " ".join(filter(None, (*name.prefix, *name.given, name.family)))


def telecom(value: object, zone: tzinfo) -> tuple[ContactPoint, ...]:
    """Read ContactPoints that have a value, in their order."""
    return tuple(point for item in each(value) if (point := _contact_point(item, zone)).value)


def _contact_point(item: Json, zone: tzinfo) -> ContactPoint:
    start, end = period(item.get("period"), zone)
    rank = item.get("rank")
    return ContactPoint(
        system=word(item.get("system")),
        value=word(item.get("value")).strip(),
        use=word(item.get("use")),
        rank=rank if type(rank) is int and 0 < rank < 2**31 else 0,
        start=start,
        end=end,
    )


def reachable(points: tuple[ContactPoint, ...], *systems: str) -> tuple[str, ...]:
    """Return the values of contact points of these systems, the preferred and the mobile ones first."""
    chosen = [p for p in points if p.system in systems and p.use != "old"]
    chosen.sort(key=lambda p: (p.rank or 2**31, p.use != "mobile"))
    return tuple(dict.fromkeys(p.value for p in chosen))


def addresses(value: object) -> tuple[Address, ...]:
    """Read Addresses; one that has its text only keeps that as its line."""
    found = (_address(item) for item in each(value))
    return tuple(a for a in found if a.line or a.city or a.postal_code or a.state or a.country)


def _address(item: Json) -> Address:
    return Address(
        use=word(item.get("use")),
        line=proses(item.get("line")) or proses(item.get("text")),
        city=prose(item.get("city")),
        state=prose(item.get("state")),
        postal_code=prose(item.get("postalCode")),
        country=prose(item.get("country")),
    )


def shown_address(address: Address) -> str:
    """Return an address as a line of text."""
    place = " ".join(filter(None, (address.state, address.postal_code)))
    return ", ".join(filter(None, (*address.line, address.city, place)))


def languages(value: object) -> tuple[str, ...]:
    """Read Patient.communication as BCP 47 tags (the text where there is no code), preferred first."""
    spoken = sorted(each(value), key=lambda item: item.get("preferred") is not True)
    return tuple(dict.fromkeys(filter(None, map(_language, spoken))))


def _language(item: Json) -> str:
    concept = item.get("language")
    codes = (word(coding.get("code")) for coding in each(inside(concept, "coding")))
    return next(filter(None, codes), "") or word(inside(concept, "text"))

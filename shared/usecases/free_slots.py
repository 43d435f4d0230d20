"""How many free Slots the FHIR server has for a capacity: what a pace by capacity goes by."""

from __future__ import annotations

from collections.abc import Sequence

from shared.fhir.calendar import add, parse_duration
from shared.fhir.instants import Instant, iso, parse_instant
from shared.journey.pace import Capacity
from shared.usecases.services import Services


async def free_slots(services: Services, capacity: Capacity, now: Instant, enough: int) -> int:
    """Count the free slots that begin from `now` on within the capacity's time, as far as `enough`.

    Costs a search (https://hl7.org/fhir/R4/slot.html#search). Raises Unavailable, and Rejected where the
    server refuses it.
    """
    until = add(now, parse_duration(capacity.within), services.zone)
    count = 0
    async for slot in services.fhir.search("Slot", slot_search(capacity, now, until)):
        count += _begins(slot.get("start"), now, until)
        if count >= enough:
            break
    return count


def slot_search(capacity: Capacity, now: Instant, until: Instant) -> dict[str, str | Sequence[str]]:
    """Return the parameters of the search; values of one kind are alternatives."""
    asked: dict[str, str | Sequence[str]] = {
        "status": "free",
        "start": (f"ge{iso(now)}", f"lt{iso(until)}"),
        "_count": "500",
    }
    kinds = {
        "service-type": capacity.service_type,
        "specialty": capacity.specialty,
        "schedule": capacity.schedule,
    }
    return asked | {name: ",".join(values) for name, values in kinds.items() if values}


def _begins(start: object, now: Instant, until: Instant) -> bool:
    """Look at the instant ourselves too: a server may forget one of two bounds."""
    try:
        return isinstance(start, str) and now <= parse_instant(start) < until
    except ValueError:
        return False

"""Search for Slots in the memory FHIR server: the parameters by which free ones are found, as R4 has them.

https://hl7.org/fhir/R4/slot.html#search
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from shared.fhir.instants import parse_instant

type Resource = Mapping[str, object]
type Params = Mapping[str, str | Sequence[str]]

SLOT_PARAMETERS = frozenset({"status", "start", "service-type", "specialty", "schedule"})


def is_such_slot(resource: Resource, params: Params) -> bool:
    """Say whether a resource has what the parameters ask of a Slot; others are left to the caller."""
    return all(
        _CHECKS[name](resource, one)
        for name, values in params.items()
        if name in _CHECKS
        for one in ([values] if isinstance(values, str) else values)
    )


def _status(resource: Resource, wanted: str) -> bool:
    return resource.get("status") in wanted.split(",")


def _start(resource: Resource, wanted: str) -> bool:
    at, bound = parse_instant(str(resource.get("start"))), parse_instant(wanted[2:])
    return at >= bound if wanted.startswith("ge") else at < bound


def _schedule(resource: Resource, wanted: str) -> bool:
    held = resource.get("schedule")
    return isinstance(held, dict) and held.get("reference") in wanted.split(",")


def _coded(element: str) -> Callable[[Resource, str], bool]:
    def check(resource: Resource, wanted: str) -> bool:
        concepts = resource.get(element)
        codings = (
            [c for concept in concepts for c in concept.get("coding", ())]
            if isinstance(concepts, list)
            else []
        )
        tokens = {
            token for c in codings for token in (c.get("code"), f"{c.get('system', '')}|{c.get('code')}")
        }
        return not tokens.isdisjoint(wanted.split(","))

    return check


_CHECKS: Mapping[str, Callable[[Resource, str], bool]] = {
    "status": _status,
    "start": _start,
    "schedule": _schedule,
    "service-type": _coded("serviceType"),
    "specialty": _coded("specialty"),
}

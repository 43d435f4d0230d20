"""What tests of the audit trail share: entries, trails of each kind, all that a lane holds."""

from __future__ import annotations

from msgspec.structs import replace

from shared.access.chain import LANES, Link
from shared.fhir.instants import Instant
from shared.ports.trail import AuditEntry, AuditTrail

SECRET = b"a secret for the audit trail of tests"
START = Instant(1_700_000_000_000_000)
ALWAYS = 10**18


def an_entry(number: int = 1, request: str = "request", **changes: object) -> AuditEntry:
    """Make an entry with something in every field."""
    entry = AuditEntry(
        at=Instant(START + number),
        request=request,
        operation="getPatient",
        kind="read",
        outcome="done",
        by=f"somebody-{number % 3}",
        roles=("Agent",),
        patient=f"{number % 5:032x}",
        about=("Überweisung 日本語", f"thing-{number}"),
        why="a call came in",
        glass=number % 7 == 0,
        before="b" * 64,
        after="a" * 64,
        address="198.51.100.7",
    )
    return replace(entry, **changes)


async def links_of(trail: AuditTrail) -> list[Link]:
    """Read all entries, lane by lane, oldest first."""
    return [link for lane in range(LANES) for link in reversed(await trail.page(lane, ALWAYS, 10_000))]

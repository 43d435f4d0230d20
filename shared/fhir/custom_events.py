"""What another system tells of a patient and no FHIR resource says: the body of `events/{name}`.

{"id": "4711", "patient": {"reference": "Patient/1"}, "at": "2026-03-01T10:00:00Z"}; in place of the reference
{"identifier": {"system": "urn:oid:1.2.36", "value": "12345"}}.
"""

from __future__ import annotations

import re

from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import Instant, parse_instant
from shared.fhir.notification import Limits
from shared.fhir.references import ResourceKey, parse_reference
from shared.fhir.strict_json import decode

LONGEST_ID = 128
"""Characters of an event's id: it is remembered in the record."""
LONGEST_BODY = 16 * 1024

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_ID = re.compile(rf"[!-~]{{1,{LONGEST_ID}}}")
_WITH_ZONE = re.compile(r".{1,40}T.{1,40}(Z|[+-]\d\d:\d\d)")
_LONGEST_IDENTIFIER = 500


class Told(Struct, frozen=True):
    """An event as it was told; exactly one of `patient` and `identifier` says whose it is."""

    name: str
    event_id: str
    """The sender's own id, with the name before it: two sorts of events may count alike."""
    patient: ResourceKey | None
    identifier: tuple[str, str] | None
    """(system, value)"""
    at: Instant | None = None


def parse_told(name: str, body: bytes, limits: Limits) -> Told:
    """Read what was posted to `events/{name}`. Raises Rejected, which quotes nothing of it."""
    if not _NAME.fullmatch(name):
        raise Rejected("the name is not of small letters, digits, dots and dashes", "bad-name")
    if len(body) > min(limits.body, LONGEST_BODY):
        raise Rejected("the body is too large", "too-large")
    fields = _object(decode(body, limits.depth), "the body", {"id", "patient", "at"})
    event_id = _text(fields.get("id"), "id")
    if not _ID.fullmatch(event_id):
        raise Rejected(f"id is not 1 to {LONGEST_ID} printable characters without blanks", "bad-event")
    patient, identifier = _patient(fields.get("patient"))
    at = _instant(fields["at"]) if "at" in fields else None
    return Told(name, f"{name}|{event_id}", patient, identifier, at)


def _object(value: object, what: str, known: set[str]) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Rejected(f"{what} is not an object", "bad-event")
    if set(value) - known:
        raise Rejected(f"{what} has other names than {', '.join(sorted(known))}", "bad-event")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Rejected(f"{what} is missing, or is not text", "bad-event")
    return value


def _patient(value: object) -> tuple[ResourceKey | None, tuple[str, str] | None]:
    fields = _object(value, "patient", {"reference", "identifier"})
    if len(fields) != 1:
        raise Rejected("patient needs exactly one of reference and identifier", "bad-event")
    if "reference" in fields:
        key, _ = parse_reference(_text(fields["reference"], "patient.reference"))
        if key.resource_type != "Patient":
            raise Rejected("patient.reference is not of a Patient", "bad-reference")
        return key, None
    parts = _object(fields["identifier"], "patient.identifier", {"system", "value"})
    system, held = (_text(parts.get(part), f"patient.identifier.{part}") for part in ("system", "value"))
    if len(system) + len(held) > _LONGEST_IDENTIFIER:
        raise Rejected("patient.identifier is too long", "bad-event")
    return None, (system, held)


def _instant(value: object) -> Instant:
    text = _text(value, "at")
    try:
        if _WITH_ZONE.fullmatch(text):
            return parse_instant(text)
    except ValueError:
        pass
    raise Rejected("at is no instant such as 2026-03-01T10:00:00Z", "bad-event")

"""The path below /api/fhir/notifications: which source, and for rest-hook which resource."""

from __future__ import annotations

import re

import msgspec

from shared.errors import Rejected
from shared.fhir.references import ResourceKey, parse_version, resource_key

# Sources are written in lower case and FHIR types start with a capital, so the two cannot be confused.
_TAIL = re.compile(
    r"(?:([a-z0-9][a-z0-9-]{0,62})(?:/(?=.)|\Z))?"
    r"(?:([A-Z][A-Za-z]{2,63})(?:/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?)?)?"
)


class Tail(msgspec.Struct, frozen=True):
    """The parts of the path that were there: source, type alone (a create), or resource and version."""

    source: str | None = None
    resource_type: str | None = None
    key: ResourceKey | None = None
    version: str | None = None


def read_tail(path_tail: str) -> Tail:
    """Read "/source", "/source/Patient/1", "/Patient/1/_history/2", "/Patient" or nothing.

    Nothing is percent-decoded, so an escape of any kind is Rejected, as are dot and empty segments.
    """
    match = _TAIL.fullmatch(path_tail.removeprefix("/").removesuffix("/"))
    if match is None:
        raise Rejected("no such path", "bad-path")
    source, resource_type, identity, version = match.groups()
    if identity is None:
        return Tail(source, resource_type)
    try:
        key = resource_key(resource_type, identity)
        return Tail(source, resource_type, key, parse_version(version))
    except Rejected as rejected:
        raise Rejected("no such path", "bad-path") from rejected

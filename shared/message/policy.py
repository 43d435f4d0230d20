"""Policy: what an organisation decides once about its messages; made from the settings, data only."""

from __future__ import annotations

from msgspec import Struct

from shared.fhir.instants import DAY, HOUR, MINUTE, SECOND


class Policy(Struct, frozen=True):
    """Who we are and how patiently we try; lengths of time in microseconds."""

    zone: str = "UTC"
    """The organisation's IANA time zone: instants in messages are shown in it, or in the location's."""
    region: str = "US"
    """Country (ISO 3166) of phone numbers that are written without one."""
    organisation: str = ""
    """Name, as messages say it."""
    phone: str = ""
    website: str = ""
    most_attempts: int = 8
    """Tries at a provider that cannot take a message now, after which it is given up."""
    first_backoff: int = 30 * SECOND
    """Doubled with every try…"""
    longest_backoff: int = HOUR
    """…up to this."""
    lease: int = 15 * MINUTE
    """A claim older than this whose outcome nobody told has an unknown one."""
    keep_completed: int = 3 * DAY
    """How long a sent message waits in the record for its delivery report."""


DEFAULT = Policy()

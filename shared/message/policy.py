"""Policy: what an organisation decides once about its messages; made from the settings, data only."""

from __future__ import annotations

from msgspec import Struct

from shared.fhir.choice import Purpose
from shared.fhir.instants import DAY, HOUR, MINUTE, SECOND
from shared.message.timing.caps import Cap
from shared.message.timing.hours import QuietHours


class Keys(Struct, frozen=True):
    """Secrets by which links are signed and people who were erased are known: the first signs, all verify."""

    secrets: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        """Leave them out."""
        return f"Keys({len(self.secrets)})"


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
    address: str = ""
    """The organisation's postal address in one line, as marketing email must show it."""
    restrictive: frozenset[Purpose] = frozenset()
    """Purposes for which nobody is written to who has not said yes."""
    quiet: QuietHours | None = None
    """When people are left in peace; None: never."""
    caps: tuple[Cap, ...] = ()
    """How many messages a person may get within some time."""
    patience: int = 3 * DAY
    """How long a message may be put off before it is too late, where its template is silent."""
    majority: int = 18
    """Age in years from which a person is written to in person, and not by their guardian."""
    bundling: int = 10 * MINUTE
    """How long a message to a shared contact point waits for others to go with it."""
    public_url: str = ""
    """Where links in messages lead, "https://host/api"; without one templates have no links."""
    hosts: frozenset[str] = frozenset()
    """Hosts that templates may link to, beside the organisation's own."""
    keys: Keys = Keys()
    replies: str = "https://hearthline.example/templates/reply-"
    """Beginning of the urls of templates for answers to replies: + stop, start, help, which, …"""
    write_communications: bool = False
    """Write a FHIR Communication for each message."""
    write_consents: bool = False
    """Write a FHIR Consent for what people say."""
    questions_to_staff: bool = False
    """Make a FHIR Task of a reply that nothing here understands."""


DEFAULT = Policy()

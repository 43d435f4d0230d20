"""Scene: all that a message is rendered from; what templates may ask of it is in shared.message.fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from shared.fhir.calendar import first_zone
from shared.fhir.fact import Fact, Name
from shared.fhir.instants import Instant
from shared.message.locales import choose_name
from shared.message.policy import Policy
from shared.patient.record import PatientRecord

if TYPE_CHECKING:
    from shared.message.links import LinkKind


class Addressee(Protocol):
    """Whom a message goes to; a Recipient (shared.message.recipient) is this."""

    @property
    def party(self) -> str: ...  # noqa: D102
    @property
    def names(self) -> tuple[Name, ...]: ...  # noqa: D102
    @property
    def languages(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def relationship(self) -> str: ...  # noqa: D102


class LinkMaker(Protocol):
    """Makes short links; a Linker (shared.message.links) is this."""

    def url(self, kind: LinkKind, target: str = "") -> str:
        """Return the address, or "" where there is no page for it."""
        ...


class Scene(Struct, frozen=True):
    """What a message is rendered from."""

    record: PatientRecord
    focus: Fact | None
    journey: str
    """Canonical "url|version"."""
    language: str
    policy: Policy
    recipient: Addressee | None = None
    """Whom it goes to; None: the patient."""
    values: Mapping[str, str] = {}
    """See `values` of a message."""
    bundle: tuple[str, ...] = ()
    """Given names of all the patients it is about, where one message goes for several."""
    linker: LinkMaker | None = None
    """None: there are no links, and addresses stand as they are."""
    now: Instant | None = None
    """Of the send; None: not asked for, so that WhatsApp's 24 hours are taken to be over."""

    @property
    def place(self) -> Fact | None:
        """Return the first location of the focus that the record knows."""
        return self.related("location")

    @property
    def practitioner(self) -> str:
        """Return what the focus calls its first practitioner, or ""."""
        named = self.focus.attributes.get("practitioner-name", ()) if self.focus else ()
        return next(iter(named), "")

    def related(self, attribute: str) -> Fact | None:
        """Return the first resource that an attribute of the focus names and the record knows."""
        for reference in self.focus.attributes.get(attribute, ()) if self.focus else ():
            found = self.record.facts.get(reference)
            if found is not None and not found.gone:
                return found
        return None

    @property
    def zone(self) -> tzinfo:
        """Return the zone that instants are shown in: the location's, else the organisation's."""
        named = self.place.attributes.get("time-zone", ()) if self.place else ()
        return first_zone((*named, self.policy.zone), UTC)

    @property
    def locale(self) -> str:
        """Return the reader's own variety of the message's language, "es-MX" for "es"."""
        return next((tag for tag in self._spoken if f"{tag}-".startswith(f"{self.language}-")), self.language)

    @property
    def _spoken(self) -> tuple[str, ...]:
        if self.recipient is not None:
            return self.recipient.languages
        return self.record.person.languages if self.record.person else ()

    @property
    def name(self) -> Name | None:
        """Return the name to call the patient by."""
        return choose_name(self.record.person.names) if self.record.person else None

    @property
    def addressed(self) -> Name | None:
        """Return the name to call the recipient by."""
        return self.name if self.recipient is None else choose_name(self.recipient.names)

    def link(self, kind: LinkKind, target: str = "") -> str:
        """Return a link, or "" where there are none."""
        return "" if self.linker is None else self.linker.url(kind, target)

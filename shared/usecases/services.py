"""Everything that the use cases work with, bundled: built by shared.bootstrap, or by a test in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct

from shared.errors import Rejected
from shared.message.policy import Policy
from shared.ports import (
    Blobs,
    Channel,
    Clock,
    Definitions,
    Documents,
    FhirServer,
    Indexes,
    OptOutList,
    PatientStore,
    Queue,
    WebhookKind,
    Webhooks,
)
from shared.ports.happened import HappenedLog
from shared.ports.trail import AuditTrail, NoTrail
from shared.usecases.deployment import Deployment
from shared.usecases.privacy.marks import Marks
from shared.usecases.sources.notifying import NotifyingSources


class NoWebhooks:
    """Where the settings name none."""

    @property
    def kinds(self) -> Mapping[str, WebhookKind]:
        """Return that there are none."""
        return {}

    async def post(self, to: str, post_id: str, body: bytes) -> None:
        """Raise Rejected."""
        raise Rejected(f"there is no webhook {to} in the settings", "no-such-webhook")


class Services(Struct, frozen=True):
    """The ports, and the few settings that use cases read."""

    patients: PatientStore
    indexes: Indexes
    documents: Documents
    queue: Queue
    fhir: FhirServer
    channels: Mapping[str, Channel]
    definitions: Definitions
    clock: Clock
    policy: Policy
    webhooks: Webhooks = NoWebhooks()
    blobs: Blobs | None = None
    """Files: the letters that are printed. None where the organisation sends none."""
    opt_out_list: OptOutList | None = None
    """The provider's own, where it has one."""
    marks: Marks | None = None
    """By which people are known who were erased; None where there is no secret to know them by."""

    trail: AuditTrail = NoTrail()
    """Who read and changed what by the admin API."""
    sources: NotifyingSources = NotifyingSources()
    """Who may notify us."""
    deployment: Deployment = Deployment()
    """What those who run it look at."""
    happened: HappenedLog | None = None
    """What happened, for analytics; None where that is switched off, and then it costs nothing."""
    hears_after: float = 0.0
    """Seconds after which every instance has heard of a publication: when everybody may be looked at."""

    @property
    def zone(self) -> tzinfo:
        """Return the organisation's time zone: for dates in resources that name none."""
        return ZoneInfo(self.policy.zone)

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
from shared.usecases.privacy.marks import Marks

CHANGES = "changes"
"""Queue: one resource change each, or a batch of references."""
WAKEUPS = "wakeups"
"""Queue: one patient to wake."""
REPORTS = "reports"
"""Queue: delivery and engagement reports."""
INBOUND = "inbound"
"""Queue: what patients write back."""
NOTIFICATIONS = "notifications"
"""Queue: Event Grid may deliver FHIR events here instead of by HTTP."""
OUTBOX = "outbox"
"""Queue: one patient whose committed effects are to be carried out again."""
RECOVERIES = "recoveries"
"""Queue: something was missed; look for it."""
AUDITS = "audits"
"""Queue: one batch of an audit."""
POPULATIONS = "populations"
"""Queue: one shard of the population, to look at after a publication."""
ENTRIES = "entries"
"""Queue: one patient whom a campaign brings into its journey, or who waited to be let into one."""
EVENTS = "events"
"""Queue: something that happened to one patient, as another system or a person says."""
PAGES = "pages"
"""Queue: what somebody chose, or filled in, on a page behind a link in a message."""
QUEUES = (
    *(CHANGES, WAKEUPS, REPORTS, INBOUND, NOTIFICATIONS, OUTBOX, RECOVERIES),
    *(AUDITS, POPULATIONS, ENTRIES, EVENTS, PAGES),
)


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

    @property
    def zone(self) -> tzinfo:
        """Return the organisation's time zone: for dates in resources that name none."""
        return ZoneInfo(self.policy.zone)

"""The queues that there are: their names, and what a transport must know of each.

Bicep makes them on Azure, bootstrap where they are missing in Storage, the sandbox's broker on a laptop; a
test holds those to this list.
"""

from __future__ import annotations

from msgspec import Struct

CHANGES = "changes"
WAKEUPS = "wakeups"
REPORTS = "reports"
INBOUND = "inbound"
NOTIFICATIONS = "notifications"
ACS_EVENTS = "acs-events"
OUTBOX = "outbox"
RECOVERIES = "recoveries"
AUDITS = "audits"
POPULATIONS = "populations"
ENTRIES = "entries"
EVENTS = "events"
PAGES = "pages"
OPERATIONS = "operations"

MOST_DELIVERIES = 8
"""How often a message is handed out before it counts as poison; host.json, Bicep, the broker say so too."""


LOCK_SECONDS = 60
"""How long a message on Service Bus, or a session, is somebody's who does not renew that; Bicep says so too.

The host renews it for as long as a function may run; so this is how long what an instance held stays away
when the machine under it is gone.
"""

REPETITION_SECONDS = 600
"""For how long a queue with sessions knows what it was told; Bicep and the broker say so too."""


class QueueKind(Struct, frozen=True):
    """One queue. `sessions`: its messages go in order within a session; it drops what is told twice."""

    name: str
    holds: str
    sessions: bool = False
    foreign: bool = False
    """Event Grid puts messages there; who may write there is believed."""


KINDS = (
    QueueKind(CHANGES, "one resource change each, or a pack of references", sessions=True),
    QueueKind(WAKEUPS, "one patient, or some, whose instant has come"),
    QueueKind(REPORTS, "delivery and engagement reports"),
    QueueKind(INBOUND, "what patients write back"),
    QueueKind(NOTIFICATIONS, "events of the FHIR service, by Event Grid", foreign=True),
    QueueKind(ACS_EVENTS, "events of Communication Services, by Event Grid", foreign=True),
    QueueKind(OUTBOX, "one patient whose committed effects are to be carried out again"),
    QueueKind(RECOVERIES, "something that was missed at a source"),
    QueueKind(AUDITS, "one batch of an audit"),
    QueueKind(POPULATIONS, "one shard of the population, to look at after a publication"),
    QueueKind(ENTRIES, "one patient to let, or bring, into a journey"),
    QueueKind(EVENTS, "something that happened to one patient, as another system or a person says"),
    QueueKind(PAGES, "what somebody chose, or filled in, on a page behind a link in a message"),
    QueueKind(OPERATIONS, "long work that somebody started by the admin API"),
)
QUEUES = tuple(kind.name for kind in KINDS)
WITH_SESSIONS = frozenset(kind.name for kind in KINDS if kind.sessions)

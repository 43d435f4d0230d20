"""What the use cases need of the world: Protocols that shared.adapters implements and tests verify.

Every method may raise Unavailable when the system behind it cannot answer now.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from msgspec import Struct

from shared.catalogue import Catalogue
from shared.effects import (
    IndexContact,
    IndexEffect,
    IndexEnrolment,
    IndexLink,
    IndexMember,
    IndexMessage,
    IndexReference,
)
from shared.fhir.instants import Instant
from shared.fhir.references import ResourceKey
from shared.message.outbound import OutboundMessage, SendResult
from shared.patient.record import Decision, PatientRecord, TimelineLine
from shared.patient.state import Message
from shared.ports.glance import Glances
from shared.ports.needs import Needs
from shared.segment.columns import Snapshot
from shared.segment.sql.query import Query


class Clock(Protocol):
    """Where `now` comes from."""

    def now(self) -> Instant:
        """Return the present instant."""
        ...


class Stored(Struct, frozen=True):
    """A record as it was read, with what a commit needs to know of how it lies in storage."""

    record: PatientRecord
    etag: str = ""
    """Empty when the patient has no record yet."""
    placement: Mapping[str, tuple[int, int]] = {}
    """In which row each chunk lies, and how many bytes it has."""
    newest: bytes = b""
    """The newest lines and messages as the storage keeps them beside the record: opaque, see Glances."""


class Behind(Struct, frozen=True):
    """Records that were committed since an instant of real time with a catalogue older than a publication."""

    publication: int
    since: float
    """Seconds since 1970."""


BEYOND = "g"
"""Comes after every key of a patient: they are hexadecimal."""


class PatientStore(Glances, Protocol):
    """The patient partitions: one consistent record each, guarded by its head row's ETag."""

    async def load(self, key: str, patient_id: str = "") -> Stored:
        """Read a record; an empty one where there is none. Takes one round trip."""
        ...

    async def commit(self, stored: Stored, decision: Decision) -> Stored:
        """Write a decision in one transaction. Raises Conflict when somebody else wrote first."""
        ...

    async def message(self, key: str, message_id: str) -> Message | None:
        """Read one message's row."""
        ...

    async def messages(self, key: str) -> tuple[Message, ...]:
        """Read all messages of a patient, in order of creation."""
        ...

    def messages_in(self, status: str) -> AsyncIterator[tuple[str, Message]]:
        """Walk all messages in a status, with their patient's key: a scan, for staff and reports."""
        ...

    async def timeline(self, key: str) -> tuple[TimelineLine, ...]:
        """Read the whole timeline of a patient, oldest first."""
        ...

    def keys(self) -> AsyncIterator[str]:
        """Walk all patient keys."""
        ...

    async def range(self, lower: str, upper: str, limit: int) -> tuple[Stored, ...]:
        """Read the first `limit` records whose keys are between `lower` and `upper`, by key; fewer: all."""
        ...

    def pending(
        self, overdue: Instant, behind: Behind | None = None, lower: str = "", upper: str = BEYOND
    ) -> AsyncIterator[str]:
        """Walk the keys of records with work left: an outbox, a claim, something due before `overdue`.

        With `behind`, also of those that an instance with an old catalogue committed. Of keys from `lower`
        on and below `upper`: all rows between them are read.
        """
        ...

    async def drop_messages(self, key: str, message_ids: Collection[str]) -> None:
        """Remove rows of messages; one that is gone already is no error.

        Commits on what was read before may be Conflicts, here and in drop_timeline and erase.
        """
        ...

    async def drop_timeline(self, key: str, before: Instant) -> int:
        """Remove the oldest rows of the timeline, each of one commit, up to one with a line since `before`.

        How many there were.
        """
        ...

    async def erase(self, key: str) -> None:
        """Remove all rows of messages and of the timeline; the record itself is for a commit to empty."""
        ...


class Wakeup(Struct, frozen=True):
    """A row of the wake-up index."""

    key: str
    due: Instant


class MemberRow(Struct, frozen=True):
    """A row of a segment's member list."""

    key: str
    member: bool
    """A row may say that somebody left."""
    order: int
    """How many commits of the patient came before: see IndexMember."""


class RosterRow(Struct, frozen=True):
    """How one enrolment stands, in the roster of its journey."""

    key: str
    """Whose it is."""
    enrolment: IndexEnrolment
    place: str
    """Where the row stands in the roster: opaque, to read on from."""

    @property
    def run(self) -> str:
        """Return the campaign's run that brought it about, or ""."""
        return self.enrolment.results.get("@campaign", "")

    @property
    def inside(self) -> bool:
        """Say whether it goes on."""
        return self.enrolment.status in ("active", "on-hold")


class Entry(Struct, frozen=True):
    """An enrolment that waits to be let into its journey."""

    key: str
    journey: str
    """Url."""
    enrolment_id: str
    asked: Instant


class Roster(Protocol):
    """Who is and was in each journey, and who waits before it; written by index effects."""

    async def roster(
        self,
        journey: str,
        run: str | None = None,
        *,
        inside: bool = False,
        after: str = "",
        limit: int = 1000,
    ) -> tuple[RosterRow, ...]:
        """Return the first `limit` rows of a journey (by url) beyond the place `after`; fewer: all.

        With `run` those whom this run of a campaign brought, "" those whom none did; `inside` leaves out
        what has ended, and costs nothing for it.
        """
        ...

    async def enrolled(self, journey: str, run: str, key: str) -> bool:
        """Say whether a run of a campaign has a row of this patient in a journey's roster."""
        ...

    async def entries(self, journey: str, after: Entry | None = None, limit: int = 100) -> tuple[Entry, ...]:
        """Return the first `limit` that wait before a journey beyond `after`: who asked first comes first."""
        ...

    async def journeys_asked(self) -> tuple[str, ...]:
        """Return the urls of the journeys before which somebody waits; nobody waiting costs one query."""
        ...

    async def drop_entry(self, entry: Entry) -> None:
        """Take somebody out of the queue; one who is gone already is no error."""
        ...


class Trace(Struct, frozen=True):
    """A row of the indexes that names a patient by key."""

    kind: str
    """Of what index: contact, reference, message, member, link, roster or entries."""
    place: tuple[str, ...]
    """Where it stands: opaque, to remove it by."""
    content: Mapping[str, str | int | bool] = {}
    """What it says beside whose it is; what it is found by is a digest."""


class LinkRow(Struct, frozen=True):
    """A row of the index of links."""

    key: str
    """Whose message it was in."""
    link: IndexLink
    place: str
    """Where it stands among all: opaque, to read on from."""


class Traces(Protocol):
    """What the indexes hold of a patient, for those who want to see it all, or have it gone."""

    async def traces(self, key: str, journeys: Collection[str]) -> tuple[Trace, ...]:
        """Return every row that names a patient, in the rosters of these journeys (by url) and elsewhere.

        Costs a scan of the index, as most rows are found by what leads to the patient. Wake-ups are not
        among them: they are removed by `unschedule`, or once they are due.
        """
        ...

    async def drop_traces(self, traces: Sequence[Trace]) -> None:
        """Remove rows; one that is gone already is no error."""
        ...

    async def withdraw(
        self, key: str, effect: IndexContact | IndexReference | IndexMessage | IndexLink
    ) -> None:
        """Remove the row that an effect wrote; one that is gone already is no error."""
        ...

    async def links(self, after: str, limit: int) -> tuple[LinkRow, ...]:
        """Return the first `limit` links beyond the place `after`, in no order that means anything."""
        ...


class Indexes(Roster, Traces, Needs, Protocol):
    """Projections outside the patient's boundary; each can be rebuilt from the records."""

    async def schedule(self, key: str, due: Instant) -> None:
        """Make sure the patient is woken at `due`; written before the commit that needs it."""
        ...

    async def schedule_all(self, wakeups: Sequence[Wakeup]) -> None:
        """Schedule many patients at once; when it fails, some may be scheduled."""
        ...

    async def due(self, now: Instant, limit: int) -> tuple[Wakeup, ...]:
        """Return wake-ups that are due, in order: the oldest `limit` of each partition of the index."""
        ...

    async def unschedule(self, wakeups: Sequence[Wakeup]) -> None:
        """Forget wake-ups that have been put on the queue; one that is gone already is no error."""
        ...

    async def scheduled(self, wakeup: Wakeup) -> bool:
        """Say whether there is such a wake-up."""
        ...

    async def apply(self, key: str, effect: IndexEffect) -> None:
        """Carry out an index effect; may be repeated."""
        ...

    async def list_members(
        self, segment: str, rows: Mapping[str, IndexMember], left: Collection[str] = ()
    ) -> None:
        """Make a segment's member list say what records say, by their keys; may be repeated.

        A row that a later commit wrote stays. Somebody who is no member and has no row gets one only if
        they have just `left`. Costs one query, and a write for each hundred rows that change.
        """
        ...

    async def members(self, segment: str, after: str = "", limit: int | None = None) -> tuple[str, ...]:
        """Return the keys of a segment's members in order: all, or the first `limit` beyond `after`."""
        ...

    async def member_rows(self, segment: str, first: str, last: str) -> tuple[MemberRow, ...]:
        """Return the rows of a member list whose keys are in [first, last], in their order."""
        ...

    async def drop_member(self, segment: str, key: str) -> None:
        """Remove a row of a member list, whatever it says: only where no commit can be about to write it."""
        ...

    async def patients_of_reference(self, reference: str) -> tuple[str, ...]:
        """Return the keys of patients whose record embeds a shared resource."""
        ...

    async def patients_of_contact(self, channel: str, address: str) -> tuple[str, ...]:
        """Return the keys of patients that were written to at a contact point."""
        ...

    async def link(self, token: str) -> tuple[str, IndexLink] | None:
        """Return whose link this is, by key, and what it leads to."""
        ...

    async def patient_of_message(self, message_id: str) -> str | None:
        """Return whose message this is."""
        ...


class Documents(Protocol):
    """Small named documents with optimistic locking: watermarks, counters, definitions, rejections."""

    async def get(self, kind: str, name: str) -> tuple[bytes, str] | None:
        """Return the document and its ETag, or None."""
        ...

    async def put(self, kind: str, name: str, body: bytes, etag: str | None) -> str:
        """Write a document: over `etag`, as new when it is "", regardless when None. Raises Conflict."""
        ...

    async def delete(self, kind: str, name: str) -> None:
        """Remove a document; one that is gone already is no error."""
        ...

    def all(self, kind: str) -> AsyncIterator[tuple[str, bytes]]:
        """Walk the documents of a kind, in an order that stays the same."""
        ...

    async def page(self, kind: str, after: str = "", limit: int = 100) -> tuple[tuple[str, bytes], ...]:
        """Return the first `limit` documents of a kind beyond the name `after`, in that order; fewer: all."""
        ...


class Queue(Protocol):
    """A queue by name, of the transport in use: shared.queues says which there are."""

    async def send(
        self, queue: str, body: bytes, delay: float = 0.0, *, session: str = "", once: str = ""
    ) -> None:
        """Put a message on a queue, visible after `delay` seconds of real time.

        Where the transport can: messages of one `session` are handed out in order, one at a time; what comes
        again under the name `once` within some minutes is dropped, whatever became of the first.
        """
        ...


class FhirRead(Struct, frozen=True):
    """What the server holds now; `resource` is None when it was deleted (410) or is not known (404)."""

    resource: Mapping[str, object] | None
    version: str = ""
    deleted: bool = False
    """The server says that it was there and is gone."""


class Deletion(Struct, frozen=True):
    """A resource that the server says was deleted: which, as what version, when by the server's clock."""

    key: ResourceKey
    version: str
    at: Instant


class ExportFile(Struct, frozen=True):
    """One file of a finished export: resources, Bundles of deletions, or OperationOutcomes of what failed."""

    kind: Literal["output", "deleted", "error"]
    url: str
    resource_type: str = ""
    count: int | None = None
    """Lines in it, where the server says so."""


class Export(Struct, frozen=True):
    """A finished Bulk Data export: what it holds is as of `at`, by the server's clock."""

    place: str
    at: Instant
    files: tuple[ExportFile, ...]
    token: bool
    """The files are only given to those who show a token."""


class ExportPending(Struct, frozen=True):
    """An export that is not finished."""

    progress: str = ""
    retry_after: float | None = None
    """Seconds after which the server wants to be asked again, where it says so."""


class BulkData(Protocol):
    """A server's Bulk Data export (https://hl7.org/fhir/uv/bulkdata/export.html), step by step."""

    async def start_export(
        self, types: Collection[str], group: str = "", since: Instant | None = None, container: str = ""
    ) -> str:
        """Begin an export of everybody, or of a Group's members; where to ask for it from now on.

        `container` is where Azure writes it. Raises Rejected where the server has no such operation.
        """
        ...

    async def export_status(self, place: str) -> Export | ExportPending:
        """Ask how an export stands. Raises Rejected when it is not known (any more)."""
        ...

    def export_lines(self, export: Export, file: ExportFile) -> AsyncIterator[bytes]:
        """Walk the lines of one file. Raises Rejected for a file that cannot be had."""
        ...

    async def end_export(self, place: str) -> None:
        """Let the server forget an export and its files."""
        ...


class FhirServer(BulkData, Protocol):
    """The system of record."""

    async def read(self, key: ResourceKey) -> FhirRead:
        """Read a resource."""
        ...

    async def history(self, key: ResourceKey) -> tuple[Mapping[str, object], ...]:
        """Return the former versions that the server still has, newest first; () where it keeps none."""
        ...

    def search(
        self, resource_type: str, params: Mapping[str, str | Sequence[str]]
    ) -> AsyncIterator[Mapping[str, object]]:
        """Walk all pages of a search; several values of a parameter must all hold."""
        ...

    async def find(
        self, resource_type: str, params: Mapping[str, str | Sequence[str]], limit: int
    ) -> tuple[Mapping[str, object], ...]:
        """Return the first `limit` of a search, one page of it: what is looked for stands in no URL."""
        ...

    def deletions(self, resource_type: str, since: Instant) -> AsyncIterator[Deletion]:
        """Walk what was deleted of a type since an instant, newest first. Raises Rejected if unsupported."""
        ...

    def everything(self, patient_id: str) -> AsyncIterator[Mapping[str, object]]:
        """Walk all resources of a patient's compartment, and those that they refer to."""
        ...

    async def value_set(self, url: str, version: str = "") -> Mapping[str, object] | None:
        """Return the ValueSet "url|version" with all its codes (as ValueSets.of reads them), or None.

        Without a version it is the server's latest. Raises Rejected where the server has it without its codes
        (no-expansion), or has too many of them (too-large).
        """
        ...

    async def update(self, resource: Mapping[str, object], if_match: str | None = None) -> str:
        """Write a resource under its id; its new version. Raises Conflict when it is not over `if_match`."""
        ...

    async def events(self, subscription: str, since: int, until: int) -> tuple[Mapping[str, object], ...]:
        """Call Subscription/$events; the notification bundles it returns. Raises Rejected if unsupported."""
        ...


class Channel(Protocol):
    """A way to reach people."""

    async def send(self, message: OutboundMessage) -> SendResult:
        """Hand over a message; the same id on every try. Never raises for what a provider can answer."""
        ...


class OptOutList(Protocol):
    """The list of numbers that the provider itself sends nothing to."""

    async def add(self, address: str) -> None:
        """Put a number on it; one that is there already is no error. Raises Unavailable."""
        ...

    async def remove(self, address: str) -> None:
        """Take a number off it. Raises Unavailable."""
        ...


type WebhookKind = Literal["signed", "teams"]


class Webhooks(Protocol):
    """Systems and teams outside that journeys tell something, each by its name in the settings."""

    @property
    def kinds(self) -> Mapping[str, WebhookKind]:
        """Return which there are."""
        ...

    async def post(self, to: str, post_id: str, body: bytes) -> None:
        """Tell what `body` holds (shared.journey.resources.posts), under an id that is the same on every try.

        Raises Rejected when it is refused for good or there is no such webhook, and Unavailable when another
        try may succeed: perhaps it has been received then.
        """
        ...


class Columns(Protocol):
    """A snapshot of the whole population in columns, for questions about everybody at once."""

    @property
    def snapshot(self) -> Snapshot:
        """Return what is in it."""
        ...

    def ask(self, query: Query, questions: Iterable[str]) -> list[list[tuple[Any, ...]]]:
        """Find the members, and answer questions in SQL about the table `members` of their `patient`."""
        ...

    def close(self) -> None:
        """Let go of the snapshot."""
        ...


class ColumnsWriter(Protocol):
    """Makes a snapshot of the whole population in columns."""

    def add(self, record: PatientRecord) -> None:
        """Take in a record; one of nobody who is known is passed over."""
        ...

    def finish(self, as_of: Instant) -> Snapshot:
        """Write what is left, and say that the snapshot is whole."""
        ...

    def close(self) -> None:
        """Let go of all that is temporary."""
        ...


class Definitions(Protocol):
    """The published catalogue."""

    async def current(self, seen: str = "") -> Catalogue:
        """Return the catalogue in force, at most some seconds old, and none older than version `seen`."""
        ...


class Blobs(Protocol):
    """Files by name, with "/" in it: what is too large for rows."""

    async def put(self, name: str, body: bytes, media_type: str, *, new: bool = False) -> None:
        """Write a file, over whatever was there. With `new` raises Conflict where there is one already."""
        ...

    async def get(self, name: str) -> bytes | None:
        """Read a file, or None where there is none."""
        ...

    async def delete(self, name: str) -> None:
        """Remove a file; one that is gone already is no error."""
        ...

    def names(self, prefix: str) -> AsyncIterator[str]:
        """Walk the names that begin so, in their order."""
        ...


class PoisonMessage(Struct, frozen=True):
    """A message that was given up: no try of it went well."""

    queue: str
    """Of which it was a message."""
    letter_id: str
    """Names it where it stands now."""
    body: bytes
    since: Instant
    """By the transport's own clock: when it came here, on Service Bus when it was first put on its queue."""
    deliveries: int | None = None
    """How often it was handed out, where the transport tells."""
    reason: str = ""
    """Why it was given up, where the transport tells."""


class PoisonCount(Struct, frozen=True):
    """How much of one queue was given up."""

    queue: str
    count: int
    oldest: Instant | None = None
    """Since when the oldest stands there; see PoisonMessage."""
    more: bool = False
    """There are more than `count`: nobody counted on."""


class PoisonQueues(Protocol):
    """Where messages go that no try could carry out: a poison queue beside each queue, or dead letters.

    Raises Unavailable also where the queue itself is not there.
    """

    async def count(self, queue: str) -> PoisonCount:
        """Count what of a queue was given up."""
        ...

    async def peek(self, queue: str, limit: int) -> tuple[PoisonMessage, ...]:
        """Look at the first messages without taking them; a transport may show fewer than there are."""
        ...

    async def remove(
        self,
        queue: str,
        chosen: Collection[str] | None,
        first: Callable[[PoisonMessage], Awaitable[None]],
    ) -> tuple[str, ...]:
        """Take the chosen messages out, by id, or all that are there; the ids of those that were.

        `first` is awaited with each, and only then is it removed: a crash in between, or what `first` raises,
        leaves it where it was. So it does with those not chosen, which may be hidden for a moment.
        """
        ...


class QueueState(Struct, frozen=True):
    """How one queue stands; None is what its transport does not tell."""

    queue: str
    waiting: int | None
    """Messages on it, hidden and scheduled ones included: about so many."""
    oldest: float | None
    """Seconds of real time since the oldest that could be handed out was put there; at least so many."""
    poison: int
    """Messages of it that were given up: at least so many."""


class QueueWatch(Protocol):
    """How the queues stand, for those who watch."""

    async def look(self, queues: Collection[str]) -> tuple[QueueState, ...]:
        """Look at some queues, taking nothing from them."""
        ...


class BackupPart(Struct, frozen=True):
    """One file of a backup: rows of one table."""

    table: str
    name: str
    rows: int
    sha256: str


class Backup(Struct, frozen=True):
    """What a backup holds: each row as of some moment between `begun` and `ended` (ISO 8601, real time)."""

    begun: str
    ended: str
    parts: tuple[BackupPart, ...]

    @property
    def rows(self) -> Mapping[str, int]:
        """Return how many rows there are of each table."""
        found: dict[str, int] = {}
        for part in self.parts:
            found[part.table] = found.get(part.table, 0) + part.rows
        return found


class Backups(Protocol):
    """Everything that is stored, into a folder and back."""

    async def save(self, folder: Path, tell: Callable[[BackupPart], None]) -> Backup:
        """Write everything into an empty folder, telling of each part. Raises Rejected."""
        ...

    async def restore(
        self, folder: Path, tell: Callable[[BackupPart], None], *, go_on: bool = False
    ) -> Backup:
        """Put everything back where nothing is; `go_on` after one that did not end. Raises Rejected."""
        ...


class LeftMessage(Struct, frozen=True):
    """A message in a queue that nobody listens to; its id is what its function would have been told."""

    message_id: str
    body: bytes


type First = Callable[[LeftMessage], Awaitable[None]]
"""What is done with a message before it goes."""


class LeftBehind(Protocol):
    """The queues of a transport that is in use no more."""

    async def take_out(self, queue: str, first: First) -> int:
        """Take out all that is handed out now, each after `first` is done with it; how many."""
        ...

    async def waiting(self, queue: str) -> int | None:
        """Return about how many there are, put off ones too; None where that is not told."""
        ...

"""One call of the admin API: who calls what, and what of it goes into the audit trail."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from typing import Annotated, Literal

import orjson
from fastapi import Depends, Request
from msgspec import Struct

from functions.admin.denied import Denied
from functions.admin.problems import Refusal
from shared.access.operation import Operation
from shared.access.roles import CLINICAL, Caller
from shared.fhir.instants import Instant
from shared.patient.record import identify
from shared.ports.trail import AuditEntry
from shared.usecases.patients.glass import tell_glass
from shared.usecases.services import Services

type Outcome = Literal["begun", "done", "failed", "refused"]

_NEEDS_CLINICAL = (
    "clinical facts are for ClinicalUser; with header Break-Glass and a reason you see this patient's"
)


class Call(Struct):
    """What a handler works with. It says whom it `reads` or what it `begins` before it does so."""

    services: Services
    caller: Caller
    operation: Operation
    request_id: str
    denied: Denied
    key: str = ""
    """The `Idempotency-Key`, or ""."""
    if_match: str = ""
    """The ETag in `If-Match`, without its quotes."""
    glass: str = ""
    """The reason for which the glass is broken, or ""."""
    address: str = ""
    since: Instant | None = None
    """When it was asked for first under its key: earlier than now where who did it then died over it."""
    noted: bool = False
    patient: str = ""
    about: tuple[str, ...] = ()
    why: str = ""
    before: str = ""
    after: str = ""

    @property
    def clinical(self) -> bool:
        """Say whether clinical facts may be shown: by role, or as the glass was broken."""
        return self.caller.has(CLINICAL) or bool(self.glass)

    @property
    def intent(self) -> str:
        """Return an id of what is asked for: the same however often one key is sent."""
        return identify("admin", self.caller.subject, self.operation.name, self.key)

    async def reads(self, patient: str = "", *about: str, why: str = "") -> None:
        """Note whose data is about to be shown, by opaque key. Raises Unavailable: then show nothing."""
        self.patient, self.about, self.why = patient, about, why or self.glass
        await self.note("done")
        if self.glass:
            tell_glass(self.operation.name, patient, self.caller.subject)

    async def reads_each(self, patients: Iterable[str], *about: str) -> None:
        """Note people who are about to be shown in a list, an entry of each: so it is found who saw somebody.

        Of nobody there is an entry too: somebody has looked. Raises Unavailable: then show nothing.
        """
        self.noted, self.about = True, about
        entries = [self._entry("done", patient) for patient in dict.fromkeys(patients) or ("",)]
        await asyncio.gather(*(self.services.trail.append(entry) for entry in entries))

    async def begins(self, patient: str = "", *about: str, why: str = "", before: object = None) -> None:
        """Note what is about to be changed; `before` is what is there now. Raises Unavailable."""
        self.patient, self.about, self.why = patient, about, why
        self.before = digest(before)
        await self.note("begun")

    def changed(self, after: object) -> None:
        """Say what is there now, for the entry that ends the change."""
        self.after = digest(after)

    async def need_clinical(self, patient: str = "", *about: str, told: str = "") -> None:
        """Refuse what is clinical to whoever does not see that, and note it. Raises Refusal (clinical)."""
        if not self.clinical:
            self.about = about
            await self.note_refusal(patient)
            raise Refusal(403, "clinical", told or _NEEDS_CLINICAL)

    async def note_refusal(self, patient: str = "") -> None:
        """Note that the caller may not have what they ask for; once a minute is enough to see it."""
        who, what, now = self.caller.subject, self.operation, self.services.clock.now()
        if what.audited and self.denied.is_news(who, what.name, now):
            self.patient = patient
            await self.note("refused")

    async def note(self, outcome: Outcome) -> None:
        """Append an entry of this call to the audit trail."""
        self.noted = True
        await self.services.trail.append(self._entry(outcome, self.patient))

    def _entry(self, outcome: Outcome, patient: str) -> AuditEntry:
        return AuditEntry(
            at=self.services.clock.now(),
            request=self.request_id,
            operation=self.operation.name,
            kind="change" if self.operation.audited == "change" else "read",
            outcome=outcome,
            by=self.caller.subject,
            roles=tuple(sorted(self.caller.roles)),
            patient=patient,
            about=self.about,
            why=self.why,
            glass=bool(self.glass),
            before=self.before,
            after=self.after,
            address=self.address,
        )


def digest(content: object) -> str:
    """Return a digest of something that JSON can say; "" of nothing."""
    if content is None:
        return ""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


def roles_told(roles: Iterable[str]) -> str:
    """Return roles as people read them."""
    return ", ".join(sorted(roles))


def _of(request: Request) -> Call:
    call: Call = request.state.call
    return call


type TheCall = Annotated[Call, Depends(_of)]
"""What a handler asks for to have its call."""

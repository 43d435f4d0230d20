"""The answer of a segment about one patient; the reason is made only when somebody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.explanation import Explanation

if TYPE_CHECKING:
    from shared.segment.compiled import CompiledSegment


class Evaluation(Struct, frozen=True, eq=False):
    """Membership at an instant."""

    member: bool
    next_flip: Instant | None
    """When it changes next with no new data (never before that, rarely not even then); None is never."""
    segment: CompiledSegment
    record: PatientRecord
    now: Instant

    @property
    def explanation(self) -> Explanation:
        """Return why, criterion by criterion."""
        return self.segment.explain(self.record, self.now)

    @property
    def reason(self) -> str:
        """Return why in one sentence: "HbA1c 9.1 % > 9 % on 2026-03-01"."""
        return self.explanation.why

"""What in a record was not yet looked at through a lens: kept before a segment asked for more.

Asked by shared.decide, which stamps a record, and shared.usecases.widen, which reads what was not seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.fhir.fact import Fact, Person
from shared.fhir.kept import KEPT_TYPES
from shared.fhir.lens import Lens
from shared.patient.record import PatientRecord


def unseen(record: PatientRecord, lens: Lens) -> Iterator[Fact | Person]:
    """Walk what the record holds that lacks something which the lens looks for.

    What is no resource of the FHIR server, as engagement, has nothing to look at.
    """
    if record.person is not None and not lens.covers(record.person):
        yield record.person
    for kind in lens.filters.keys() & KEPT_TYPES:
        yield from (fact for fact in record.facts.of(kind).values() if not lens.covers(fact))

"""Count who would be in a segment, over the stored records, page by page: long work, begun by previewSegment.

Nobody is entered, and nobody named: counts by age band, sex, language and channel. Keys of patients are
digests, so that the first so many of them are a fair sample of everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from shared.access.small_figures import rough, veil, veiled
from shared.errors import Rejected
from shared.fhir.instants import Instant, iso
from shared.patient.record import PatientRecord
from shared.patient.unseen import unseen
from shared.ports import BEYOND
from shared.segment.sql.preview import BREAKDOWNS
from shared.segment.strata import Strata
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.segments.compiling import Compiled, compiled
from shared.usecases.services import Services

PAGE = 200

_KEYS = 2**32
"""So many beginnings of a key there are: eight hexadecimal digits."""


class Ask(Struct, frozen=True):
    """What a preview is of: the parameters of the long work."""

    content: dict[str, Any]
    """The segment, as its author wrote it."""
    as_of: Instant
    at_most: int | None = None
    """Look at so many people, and no further."""
    whole: bool = False
    """Whoever asked may see people, and so counts of few."""


class Counted(Struct):
    """How far it is, and what was counted: the place of the long work."""

    cursor: str = ""
    looked_at: int = 0
    population: int = 0
    members: int = 0
    unsure: int = 0
    ended: bool = False
    cells: dict[str, dict[str, int]] = field(default_factory=lambda: {name: {} for name in BREAKDOWNS})

    @property
    def about(self) -> int:
        """Guess how many there are to look at: keys are evenly spread."""
        gone = int(self.cursor[:8] or "0", 16) / _KEYS
        return max(self.looked_at, round(self.looked_at / gone) if gone else 0)


_decode = msgspec.json.Decoder(Counted).decode


async def preview_segment(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Count on from where it stood still. Raises Invalid, Unavailable, and what Progress raises."""
    ask = msgspec.convert(work.params, Ask)
    made = await compiled(services, ask.content)
    counted = _decode(work.place.encode()) if work.place else Counted()
    strata = Strata(made.wall, ask.as_of)
    while not counted.ended:
        limit = PAGE if ask.at_most is None else min(PAGE, ask.at_most - counted.looked_at)
        stored = await services.patients.range(counted.cursor, BEYOND, limit)
        for each in stored:
            _count(counted, each.record, made, strata, ask.as_of)
        counted.ended = len(stored) < limit or counted.looked_at == ask.at_most
        await _tell(progress, counted, ask)
    return _result(made, counted, ask)


def _count(counted: Counted, record: PatientRecord, made: Compiled, strata: Strata, now: Instant) -> None:
    counted.cursor = record.key
    counted.looked_at += 1
    if record.person is None or record.person.gone:
        return
    counted.population += 1
    counted.unsure += any(unseen(record, made.segment.lens))
    if not made.segment.test(record, now)[0]:
        return
    counted.members += 1
    for name, word in strata.of(record).items():
        cells = counted.cells[name]
        cells[word] = cells.get(word, 0) + 1


async def _tell(progress: Progress, counted: Counted, ask: Ask) -> None:
    of = counted.about if ask.at_most is None else min(counted.about, ask.at_most)
    place = msgspec.json.encode(counted).decode()
    await progress.tell(counted.looked_at, of, "looking at patients", place)


def _result(made: Compiled, counted: Counted, ask: Ask) -> dict[str, Any]:
    cells = {name: dict(sorted(each.items(), key=_most_first)) for name, each in counted.cells.items()}
    return {
        "segment": made.segment.canonical,
        "as_of": iso(ask.as_of),
        "looked_at": counted.looked_at,
        "everybody": ask.at_most is None or counted.looked_at < ask.at_most,
        "population": counted.population,
        "members": counted.members if ask.whole else veiled(counted.members),
        "unsure": counted.unsure if ask.whole else rough(counted.unsure),
        **{name: each if ask.whole else _rounded(each) for name, each in cells.items()},
    }


def _rounded(cells: Mapping[str, int]) -> dict[str, int]:
    """Tell the parts; those that round to the same stand by name, as their order would tell more."""
    told: dict[str, int] = veil(cells)
    return dict(sorted(told.items(), key=_most_first))


def _most_first(cell: tuple[str, int]) -> tuple[int, str]:
    return -cell[1], cell[0]


def ask_of(content: dict[str, Any], as_of: Instant, at_most: int | None, *, whole: bool) -> dict[str, Any]:
    """Return the parameters of the long work."""
    made: dict[str, Any] = msgspec.to_builtins(Ask(content, as_of, at_most, whole))
    return made


def check_size(content: dict[str, Any], most: int) -> None:
    """Raise Rejected (too-large) for a definition that is too large to be kept with the work."""
    if len(msgspec.json.encode(content)) > most:
        raise Rejected(f"the definition has more than {most} bytes as JSON", "too-large")

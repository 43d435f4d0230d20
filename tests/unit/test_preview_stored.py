"""Previews over stored records: page by page, gone on with after a crash, counting as one over columns."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from memory_kit import HIGH, LOINC, Time, in_memory, person, result, segments, server
from msgspec.structs import replace

from shared.adapters.columns_duckdb import ParquetColumns
from shared.adapters.columns_writer import ParquetWriter
from shared.fhir.instants import iso
from shared.segment.definition import parse_segment
from shared.segment.sql.preview import BREAKDOWNS
from shared.segment.valuesets import ValueSets
from shared.usecases.columns import write_columns
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.preview import Asked, preview
from shared.usecases.segments import counting
from shared.usecases.segments.compiling import compiled
from shared.usecases.segments.counting import ask_of, preview_segment
from shared.usecases.services import Services
from shared.usecases.take_in import take_in_everyone

PEOPLE = 23
CONTENT: dict[str, Any] = {
    "url": HIGH,
    "version": "2",
    "title": "Higher",
    "criteria": {"has": {"type": "Observation", "code": "loinc|4548-4", "value": {"above": 10, "unit": "%"}}},
}


class Stops(Exception):
    """The process dies."""


class Heard(Progress):
    """Progress that remembers what it was told, and dies when it is told so."""

    def __init__(self, work: LongWork, dies_after: int = 0) -> None:
        self.work, self.dies_after = work, dies_after
        self.told: list[tuple[int, int | None]] = []

    async def tell(self, done: int, of: int | None = None, phase: str = "", place: str | None = None) -> None:
        self.told.append((done, of))
        self.work = replace(self.work, done=done, place=place or self.work.place)
        if len(self.told) == self.dies_after:
            raise Stops


@pytest.fixture
async def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    """People of several ages, languages and results; five are read at a time."""
    monkeypatch.setattr(counting, "PAGE", 5)
    made = in_memory(Time())
    await segments(made)
    for n in range(PEOPLE):
        name, gender = f"p{n}", ("female", "male", "")[n % 3]
        more = {
            "birthDate": f"{1930 + 4 * n}-01-01",
            "telecom": [{"system": "email", "value": "a@example.org"}],
        }
        await server(made).update(person(name, gender=gender, **(more if n % 2 else {})))
        await server(made).update(result(f"o{n}", name, n))
    await take_in_everyone(made)
    return made


def _work(services: Services, content: dict[str, Any] = CONTENT, **more: Any) -> LongWork:
    params = ask_of(content, services.clock.now(), more.get("at_most"), whole=more.get("whole", True))
    return LongWork("w", "preview-segment", "ann", services.clock.now(), params)


async def test_it_counts_what_a_preview_over_columns_counts(services: Services, tmp_path: Path) -> None:
    found = await preview_segment(services, work := _work(services), Heard(work))
    writer = ParquetWriter(tmp_path)
    await write_columns(services, writer, lambda _: None)
    writer.close()
    columns, now = ParquetColumns(tmp_path), services.clock.now()
    held = (await compiled(services, CONTENT)).segment
    wanted = preview(columns, Asked(parse_segment(CONTENT, ""), ValueSets.of([]), UTC, now))
    columns.close()
    assert held.canonical == wanted.segment == found["segment"]
    assert (found["members"], found["population"]) == (wanted.members, wanted.population) == (12, PEOPLE)
    assert {name: found[name] for name in BREAKDOWNS} == {name: getattr(wanted, name) for name in BREAKDOWNS}
    assert (found["as_of"], found["everybody"], found["looked_at"]) == (iso(now), True, PEOPLE)


@pytest.mark.parametrize("dies_after", [1, 2, 4, 5])
async def test_after_a_crash_it_goes_on_and_counts_nobody_twice(services: Services, dies_after: int) -> None:
    whole = await preview_segment(services, work := _work(services), Heard(work))
    heard = Heard(_work(services), dies_after)
    with pytest.raises(Stops):
        await preview_segment(services, heard.work, heard)
    again = Heard(heard.work)
    assert await preview_segment(services, again.work, again) == whole
    assert len(again.told) == 5 - dies_after


async def test_a_sample_stops_after_so_many_and_says_that_it_is_one(services: Services) -> None:
    found = await preview_segment(services, work := _work(services, at_most=7), heard := Heard(work))
    assert (found["looked_at"], found["everybody"]) == (7, False)
    assert [done for done, _ in heard.told] == [5, 7]
    assert heard.told[-1][1] == 7


async def test_what_was_not_looked_for_yet_is_counted_as_unsure(services: Services) -> None:
    """A filter that no published segment has: nobody's facts say whether it is true of them."""
    pattern = {"type": "Observation", "code": f"{LOINC}|4548-4", "fhirpath": "status = 'final'"}
    content = {**CONTENT, "criteria": {"has": pattern}}
    found = await preview_segment(services, work := _work(services, content), Heard(work))
    assert (found["members"], found["unsure"]) == (0, PEOPLE)


async def test_who_may_not_see_people_is_told_nothing_exact(services: Services) -> None:
    found = await preview_segment(services, work := _work(services, whole=False), Heard(work))
    assert found["members"] == 15
    counts = [count for name in BREAKDOWNS for count in found[name].values()]
    assert all(count is None or (count > 10 and count % 5 == 0) for count in counts)

"""The population of the preview benchmark: made small, in the columns that the product reads now."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import msgspec

from benchmarks.preview_data import EACH, NOW, make
from benchmarks.preview_segments import composed, five_clauses
from shared.adapters.columns_duckdb import SNAPSHOT, ParquetColumns
from shared.segment.valuesets import ValueSets
from shared.usecases.preview import Asked, preview


def test_it_has_members_and_is_made_again_when_the_columns_change(tmp_path: Path):
    folder = tmp_path / "columns"
    made = make(folder, 2_000)
    assert (made.patients, made.facts > 2_000 * (EACH - 5)) == (2_000, True)
    columns = ParquetColumns(folder)
    for definition in (five_clauses(), composed()):
        found = preview(columns, Asked(definition, ValueSets.of([]), UTC, NOW))
        assert 0 < found.members < found.population == 2_000
    columns.close()
    assert make(folder, 2_000) == made
    (folder / SNAPSHOT).write_bytes(msgspec.json.encode(msgspec.structs.replace(made, layout=0)))
    assert make(folder, 2_000) == made

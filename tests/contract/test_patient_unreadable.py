"""A record that was damaged in storage: who reads it is told whose it is, and nothing of what is in it."""

from __future__ import annotations

import pytest
from record_kit import KEY, begun

from shared.adapters.table_layout import pieces
from shared.adapters.table_store import TablePatientStore
from shared.adapters.tables import Write
from shared.errors import HearthlineError, Unreadable

DAMAGE = {
    "rubbish": b"rubbish of Ana Rivera",
    "empty": b"",
    "of another format": b"\x91\x07",
    "half compressed": b"\x28\xb5\x2f\xfd\x00Ana",
}


@pytest.mark.parametrize("head", DAMAGE.values(), ids=DAMAGE)
async def test_a_damaged_record_is_named_by_its_key_alone(
    stored_patients: TablePatientStore, head: bytes
) -> None:
    await begun(stored_patients)
    row = Write("merge", KEY, f"{KEY}-0", dict(pieces("head", head)))
    await stored_patients._tables.write(stored_patients._table, row)
    with pytest.raises(Unreadable, match=f"the record of {KEY} cannot be read") as found:
        await stored_patients.load(KEY)
    assert isinstance(found.value, HearthlineError)
    assert "Ana" not in str(found.value)
    with pytest.raises(Unreadable):
        await stored_patients.range("", "g", 10)

"""Where a roster is read on from is ours: what somebody made up is refused before storage is asked."""

from __future__ import annotations

import pytest

from shared.adapters.table_roster import TableRoster
from shared.adapters.tables import TableService
from shared.errors import Rejected


class _Nothing(TableService):
    """Tables that must not be asked."""

    def __init__(self) -> None:
        """Know no storage."""


@pytest.mark.parametrize("made_up", ["x", "0", "-1/a", "1e3/a", "0/a b", "0/\x00", f"0/{'a' * 201}", "٣/a"])
async def test_a_place_that_was_never_given_is_refused(made_up: str) -> None:
    with pytest.raises(Rejected, match="no such place"):
        await TableRoster(_Nothing(), "index").roster("https://x.example/journeys/j", after=made_up)

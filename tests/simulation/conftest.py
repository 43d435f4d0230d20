"""What every test of the simulation shares."""

from __future__ import annotations

import pytest

from tests.simulation.compiling import install


@pytest.fixture(autouse=True)
def _compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)

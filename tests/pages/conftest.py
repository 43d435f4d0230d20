"""A Chromium for each file of tests, and one folder for the pictures that they leave."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_kit import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start it for one file: while it runs, so does its event loop, and no asynchronous test can have one."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shots")

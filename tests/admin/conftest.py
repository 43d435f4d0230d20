"""Fixtures of the tests of the admin API."""

from __future__ import annotations

import pytest

from tests.admin.admin_kit import Desk


@pytest.fixture
def desk() -> Desk:
    """Give the admin API over empty services in memory."""
    return Desk()

"""Where commands find the admin API, and how."""

from __future__ import annotations

import pytest

from cli.calling import _host


@pytest.mark.parametrize(
    "told", ["https://host", "https://host/", "https://host/api/admin/v1", "https://host/api/admin/v1/"]
)
def test_the_address_of_the_app_and_of_its_api_lead_there(told: str) -> None:
    assert _host(told) == "https://host"

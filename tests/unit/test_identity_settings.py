"""Signing in needs no settings of the process: a command line may have them in a file."""

from __future__ import annotations

import pytest

from shared import bootstrap
from shared.config import settings

VALUES = {
    "AzureWebJobsStorage__accountName": "hearthline",
    "HEARTHLINE_TRANSPORT": "servicebus",
    "HEARTHLINE_BUS__fullyQualifiedNamespace": "hearthline.servicebus.windows.net",
    "HEARTHLINE_FHIR_URL": "http://127.0.0.1:9/fhir",
}


async def test_a_deployment_is_opened_by_the_settings_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VALUES:
        monkeypatch.delenv(name, raising=False)
    bootstrap._settings.cache_clear()
    bootstrap._credential.cache_clear()
    account = bootstrap._account(settings(VALUES), "queue")
    assert account.endpoint == "https://hearthline.queue.core.windows.net"
    assert account.token is not None
    await bootstrap._credential().close()
    bootstrap._credential.cache_clear()

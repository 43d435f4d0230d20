"""Our senders are asked about once, and the log tells what is wrong; test_health_checks.py has the rest."""

from __future__ import annotations

import aiohttp

from shared import bootstrap
from shared.config import settings


async def test_they_are_asked_once_and_the_log_tells(monkeypatch, caplog) -> None:
    """At start, before anybody asks whether we are ready."""
    environment = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "HEARTHLINE_FHIR_URL": "http://127.0.0.1:1/fhir",
        "HEARTHLINE_ACS_ENDPOINT": "http://127.0.0.1:1",
        "HEARTHLINE_ACS_ACCESS_KEY": "a2V5",
        "HEARTHLINE_SMS_FROM": "+12065550100",
        "HEARTHLINE_EMAIL_FROM": "nobody",
    }
    monkeypatch.setattr(bootstrap, "_settings", lambda: settings(environment))
    async with aiohttp.ClientSession() as session:
        monkeypatch.setattr(bootstrap, "_session", lambda: session)
        found = [await bootstrap.senders() for _ in range(2)]
    assert found[0] is found[1]
    assert caplog.text.count("HEARTHLINE_EMAIL_FROM is no email address") == 1
    assert caplog.text.count("could not be found out") == 1

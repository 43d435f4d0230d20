"""Readiness says what is wrong with our senders, and what could not be found out."""

from __future__ import annotations

import json

import aiohttp
import azure.functions as func
import pytest
from memory_kit import Time, in_memory, segments

from functions import health
from shared import bootstrap
from shared.adapters.acs_numbers import Senders
from shared.config import settings


async def ready(found: Senders, monkeypatch: pytest.MonkeyPatch) -> func.HttpResponse:
    async def senders() -> Senders:
        return found

    monkeypatch.setattr(health, "senders", senders)
    services = in_memory(Time())
    await segments(services)
    return await health._ready(services)


async def test_all_is_well(monkeypatch) -> None:
    answer = await ready(Senders(), monkeypatch)
    assert answer.status_code == 200
    assert "notes" not in json.loads(answer.get_body())


async def test_a_problem_is_not_ready(monkeypatch) -> None:
    answer = await ready(Senders(("the number is not ours",)), monkeypatch)
    assert answer.status_code == 503
    assert json.loads(answer.get_body())["detail"] == "the number is not ours"


async def test_a_note_is_ready(monkeypatch) -> None:
    answer = await ready(Senders((), ("could not be found out",)), monkeypatch)
    assert answer.status_code == 200
    assert json.loads(answer.get_body())["notes"] == ["could not be found out"]


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

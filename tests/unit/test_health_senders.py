"""Readiness says what is wrong with our senders, and what could not be found out."""

from __future__ import annotations

import json
import logging

import azure.functions as func
import pytest
from memory_kit import Time, in_memory, segments

from functions import health
from shared.adapters.acs_numbers import Senders


async def ready(found: Senders, monkeypatch: pytest.MonkeyPatch) -> func.HttpResponse:
    async def senders() -> Senders:
        return found

    monkeypatch.setattr(health, "senders", senders)
    health._tell.cache_clear()
    services = in_memory(Time())
    await segments(services)
    return await health._ready(services)


async def test_all_is_well(monkeypatch) -> None:
    answer = await ready(Senders(), monkeypatch)
    assert answer.status_code == 200
    assert "notes" not in json.loads(answer.get_body())


async def test_a_problem_is_not_ready(monkeypatch, caplog) -> None:
    answer = await ready(Senders(("the number is not ours",)), monkeypatch)
    assert answer.status_code == 503
    assert json.loads(answer.get_body())["detail"] == "the number is not ours"
    assert "the number is not ours" in caplog.text


async def test_a_note_is_ready_and_told_once(monkeypatch, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        answer = await ready(Senders((), ("could not be found out",)), monkeypatch)
        health._tell((), ("could not be found out",))
    assert json.loads(answer.get_body())["notes"] == ["could not be found out"]
    assert caplog.text.count("could not be found out") == 1

"""Live and ready: each check by name, bounded in time, made once however many ask, and with no secrets."""

from __future__ import annotations

import asyncio
import json

import azure.functions as func
import pytest

from functions import health
from functions.health import Check, answered
from shared.adapters.acs_numbers import Senders
from shared.config import wrong_settings
from shared.errors import Conflict, Invalid, Problem, Unavailable

RIGHT = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "HEARTHLINE_FHIR_URL": "https://fhir.example"}


@pytest.fixture(autouse=True)
def right_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "wrong_settings", tuple)


def that(outcome: str | Exception) -> Check:
    """Make a check that comes to this."""

    async def check() -> str:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return check


async def hangs() -> str:
    await asyncio.Event().wait()
    return "never"


def told(answer: func.HttpResponse) -> tuple[int, dict[str, object]]:
    return answer.status_code, json.loads(answer.get_body())


async def test_all_is_well() -> None:
    status, body = told(await answered({"storage": that(""), "catalogue": that("7-ab")}, 1))
    checks = {"settings": "ok", "storage": "ok", "catalogue": "ok"}
    assert (status, body) == (200, {"status": "ready", "catalogue": "7-ab", "checks": checks})


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Unavailable("storage answered 503"), "storage answered 503"),
        (Conflict("other"), "somebody publishes just now"),
        (
            Invalid((Problem("journey x", "step y is wrong"),)),
            "what is published cannot be used; the log says why",
        ),
    ],
)
async def test_what_cannot_be_had_is_named_beside_what_can(outcome: Exception, says: str) -> None:
    status, body = told(await answered({"good": that(""), "bad": that(outcome)}, 1))
    assert (status, body["type"]) == (503, "urn:hearthline:problem:not-ready")
    assert body["detail"] == f"bad: {says}"
    assert body["checks"] == {"settings": "ok", "good": "ok", "bad": says}


async def test_what_hangs_keeps_nobody_waiting() -> None:
    status, body = told(await answered({"good": that(""), "bad": hangs}, 0.01))
    assert (status, body["detail"]) == (503, "bad: no answer in time")


async def test_however_many_ask_a_check_is_made_once() -> None:
    gate, made = asyncio.Event(), []

    async def check() -> str:
        made.append(1)
        await gate.wait()
        return ""

    asking = [asyncio.create_task(answered({"slow": check}, 5)) for _ in range(20)]
    assert told(await answered({"slow": check}, 0.01))[0] == 503
    gate.set()
    assert {told(answer)[0] for answer in await asyncio.gather(*asking)} == {200}
    assert made == [1]
    assert told(await answered({"slow": check}, 5))[0] == 200  # and the next time anew
    assert made == [1, 1]


async def test_a_bug_is_no_answer_about_others() -> None:
    with pytest.raises(ZeroDivisionError):
        await answered({"bug": that(ZeroDivisionError())}, 1)


async def test_wrong_settings_are_named_and_nothing_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "wrong_settings", lambda: ("HEARTHLINE_FHIR_URL",))
    status, body = told(await answered({"storage": that(ZeroDivisionError())}, 1))
    assert status == 503
    assert body["detail"] == "settings: wrong or missing: HEARTHLINE_FHIR_URL; the log says why"


async def test_problems_of_senders_are_not_well_and_notes_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for found, outcome in (
        (Senders(), (200, {"status": "ready", "checks": {"settings": "ok", "senders": "ok"}})),
        (Senders((), ("a note",)), (200, {"status": "ready", "senders": "a note"})),
        (Senders(("not ours",)), (503, {"detail": "senders: not ours"})),
    ):
        monkeypatch.setattr(health, "senders", that(found))
        status, body = told(await answered({"senders": health._senders}, 1))
        assert status == outcome[0]
        assert outcome[1].items() <= body.items()


async def test_senders_that_cannot_be_asked_are_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SECONDS", 0.01)
    monkeypatch.setattr(health, "senders", hangs)
    status, body = told(await answered({"senders": health._senders}, 1))
    assert status == 200
    assert "have not told yet" in body["senders"]


async def test_live_touches_nothing() -> None:
    answer = await health.live(func.HttpRequest("GET", "/api/health/live", body=b""))
    assert told(answer) == (200, {"status": "live"})


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, ()),
        ({"HEARTHLINE_FHIR_URL": "ftp://secret"}, ("HEARTHLINE_FHIR_URL",)),
        ({"AzureWebJobsStorage": ""}, ("AzureWebJobsStorage", "AzureWebJobsStorage__accountName")),
        (
            {"HEARTHLINE_CAPS": "secret", "HEARTHLINE_LINK_SECRETS": '["secret"]'},
            ("HEARTHLINE_CAPS", "HEARTHLINE_LINK_SECRETS"),
        ),
        (
            {"HEARTHLINE_PUBLIC_URL": "https://host/api"},
            ("HEARTHLINE_LINK_SECRETS", "HEARTHLINE_PUBLIC_URL"),
        ),
    ],
)
def test_wrong_settings_are_told_by_name_alone(change: dict[str, str], names: tuple[str, ...]) -> None:
    assert wrong_settings(RIGHT | change) == names

"""What every Webhooks does, over the memory one and over HTTP to the sandbox's receiver."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import TypeAdapter

from sandbox.webhooks.app import Failing, Running, started
from shared.adapters.memory_webhooks import MemoryWebhooks
from shared.adapters.webhooks_http import WebhookLimits, WebhooksHttp
from shared.effects import PostWebhook
from shared.errors import Rejected, Unavailable
from shared.fhir.instants import Instant
from shared.journey.resources.posts import call, notice
from shared.journey.steps.base import Standing
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment
from shared.ports import Webhooks
from shared.receivers import Receiver

SECRET = "whsec_" + base64.b64encode(b"a secret of more than 24 bytes").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret of more than 24 bytes").decode()
CONSOLE = "https://console.example"
KINDS = {"partner": "signed", "team": "teams"}
NOW = Instant(1_772_000_000_000_000)


def standing(sequence: int) -> Standing:
    journey = "https://e.org/journeys/x|1"
    enrolment = Enrolment("enrolment-1", journey, "active", "tell", sequence, NOW, focus="Task/1")
    return Standing(PatientRecord("opaque", "patient-1"), enrolment, NOW)


def a_call(sequence: int = 3) -> PostWebhook:
    return call(standing(sequence), "partner", "patient.declined", {"reply": "no"})


def a_notice(sequence: int = 3) -> PostWebhook:
    return notice(standing(sequence), "team", "Please look", "Somebody *needs* you")


async def send(webhooks: Webhooks, post: PostWebhook) -> None:
    await webhooks.post(post.to, post.post_id, post.body)


def receivers(url: str, **more: Any) -> dict[str, Receiver]:
    found = {
        "partner": {"kind": "signed", "url": f"{url}/signed/partner", "secret": SECRET, **more},
        "team": {"kind": "teams", "url": f"{url}/teams/team"},
    }
    return TypeAdapter(dict[str, Receiver]).validate_python(found)


class Bench:
    """Webhooks over HTTP to a receiver, in a time of their own."""

    def __init__(self, running: Running, session: aiohttp.ClientSession) -> None:
        self.running = running
        self.session = session
        self.store = running.receiver.store

    def webhooks(self, **more: Any) -> WebhooksHttp:
        found = receivers(self.running.url, **more)
        return WebhooksHttp(self.session, found, CONSOLE, WebhookLimits(pause=0.0))

    def fail(self, status: int, times: int = 1, retry_after: str = "") -> None:
        self.running.receiver.failing = Failing(times, status, retry_after)


@asynccontextmanager
async def bench(secret: str = SECRET) -> AsyncIterator[Bench]:
    async with started(secret, more=_odd) as running, aiohttp.ClientSession() as session:
        yield Bench(running, session)


def _odd(app: web.Application) -> None:
    """Add addresses that misbehave: one that leads elsewhere, one that never answers, one that breaks off."""

    async def away(_: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect("/signed/partner")

    async def never(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def broken(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    app.add_routes([web.post("/away", away), web.post("/never", never), web.post("/broken", broken)])


class Side:
    """One implementation, what it was told, and how it is made to fail."""

    def __init__(self, webhooks: Webhooks, inside: MemoryWebhooks | Bench) -> None:
        self.webhooks = webhooks
        self._inside = inside

    def told(self) -> int:
        if isinstance(self._inside, Bench):
            return len(self._inside.store.all())
        return sum(map(len, self._inside.received.values()))

    def fail(self, status: int) -> None:
        if isinstance(self._inside, Bench):
            self._inside.fail(status)
        else:
            again = status in (429, 503)
            self._inside.failures.append(Unavailable("later") if again else Rejected("no", "webhook-refused"))


@pytest.fixture(params=["memory", "http"])
async def side(request: pytest.FixtureRequest) -> AsyncIterator[Side]:
    if request.param == "memory":
        memory = MemoryWebhooks(KINDS)  # type: ignore[arg-type] # these are kinds
        yield Side(memory, memory)
        return
    async with bench() as made:
        yield Side(made.webhooks(), made)


async def test_there_are_those_of_the_settings(side):
    assert side.webhooks.kinds == KINDS


@pytest.mark.parametrize("post", [a_call(), a_notice()], ids=lambda post: post.to)
async def test_what_is_posted_is_received_once_however_often(side, post):
    for _ in range(3):
        await send(side.webhooks, post)
    assert side.told() == 1


async def test_each_step_that_is_taken_is_told_apart(side):
    await send(side.webhooks, a_call(1))
    await send(side.webhooks, a_call(2))
    assert side.told() == 2


async def test_one_that_is_not_named_is_refused(side):
    with pytest.raises(Rejected) as rejected:
        await side.webhooks.post("nobody", "id", b"{}")
    assert rejected.value.code == "no-such-webhook"


@pytest.mark.parametrize("status", [400, 404, 410, 422])
async def test_what_is_refused_for_good(side, status):
    side.fail(status)
    with pytest.raises(Rejected) as rejected:
        await send(side.webhooks, a_call())
    assert rejected.value.code == "webhook-refused"
    assert side.told() == 0


@pytest.mark.parametrize("status", [429, 503])
async def test_what_may_be_tried_again(side, status):
    side.fail(status)
    with pytest.raises(Unavailable):
        await send(side.webhooks, a_call())
    await send(side.webhooks, a_call())
    assert side.told() == 1


async def test_a_call_says_who_and_what_and_proves_where_it_comes_from():
    """The receiver checks the signature by the reference library of Standard Webhooks."""
    async with bench() as made:
        await send(made.webhooks(), a_call())
        (told,) = made.store.all()
        assert told.told_id == a_call().post_id
        assert told.body == {
            "type": "patient.declined",
            "timestamp": "2026-02-25T06:13:20.000Z",
            "data": {
                "journey": "https://e.org/journeys/x",
                "step": "tell",
                "enrolment": "enrolment-1",
                "patient": "Patient/patient-1",
                "focus": "Task/1",
                "more": {"reply": "no"},
            },
        }


async def test_a_receiver_that_is_not_to_know_is_not_told_whom_it_is_about():
    async with bench() as made:
        await send(made.webhooks(patient=False), a_call())
        (told,) = made.store.all()
        assert set(told.body["data"]) == {"journey", "step", "enrolment", "more"}
        assert "patient-1" not in json.dumps(told.body)


async def test_a_wrong_secret_is_refused():
    async with bench(OTHER) as made:
        with pytest.raises(Rejected):
            await send(made.webhooks(), a_call())
        assert (made.store.all(), made.store.refused) == ([], 1)


@pytest.mark.parametrize("secret", [SECRET, OTHER])
async def test_while_a_secret_is_changed_either_will_do(secret):
    async with bench(secret) as made:
        await send(made.webhooks(previous=OTHER), a_call())
        assert len(made.store.all()) == 1


async def test_a_card_has_the_words_a_link_and_nothing_of_the_patient():
    async with bench() as made:
        await send(made.webhooks(), a_notice())
        (told,) = made.store.all()
        card = told.body
        assert [block["text"] for block in card["body"]] == ["Please look", "Somebody *needs* you"]
        link = f"{CONSOLE}/patients/opaque?enrolment=enrolment-1"
        assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open in Hearthline", "url": link}]
        assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
        assert not {"patient-1", "Task/1"} & set(json.dumps(card).split('"'))


@pytest.mark.parametrize("path", ["away", "never", "broken"])
async def test_what_tells_nothing_is_tried_again(path):
    """A redirect is not followed, an answer that never comes is not waited for."""
    async with bench() as made:
        found = receivers(made.running.url)["partner"]
        odd = found.model_copy(update={"url": type(found.url)(f"{made.running.url}/{path}")})
        webhooks = WebhooksHttp(made.session, {"partner": odd}, "", WebhookLimits(total=0.2, pause=0.0))
        with pytest.raises(Unavailable) as unavailable:
            await send(webhooks, a_call())
        assert made.running.url not in unavailable.value.reason
        assert made.store.all() == []


async def test_nobody_there():
    nobody = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = nobody.sockets[0].getsockname()[1]
    nobody.close()
    await nobody.wait_closed()
    async with aiohttp.ClientSession() as session:
        webhooks = WebhooksHttp(session, receivers(f"http://127.0.0.1:{port}"), "")
        with pytest.raises(Unavailable, match="the webhook partner cannot be reached"):
            await send(webhooks, a_call())


async def test_one_that_cannot_take_a_call_is_left_alone_as_long_as_it_says():
    async with bench() as made:
        time = [1_772_000_000.0]
        webhooks = WebhooksHttp(made.session, receivers(made.running.url), "", clock=lambda: time[0])
        made.fail(503, times=2, retry_after="60")
        with pytest.raises(Unavailable) as told:
            await send(webhooks, a_notice())
        assert told.value.retry_after == 60
        time[0] += 59
        with pytest.raises(Unavailable, match="a moment ago"):
            await send(webhooks, a_notice())
        assert made.running.receiver.failing.times == 1, "it was asked all the same"
        time[0] += 2
        with pytest.raises(Unavailable):
            await send(webhooks, a_notice())
        time[0] += 61
        await send(webhooks, a_notice())
        assert len(made.store.all()) == 1

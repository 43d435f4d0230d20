"""HTTP triggers: what functions see, what callers get, keys, limits, ASGI and WSGI."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from host_support import ENVIRON, KEYS, MemoryQueues, hosted

from sandbox.functions_host.host import FunctionsHost


@pytest.fixture
async def host() -> AsyncIterator[FunctionsHost]:
    async with hosted() as (running, _):
        yield running


async def test_a_function_sees_the_request_as_in_azure(host: FunctionsHost) -> None:
    reply = await host.invoke_http(
        "POST",
        "/api/echo/two%20words/7?a=1&a=2&empty=&b=%C3%A9",
        b"\x00\xff",
        {"X-Thing": "1", "traceparent": "00-t"},
    )
    seen = json.loads(reply.body)
    assert reply.status == 201
    assert seen["params"] == {"a": "1,2", "b": "é"}
    assert seen["route"] == {"name": "two words", "number": "7"}
    assert seen["headers"] == {"x-thing": "1", "traceparent": "00-t"}
    assert seen["body"] == "00ff"
    assert seen["url"] == "http://127.0.0.1:80/api/echo/two%20words/7?a=1&a=2&empty=&b=%C3%A9"
    assert (seen["method"], seen["function"], seen["trace"]) == ("POST", "echo", "00-t")
    assert (reply.header("x-a"), reply.header("Content-Type")) == ("b", "application/json")


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/api/echo/a/x", 404),  # not an int
        ("DELETE", "/api/echo/a", 404),  # Azure has no 405: a method is part of the route
        ("GET", "/echo/a", 404),  # without the prefix
        ("GET", "/api/nothing", 404),
        ("GET", "/api/fails", 500),
        ("GET", "/", 200),
        ("GET", "/admin/host/ping", 200),
        ("GET", "/admin/nothing", 401),
    ],
)
async def test_statuses(host: FunctionsHost, method: str, target: str, status: int) -> None:
    assert (await host.invoke_http(method, target)).status == status


async def test_an_exception_tells_the_caller_nothing(host: FunctionsHost) -> None:
    reply = await host.invoke_http("GET", "/api/fails")
    assert (reply.status, reply.body) == (500, b"")


@pytest.mark.parametrize(
    ("target", "key", "status"),
    [
        ("/api/keyed", "", 401),
        ("/api/keyed", "wrong", 401),
        ("/api/keyed", "its-own", 200),
        ("/api/keyed", KEYS.host["default"], 200),
        ("/api/keyed", KEYS.master, 200),
        ("/api/keyed?code=its-own", "", 200),
        ("/api/keyed?code=its-own", "wrong", 401),
        ("/api/secret", KEYS.host["default"], 401),
        ("/api/secret", KEYS.master, 200),
    ],
)
async def test_keys(host: FunctionsHost, target: str, key: str, status: int) -> None:
    assert (await host.invoke_http("GET", target, key=key)).status == status


async def test_catch_all_cookies_and_bytes(host: FunctionsHost) -> None:
    assert (await host.invoke_http("GET", "/api/files/a/b.txt")).body == b"a/b.txt"
    assert (await host.invoke_http("GET", "/api/files")).body == b"<none>"
    reply = await host.invoke_http("GET", "/api/cookies")
    assert [value for name, value in reply.headers if name == "Set-Cookie"] == [
        "a=1; Path=/",
        "b=2; HttpOnly",
    ]
    assert reply.body == b"\x00\xff"


async def test_asgi_and_wsgi(host: FunctionsHost) -> None:
    asgi = await host.invoke_http("PUT", "/api/asgi/x/y?q=1")
    assert (asgi.status, asgi.body, asgi.header("content-type")) == (207, b"PUT /api/asgi/x/y?q=1", "text/x")
    wsgi = await host.invoke_http("GET", "/api/wsgi/x")
    assert (wsgi.status, wsgi.body) == (208, b"/api/wsgi/x")


async def test_an_output_binding_enqueues_each_item() -> None:
    queues = MemoryQueues()
    async with hosted(open_queue=queues.open) as (host, _):
        assert (await host.invoke_http("POST", "/api/enqueue", b"one two")).status == 202
    assert [message.text for message in queues["work"].ready] == ["b25l", "dHdv"]


async def test_an_output_that_cannot_be_written_fails_the_call() -> None:
    environ = ENVIRON | {
        "AzureWebJobsStorage": "AccountName=a;AccountKey=aw==;QueueEndpoint=http://127.0.0.1:9/a"
    }
    async with hosted(environ=environ) as (host, _):
        assert (await host.invoke_http("POST", "/api/enqueue", b"one")).status == 500


async def test_a_disabled_function_is_not_there() -> None:
    async with hosted(environ=ENVIRON | {"AzureWebJobs.echo.Disabled": "true"}) as (host, _):
        assert (await host.invoke_http("GET", "/api/echo/a")).status == 404


async def test_bodies_over_a_socket_arrive_untouched() -> None:
    packed = gzip.compress(b"text")
    async with hosted(port=0) as (host, _), aiohttp.ClientSession(f"http://127.0.0.1:{host.port}") as session:
        async with session.post("/api/echo/a", data=packed, headers={"Content-Encoding": "gzip"}) as answer:
            assert (await answer.json())["body"] == packed.hex()
        async with session.get("/api/cookies") as answer:
            assert (await answer.read(), sorted(answer.cookies)) == (b"\x00\xff", ["a", "b"])
        async with session.get("/api/keyed", headers={"X-Functions-Key": KEYS.master}) as answer:
            assert (answer.status, await answer.text()) == (200, "in")


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield b"x" * 50


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_too_long_is_refused(chunked: bool) -> None:
    async with hosted(port=0, max_body=100) as (host, _), aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{host.port}/api/echo/a"
        async with session.post(url, data=chunks() if chunked else b"x" * 101) as answer:
            assert answer.status == 413
        async with session.post(url, data=b"x" * 100) as answer:
            assert answer.status == 201


async def test_status_and_running_by_hand() -> None:
    async with hosted(open_status=False) as (host, app):
        assert (await host.invoke_http("GET", "/admin/host/status")).status == 401
        target = "/admin/functions/works"
        assert (await host.invoke_http("POST", target)).status == 401
        assert (await host.invoke_http("POST", target, b'{"input": "hi"}', key=KEYS.master)).status == 202
        assert (await host.invoke_http("POST", target, b"[", key=KEYS.master)).status == 400
        assert (await host.invoke_http("POST", "/admin/functions/no", key=KEYS.master)).status == 404
        status = json.loads((await host.invoke_http("GET", "/admin/host/status", key=KEYS.master)).body)
        assert app.seen == [("hi", 1)]
    works = next(each for each in status["functions"] if each["name"] == "works")
    assert status["state"] == "Running"
    assert works == {"name": "works", "trigger": "Queue", "inFlight": 0, "executed": 1, "failed": 0}


async def test_stopping_waits_for_what_is_under_way() -> None:
    async with hosted(port=0, grace=20) as (host, app), aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"http://127.0.0.1:{host.port}/api/waits"))
        await app.entered.wait()
        stopping = asyncio.create_task(host.stop())
        done, _ = await asyncio.wait([stopping], timeout=0.05)
        assert not done
        app.gate.set()
        async with await asking as answer:
            assert (answer.status, await answer.text()) == (200, "done")
        await stopping

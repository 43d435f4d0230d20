"""From the worker's request to the application and back: nothing is changed, and nothing is written down."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from functions import entries
from functions.admin import trigger
from functions.admin.bridge import through


async def echo(request: Request) -> Response:
    """Say what arrived."""
    told = {
        "method": request.method,
        "path": request.url.path,
        "query": request.query_params.multi_items(),
        "headers": dict(request.headers),
        "body": (await request.body()).hex(),
    }
    return JSONResponse(told, 201, {"Location": "/there", "ETag": '"1"'})


async def fails(request: Request) -> Response:
    """Have a bug that would quote what was sent."""
    raise RuntimeError((await request.body()).decode())


METHODS = ["GET", "HEAD", "POST"]
APP = Starlette(
    routes=[Route("/fails", fails, methods=METHODS), Route("/{rest:path}", echo, methods=METHODS)]
)


def request(url: str, method: str = "POST", body: bytes = b"", **headers: str) -> func.HttpRequest:
    """Make a request as the worker does."""
    return func.HttpRequest(method=method, url=url, headers=headers, body=body)


async def told(asked: func.HttpRequest) -> dict[str, Any]:
    """Send it to the application."""
    answer = await through(APP, asked)
    assert answer.status_code == 201
    found: dict[str, Any] = json.loads(answer.get_body())
    return found


async def test_all_of_it_arrives() -> None:
    body = bytes(range(256))
    url = "https://host.example/api/admin/v1/a%20b/%C3%A9?x=1&x=2&y=%26&z="
    found = await told(request(url, "post", body, **{"Content-Type": "application/json", "If-Match": '"x"'}))
    assert (found["method"], found["path"]) == ("POST", "/api/admin/v1/a b/é")
    assert found["query"] == [["x", "1"], ["x", "2"], ["y", "&"], ["z", ""]]
    assert found["headers"]["if-match"] == '"x"'
    assert found["headers"]["host"] == "host.example"
    assert found["body"] == body.hex()


async def test_the_answer_comes_back_as_it_is() -> None:
    answer = await through(APP, request("https://host.example/x"))
    assert (answer.status_code, answer.headers["location"], answer.headers["etag"]) == (201, "/there", '"1"')
    assert answer.headers["content-type"] == "application/json"


async def test_head_has_no_body() -> None:
    answer = await through(APP, request("https://host.example/x", "HEAD"))
    assert (answer.status_code, answer.get_body()) == (201, b"")


async def test_nothing_is_logged_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    """The library's own way writes every answer at DEBUG."""
    caplog.set_level(logging.DEBUG)
    await through(APP, request("https://host.example/Zebulon", body=b"Zebulon", Name="Zebulon"))
    assert "Zebulon" not in caplog.text


async def test_a_bug_is_the_entrys_to_tell() -> None:
    with pytest.raises(RuntimeError):
        await through(APP, request("https://host.example/fails", body=b"x"))


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_odd_text_is_never_a_failure(path: str, query: str, header: str) -> None:
    """Whatever a host hands on: half characters, control characters, other scripts."""
    url = f"https://host.example/{path.replace('?', '')}?{query}"
    answer = asyncio.run(through(APP, request(url, "GET", Odd=header)))
    assert answer.status_code in (201, 404)


async def test_a_bug_is_answered_by_a_problem_document_that_quotes_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who asked learns that it is ours, and the log where it came from."""
    monkeypatch.setattr(trigger, "_application", lambda: APP)
    monkeypatch.setattr(entries, "begin_telemetry", lambda: None)
    answer = await trigger.answered(request("https://host.example/fails", body=b"Ann has diabetes"))
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert json.loads(answer.get_body())["type"] == "urn:hearthline:problem:failure"
    said = caplog.text + answer.get_body().decode()
    assert "RuntimeError" in said
    assert "diabetes" not in said

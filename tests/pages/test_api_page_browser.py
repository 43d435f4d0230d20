"""The page of the admin API in a real browser: read on a phone and a desk, light and dark, judged by axe."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from browser_kit import DESKTOP, chromium, needs_chromium, opened, overflows, violations
from httpx import ASGITransport, AsyncClient

from functions.admin.page import api_page
from functions.admin.routes import PREFIX
from shared.access.table import OPERATIONS
from tests.admin.admin_kit import Desk

SMALL = {"width": 320, "height": 640}


async def served() -> tuple[bytes, dict[str, str]]:
    """Ask the application for its page, as the route gives it."""
    async with AsyncClient(transport=ASGITransport(app=Desk().app), base_url="http://x") as client:
        answer = await client.get(f"{PREFIX}/docs")
    assert answer.status_code == 200
    return answer.content, dict(answer.headers)


@pytest.fixture(scope="module")
def page() -> tuple[bytes, dict[str, str]]:
    """Give the page and its headers; from a thread, as Playwright has an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(served())).result()


@pytest.fixture(scope="module")
def address(page: tuple[bytes, dict[str, str]]) -> Iterator[str]:
    """Serve the page on loopback."""
    content, headers = page

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/docs" else 404)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/docs"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start Chromium."""
    with chromium() as started:
        yield started


@needs_chromium
@pytest.mark.parametrize("size", [SMALL, DESKTOP], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_by_everybody(browser: Any, address: str, size: dict[str, int], scheme: str) -> None:
    with opened(browser, size, color_scheme=scheme) as tab:
        tab.goto(address)
        tab.evaluate("document.querySelectorAll('details').forEach((each, at) => each.open = at < 12)")
        assert violations(tab) == []
        assert not overflows(tab)


@needs_chromium
def test_it_folds_open_by_keyboard(browser: Any, address: str) -> None:
    with opened(browser) as tab:
        tab.goto(address)
        tab.locator("#getMe summary").focus()
        tab.keyboard.press("Enter")
        assert tab.locator("#getMe .roles li").first.is_visible()
        assert tab.locator("#getMe pre").first.inner_text().startswith("{")


def test_every_operation_is_on_it_once_without_script(page: tuple[bytes, dict[str, str]]) -> None:
    content, headers = page
    text = content.decode()
    built = [name for name in OPERATIONS if f'"{name}"' in str(Desk().app.openapi()).replace("'", '"')]
    assert built
    assert [name for name in built if text.count(f'<details id="{name}">') != 1] == []
    assert "<script" not in text
    assert "http" not in text.partition("</head>")[0]
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")


def test_what_the_document_says_is_text() -> None:
    """Names in angle brackets stay names."""
    operation = {
        "tags": ["<i>"],
        "operationId": '"><script>',
        "summary": "<b>",
        "responses": {"200": {"description": "<u>", "content": {"application/json": {"example": "<s>"}}}},
    }
    info = {"title": "<t>", "version": "1", "description": "<d>"}
    text = api_page({"info": info, "paths": {"/<p>": {"get": operation}}})
    assert not [tag for tag in ("<script>", "<b>", "<u>", "<s>", "<t>", "<d>", "<i>", "/<p>") if tag in text]

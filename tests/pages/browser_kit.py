"""Headless Chromium for the tests of pages: driven by Playwright, judged by axe-core."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE = {"width": 375, "height": 667}
DESKTOP = {"width": 1280, "height": 900}

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None or not AXE.exists(),
    reason="needs Chromium (Debian: apt-get install chromium) and axe-core (make setup)",
)


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, size: dict[str, int] = DESKTOP, **more: Any) -> Iterator[Any]:
    """Open a tab; whatever the page complains about on its console, or asks of others, fails the test."""
    context = browser.new_context(viewport=size, locale=more.pop("locale", "en-US"), **more)
    complaints: list[str] = []
    tab = context.new_page()
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    try:
        yield tab
    finally:
        context.close()
    # a browser tells of every status of 400 and more there: that is what some tests are about
    assert [text for text in complaints if "Failed to load resource" not in text] == []
    assert [url for url in asked if not url.startswith(("http://127.0.0.1", "data:"))] == []


def violations(tab: Any) -> list[str]:
    """Return what axe-core finds wrong with a page (https://github.com/dequelabs/axe-core)."""
    tab.evaluate(AXE.read_text())  # by the debugger: the page's own policy allows no script
    found = tab.evaluate(
        """async () => (await axe.run(document, {resultTypes: ["violations"], runOnly: {type: "tag", values: [
        "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}})).violations"""
    )
    return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]


def overflows(tab: Any) -> bool:
    """Say whether the page is wider than its window."""
    return bool(tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

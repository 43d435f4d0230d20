"""Fixtures of the tests through the Functions runtime: products that are started once for all of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
from notifiers import SOURCES
from product_kit import SOON, Product, published, running
from ward import CLINIC, Ward

_QUEUES = (
    "changes",
    "queued_acs_events",
    "recoveries",
    "reports",
    "inbound",
    "wakeups",
    "outbox",
    "audits",
    "populations",
    "entries",
    "events",
    "pages",
    "operations",
)
_TIMERS = (
    "due",
    "sweep",
    "admission",
    "campaigns",
    "winners",
    "reconciliation",
    "deletions",
    "audit",
    "retention",
    "trail",
    "folding",
    "watch",
)
_open: dict[str, Product] = {}
_closing = ExitStack()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Stop the products after the last test of this folder: other tests need the machine."""
    if nextitem is None or nextitem.path.parent != Path(__file__).parent:
        _closing.close()
        _open.clear()


def _once(name: str, start: Callable[[], AbstractContextManager[Product]]) -> Product:
    if name not in _open:
        _open[name] = _closing.enter_context(start())
    return _open[name]


@pytest.fixture
def deployment(azurite: str, tmp_path: Path) -> Path:
    """Write the settings of a deployment for the command line: storage of its own, and no FHIR server."""
    values = {
        "AzureWebJobsStorage": azurite,
        "HEARTHLINE_FHIR_URL": "http://127.0.0.1:9/fhir",
        "HEARTHLINE_CATALOGUE_SECONDS": "0",
    }
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"Values": values}))
    return path


@pytest.fixture
def intake(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """Give a product whose queues are filled but not emptied, with a source for each way to prove oneself.

    Nothing is on its queues, and nothing counted.
    """
    off = {f"AzureWebJobs.{name}.Disabled": "true" for name in (*_QUEUES, *_TIMERS)}
    product = _once("intake", lambda: running(tmp_path_factory.mktemp("intake"), SOURCES, **off))
    assert [name for name, kind in product.functions() if kind != "Http"] == ["queued_notifications"]
    asyncio.run(product.clear())
    return product


@pytest.fixture
def untouched(intake: Product) -> Iterator[Product]:
    """Give the intake, and see that whatever the test does leaves nothing behind."""
    before = asyncio.run(intake.stored())
    yield intake
    assert asyncio.run(intake.stored()) == before


@pytest.fixture
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    """Give the hospital of a whole product with the shipped definitions in force.

    The patients of other tests are in it too.
    """
    product = _once("product", lambda: running(tmp_path_factory.mktemp("product"), SOURCES, **SOON))
    product.fhir.forget()
    if not product.published:
        asyncio.run(published(product))
    product.fhir.put(CLINIC, product.clock.now())
    return Ward(product)

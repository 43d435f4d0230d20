"""Fixtures of the tests through the Functions runtime: the product, started once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from notifiers import SOURCES
from product_kit import SOON, Product, published, running
from ward import Ward

_QUEUES = ("changes", "recoveries", "reports", "inbound", "wakeups", "outbox")
_TIMERS = ("due", "sweep", "reconciliation", "campaigns")


@pytest.fixture(scope="session")
def intake_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Run a product whose queues are filled but not emptied, with a source for each way to prove oneself."""
    off = {f"AzureWebJobs.{name}.Disabled": "true" for name in (*_QUEUES, *_TIMERS)}
    with running(tmp_path_factory.mktemp("intake"), SOURCES, **off) as product:
        assert [each for each, kind in product.functions() if kind != "Http"] == ["queued_notifications"]
        yield product


@pytest.fixture
def intake(intake_of_session: Product) -> Product:
    """Give the intake with nothing on its queues and nothing counted."""
    asyncio.run(intake_of_session.clear())
    return intake_of_session


@pytest.fixture(scope="session")
def product_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Run a whole product with the shipped definitions in force."""
    with running(tmp_path_factory.mktemp("product"), SOURCES, **SOON) as product:
        asyncio.run(published(product))
        yield product


@pytest.fixture
def untouched(intake: Product) -> Iterator[Product]:
    """Give the intake, and see that whatever the test does leaves nothing behind."""
    before = asyncio.run(intake.stored())
    yield intake
    assert asyncio.run(intake.stored()) == before


@pytest.fixture
def ward(product_of_session: Product) -> Ward:
    """Give the hospital of the whole product; the patients of other tests are in it too."""
    product_of_session.fhir.forget()
    return Ward(product_of_session)

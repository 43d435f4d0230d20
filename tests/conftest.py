"""Fixtures that every kind of test shares: a storage emulator for the session, a FHIR server for a module."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from sandbox import azurite as emulator
from sandbox import fhir_server
from sandbox.ports import free_ports
from sandbox.processes import Children
from tests import nobody


@pytest.fixture(scope="session", autouse=True)
def nobody_is_named() -> Iterator[None]:
    """Look through all that is logged and refused in the whole run: nobody is named there."""
    listener = nobody.Listener()
    logging.getLogger().addHandler(listener)
    yield
    logging.getLogger().removeHandler(listener)
    assert nobody.shown == {}


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Azurite on free ports in a folder of its own: yields the connection string."""
    folder = tmp_path_factory.mktemp("azurite")
    ports = dict(zip(("blob", "queue", "table"), free_ports(3), strict=True))
    children = Children()
    try:
        started = [children.start(service, folder / "logs") for service in emulator.services(folder, **ports)]
        for child in started:
            child.wait_healthy()
        yield emulator.connection_string(**ports)
    finally:
        children.stop()


@pytest.fixture(scope="module")
def sekmet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the sandbox's FHIR server on a free port, empty: yields its base address."""
    folder = tmp_path_factory.mktemp("sekmet")
    (port,) = free_ports(1)
    children = Children()
    try:
        children.start(fhir_server.service(folder, port), folder / "logs").wait_healthy()
        yield fhir_server.base_url(port)
    finally:
        children.stop()

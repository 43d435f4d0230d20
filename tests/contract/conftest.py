"""Fixtures of the storage contract tests: each port in memory, over REST and over Azure's own SDKs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from storage_kit import PORTS, SERVICES, fresh, table_service

from shared.adapters.memory import MemoryDocuments, MemoryIndexes, MemoryPatients
from shared.adapters.storage_rest import Account, connection_account
from shared.adapters.table_documents import TableDocuments
from shared.adapters.table_indexes import TableIndexes
from shared.adapters.table_store import TablePatientStore
from shared.adapters.tables import TableService
from shared.ports import Documents, Indexes, PatientStore


@pytest.fixture
def table_account(azurite: str) -> Account:
    """Find the table service of the emulator."""
    return connection_account(azurite, "table")


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    """Say which client of the storage services is used."""
    return request.param


@pytest.fixture
async def tables(service: str, table_account: Account) -> AsyncIterator[TableService]:
    """Open the table service through one client and the other."""
    async with table_service(service, table_account) as opened:
        yield opened


@pytest.fixture
async def stored_patients(tables: TableService) -> TablePatientStore:
    """Make an empty patient store in tables."""
    name = fresh("patients")
    await tables.create(name)
    return TablePatientStore(tables, name)


@pytest.fixture(params=PORTS)
async def patients(request: pytest.FixtureRequest) -> AsyncIterator[PatientStore]:
    """Make an empty patient store of each kind."""
    if request.param == "memory":
        yield MemoryPatients()
        return
    account = connection_account(request.getfixturevalue("azurite"), "table")
    async with table_service(request.param, account) as opened:
        name = fresh("patients")
        await opened.create(name)
        yield TablePatientStore(opened, name)


@pytest.fixture(params=PORTS)
async def indexes(request: pytest.FixtureRequest) -> AsyncIterator[Indexes]:
    """Make empty indexes of each kind."""
    if request.param == "memory":
        yield MemoryIndexes()
        return
    account = connection_account(request.getfixturevalue("azurite"), "table")
    async with table_service(request.param, account) as opened:
        wakeups, index = fresh("wakeups"), fresh("index")
        await opened.create(wakeups)
        await opened.create(index)
        yield TableIndexes(opened, wakeups, index)


@pytest.fixture(params=PORTS)
async def documents(request: pytest.FixtureRequest) -> AsyncIterator[Documents]:
    """Make empty documents of each kind."""
    if request.param == "memory":
        yield MemoryDocuments()
        return
    account = connection_account(request.getfixturevalue("azurite"), "table")
    async with table_service(request.param, account) as opened:
        name = fresh("documents")
        await opened.create(name)
        yield TableDocuments(opened, name)

"""Settings → Services: the only place that builds adapters, once a process and event loop."""

from __future__ import annotations

import asyncio
import atexit
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from msgspec import Struct

from shared.access.claims import Expected, caller_of
from shared.access.principal import HEADER as PRINCIPAL
from shared.access.principal import principal_claims
from shared.access.roles import Caller
from shared.adapters.acs_numbers import Senders
from shared.adapters.blobs_rest import BlobRest, StorageBlobs
from shared.adapters.bus_queues import BusQueues, bus_client, open_bus
from shared.adapters.clock import FileClock, SystemClock
from shared.adapters.dead_letter_blobs import DeadLetterBlobs
from shared.adapters.fhir_calls import FhirCalls, FhirLimits
from shared.adapters.fhir_http import FhirHttp
from shared.adapters.identity import AsyncCredential, entra_tokens, fixed_token
from shared.adapters.log_lines import clean_all_lines
from shared.adapters.poison_bus import BusPoison
from shared.adapters.poison_storage import StoragePoison
from shared.adapters.providers import ask_senders, build_channels, named_receivers, open_acs, opt_out_list
from shared.adapters.queue_rest import StorageQueues
from shared.adapters.sealing import SettingSeals
from shared.adapters.storage_rest import Account, StorageRest, connection_account
from shared.adapters.table_documents import DOCUMENTS, TableDocuments
from shared.adapters.table_indexes import INDEX, WAKEUPS, TableIndexes
from shared.adapters.table_rest import Tables
from shared.adapters.table_store import TABLE, TablePatientStore
from shared.adapters.table_trail import AUDIT, table_trail
from shared.adapters.watch_bus import BusWatch
from shared.adapters.watch_storage import StorageWatch
from shared.adapters.webhook_signing import verify
from shared.adapters.webhooks_http import WebhooksHttp
from shared.config import Settings, platform_authenticates, settings
from shared.errors import Invalid, Rejected, Unauthenticated
from shared.fhir.instants import MINUTE
from shared.fhir.notification import Format, Limits
from shared.fhir.proof import Claims, bearer_token
from shared.fhir.sources import Source
from shared.message.policy import Keys, Policy
from shared.ports import (
    Backups,
    Blobs,
    Clock,
    Columns,
    ColumnsWriter,
    LeftBehind,
    PoisonQueues,
    Queue,
    QueueWatch,
)
from shared.ports.happened import HappenedLog
from shared.queues import CHANGES, QUEUES
from shared.retention import Retention
from shared.settings_shown import settings_shown
from shared.usecases.deployment import Deployment, SendersFound
from shared.usecases.privacy.marks import Marks
from shared.usecases.published import PublishedDefinitions
from shared.usecases.services import Services
from shared.usecases.sources.notifying import NotifyingSources

if TYPE_CHECKING:
    from shared.adapters.entra import EntraTokens
    from shared.adapters.telemetry_export import Exporters, Telling

_logger = logging.getLogger("hearthline")

STORAGE_SCOPE = "https://storage.azure.com/.default"
TABLES = (TABLE, WAKEUPS, INDEX, DOCUMENTS, AUDIT)
LINGER = 0.01
"""Seconds for which lines of the analytics log wait for others': each write is a request that is paid for."""
CONTAINER = "hearthline"
"""Where files are kept: letters, until they are printed."""
DEAD_LETTERS = "dead-letters"
"""Where Event Grid puts what it could not deliver; Bicep makes it."""


class Intake(Struct, frozen=True):
    """What the entry points for notifications go by."""

    limits: Limits
    queue_source: Source
    """The source that stands behind the notifications queue."""


@cache
def _settings() -> Settings:
    return settings()


@cache
def intake() -> Intake:
    """Return the limits on notifications, and the source behind their queue."""
    formats: frozenset[Format] = frozenset({"event-grid", "cloud-events"})
    queue = Source(name="queue", formats=formats, required=False)
    return Intake(Limits(body=_settings().body_limit), queue)


def begin_telemetry() -> None:
    """Tell whoever the settings name, from now on; what is wrong with that stops nothing else."""
    with suppress(Invalid):  # the first use of the services says so
        _telling()


@cache
def _telling() -> Telling | None:
    clean_all_lines()
    chosen = _settings()
    if chosen.telemetry is None and chosen.otlp is None:
        return None
    from shared.adapters.telemetry_export import Telling  # slow to import, and needed only with telemetry

    telling = Telling(_places(chosen), chosen.sampling)
    telling.begin()
    atexit.register(telling.end)
    with suppress(RuntimeError):  # no loop runs: then only the end of the process is left
        end = partial(asyncio.to_thread, telling.end)
        _open.add(asyncio.get_running_loop().create_task(_close_at_the_end(end)))
    return telling


def _places(chosen: Settings) -> list[Exporters]:
    from shared.adapters.telemetry_export import application_insights, collector

    places = [collector(chosen.otlp)] if chosen.otlp else []
    if chosen.telemetry is not None:
        from azure.identity import DefaultAzureCredential  # the exporter calls from threads of its own

        credential = DefaultAzureCredential(managed_identity_client_id=chosen.identity or None)
        try:
            places.append(application_insights(chosen.telemetry.get_secret_value(), credential))
        except ValueError:
            _logger.error("APPLICATIONINSIGHTS_CONNECTION_STRING is no connection string of Azure Monitor")
    return places


_built: dict[asyncio.AbstractEventLoop, asyncio.Task[Services]] = {}
_sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}
_open: set[asyncio.Task[None]] = set()


async def services() -> Services:
    """Return the services of this process; built at first use. Raises Unavailable, Invalid (settings)."""
    loop = asyncio.get_running_loop()
    if loop not in _built or (_built[loop].done() and _built[loop].exception() is not None):
        _built[loop] = loop.create_task(build(_settings(), _session()))
        _ask_senders(loop)
    return await asyncio.shield(_built[loop])


def queue() -> Queue:
    """Return the queues alone: they can be had while other services cannot."""
    return _queues(_settings(), _session())


async def reach_queues() -> None:
    """Look whether queues can be had, by the one that everything starts on. Raises Unavailable, Invalid."""
    await _queues(_settings(), _session()).reach(CHANGES)


def _session() -> aiohttp.ClientSession:
    loop = asyncio.get_running_loop()
    if loop not in _sessions:
        connector = aiohttp.TCPConnector(limit=128, keepalive_timeout=55)
        _sessions[loop] = aiohttp.ClientSession(connector=connector)
        _open.add(loop.create_task(_close_at_the_end(_sessions[loop].close)))
    return _sessions[loop]


async def _close_at_the_end(close: Callable[[], Awaitable[None]]) -> None:
    """Close connections when the worker ends: asyncio cancels what still runs before the loop closes."""
    try:
        await asyncio.Event().wait()
    finally:
        await close()


async def build(chosen: Settings, session: aiohttp.ClientSession) -> Services:
    """Build the services that settings describe, and whatever tables and Storage queues they miss."""
    tables = Tables(StorageRest(_account(chosen, "table"), session))
    queues = _queues(chosen, session)
    documents = TableDocuments(tables)
    await asyncio.gather(
        *(tables.create(name) for name in TABLES),
        *(queues.create(name) for name in QUEUES if isinstance(queues, StorageQueues)),
    )
    policy, clock = policy_of(chosen), _clock(chosen)
    acs = open_acs(chosen, session, _tokens)
    blobs = await open_blobs(chosen, session) if chosen.letters else None
    return Services(
        patients=TablePatientStore(tables),
        indexes=TableIndexes(tables),
        documents=documents,
        queue=queues,
        fhir=_fhir(chosen, session),
        channels=build_channels(chosen, session, acs, blobs),
        definitions=PublishedDefinitions(documents, policy, chosen.catalogue_seconds),
        sources=NotifyingSources(documents, chosen.sources, _seals(chosen), clock, chosen.catalogue_seconds),
        deployment=_deployment(chosen, session),
        hears_after=chosen.catalogue_seconds + 1,
        clock=clock,
        policy=policy,
        blobs=blobs,
        marks=Marks(documents, policy.keys) if policy.keys.secrets else None,
        webhooks=WebhooksHttp(session, chosen.webhooks, chosen.console_url or ""),
        opt_out_list=opt_out_list(chosen, acs) if chosen.mirror_opt_outs else None,
        happened=await open_happened(chosen, session) if chosen.analytics else None,
        trail=table_trail(tables, [secret.get_secret_value().encode() for secret in chosen.audit_secrets]),
    )


def _seals(chosen: Settings) -> SettingSeals | None:
    secrets = [secret.get_secret_value() for secret in chosen.seal_secrets]
    return SettingSeals(secrets) if secrets else None


def _deployment(chosen: Settings, session: aiohttp.ClientSession) -> Deployment:
    async def found() -> SendersFound:
        told = await ask_senders(chosen, open_acs(chosen, session, _tokens))
        return SendersFound(tuple(told.problems), tuple(told.notes))

    return Deployment(
        settings=partial(settings_shown, chosen),
        poison=open_poison(chosen, session),
        watch=_watch(chosen, session),
        dead_letters=DeadLetterBlobs(BlobRest(_account(chosen, "blob"), session), DEAD_LETTERS),
        senders=found,
    )


def exports_audit() -> bool:
    """Say whether the audit trail is written to the FHIR server."""
    return "audit-events" in _settings().write_back


def retention() -> Retention:
    """Return how long what we hold is kept."""
    return _settings().retention


async def verify_token(token: str) -> Claims:
    """Verify a bearer token by the issuer of the settings. Raises Unauthenticated, Unavailable."""
    issuer = _settings().entra_issuer
    if issuer is None:
        raise Unauthenticated("bearer tokens are not accepted here: no issuer is configured")
    return await _entra(issuer, _session()).verify(token)


async def verify_caller(headers: Mapping[str, str]) -> Caller:
    """Say who calls the admin API; header names in small letters. Raises Unauthenticated, Unavailable.

    The reason is for our log. The platform's header counts only where no bearer token is there to be judged.
    """
    chosen = _settings()
    if not chosen.api_audience or chosen.entra_issuer is None:
        raise Unauthenticated("the admin API is not configured")
    expected = Expected(chosen.entra_issuer, chosen.api_audience)
    if "authorization" in headers:
        token = bearer_token(headers)
        if token is None:
            raise Unauthenticated("no bearer token")
        return caller_of(await _entra(expected.issuer, _session()).claims(token), expected)
    if chosen.platform_auth and PRINCIPAL in headers and platform_authenticates():
        return caller_of(principal_claims(headers[PRINCIPAL]), expected, "platform")
    raise Unauthenticated("no token")


@cache
def _entra(issuer: str, session: aiohttp.ClientSession) -> EntraTokens:
    from shared.adapters.entra import EntraTokens  # slow to import, and needed only where tokens come

    return EntraTokens(issuer, session)


def policy_of(chosen: Settings) -> Policy:
    """Return what the core needs to know of the organisation."""
    return Policy(
        zone=chosen.time_zone,
        region=chosen.region,
        organisation=chosen.organization,
        phone=chosen.phone,
        website=chosen.website or "",
        address=chosen.postal_address,
        public_url=chosen.public_url or "",
        hosts=chosen.link_hosts,
        keys=Keys(tuple(secret.get_secret_value().encode() for secret in chosen.link_secrets)),
        quiet=chosen.quiet_hours.made() if chosen.quiet_hours else None,
        caps=tuple(cap.made() for cap in chosen.caps),
        restrictive=chosen.opt_in_for,
        majority=chosen.age_of_majority,
        write_communications="communications" in chosen.write_back,
        write_consents="consents" in chosen.write_back,
        bundling=chosen.bundling_minutes * MINUTE,
        questions_to_staff=chosen.questions_to_staff,
    )


def _queues(chosen: Settings, session: aiohttp.ClientSession) -> StorageQueues | BusQueues:
    if chosen.transport == "servicebus":
        return _bus(chosen)
    return StorageQueues(StorageRest(_account(chosen, "queue"), session))


_buses: dict[asyncio.AbstractEventLoop, BusQueues] = {}


def _bus(chosen: Settings) -> BusQueues:
    loop = asyncio.get_running_loop()
    if loop not in _buses:
        _buses[loop] = open_bus(chosen, _credential)
        _open.add(loop.create_task(_close_at_the_end(_buses[loop].close)))
    return _buses[loop]


def open_poison(chosen: Settings, session: aiohttp.ClientSession) -> PoisonQueues:
    """Open what the queues of the chosen transport gave up."""
    if chosen.transport == "servicebus":
        return BusPoison(bus_client(chosen, _credential))
    return StoragePoison(StorageRest(_account(chosen, "queue"), session))


def open_left_behind(chosen: Settings, session: aiohttp.ClientSession) -> LeftBehind:
    """Open the queues that settings describe, to empty them."""
    from shared.adapters.left_behind import BusLeft, StorageLeft  # only where it is asked

    if chosen.transport == "servicebus":
        return BusLeft(bus_client(chosen, _credential))
    return StorageLeft(StorageRest(_account(chosen, "queue"), session))


def queue_watch() -> QueueWatch:
    """Return what looks at the queues."""
    return _watch(_settings(), _session())


def _watch(chosen: Settings, session: aiohttp.ClientSession) -> QueueWatch:
    if chosen.transport == "servicebus":
        return BusWatch(bus_client(chosen, _credential))
    return StorageWatch(StorageRest(_account(chosen, "queue"), session))


def _account(chosen: Settings, service: str) -> Account:
    if chosen.storage is not None:
        return connection_account(chosen.storage.get_secret_value(), service)
    name = chosen.storage_account
    token = _tokens(STORAGE_SCOPE)
    return Account(f"https://{name}.{service}.core.windows.net", name, token=token)


def _fhir(chosen: Settings, session: aiohttp.ClientSession) -> FhirHttp:
    limits = FhirLimits(concurrency=chosen.fhir_concurrency)
    storage = _tokens(STORAGE_SCOPE) if chosen.fhir_auth == "identity" else None
    return FhirHttp(FhirCalls(session, chosen.fhir_url, _fhir_token(chosen), limits), storage)


def _fhir_token(chosen: Settings) -> Callable[[], Awaitable[str]] | None:
    if chosen.fhir_auth == "identity":
        return _tokens(f"{chosen.fhir_url}/.default")
    if chosen.fhir_auth == "token" and chosen.fhir_token is not None:
        return fixed_token(chosen.fhir_token.get_secret_value())
    return None


async def open_backups(chosen: Settings, session: aiohttp.ClientSession) -> Backups:
    """Open the tables to save or restore them, and make those that are missing. Raises Unavailable."""
    from shared.adapters.table_backup import TableBackups  # only where it is asked

    tables = Tables(StorageRest(_account(chosen, "table"), session))
    await asyncio.gather(*(tables.create(name) for name in TABLES))
    return TableBackups(tables, TABLES, lambda: datetime.now(UTC).isoformat())


async def open_blobs(chosen: Settings, session: aiohttp.ClientSession) -> Blobs:
    """Open the container for files, and make it where it is missing. Raises Unavailable."""
    blobs = StorageBlobs(BlobRest(_account(chosen, "blob"), session), CONTAINER)
    await blobs.create()
    return blobs


async def open_happened(chosen: Settings, session: aiohttp.ClientSession) -> HappenedLog:
    """Open the analytics log, and make its container where it is missing. Raises Unavailable."""
    from shared.adapters.happened_blobs import BlobHappenedFiles  # only where it is switched on
    from shared.adapters.happened_log import FiledLog

    await open_blobs(chosen, session)
    files = BlobHappenedFiles(BlobRest(_account(chosen, "blob"), session), CONTAINER)
    return FiledLog(files, linger=LINGER)


def verify_provider(name: str, headers: Mapping[str, str], body: bytes) -> None:
    """Verify that a webhook which carries messages for us has signed a call; header names in small letters.

    Raises Rejected where none of that name does, Unauthenticated.
    """
    receiver = named_receivers(_settings()).get(name)
    if receiver is None:
        raise Rejected("no provider of that name carries messages here", "unknown-source")
    verify(receiver, headers, int(time.time()), body)


_asked: dict[asyncio.AbstractEventLoop, asyncio.Task[Senders]] = {}


async def senders() -> Senders:
    """Return what is wrong with the numbers and addresses that we send from; asked once, at start."""
    return await asyncio.shield(_ask_senders(asyncio.get_running_loop()))


def _ask_senders(loop: asyncio.AbstractEventLoop) -> asyncio.Task[Senders]:
    if loop not in _asked:
        _asked[loop] = loop.create_task(_tell_senders(_settings(), _session()))
    return _asked[loop]


async def _tell_senders(chosen: Settings, session: aiohttp.ClientSession) -> Senders:
    """Ask, and log what operators must know."""
    found = await ask_senders(chosen, open_acs(chosen, session, _tokens))
    for sentence in found.problems:
        _logger.error("senders: %s", sentence)
    for sentence in found.notes:
        _logger.warning("senders: %s", sentence)
    return found


def _tokens(scope: str) -> Callable[[], Awaitable[str]]:
    """Return what gives bearer tokens of our managed identity."""
    return entra_tokens(_credential(), scope)


@cache
def _credential() -> AsyncCredential:
    from azure.identity.aio import DefaultAzureCredential  # slow to import, and not needed with keys

    # AZURE_CLIENT_ID it takes by itself: the settings may be in a file that a command line names
    return DefaultAzureCredential()


def _clock(chosen: Settings) -> Clock:
    return FileClock(chosen.clock_file) if chosen.clock_file else SystemClock()


def open_columns(folder: Path) -> Columns:
    """Open a snapshot of the population in columns. Raises Rejected where there is none."""
    from shared.adapters.columns_duckdb import ParquetColumns  # DuckDB: only where it is asked

    return ParquetColumns(folder)


def columns_writer(folder: Path) -> ColumnsWriter:
    """Begin a snapshot of the population in columns, in a folder of its own."""
    from shared.adapters.columns_writer import ParquetWriter  # DuckDB: only where it is asked

    return ParquetWriter(folder)

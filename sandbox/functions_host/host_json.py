"""host.json → HostSettings, with Azure's defaults and its `AzureFunctionsJobHost__…` overrides.

Source: https://learn.microsoft.com/azure/azure-functions/functions-host-json and the pages of the queue
and Service Bus bindings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from sandbox.functions_host.timespan import parse_timespan
from shared.fhir.instants import SECOND

_OVERRIDE = "AzureFunctionsJobHost__"


class QueueSettings(msgspec.Struct, frozen=True, rename="camel"):
    """`extensions.queues`; durations are TimeSpan texts, and seconds through the properties."""

    batch_size: int = 16
    new_batch_threshold: int | None = None
    visibility_timeout: str = "00:00:00"
    max_dequeue_count: int = 5
    max_polling_interval: str = "00:01:00"
    message_encoding: Literal["base64", "none"] = "base64"

    def __post_init__(self) -> None:
        """Refuse what Azure refuses."""
        if not 1 <= self.batch_size <= 32:
            raise ValueError("batchSize must be between 1 and 32")
        if self.max_dequeue_count < 1:
            raise ValueError("maxDequeueCount must be 1 or more")
        parse_timespan(self.visibility_timeout)
        parse_timespan(self.max_polling_interval)

    @property
    def threshold(self) -> int:
        """The number of running messages at or below which the next batch is fetched."""
        return self.batch_size // 2 if self.new_batch_threshold is None else self.new_batch_threshold

    @property
    def retry_seconds(self) -> int:
        """How long a failed message stays invisible; Storage counts in whole seconds."""
        return parse_timespan(self.visibility_timeout) // SECOND

    @property
    def longest_poll_seconds(self) -> float:
        """The longest pause between two looks at an empty queue."""
        return parse_timespan(self.max_polling_interval) / SECOND


class ServiceBusSettings(msgspec.Struct, frozen=True, rename="camel"):
    """`extensions.serviceBus`.

    A session that has nothing more is kept for `sessionIdleTimeout` before another takes its place; unset it
    is the client's try timeout, a minute, in which eight patients' turns keep everybody else's waiting.
    Source: https://learn.microsoft.com/dotnet/api/azure.messaging.servicebus.servicebussessionprocessoroptions.sessionidletimeout.
    """

    max_concurrent_calls: int = 16
    max_concurrent_sessions: int = 8
    session_idle_timeout: str = "00:01:00"
    max_message_batch_size: int = 1000
    max_auto_lock_renewal_duration: str = "00:05:00"
    auto_complete_messages: bool = True

    def __post_init__(self) -> None:
        """Refuse what Azure refuses."""
        if min(self.max_concurrent_calls, self.max_concurrent_sessions, self.max_message_batch_size) < 1:
            raise ValueError("how many run at once, and how many come in a batch, must be 1 or more")
        if parse_timespan(self.session_idle_timeout) <= 0:
            raise ValueError("sessionIdleTimeout must be longer than nothing")
        parse_timespan(self.max_auto_lock_renewal_duration)

    @property
    def idle_seconds(self) -> float:
        """How long a session is kept that has nothing more."""
        return parse_timespan(self.session_idle_timeout) / SECOND

    @property
    def renewal_seconds(self) -> float:
        """How long a message's lock is renewed for while its function runs."""
        return parse_timespan(self.max_auto_lock_renewal_duration) / SECOND


class HttpSettings(msgspec.Struct, frozen=True, rename="camel"):
    """`extensions.http`; -1 is without a limit, which is the default but on the Windows Consumption plan."""

    route_prefix: str = "api"
    max_outstanding_requests: int = -1
    max_concurrent_requests: int = -1


class Extensions(msgspec.Struct, frozen=True, rename="camel"):
    """The extensions that this host knows."""

    http: HttpSettings = HttpSettings()
    queues: QueueSettings = QueueSettings()
    service_bus: ServiceBusSettings = ServiceBusSettings()


class HostSettings(msgspec.Struct, frozen=True, rename="camel"):
    """The part of host.json that this host acts on; the rest is ignored."""

    extensions: Extensions = Extensions()


def load_host_settings(app_dir: Path, environ: Mapping[str, str]) -> HostSettings:
    """Read host.json under `app_dir` (all defaults without one). Raises ValueError that names the member."""
    path = app_dir / "host.json"
    document = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for name in sorted(environ):
        if name.lower().startswith(_OVERRIDE.lower()):
            _override(document, name[len(_OVERRIDE) :].split("__"), environ[name])
    try:
        return msgspec.convert(document, HostSettings, strict=False)
    except msgspec.ValidationError as problem:
        raise ValueError(f"host.json: {problem}") from problem


def _override(document: dict[str, object], path: list[str], value: str) -> None:
    *parents, last = path
    node = document
    for name in parents:
        child = node.setdefault(_same(node, name), {})
        if not isinstance(child, dict):
            return
        node = child
    node[_same(node, last)] = value


def _same(node: Mapping[str, object], name: str) -> str:
    """Return the member that `name` means: .NET's configuration does not look at case."""
    return next((key for key in node if key.lower() == name.lower()), name)

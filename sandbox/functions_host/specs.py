"""Raw bindings (function.json's JSON) → what each function is triggered by and writes to.

Everything is resolved here, once, at load: `%SETTING%` names, connection strings, schedules, routes; so a
mistake is one message at start and not a failure at night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from sandbox.functions_host.ncrontab import Schedule, parse_schedule
from sandbox.functions_host.protos import RpcFunctionMetadata
from sandbox.functions_host.settings import expand, require

DEFAULT_STORAGE = "AzureWebJobsStorage"


class LoadError(Exception):
    """The app cannot be served; the message says which function and why."""


class HttpTrigger(msgspec.Struct, frozen=True):
    """`methods` in capitals, empty for all; `auth_level` anonymous, function or admin."""

    param: str
    route: str
    methods: frozenset[str]
    auth_level: str


class TimerTrigger(msgspec.Struct, frozen=True):
    """A schedule, and whether to fire at start as well."""

    param: str
    schedule: Schedule
    run_on_startup: bool


class QueueTrigger(msgspec.Struct, frozen=True):
    """A Storage queue; `connection` is the connection string, `binary` asks for bytes."""

    param: str
    queue: str
    connection: str
    binary: bool


class ServiceBusTrigger(msgspec.Struct, frozen=True):
    """A Service Bus queue; `many` hands the function a list."""

    param: str
    queue: str
    connection: str
    sessions: bool
    many: bool
    binary: bool


class QueueOutput(msgspec.Struct, frozen=True):
    """A queue that a parameter (or `$return`) is written to."""

    queue: str
    connection: str


type Trigger = HttpTrigger | TimerTrigger | QueueTrigger | ServiceBusTrigger


class FunctionSpec(msgspec.Struct, frozen=True):
    """One function: its id in the runtime, its trigger, and its queue outputs by parameter."""

    name: str
    function_id: str
    trigger: Trigger
    outputs: dict[str, QueueOutput]


class _Binding(msgspec.Struct, frozen=True, rename="camel"):
    """One raw binding; only the members that its type has are set."""

    type: str
    name: str
    direction: str = "IN"
    data_type: str | None = None
    route: str | None = None
    methods: list[str] | None = None
    auth_level: str | None = None
    schedule: str = ""
    run_on_startup: bool = False
    queue_name: str = ""
    connection: str | None = None
    is_sessions_enabled: bool = False
    cardinality: str | None = None


def read_specs(functions: Sequence[RpcFunctionMetadata], environ: Mapping[str, str]) -> list[FunctionSpec]:
    """Read all functions but disabled ones, in Azure's order: by name. Raises LoadError with all problems."""
    specs: list[FunctionSpec] = []
    problems: list[str] = []
    for function in sorted(functions, key=lambda each: each.name.upper()):
        if is_disabled(function.name, environ):
            continue
        try:
            specs.append(_spec(function, environ))
        except (ValueError, msgspec.MsgspecError) as problem:
            problems.append(f"function {function.name}: {problem}")
    if problems:
        raise LoadError("; ".join(problems))
    return specs


def is_disabled(function: str, environ: Mapping[str, str]) -> bool:
    """Say whether an app setting turns a function off.

    Source: https://learn.microsoft.com/azure/azure-functions/disable-function.
    """
    names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs__{function}__Disabled")
    return any(environ.get(name, "").lower() in ("true", "1") for name in names)


def _spec(function: RpcFunctionMetadata, environ: Mapping[str, str]) -> FunctionSpec:
    bindings = [msgspec.json.decode(raw, type=_Binding) for raw in function.raw_bindings]
    triggers = [binding for binding in bindings if binding.type.endswith("Trigger")]
    if len(triggers) != 1:
        raise ValueError(f"has {len(triggers)} triggers, not one")
    outputs = {
        binding.name: _output(binding, environ)
        for binding in bindings
        if binding is not triggers[0] and not (binding.type == "http" and binding.name == "$return")
    }
    return FunctionSpec(
        function.name, function.function_id, _trigger(triggers[0], function.name, environ), outputs
    )


def _trigger(binding: _Binding, function: str, environ: Mapping[str, str]) -> Trigger:
    match binding.type:
        case "httpTrigger":
            return _http(binding, function)
        case "timerTrigger":
            schedule = parse_schedule(expand(binding.schedule, environ))
            return TimerTrigger(binding.name, schedule, binding.run_on_startup)
        case "queueTrigger":
            connection = require(binding.connection or DEFAULT_STORAGE, environ)
            return QueueTrigger(
                binding.name, expand(binding.queue_name, environ), connection, _binary(binding)
            )
        case "serviceBusTrigger" if binding.queue_name:
            return _service_bus(binding, environ)
    raise ValueError(f"its trigger {binding.type} is not served by the sandbox host")


def _http(binding: _Binding, function: str) -> HttpTrigger:
    methods = frozenset(method.upper() for method in binding.methods or ())
    return HttpTrigger(
        binding.name, binding.route or function, methods, (binding.auth_level or "function").lower()
    )


def _service_bus(binding: _Binding, environ: Mapping[str, str]) -> ServiceBusTrigger:
    return ServiceBusTrigger(
        param=binding.name,
        queue=expand(binding.queue_name, environ),
        connection=require(binding.connection or "AzureWebJobsServiceBus", environ),
        sessions=binding.is_sessions_enabled,
        many=(binding.cardinality or "one").lower() == "many",
        binary=_binary(binding),
    )


def _output(binding: _Binding, environ: Mapping[str, str]) -> QueueOutput:
    if binding.type != "queue":
        raise ValueError(f"its binding {binding.type} ({binding.name}) is not served by the sandbox host")
    connection = require(binding.connection or DEFAULT_STORAGE, environ)
    return QueueOutput(expand(binding.queue_name, environ).lower(), connection)


def _binary(binding: _Binding) -> bool:
    return (binding.data_type or "").upper() == "BINARY"

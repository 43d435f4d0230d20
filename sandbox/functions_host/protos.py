"""Stand-ins for the protobuf messages that `azure_functions_runtime` builds while it indexes an app.

The runtime only sets and reads attributes of these, so plain classes do. Directions are those of
https://github.com/Azure/azure-functions-language-worker-protobuf: 0 in, 1 out, 2 inout.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import ClassVar


class BindingInfo(SimpleNamespace):
    """A binding's type, direction and data type, with the enum values that the runtime compares with."""

    inout: ClassVar[int] = 2
    out: ClassVar[int] = 1
    undefined: ClassVar[None] = None
    direction: int
    type: str


class StatusResult(SimpleNamespace):
    """Whether a request to the worker succeeded; `exception` says why not."""

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1
    status: int


class RpcException(SimpleNamespace):
    """An exception as the worker reports it."""

    message: str
    stack_trace: str


class RpcFunctionMetadata(SimpleNamespace):
    """What indexing says of one function; `raw_bindings` are JSON texts as in function.json."""

    name: str
    function_id: str
    raw_bindings: list[str]


class WorkerInitResponse(SimpleNamespace):
    """The answer to loading an app."""

    capabilities: dict[str, str]
    result: StatusResult


class FunctionMetadataResponse(SimpleNamespace):
    """The answer to asking which functions there are; None where the app has no script file."""

    function_metadata_results: list[RpcFunctionMetadata] | None


class WorkerMetadata(SimpleNamespace):
    """The worker's name and versions; nobody here reads it."""


class RpcRetryOptions(SimpleNamespace):
    """A function's retry policy; indexed, not honoured by this host."""

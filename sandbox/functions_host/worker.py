"""The Functions worker, in this process: loads an app and invokes its functions through Azure's own library.

`azure_functions_runtime` keeps what it has indexed in module globals, so **one process serves one app**:
`load` forgets the app before it, and two hosts in one process must not overlap.
"""

from __future__ import annotations

import importlib
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import azure_functions_runtime as runtime  # type: ignore[import-untyped]  # ships no types
import msgspec
from azure_functions_runtime import handle_event
from azure_functions_runtime.native_invocation import (  # type: ignore[import-untyped]  # ships no types
    invocation_request_native,
)

from sandbox.functions_host import protos
from sandbox.functions_host.datum import Datum
from sandbox.functions_host.specs import LoadError

_SCRIPT = "function_app"
_added_paths: list[str] = []


class Outcome(msgspec.Struct, frozen=True):
    """What one invocation came to; `error` is for logs and people, never for an HTTP body."""

    ok: bool
    returned: Datum | None = None
    outputs: Sequence[tuple[str, Datum]] = ()
    error: str = ""


async def load(app_dir: Path) -> list[protos.RpcFunctionMetadata]:
    """Import `function_app.py` under `app_dir` and index its functions. Raises LoadError."""
    if not (app_dir / f"{_SCRIPT}.py").is_file():
        raise LoadError(f"there is no {_SCRIPT}.py in {app_dir}")
    forget()
    _first_on_path(app_dir)
    runtime.start_threadpool_executor()
    init = SimpleNamespace(capabilities={}, function_app_directory=str(app_dir))
    properties = {"host": "127.0.0.1", "protos": protos}
    request = SimpleNamespace(properties=properties, request=SimpleNamespace(worker_init_request=init))
    answer = cast(protos.WorkerInitResponse, await runtime.worker_init_request(request))
    if answer.result.status != protos.StatusResult.Success:
        raise LoadError(f"{answer.result.exception.message}\n{answer.result.exception.stack_trace}")
    if "HttpUri" in answer.capabilities:
        raise LoadError(
            "HTTP streaming (azurefunctions-extensions-http-fastapi) is not served by the sandbox host"
        )
    listing = cast(protos.FunctionMetadataResponse, await runtime.functions_metadata_request(request))
    return listing.function_metadata_results or []


def forget() -> None:
    """Drop the app that this process has loaded, so that another one can be."""
    handle_event._functions._functions.clear()
    sys.modules.pop(_SCRIPT, None)
    importlib.invalidate_caches()
    runtime.stop_threadpool_executor()
    while _added_paths:
        sys.path.remove(_added_paths.pop())


def _first_on_path(app_dir: Path) -> None:
    """Let the app import what lies beside it, before all else, until it is forgotten."""
    sys.path.insert(0, str(app_dir))
    _added_paths.append(str(app_dir))


async def invoke(
    function_id: str, param: str, value: Datum, metadata: Mapping[str, Datum], trace_parent: str = ""
) -> Outcome:
    """Invoke a function with its trigger's value; the runtime catches and logs whatever it raises."""
    ok, returned, outputs, error, _traceback = await invocation_request_native(
        str(uuid.uuid4()), function_id, [(param, value)], metadata, trace_parent
    )
    return Outcome(ok, returned, outputs, error or "")

"""The local stack's FHIR R4 server: `sekmet` (PyPI sekmet-fhir) in its own process, in the virtual clock.

Run as `python -m sandbox.fhir_server --port N --data DIR [--clock FILE] [--validate]`. We start its
application ourselves rather than by `sekmet serve`, to give it the sandbox's clock (else meta.lastUpdated
would lie outside the virtual time in which everything else happens), loopback only, no traffic log and
no fsync at each commit: a killed process loses nothing, a power cut may.

What sekmet 0.1.1 does, read and tried:
- State is one SQLite file (WAL) below DIR, one connection, one lock. `versions` holds every version in the
  order of commit, deletes included: the event source reads its changes there (see event_source/feed.py).
- PUT with a client's id creates (201) or updates (200); after a delete it creates again, the version
  going on. GET of a deleted resource is 410, a second DELETE 200. If-Match is honoured (412), If-None-Exist
  and If-None-Match too. Ids: letters, digits, "-", "."; up to 64.
- Transactions are atomic: 2,500 resources a second in bundles of 100 on two connections, 1,000 by single
  PUTs or a batch (two cores); the speed does not fall with their number, the file grows by 8 KB each.
  `--validate` (structure, by fhir.resources) costs a third. References need not resolve.
- Search: the parameters of sekmet/fhir/search_params.py, `_id`, `_lastUpdated` (every prefix), `_sort`
  (`_lastUpdated` too), `_count` (20, at most 1,000), `next` links by `_offset` (not stable while writes go
  on: sort by `_lastUpdated`), `_include`, `_revinclude`, `_has`, chains, `_summary`, `_elements`. An unknown
  parameter is ignored with a warning in the bundle. No search over all types. A read takes 0.7 ms, but
  `_lastUpdated=gt...` has no index: 80 ms among 20,000 of the type, in which no write is served.
- `_history` on server, type and instance, newest first, `_since`, `_count`; its `next` link forgets
  `_since`, and the server-wide one scans every version: no way to learn of changes quickly.
- `Patient/[id]/$everything` gives all that refers to the patient, unpaged; `$validate`, `$export`,
  `Subscription/$status`; no `$events`, so an event gap is recovered by `_lastUpdated`.
- Subscriptions (classic and backport): no deletes, four threads with a new HTTP client each call, and
  status "error" for good after three failures.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from sandbox.ports import LOOPBACK
from sandbox.processes import Service
from shared.adapters.clock import FileClock
from shared.fhir.instants import to_datetime

DATABASE = "sekmet.db"


def service(data: Path, port: int, clock: Path | None = None) -> Service:
    """Describe the process for the stack."""
    timed = () if clock is None else ("--clock", str(clock))
    argv = (sys.executable, "-m", "sandbox.fhir_server", "--port", str(port), "--data", str(data), *timed)
    return Service("fhir", argv, port, "--fhir-port", health="/fhir/metadata")


def base_url(port: int) -> str:
    """Write the FHIR base address on this port."""
    return f"http://{LOOPBACK}:{port}/fhir"


def application(port: int, data: Path, clock: FileClock | None, validate: bool) -> Any:
    """Build sekmet's ASGI application. Its types are not published, hence Any."""
    from sekmet.config import Settings  # type: ignore[import-untyped]
    from sekmet.fhir import common  # type: ignore[import-untyped]
    from sekmet.main import create_app  # type: ignore[import-untyped]

    if clock is not None:
        common.now = lambda: to_datetime(clock.now())
    settings = Settings.model_validate(_settings(port, data, validate))
    app = create_app(settings)
    app.state.ctx.store.conn.execute("PRAGMA synchronous=OFF")
    return app


def _settings(port: int, data: Path, validate: bool) -> dict[str, object]:
    return {
        "base_url": base_url(port),
        "host": LOOPBACK,
        "port": port,
        "data_dir": str(data),
        "db_path": str(data / DATABASE),
        "facility_name": "Hearthline Sandbox Hospital",
        "log_inbound": False,
        "validation": {"inbound": "strict" if validate else "off"},
        "simulator": {"enabled": False},
    }


def main() -> None:
    """Serve until SIGTERM."""
    import uvicorn

    parser = argparse.ArgumentParser(prog="sandbox.fhir_server", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--clock", type=Path)
    parser.add_argument("--validate", action="store_true")
    asked = parser.parse_args()
    clock = FileClock(asked.clock) if asked.clock else None
    app = application(asked.port, asked.data, clock, asked.validate)
    uvicorn.run(app, host=LOOPBACK, port=asked.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()

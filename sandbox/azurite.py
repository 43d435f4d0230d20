"""Azurite, the Azure Storage emulator: one process each for blobs, queues and tables, to use both cores.

Its flags (https://learn.microsoft.com/azure/storage/common/storage-use-azurite): `--skipApiVersionCheck`
as the SDKs are newer than the emulator, `--disableTelemetry` as nothing leaves the machine. State lies in
a folder: `--inMemoryPersistence` stalls the queue service. It is saved every five seconds and on SIGINT; on
SIGTERM the table service (3.35) saves nothing.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from sandbox.ports import LOOPBACK
from sandbox.processes import Service

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's documented key, the same on every machine: it protects nothing and is no secret."""

ROOT = Path(__file__).resolve().parent.parent


def services(state: Path, *, blob: int, queue: int, table: int) -> list[Service]:
    """List the three processes, listening on these ports, keeping their data below `state`."""
    ports = {"blob": blob, "queue": queue, "table": table}
    return [_service(kind, port, state / kind) for kind, port in ports.items()]


def connection_string(*, blob: int, queue: int, table: int) -> str:
    """Write what AzureWebJobsStorage holds to reach Azurite on these ports."""
    ports = {"Blob": blob, "Queue": queue, "Table": table}
    endpoints = (f"{kind}Endpoint=http://{LOOPBACK}:{port}/{ACCOUNT};" for kind, port in ports.items())
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};" + "".join(endpoints)


def binaries() -> Path:
    """Find the folder of Azurite's programs: node_modules/.bin, or what HEARTHLINE_AZURITE names."""
    return Path(os.environ.get("HEARTHLINE_AZURITE", ROOT / "node_modules" / ".bin"))


def _service(kind: str, port: int, data: Path) -> Service:
    data.mkdir(parents=True, exist_ok=True)
    where = (f"--{kind}Host", LOOPBACK, f"--{kind}Port", str(port), "-l", str(data))
    flags = ("--silent", "--disableTelemetry", "--skipApiVersionCheck")
    program = str(binaries() / f"azurite-{kind}")
    argv = (program, *where, *flags)
    return Service(f"azurite-{kind}", argv, port, "--azurite-ports", ending=signal.SIGINT)

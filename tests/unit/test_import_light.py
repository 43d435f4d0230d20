"""Importing function_app loads nothing heavy: that part of a cold start is paid by every instance."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    *("antlr4", "azure.core", "azure.identity", "azure.monitor", "azure.servicebus", "babel", "cryptography"),
    *(
        "duckdb",
        "fhirpathpy",
        "google",
        "holidays",
        "icalendar",
        "inscriptis",
        "jwt",
        "lark",
        "liquid",
        "lxml",
    ),
    *("mjml", "msal", "opentelemetry.exporter", "opentelemetry.sdk", "phonenumbers", "PIL", "pint", "psutil"),
    *("reportlab", "requests", "ucumvert", "uvloop", "yaml"),
}
"""Each is imported by the function that needs it, at first use."""
TOLD = "import function_app, sys; print(*sys.modules)"


def loaded(*options: str, **environ: str) -> set[str]:
    """Return the modules and packages that are loaded after `import function_app` in a fresh interpreter."""
    command = [sys.executable, *options, "-c", TOLD]
    told = subprocess.run(
        command, cwd=ROOT, env=os.environ | environ, capture_output=True, text=True, check=True
    )
    return set(told.stdout.split())


def test_nothing_heavy_is_loaded_with_storage_queues() -> None:
    assert loaded() & HEAVY == set()


def test_nothing_heavy_is_loaded_with_service_bus_and_telemetry() -> None:
    """Settings alone load nothing: the SDKs are for whoever sends, and the exporters for the first span."""
    key = "InstrumentationKey=00000000-0000-0000-0000-000000000000"
    chosen = {"HEARTHLINE_TRANSPORT": "servicebus", "APPLICATIONINSIGHTS_CONNECTION_STRING": key}
    assert loaded(**chosen) & HEAVY == set()

"""Where telemetry goes: Application Insights, an OpenTelemetry collector, or both; sent in batches.

Slow to import: shared.bootstrap does so only where the settings name a place.
https://learn.microsoft.com/python/api/overview/azure/monitor-opentelemetry-exporter-readme
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from azure.core.credentials import TokenCredential
from msgspec import Struct
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics._internal.instrument import Gauge
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from shared import VERSION
from shared.adapters.log_lines import JsonLines
from shared.adapters.telemetry_logs import LogLines
from shared.adapters.telemetry_otel import NAME, OpenTelemetry
from shared.telemetry import switch

RESOURCE = Resource({"service.name": NAME, "service.version": VERSION})
"""Who tells: nothing of the machine, its paths or its user."""

INTERVAL = 60.0
"""Seconds from one export of metrics to the next."""

PATIENCE = 10.0
"""Seconds that a place may take to answer."""

LAST = 5.0
"""Seconds that the last export may take when the process ends."""


class Exporters(Struct, frozen=True):
    """One place that telemetry goes to."""

    spans: SpanExporter
    metrics: MetricExporter
    lines: LogRecordExporter


def application_insights(connection_string: str, credential: TokenCredential | None) -> Exporters:
    """Open Application Insights; nothing is kept on disk. Raises ValueError for a wrong string."""
    from azure.monitor.opentelemetry.exporter import (
        AzureMonitorLogExporter,
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )

    chosen: dict[str, Any] = {"connection_string": connection_string, "disable_offline_storage": True}
    chosen["read_timeout"] = PATIENCE
    if credential is not None:
        chosen["credential"] = credential
    return Exporters(
        AzureMonitorTraceExporter(tracer_provider=SimpleNamespace(resource=RESOURCE), **chosen),
        AzureMonitorMetricExporter(**chosen),
        AzureMonitorLogExporter(**chosen),
    )


def collector(endpoint: str) -> Exporters:
    """Open an OpenTelemetry collector, by OTLP over HTTP."""
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return Exporters(
        OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=PATIENCE),
        OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=PATIENCE),
        OTLPLogExporter(f"{endpoint}/v1/logs", timeout=PATIENCE),
    )


class Telling:
    """Telemetry that goes to some places, until it is ended."""

    def __init__(self, places: Sequence[Exporters], sampling: float, interval: float = INTERVAL) -> None:
        sampler = ParentBased(TraceIdRatioBased(sampling))
        self._ended = False
        self._before: list[tuple[logging.Handler, logging.Formatter | None]] = []
        self._tracers = TracerProvider(sampler, RESOURCE, shutdown_on_exit=False)
        self._loggers = LoggerProvider(RESOURCE, shutdown_on_exit=False)
        for place in places:
            self._tracers.add_span_processor(BatchSpanProcessor(place.spans))
            self._loggers.add_log_record_processor(BatchLogRecordProcessor(place.lines))
        readers = [_reader(place.metrics, interval) for place in places]
        self._meters = MeterProvider(readers, RESOURCE, shutdown_on_exit=False)
        self._lines = LogLines(self._loggers)

    def begin(self) -> None:
        """Tell from now on, also the log lines of this process; what prints them prints them as JSON."""
        switch(OpenTelemetry(self._tracers, self._meters))
        root = logging.getLogger()
        for handler in root.handlers:
            self._before.append((handler, handler.formatter))
            handler.setFormatter(JsonLines())
        root.addHandler(self._lines)
        logging.getLogger("hearthline").setLevel(logging.INFO)

    def end(self) -> None:
        """Send what is left, within LAST seconds, and tell no more; doing it again does nothing."""
        if self._ended:
            return
        self._ended = True
        switch(None)
        logging.getLogger().removeHandler(self._lines)
        for handler, formatter in self._before:
            handler.setFormatter(formatter)
        _at_once(self._tracers.shutdown, self._loggers.shutdown, self._meters.shutdown)


def _at_once(*endings: Callable[[], object]) -> None:
    """Do several things at once, and leave what takes too long: nobody may hear us any more."""
    threads = [threading.Thread(target=ending, daemon=True) for ending in endings]
    until = time.monotonic() + LAST
    try:
        for thread in threads:
            thread.start()
    except RuntimeError:  # the interpreter ends already, and begins no thread: one after the other then
        for ending in endings:
            ending()
        return
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0.0))


def _reader(exporter: MetricExporter, interval: float) -> PeriodicExportingMetricReader:
    """Export metrics by and by; a gauge is told once each time that it is set, and not for ever after.

    Else the instance that ran the timer last week would still tell what it saw then.
    """
    kept = exporter._preferred_temporality or {}
    exporter._preferred_temporality = {**kept, Gauge: AggregationTemporality.DELTA}
    return PeriodicExportingMetricReader(exporter, interval * 1000)

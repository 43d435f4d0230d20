"""An OpenTelemetry collector for tests: takes OTLP over HTTP, and gives back what it was told."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

SOON = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BLRP_SCHEDULE_DELAY": "100"}
"""Environment with which spans and lines come in a tenth of a second."""


class Told(NamedTuple):
    """One span."""

    name: str
    trace: str
    span: str
    parent: str
    links: tuple[str, ...]
    """Ids of the traces that it is linked to."""
    attributes: Mapping[str, str]
    error: str


class Collector:
    """What was told, as it came: requests of each kind."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.traces: list[ExportTraceServiceRequest] = []
        self.metrics: list[ExportMetricsServiceRequest] = []
        self.logs: list[ExportLogsServiceRequest] = []

    def take(self, path: str, body: bytes) -> None:
        """Take one request."""
        match path:
            case "/v1/traces":
                self.traces.append(ExportTraceServiceRequest.FromString(body))
            case "/v1/metrics":
                self.metrics.append(ExportMetricsServiceRequest.FromString(body))
            case "/v1/logs":
                self.logs.append(ExportLogsServiceRequest.FromString(body))

    def spans(self) -> list[Told]:
        """Return all spans, in the order of their ends."""
        return [
            Told(
                span.name,
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                tuple(link.trace_id.hex() for link in span.links),
                _plain(span.attributes),
                span.status.message if span.status.code == 2 else "",
            )
            for request in list(self.traces)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def points(self) -> Iterator[tuple[str, Mapping[str, str], float]]:
        """Yield each point of each metric: its name, its attributes, its value (of a histogram the count)."""
        for request in list(self.metrics):
            for resource in request.resource_metrics:
                for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
                    for point in (*metric.sum.data_points, *metric.gauge.data_points):
                        yield metric.name, _plain(point.attributes), point.as_double or point.as_int
                    for counted in metric.histogram.data_points:
                        yield metric.name, _plain(counted.attributes), counted.count

    def lines(self) -> list[tuple[str, Mapping[str, str], str]]:
        """Return all log lines: words, attributes and trace."""
        return [
            (line.body.string_value, _plain(line.attributes), line.trace_id.hex())
            for request in list(self.logs)
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for line in scope.log_records
        ]

    def everything(self) -> str:
        """Return all that was told, as text: to look for what must not be in it."""
        requests: Iterable[Message] = (*self.traces, *self.metrics, *self.logs)
        return "\n".join(map(str, requests))


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Collector(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _plain(attributes: Iterable[KeyValue]) -> dict[str, str]:
    return {each.key: str(_value(each)) for each in attributes}


def _value(each: KeyValue) -> object:
    kind = each.value.WhichOneof("value")
    return getattr(each.value, kind) if kind else ""

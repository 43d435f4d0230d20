"""What Application Insights gets: rows with the columns that the queries of alerts and workbook ask for.

Microsoft's own exporter sends to a stand-in of the ingestion endpoint; no row was ever taken by Azure.
"""

from __future__ import annotations

import gzip
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared import VERSION, telemetry
from shared.adapters.telemetry_export import Telling, application_insights

KEY = "00000000-0000-0000-0000-000000000000"


class Ingestion(logging.Handler):
    """Takes telemetry as the ingestion endpoint does, and keeps it, and what the exporter complains of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.complaints: list[str] = []
        self.rows: list[dict[str, Any]] = []
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                found = json.loads(gzip.decompress(body) if self.headers["Content-Encoding"] else body)
                ours.rows += found
                answer = {"itemsReceived": len(found), "itemsAccepted": len(found), "errors": []}
                content = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of the exporter's."""
        self.complaints.append(record.getMessage())

    @property
    def connection_string(self) -> str:
        """How to reach it."""
        port = self.server.server_address[1]
        return f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{port}/"

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return rows of one kind."""
        return [row for row in self.rows if row["data"]["baseType"] == kind]


@pytest.fixture(scope="module")
def told() -> Iterator[Ingestion]:
    """Tell some of each kind, and give what arrived once the process has ended its telling."""
    ingestion = Ingestion()
    thread = threading.Thread(target=ingestion.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    logging.getLogger("azure.monitor").addHandler(ingestion)
    off = (
        "STATSBEAT_DISABLED_ALL",
        "SDKSTATS_DISABLED",
        "CONTROLPLANE_DISABLED",
        "OPENTELEMETRY_RESOURCE_METRIC_DISABLED",
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in off:
            patch.setenv(f"APPLICATIONINSIGHTS_{name}", "true")
        telling = Telling([application_insights(ingestion.connection_string, None)], 1.0)
        telling.begin()
        with telemetry.span("changes"), telemetry.span("send", kind="client", channel="sms") as sending:
            sending.note(outcome="accepted")
            telemetry.count("hearthline.messages", 2, channel="sms", status="unknown", code="")
            telemetry.measure("hearthline.job.age", 0.5, queue="changes")
            telemetry.measure("hearthline.job.age", 1.5, queue="changes")
            telemetry.gauge("hearthline.queue.poison", 3, queue="changes")
            line = "rejected: %s"
            logging.getLogger("hearthline").warning(line, "bad-job", extra={"code": "bad-job"})
        telling.end()
    logging.getLogger("azure.monitor").removeHandler(ingestion)
    yield ingestion
    ingestion.server.shutdown()
    ingestion.server.server_close()
    thread.join()


def metric(told: Ingestion, name: str) -> dict[str, Any]:
    """Return the one row of a metric, as AppMetrics has it."""
    (row,) = [
        row["data"]["baseData"]
        for row in told.of("MetricData")
        if row["data"]["baseData"]["metrics"][0]["name"] == name
    ]
    (point,) = row["metrics"]
    return {**point, "Properties": row["properties"]}


def test_the_exporter_sends_what_it_is_told_and_complains_of_nothing(told: Ingestion) -> None:
    """With the app settings that Bicep sets it adds no row of its own."""
    assert told.complaints == []
    names = {row["data"]["baseData"]["metrics"][0]["name"] for row in told.of("MetricData")}
    assert names == {"hearthline.messages", "hearthline.job.age", "hearthline.queue.poison"}


def test_a_counter_is_a_sum_by_its_attributes(told: Ingestion) -> None:
    """AppMetrics: Sum, and Properties by name."""
    found = metric(told, "hearthline.messages")
    assert found["value"] == 2
    assert found["Properties"] == {"channel": "sms", "status": "unknown", "code": ""}


def test_a_histogram_is_a_sum_a_count_and_a_maximum(told: Ingestion) -> None:
    """Its mean is Sum / ItemCount."""
    found = metric(told, "hearthline.job.age")
    assert (found["value"], found["count"], found["max"]) == (2.0, 2, 1.5)


def test_a_gauge_is_a_sum_of_one(told: Ingestion) -> None:
    """The latest row is how it stands."""
    found = metric(told, "hearthline.queue.poison")
    assert (found["value"], found["Properties"]) == (3, {"queue": "changes"})


def test_spans_are_dependencies_of_the_role_and_no_requests(told: Ingestion) -> None:
    """Requests are the host's to tell."""
    assert told.of("RequestData") == []
    names = {row["data"]["baseData"]["name"] for row in told.of("RemoteDependencyData")}
    assert names == {"changes", "send"}
    assert {row["tags"]["ai.cloud.role"] for row in told.rows} == {"hearthline"}
    assert {row["tags"]["ai.application.ver"] for row in told.rows} == {VERSION}


def test_a_line_is_in_its_trace_with_its_code(told: Ingestion) -> None:
    """AppTraces: Message, SeverityLevel, Properties, OperationId."""
    (row,) = [row for row in told.of("MessageData") if "bad-job" in row["data"]["baseData"]["message"]]
    operations = {each["tags"]["ai.operation.id"] for each in told.of("RemoteDependencyData")}
    assert {row["tags"]["ai.operation.id"]} == operations
    assert row["data"]["baseData"]["severityLevel"] == 2
    assert row["data"]["baseData"]["properties"]["code"] == "bad-job"
    assert row["data"]["baseData"]["properties"]["logger"] == "hearthline"


def test_a_wrong_connection_string_is_a_value_error() -> None:
    """Bootstrap says so in the log, and goes on without."""
    with pytest.raises(ValueError, match="Invalid connection string"):
        application_insights("nonsense", None)

"""Telemetry: nothing while it is off; spans in their traces, and metrics, while it is on."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared import VERSION, telemetry
from shared.adapters import telemetry_export
from shared.adapters.telemetry_export import Exporters, Telling, _reader
from shared.adapters.telemetry_otel import OpenTelemetry
from shared.metrics import BY_NAME, METRICS
from tests.unit.docs.pages import table

ROOT = Path(__file__).parents[2]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
NAME = re.compile(r'"(hearthline(?:\.[a-z_]+)+)"')
FILES = (*ROOT.glob("infra/bicep/queries/*.kql"), ROOT / "infra/bicep/workbook.json")


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Tell spans to a list."""
    from opentelemetry.sdk.metrics import MeterProvider

    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry.switch(OpenTelemetry(provider, MeterProvider(shutdown_on_exit=False)))
    yield exporter
    telemetry.switch(None)


def test_nothing_is_told_and_nothing_imported_while_it_is_off() -> None:
    """What nobody listens to costs a comparison: the SDK, and even the API, are not loaded."""
    code = "import function_app, sys; print([n for n in sys.modules if n.startswith('opentelemetry')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


def test_off_is_off() -> None:
    """Spans can be entered and noted, and lead to no trace."""
    assert not telemetry.is_on()
    with telemetry.span("a", PARENT) as here:
        here.note(outcome="done")
        assert telemetry.trace_parent() == ""
    telemetry.count("hearthline.commits")


def test_a_span_goes_on_with_the_trace_that_it_is_given(spans: InMemorySpanExporter) -> None:
    """The traceparent that came along with a message is the parent."""
    with telemetry.span("change", PARENT):
        own = telemetry.trace_parent()
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert own == f"00-{TRACE}-{span.context.span_id:016x}-01"
    assert span.parent is not None
    assert span.parent.span_id == 0x00F067AA0BA902B7


def test_a_span_of_another_trace_is_linked_to_where_we_are(spans: InMemorySpanExporter) -> None:
    """As a report is: part of the message's trace, told by a request with its own."""
    with telemetry.span("request"), telemetry.span("report", PARENT, since=1.0):
        pass
    report, request = spans.get_finished_spans()
    assert f"{report.get_span_context().trace_id:032x}" == TRACE
    assert [link.context.trace_id for link in report.links] == [request.get_span_context().trace_id]
    assert report.start_time == 1_000_000_000


def test_a_span_apart_begins_a_trace(spans: InMemorySpanExporter) -> None:
    """It is linked to what brought it about."""
    with telemetry.span("wake", PARENT, apart=True):
        pass
    (span,) = spans.get_finished_spans()
    assert span.parent is None
    assert [f"{link.context.trace_id:032x}" for link in span.links] == [TRACE]


def test_within_a_span_of_the_same_trace_one_is_its_child(spans: InMemorySpanExporter) -> None:
    """The Functions host may have made a span between the caller's and ours."""
    with telemetry.span("host", PARENT), telemetry.span("ours", PARENT):
        pass
    ours, host = spans.get_finished_spans()
    assert ours.parent is not None
    assert ours.parent.span_id == host.get_span_context().span_id


@given(st.text(min_size=3))
def test_an_error_is_told_by_its_type_alone(said: str) -> None:
    """Whatever it says."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    told = OpenTelemetry(provider, SimpleNamespace(get_meter=_no_meter))  # type: ignore[arg-type]
    with suppress(LookupError), told.span("a", "", {}, apart=False, kind="client", since=None):
        raise LookupError(said)
    (span,) = exporter.get_finished_spans()
    assert (span.status.description, span.events, dict(span.attributes or {})) == ("LookupError", (), {})


def _no_meter(name: str) -> object:
    return SimpleNamespace(create_counter=None, create_histogram=None, create_gauge=None)


def test_gauges_are_told_once() -> None:
    """An instance that no longer looks must not tell for ever what it saw last."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics._internal.instrument import Gauge
    from opentelemetry.sdk.metrics.export import AggregationTemporality

    reader = InMemoryMetricReader(preferred_temporality={Gauge: AggregationTemporality.DELTA})
    meters = MeterProvider([reader], shutdown_on_exit=False)
    told = OpenTelemetry(TracerProvider(shutdown_on_exit=False), meters)
    told.gauge("hearthline.queue.poison", 3, {"queue": "changes"})
    assert reader.get_metrics_data() is not None
    assert reader.get_metrics_data() is None
    exporter = SimpleNamespace(_preferred_temporality={}, _preferred_aggregation={}, export=None)
    _reader(exporter, 1e9).shutdown  # noqa: B018  # made, and never run
    assert exporter._preferred_temporality == {Gauge: AggregationTemporality.DELTA}


def test_what_is_not_listed_cannot_be_told() -> None:
    """A metric that no query and no page knows is a mistake."""
    meters = SimpleNamespace(get_meter=_no_meter)
    told = OpenTelemetry(TracerProvider(shutdown_on_exit=False), meters)  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        told.count("hearthline.unheard_of", 1, {})


def test_every_metric_is_listed_once_and_emitted() -> None:
    """The list and the code name the same."""
    sources = [path for name in ("shared", "functions") for path in (ROOT / name).rglob("*.py")]
    calls = re.compile(r'(?:count|measure|gauge)\(\s*"(hearthline[a-z_.]+)"')
    emitted = {name for path in sources for name in calls.findall(path.read_text("utf-8"))}
    assert emitted == set(BY_NAME)
    assert len(METRICS) == len(BY_NAME)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_queries_ask_for_what_is_emitted(path: Path) -> None:
    """Each metric and each of its attributes that a query names is listed."""
    text = path.read_text("utf-8").replace('\\"', '"')
    named = set(NAME.findall(text))
    assert named
    assert named <= BY_NAME.keys()
    attributes = {attribute for name in named for attribute in BY_NAME[name].attributes}
    asked = set(re.findall(r"Properties\.(\w+)", text))
    assert asked <= attributes


def test_the_workbook_is_one() -> None:
    """Its items are texts, a time parameter and queries, each with a name of its own."""
    book = json.loads((ROOT / "infra/bicep/workbook.json").read_text("utf-8"))
    assert book["version"] == "Notebook/1.0"
    assert {item["type"] for item in book["items"]} == {1, 3, 9}
    names = [item["name"] for item in book["items"]]
    assert len(set(names)) == len(names)
    queries = [item["content"] for item in book["items"] if item["type"] == 3]
    assert all(query["timeContextFromParameter"] == "TimeRange" for query in queries)


def test_the_version_is_the_projects() -> None:
    """Telemetry tells which release it is of."""
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(("sampling", "kept"), [(0.0, 0), (1.0, 2)])
def test_sampling_keeps_a_trace_whole(sampling: float, kept: int) -> None:
    """A trace is kept or not, whole; what was begun elsewhere goes on as it was begun there."""
    exporter = InMemorySpanExporter()
    telling = Telling([], sampling)
    telling._tracers.add_span_processor(SimpleSpanProcessor(exporter))
    telling.begin()
    try:
        with telemetry.span("outer"), telemetry.span("inner"):
            pass
        assert len(exporter.get_finished_spans()) == kept
        with telemetry.span("sampled by the caller", PARENT):
            pass
        assert len(exporter.get_finished_spans()) == kept + 1
    finally:
        telling.end()
    assert not telemetry.is_on()
    telling.end()  # once more is nothing


def test_what_waits_is_sent_at_the_end() -> None:
    """Nothing is lost when an instance goes."""
    spans, lines, metrics = InMemorySpanExporter(), InMemoryLogRecordExporter(), _Metrics()
    telling = Telling([Exporters(spans, metrics, lines)], 1.0)  # type: ignore[arg-type]
    telling.begin()
    with telemetry.span("last"):
        telemetry.count("hearthline.commits")
    telling.end()
    assert [span.name for span in spans.get_finished_spans()] == ["last"]
    assert metrics.names == ["hearthline.commits"]


class _Metrics:
    """Takes metrics, and keeps their names."""

    def __init__(self) -> None:
        self._preferred_temporality: dict[type, object] = {}
        self._preferred_aggregation: dict[type, object] = {}
        self.names: list[str] = []

    def export(self, data: object, **_: object) -> object:
        from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData

        assert isinstance(data, MetricsData)
        scopes = (scope for resource in data.resource_metrics for scope in resource.scope_metrics)
        self.names += [metric.name for scope in scopes for metric in scope.metrics]
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 0) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 0, **_: object) -> None:
        return None


def test_the_page_lists_every_metric_as_it_is() -> None:
    """Name, kind, unit, attributes and what it says."""
    rows = table(ROOT / "docs/observability.md", "## Metrics")
    listed = [
        (f"`{each.name}`", each.kind, each.unit, ", ".join(f"`{one}`" for one in each.attributes), each.says)
        for each in METRICS
    ]
    assert [tuple(row) for row in rows] == listed


def test_a_place_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance that goes waits some seconds for its last telemetry, and no longer."""
    monkeypatch.setattr(telemetry_export, "LAST", 0.05)
    held = threading.Event()
    metrics = _Metrics()
    monkeypatch.setattr(metrics, "export", lambda *_, **__: held.wait(20))
    telling = Telling([Exporters(InMemorySpanExporter(), metrics, InMemoryLogRecordExporter())], 1.0)  # type: ignore[arg-type]
    telling.begin()
    telemetry.count("hearthline.commits")
    telling.end()
    assert not held.is_set()
    held.set()

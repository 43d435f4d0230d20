"""Traces and metrics by the OpenTelemetry API: does nothing until shared.bootstrap names where they go.

Attributes are kinds, counts and opaque ids, never anything of a person. The core knows none of this.
https://opentelemetry.io/docs/languages/python/instrumentation/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from opentelemetry import metrics, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.metrics import BY_NAME

type Attribute = str | int | float | bool

_NAME = "hearthline"
_TRACEPARENT = "traceparent"
_propagator = TraceContextTextMapPropagator()


def trace_parent() -> str:
    """Return the W3C traceparent of the span that we are in, or "" outside of all."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(_TRACEPARENT, "")


@contextmanager
def span(name: str, parent: str = "", **attributes: Attribute) -> Iterator[trace.Span]:
    """Be in a span; one of the trace of `parent`, a W3C traceparent, where it is given."""
    context = _propagator.extract({_TRACEPARENT: parent}) if parent else None
    tracer = trace.get_tracer(_NAME)
    with tracer.start_as_current_span(name, context, attributes=attributes) as begun:
        yield begun


def count(name: str, number: int = 1, **attributes: Attribute) -> None:
    """Add to a counter of shared.metrics, such as "hearthline.commits"."""
    _counter(name).add(number, attributes)


def measure(name: str, value: float, **attributes: Attribute) -> None:
    """Add a value to a histogram of shared.metrics, such as "hearthline.job.age" in seconds."""
    _histogram(name).record(value, attributes)


def gauge(name: str, value: float, **attributes: Attribute) -> None:
    """Say what a gauge of shared.metrics shows now, such as "hearthline.queue.waiting"."""
    _gauge(name).set(value, attributes)


@cache
def _counter(name: str) -> metrics.Counter:
    listed = BY_NAME[name]
    return metrics.get_meter(_NAME).create_counter(name, listed.unit, listed.says)


@cache
def _histogram(name: str) -> metrics.Histogram:
    listed = BY_NAME[name]
    return metrics.get_meter(_NAME).create_histogram(name, listed.unit, listed.says)


@cache
def _gauge(name: str) -> metrics._Gauge:
    listed = BY_NAME[name]
    return metrics.get_meter(_NAME).create_gauge(name, listed.unit, listed.says)

"""Traces and metrics by OpenTelemetry: what stands behind shared.telemetry where they go somewhere.

Providers are held here and not set as the process's own: what other libraries would tell is not wanted, as
their spans carry URLs. https://opentelemetry.io/docs/languages/python/instrumentation/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.metrics import BY_NAME
from shared.telemetry import Attribute, Span, SpanKind

NAME = "hearthline"

_TRACEPARENT = "traceparent"
_propagator = TraceContextTextMapPropagator()
_KINDS = {"internal": trace.SpanKind.INTERNAL, "client": trace.SpanKind.CLIENT}


class _Open:
    """A span that we are in."""

    def __init__(self, begun: trace.Span) -> None:
        self._span = begun

    def note(self, **attributes: Attribute) -> None:
        """Say what came of it."""
        self._span.set_attributes(attributes)


class OpenTelemetry:
    """Tells a tracer and a meter; see shared.telemetry."""

    def __init__(self, tracers: trace.TracerProvider, meters: MeterProvider) -> None:
        self._tracer = tracers.get_tracer(NAME)
        meter = meters.get_meter(NAME)
        makers: dict[str, Callable[[str, str, str], Any]] = {
            "counter": meter.create_counter,
            "histogram": meter.create_histogram,
            "gauge": meter.create_gauge,
        }

        @cache
        def instrument(name: str) -> Any:
            listed = BY_NAME[name]
            return makers[listed.kind](name, listed.unit, listed.says)

        self._instrument = instrument

    def trace_parent(self) -> str:
        """Return the W3C traceparent of the span that we are in, or ""."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get(_TRACEPARENT, "")

    @contextmanager
    def span(
        self,
        name: str,
        parent: str,
        attributes: dict[str, Attribute],
        *,
        apart: bool,
        kind: SpanKind,
        since: float | None,
    ) -> Iterator[Span]:
        """Be in a span."""
        context, links = _place(parent, apart=apart)
        with self._tracer.start_as_current_span(
            name,
            context,
            kind=_KINDS[kind],
            attributes=attributes,
            links=links,
            start_time=None if since is None else int(since * 1e9),
            record_exception=False,  # its message may name a person
            set_status_on_exception=False,
        ) as begun:
            try:
                yield _Open(begun)
            except Exception as error:
                begun.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))
                raise

    def count(self, name: str, number: int, attributes: dict[str, Attribute]) -> None:
        """Add to a counter."""
        self._instrument(name).add(number, attributes)

    def measure(self, name: str, value: float, attributes: dict[str, Attribute]) -> None:
        """Add a value to a histogram."""
        self._instrument(name).record(value, attributes)

    def gauge(self, name: str, value: float, attributes: dict[str, Attribute]) -> None:
        """Say what a gauge shows now."""
        self._instrument(name).set(value, attributes)


def _place(parent: str, *, apart: bool) -> tuple[Context | None, list[trace.Link]]:
    """Find where a span belongs, and what it is linked to."""
    here = trace.get_current_span().get_span_context()
    told = trace.get_current_span(_propagator.extract({_TRACEPARENT: parent}, Context())).get_span_context()
    if apart:
        linked = [one for one in (told, here) if one.is_valid]
        return Context(), [trace.Link(one) for one in linked]
    if not told.is_valid or told.trace_id == here.trace_id:  # the Functions host made a span of its own
        return None, []
    context = trace.set_span_in_context(trace.NonRecordingSpan(told))
    return context, [trace.Link(here)] if here.is_valid else []

"""Traces and metrics: does nothing, and costs nothing, until shared.bootstrap says where they go.

Attributes are kinds, counts and opaque ids, never anything of a person. The core knows none of this.
shared.adapters.telemetry_otel is what stands behind it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Literal, Protocol

type Attribute = str | int | float | bool
type SpanKind = Literal["internal", "client"]

FUNCTION: ContextVar[str] = ContextVar("hearthline_function", default="")
"""Name of the function that is at work, for log lines."""


class Span(Protocol):
    """A span that we are in."""

    def note(self, **attributes: Attribute) -> None:
        """Say what came of it."""
        ...


class Telemetry(Protocol):
    """Where traces and metrics go; the functions of this module say what each is."""

    def trace_parent(self) -> str: ...  # noqa: D102

    def span(  # noqa: D102
        self,
        name: str,
        parent: str,
        attributes: dict[str, Attribute],
        *,
        apart: bool,
        kind: SpanKind,
        since: float | None,
    ) -> AbstractContextManager[Span]: ...

    def count(self, name: str, number: int, attributes: dict[str, Attribute]) -> None: ...  # noqa: D102

    def measure(self, name: str, value: float, attributes: dict[str, Attribute]) -> None: ...  # noqa: D102

    def gauge(self, name: str, value: float, attributes: dict[str, Attribute]) -> None: ...  # noqa: D102


class _Off:
    """A span that nobody hears of."""

    def __enter__(self) -> _Off:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def note(self, **attributes: Attribute) -> None:
        """Pass over what came of it."""


_OFF = _Off()
_to: Telemetry | None = None


def switch(to: Telemetry | None) -> None:
    """Let traces and metrics go there from now on; None switches them off."""
    global _to  # one process tells one place
    _to = to


def is_on() -> bool:
    """Say whether anybody is told."""
    return _to is not None


def trace_parent() -> str:
    """Return the W3C traceparent of the span that we are in, or "" outside of all."""
    return _to.trace_parent() if _to is not None else ""


def span(
    name: str,
    parent: str = "",
    *,
    apart: bool = False,
    kind: SpanKind = "internal",
    since: float | None = None,
    **attributes: Attribute,
) -> AbstractContextManager[Span]:
    """Be in a span; one of the trace of `parent`, a W3C traceparent, where it is given.

    It is linked to the span that we are in, should that be of another trace. With `apart` it begins a trace
    of its own, linked to `parent`: one timer that wakes thousands must not make one trace of them all.
    `since` is when it began, as seconds since 1970, where it is told afterwards. What is raised in it marks
    it as failed, by the type alone.
    """
    if _to is None:
        return _OFF
    return _to.span(name, parent, attributes, apart=apart, kind=kind, since=since)


def count(name: str, number: int = 1, **attributes: Attribute) -> None:
    """Add to a counter of shared.metrics, such as "hearthline.commits"."""
    if _to is not None:
        _to.count(name, number, attributes)


def measure(name: str, value: float, **attributes: Attribute) -> None:
    """Add a value to a histogram of shared.metrics, such as "hearthline.job.age" in seconds."""
    if _to is not None:
        _to.measure(name, value, attributes)


def gauge(name: str, value: float, **attributes: Attribute) -> None:
    """Say what a gauge of shared.metrics shows now, such as "hearthline.queue.waiting"."""
    if _to is not None:
        _to.gauge(name, value, attributes)

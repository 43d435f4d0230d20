"""One trace from the notification to the delivery report, through queues and requests, as deployed."""

from __future__ import annotations

import pytest
from collector import Told
from told_kit import TRACE, recorded, recorded_on_the_bus


def spans(name: str) -> list[Told]:
    """Return the spans of a name."""
    return [span for span in recorded().collector.spans() if span.name == name]


@pytest.mark.parametrize("transport", ["storage", "servicebus"])
def test_from_notification_to_delivery_report_is_one_trace(transport: str) -> None:
    """The request, the change off its queue, the guard, the provider's call, and the report on it."""
    collector = recorded().collector if transport == "storage" else recorded_on_the_bus()
    found = {span.name: span for span in collector.spans() if span.trace == TRACE}
    assert {"notifications", "changes", "guard", "send", "delivery report"} <= found.keys()
    assert found["notifications"].attributes == {"status": "200"}
    assert found["changes"].parent == found["notifications"].span
    assert found["send"].attributes == {"channel": "sms", "outcome": "accepted"}
    assert found["delivery report"].attributes["status"] == "delivered"


def test_a_report_is_linked_to_the_request_that_brought_it() -> None:
    """It comes by a request of its own, with a trace of its own."""
    (report,) = [span for span in spans("delivery report") if span.trace == TRACE]
    assert set(report.links) <= {span.trace for span in spans("reports")}
    assert TRACE not in report.links


def test_the_message_remembers_its_trace() -> None:
    """By it a report finds its way, and staff find the trace of a message."""
    assert any(row.trace.startswith(f"00-{TRACE}-") for row in recorded().rows)


def test_who_is_woken_has_a_trace_of_their_own() -> None:
    """A timer wakes thousands: each begins a trace, linked to the timer's."""
    timers = {span.trace for span in spans("due")}
    woken = spans("wakeups")
    assert woken
    assert all(span.parent == "" and set(span.links) <= timers for span in woken)
    assert len({span.trace for span in woken} | timers) == len(woken) + len(timers)


def test_a_failure_is_told_by_its_type() -> None:
    """What was raised marks the span; what it says is nobody's business."""
    assert {span.error for span in spans("events") if span.error} == {"ValueError"}


def test_lines_belong_to_their_trace() -> None:
    """A log line is found from its span."""
    traces = {span.trace for span in recorded().collector.spans()}
    told = [trace for words, _, trace in recorded().collector.lines() if words.startswith("rejected")]
    assert told
    assert set(told) <= traces

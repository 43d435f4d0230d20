"""The definitions that are published for the benchmarks: a journey that sends at once, and many segments."""

from __future__ import annotations

from typing import Any

from benchmarks.people import LOINC, SENDS, SHARE, SILENT
from shared.catalogue import Document, Kind

_BASE = "https://hearthline.example/benchmarks"
_TEXT = "{{ organisation.name }}: Hello {{ patient.given }}, please call us. Reply STOP to stop texts."
_SNOMED = "http://snomed.info/sct"


def one_message() -> tuple[Document, ...]:
    """Return the journey: an Observation with the sending code → one SMS → the end; and its template."""
    journey = {
        "trigger": {"fhir_change": {"type": "Observation", "codes": [f"{LOINC}|{SENDS}"]}},
        "re_entry": "per-focus",
        "steps": [
            {"id": "tell", "kind": "send", "template": f"{_BASE}/templates/one", "channels": ["sms"]},
            {"id": "done", "kind": "exit", "reason": "told"},
        ],
    }
    template = {"purpose": "care", "default_language": "en", "channels": {"sms": {"text": {"en": _TEXT}}}}
    return (
        _document("journey", f"{_BASE}/journeys/one", journey),
        _document("template", f"{_BASE}/templates/one", template),
    )


def segments(count: int, concerned: int = 10) -> tuple[Document, ...]:
    """Return segments: `concerned` of them read what changes, and everybody is in one of twenty others."""
    return tuple(
        _segment(number, _concerned(number) if number < concerned else _other(number))
        for number in range(count)
    )


def journey(name: str, body: dict[str, Any]) -> Document:
    """Return a journey of this name."""
    return _document("journey", f"{_BASE}/journeys/{name}", body)


def shares(percent: int) -> tuple[Document, ...]:
    """Return one segment, of which so many of a hundred patients are members."""
    has = {"type": "Observation", "code": SHARE, "which": "latest", "value": {"below": percent, "unit": "1"}}
    return (_document("segment", f"{_BASE}/segments/share-{percent}", {"criteria": {"has": has}}),)


def _concerned(number: int) -> dict[str, object]:
    return {
        "has": {
            "type": "Observation",
            "code": f"{LOINC}|{SILENT}",
            "which": "latest",
            "value": {"above": 5 + 9 * number, "unit": "mmol/L"},
        }
    }


def _other(number: int) -> dict[str, object]:
    if number % 20 == 0:
        return {"age": {"at_least": 18}}
    return {"has": {"type": "Condition", "code": [f"{_SNOMED}|{70_000_000 + number}"]}}


def _segment(number: int, criteria: dict[str, object]) -> Document:
    return _document("segment", f"{_BASE}/segments/s{number}", {"criteria": criteria})


def _document(kind: Kind, url: str, body: dict[str, Any]) -> Document:
    name = url.rpartition("/")[2]
    return Document(kind, name, {"url": url, "version": "1.0.0", "title": f"Benchmark {name}", **body})

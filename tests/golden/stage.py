"""What a scenario publishes, as a real catalogue; segments that it only names get a stand-in.

A stand-in holds while a marker says so, and gives the marker's words as its reason: `segment:` happenings
write it. Everything else about it is real: memberships, transitions, the members' list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cli.yaml_files import read_document
from shared.catalogue import Catalogue, Document, Kind, build_catalogue
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.journey.controls import FREE, Controls
from shared.journey.definition import parse_journey
from shared.journey.uses import uses
from shared.message.policy import Policy
from shared.patient.record import PatientRecord
from shared.segment.compiled import CompiledSegment
from shared.segment.criterion import FAILS, HOLDS, Compiled, Outcome
from shared.segment.explanation import Explanation
from shared.segment.index import SegmentIndex

ROOT = Path(__file__).parents[2]
DEFINITIONS = ROOT / "definitions"
MARKER = "Flag"
POLICY = {"zone": "America/New_York", "organisation": "Riverside Clinic", "phone": "+1 212 555 0100"}
BASE = "https://hearthline.example"


def load(folder: str, name: str | dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return a definition's document and its place: a shipped one by name, or the inline one."""
    if isinstance(name, dict):
        return name, "inline"
    path = DEFINITIONS / folder / f"{name}.{'json' if folder == 'questionnaires' else 'yaml'}"
    return read_document(path), path.name


class Stage:
    """All that has been published so far; each publication makes the next version of the catalogue."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.policy = Policy(**scenario.get("policy", POLICY))
        self.documents: list[Document] = []
        self.since: dict[str, int] = {}
        self.controls = FREE
        self.number = 0
        self.catalogue: Catalogue
        if any(isinstance(name, str) for name in scenario.get("segments", ())):
            self._add("valueset", ((read_document(p), p.name) for p in _files("valuesets")))
        listed = {load("templates", name)[0]["url"] for name in scenario.get("templates", ())}
        answers = (
            (read_document(p), p.name) for p in sorted((DEFINITIONS / "templates").glob("reply-*.yaml"))
        )
        self._add("template", (found for found in answers if found[0]["url"] not in listed))
        self.publish(scenario)

    def publish(self, more: dict[str, Any]) -> None:
        """Publish definitions, and switch what `controls` says."""
        self.number += 1
        folders: tuple[tuple[str, Kind], ...] = (
            ("segments", "segment"),
            ("journeys", "journey"),
            ("templates", "template"),
            ("questionnaires", "questionnaire"),
        )
        for folder, kind in folders:
            self._add(kind, (load(folder, name) for name in more.get(folder, ())))
        self._add("template", ((_saying(*said), "inline") for said in more.get("says", {}).items()))
        if "controls" in more:
            self.controls = _controls(more["controls"])
        self._add("segment", ((_standing_in(url), "stand-in") for url in self._missing()))
        built = build_catalogue(
            self.documents, f"{self.number}-play", self.policy, self.since, controls=self.controls
        )
        segments = [_stood_in(s) if s.title == "a stand-in" else s for s in built.segments.all]
        self.catalogue = replace(built, segments=SegmentIndex(segments))

    def _add(self, kind: Kind, found: Iterable[tuple[dict[str, Any], str]]) -> None:
        for body, where in found:
            document = Document(kind, where, body)
            self.documents.append(document)
            self.since[document.canonical] = self.number

    def _missing(self) -> list[str]:
        """Return the urls of segments that journeys name and nobody published."""
        known = {d.body["url"] for d in self.documents if d.kind == "segment"}
        journeys = [parse_journey(d.body, d.where) for d in self.documents if d.kind == "journey"]
        named = (used.name for j in journeys for used in uses(j) if used.kind == "segment")
        return [url for url in dict.fromkeys(named) if url not in known]


def marker(url: str, holds: bool, reason: str, at: Instant) -> Fact:
    """Return what makes a stand-in segment hold, or not."""
    token = f"urn:play|{url}"
    status = "active" if holds else "inactive"
    return Fact(MARKER, token, str(at), at, status=status, codes=(token,), title=reason)


def _saying(name: str, text: str) -> dict[str, Any]:
    """Return a template that says a line, by whatever channel."""
    words = {"en": text}
    channels = {"sms": {"text": words}, "email": {"subject": {"en": name}, "text": words}}
    return {"url": f"{BASE}/templates/{name}", "version": "1", "title": name, "channels": channels}


def _files(folder: str) -> Iterator[Path]:
    yield from sorted((DEFINITIONS / folder).glob("*.*"))


def _controls(said: dict[str, Any]) -> Controls:
    urls = {key: frozenset(said[key]) for key in ("paused", "stopped") if key in said}
    return Controls(said.get("sending", True), winners=said.get("winners", {}), **urls)


def _standing_in(url: str) -> dict[str, Any]:
    has = {"type": MARKER, "code": f"urn:play|{url}", "status": ["active"]}
    return {"url": url, "version": "1", "title": "a stand-in", "criteria": {"has": has}}


def _stood_in(made: CompiledSegment) -> CompiledSegment:
    reference = f"{MARKER}/urn:play|{made.url}"

    def test(record: PatientRecord, _: Instant) -> Outcome:
        found = record.facts.get(reference)
        return HOLDS if found is not None and found.status == "active" else FAILS

    def explain(record: PatientRecord, now: Instant) -> Explanation:
        found = record.facts.get(reference)
        return Explanation("marker", test(record, now)[0], found.title if found else "nobody said so")

    criteria = Compiled(test, explain, made.criteria.touches)
    return CompiledSegment(
        made.url, made.canonical, made.title, made.touches, criteria, made.excludes, (), made.published_in
    )

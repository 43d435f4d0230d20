"""The definitions of the simulation: some journeys that ship, and short ones that make things happen at once.

Of what ships only what those name: a publication writes document after document, and with every one of them
under a storm of faults it would hardly ever come to its end.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from shared.catalogue import KINDS, Document

_ROOT = Path(__file__).parents[2] / "definitions"
_BASE = "https://simulation.example"
_POOR = "https://hearthline.example/segments/diabetes-poor-control"
_DIABETES = "https://hearthline.example/segments/diabetes"
_BOTH = ["sms", "email"]


@cache
def batch(number: int) -> tuple[Document, ...]:
    """Return what the first (0) and the second (1) publication hold; whichever comes first will do."""
    first = (*_shipped(), *_first())
    return first if number == 0 else (*first, *_second())


_SEGMENTS = (
    *("adults", "diabetes", "diabetes-hba1c-above-target", "diabetes-poor-control", "no-hba1c-half-year"),
    *("recently-discharged", "upcoming-appointment"),
)
_JOURNEYS = ("appointment-reminders", "diabetes-outreach", "discharge-follow-up")
_CHOSEN = {"segments": _SEGMENTS, "journeys": _JOURNEYS}
"""These, and whatever they name."""
_URL = re.compile(r"""^\s*"?url"?: *"?([^\s",]+)""", re.MULTILINE)


def _shipped() -> tuple[Document, ...]:
    paths = {path: kind for folder, kind in KINDS.items() for path in sorted((_ROOT / folder).glob("*"))}
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    urls = {url: path for path in paths if (url := _url(path, texts[path]))}
    wanted = {path for path in paths if path.stem in _CHOSEN.get(path.parent.name, ())}
    ahead = list(wanted)
    while ahead:
        text = texts[ahead.pop()]
        fresh = {
            path for url, path in urls.items() if re.search(rf"{re.escape(url)}(?![\w-])", text)
        } - wanted
        wanted |= fresh
        ahead += fresh
    return tuple(Document(kind, path.name, _read(path)) for path, kind in paths.items() if path in wanted)


def _url(path: Path, text: str) -> str:
    """Return a definition's own url: in JSON others may stand before it."""
    if path.suffix == ".json":
        return str(json.loads(text).get("url", ""))
    found = _URL.search(text)
    return found[1] if found else ""


def _read(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    return found


def _first() -> tuple[Document, ...]:
    return (
        _made("template", "note", channels={"sms": {"text": {"en": "Hello {{ patient.given }}"}}}),
        _made("template", "letter", channels=_in_both("Hello")),
        _made("segment", "textable", criteria={"reachable_by": "sms"}),
        _made(
            "segment",
            "visited",
            criteria={"has": {"type": "Encounter", "when": {"ends": {"last": "P2D"}}, "label": "visit"}},
        ),
        _journey("tests", "1.0.0", {"fhir_change": {"type": "Observation"}}, "after-exit", _after_a_test()),
        _journey("visits", "1.0.0", {"fhir_change": _BOOKED}, "per-focus", _before_a_visit()),
        _journey("burst", "1.0.0", {"segment_entered": _DIABETES}, "after-exit", _burst("PT3H"), leaves=True),
        _journey(
            "asks", "1.0.0", {"fhir_change": {"type": "Observation"}}, "after-exit", _asks("reply", "P2D")
        ),
        _journey("gated", "1.0.0", _VISIT, "per-focus", _gated(), limits={"per_hour": 1}),
        _journey("outside", "1.0.0", {"fhir_change": {"type": "Observation"}}, "after-exit", _outside()),
        _journey(
            "textable", "1.0.0", {"segment_entered": f"{_BASE}/segments/textable"}, "after-exit", _hello()
        ),
    )


def _second() -> tuple[Document, ...]:
    high = {"type": "Observation", "fhirpath": "value.ofType(Quantity).value > 9", "label": "high"}
    recent = {"has": {"type": "Observation", "when": {"starts": {"last": "P3D"}}, "label": "test"}}
    return (
        _made("segment", "visited", "2.0.0", criteria={"all": [{"member_of": _DIABETES}]}),
        _made("segment", "tested", criteria=recent),
        _made("segment", "high", criteria={"has": high}),
        _made("segment", "none-high", criteria={"all": [{"has_no": high}, {"has": {"type": "Observation"}}]}),
        _made("segment", "called", criteria={"extension": {"url": f"{_BASE}/called", "value": "yes"}}),
        _journey("burst", "2.0.0", {"segment_entered": _DIABETES}, "after-exit", _burst("PT5H"), leaves=True),
        _journey(
            *(
                "asks",
                "2.0.0",
                {"fhir_change": {"type": "Observation"}},
                "after-exit",
                _asks("answer", "P1D"),
            ),
            on_publish={"those_inside": "move", "steps": {"reply": "answer"}},
        ),
        _journey("tested", "1.0.0", {"segment_entered": f"{_BASE}/segments/tested"}, "after-exit", _hello()),
    )


_VISIT = {"fhir_change": {"type": "Appointment"}}
_BOOKED = {"type": "Appointment", "status": ["booked"], "recent": {"anchor": "focus.start"}}


def _after_a_test() -> list[dict[str, Any]]:
    return [
        _send("told"),
        {"id": "some-hours", "kind": "wait", "duration": "PT2H"},
        {
            "id": "poor",
            "kind": "branch",
            "cases": [{"when": {"in_segment": _POOR}, "next": "again"}],
            "otherwise": "done",
        },
        _send("again"),
        {"id": "done", "kind": "exit", "reason": "told"},
    ]


def _asks(name: str, timeout: str) -> list[dict[str, Any]]:
    """Ask something, and wait for what the patient, or another system, says."""
    cases = [
        {"when": {"event": "signed"}, "as": "signed", "next": "thank"},
        {"when": {"answer": {"words": ["yes"]}}, "as": "agreed", "next": "thank"},
    ]
    return [
        _send("ask"),
        {"id": name, "kind": "wait_for", "cases": cases, "timeout": timeout, "timed_out": "look"},
        {**_send("thank"), "next": "done"},
        {"id": "look", "kind": "task", "title": "Ask once more"},
        {"id": "done", "kind": "wait", "duration": "PT5H"},
    ]


def _gated() -> list[dict[str, Any]]:
    return [{"id": "an-hour", "kind": "wait", "duration": "PT1H"}, _send("welcome")]


def _outside() -> list[dict[str, Any]]:
    return [
        {"id": "look", "kind": "task", "title": "Look at the result", "due": "P1D"},
        {"id": "tell", "kind": "webhook", "to": "partner", "event": "result.arrived"},
        {"id": "team", "kind": "notify", "to": "team", "title": "A result"},
        {"id": "a-while", "kind": "wait", "duration": "PT9H"},
    ]


def _before_a_visit() -> list[dict[str, Any]]:
    until = {"anchor": "focus.start", "offset": "-PT6H"}
    return [
        {"id": "six-hours", "kind": "wait", "until": until, "if_past": "exit"},
        _send("soon"),
        {"id": "start", "kind": "wait", "until": {"anchor": "focus.start"}, "if_moved": "six-hours"},
    ]


def _burst(pause: str) -> list[dict[str, Any]]:
    return [_send("one"), _send("two"), {"id": "pause", "kind": "wait", "duration": pause}, _send("three")]


def _hello() -> list[dict[str, Any]]:
    return [_send("hello"), {"id": "a-day", "kind": "wait", "duration": "P1D"}, _send("goodbye")]


def _send(step: str) -> dict[str, Any]:
    template = "note" if step in ("one", "soon") else "letter"
    channels = ["sms"] if template == "note" else _BOTH
    return {"id": step, "kind": "send", "template": f"{_BASE}/templates/{template}", "channels": channels}


def _in_both(text: str) -> dict[str, Any]:
    return {"sms": {"text": {"en": text}}, "email": {"subject": {"en": text}, "text": {"en": text}}}


def _journey(
    name: str,
    version: str,
    trigger: dict[str, Any],
    re_entry: str,
    steps: list[dict[str, Any]],
    *,
    leaves: bool = False,
    **more: Any,
) -> Document:
    exits = {"exit_when": {"segment_left": True}} if leaves else {}
    return _made("journey", name, version, trigger=trigger, re_entry=re_entry, steps=steps, **exits, **more)


def _made(kind: Any, name: str, version: str = "1.0.0", **fields: Any) -> Document:
    url = f"{_BASE}/{kind}s/{name}"
    return Document(kind, f"{name}.yaml", {"url": url, "version": version, "title": name, **fields})

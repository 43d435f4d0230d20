"""Random valid journeys for property tests: chains with branches, jumps, waits of every sort."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from shared.errors import Invalid
from shared.journey.definition import parse_journey

TEMPLATE = "https://x.example/templates/note"
SEGMENT = "https://x.example/segments/s"

TEMPLATE_DOCUMENT: dict[str, Any] = {
    "url": TEMPLATE,
    "version": "1",
    "title": "Note",
    "channels": {
        "sms": {"text": {"en": "Note for {{ patient.given }}", "es": "Nota"}},
        "email": {"subject": {"en": "Note"}, "text": {"en": "Note"}},
    },
}

channels = st.sampled_from([["sms"], ["email"], ["sms", "email"], ["email", "sms"]])
durations = st.sampled_from(["PT8H", "P1D", "P3D", "P7D", "P1M", "P1DT12H"])
anchors = st.fixed_dictionaries(
    {
        "anchor": st.sampled_from(["focus.start", "focus.end"]),
        "offset": st.sampled_from(["-P3D", "-PT2H", "P1D"]),
    },
    optional={"at": st.sampled_from(["09:00", "23:30", "02:30"])},
)


@st.composite
def waits(draw: st.DrawFn, name: str, ids: list[str], *, focus: bool) -> dict[str, Any]:
    step: dict[str, Any] = {
        "id": name,
        "kind": "wait",
        "zone": draw(st.sampled_from(["organisation", "patient"])),
    }
    if not focus or draw(st.booleans()):
        return step | {"duration": draw(durations)}
    step["until"] = draw(anchors)
    step["if_past"] = draw(st.sampled_from(["continue", "skip-to", "exit"]))
    if step["if_past"] == "skip-to":
        step["skip_to"] = draw(st.sampled_from(ids))
    if draw(st.booleans()):
        step["if_moved"] = draw(st.sampled_from(ids))
    return step


@st.composite
def steps(draw: st.DrawFn, *, focus: bool) -> list[dict[str, Any]]:
    ids = [f"s{n}" for n in range(draw(st.integers(2, 8)))]
    made: list[dict[str, Any]] = []
    for name in ids:
        kind = draw(st.sampled_from(["send", "wait", "wait", "branch"]))
        if kind == "send":
            made.append({"id": name, "kind": "send", "template": TEMPLATE, "channels": draw(channels)})
        elif kind == "wait":
            made.append(draw(waits(name, ids, focus=focus)))
        else:
            condition = draw(st.sampled_from([{"in_segment": SEGMENT}, {"language": ["es"]}]))
            case = {"when": condition, "next": draw(st.sampled_from(ids))}
            made.append({"id": name, "kind": "branch", "cases": [case]})
    return made


def _valid(document: dict[str, Any]) -> bool:
    try:
        parse_journey(document, "random")
    except Invalid:
        return False
    return True


@st.composite
def _documents(draw: st.DrawFn, number: int) -> dict[str, Any]:
    focus = draw(st.sampled_from([True, True, False]))
    document: dict[str, Any] = {
        "url": f"https://x.example/journeys/j{number}",
        "version": "1",
        "title": f"J{number}",
        "steps": draw(steps(focus=focus)),
    }
    if focus:
        change = {"type": "Appointment", "status": ["booked"], "becomes": draw(st.booleans())}
        document |= {
            "trigger": {"fhir_change": change},
            "re_entry": draw(st.sampled_from(["never", "after-exit", "per-focus"])),
        }
    else:
        document |= {
            "trigger": {"segment_entered": SEGMENT},
            "re_entry": draw(st.sampled_from(["never", "after-exit"])),
        }
        document["exit_when"] = {"segment_left": draw(st.booleans())}
    return document


def journeys(number: int) -> st.SearchStrategy[dict[str, Any]]:
    """Return valid journey documents."""
    return _documents(number).filter(_valid)

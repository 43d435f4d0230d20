"""Random steps for random journeys: every kind there is, with links that mostly lead on, never to nowhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

type Json = dict[str, Any]

BASE = "https://x.example"
TEMPLATE = f"{BASE}/templates/note"
NEEDY = f"{BASE}/templates/needy"
"""A template that cannot be written where there is no appointment: its author's fault."""
QUESTIONS = f"{BASE}/questionnaires/questions"
RECENT = f"{BASE}/segments/recent"
ILL = f"{BASE}/segments/ill"
SEGMENTS = st.sampled_from([RECENT, ILL])
JOURNEYS = tuple(f"{BASE}/journeys/j{number}" for number in (1, 2, 3))
EVENTS = ("called", "signed")
CONDITION = "status = 'final'"

KINDS = (
    *("send", "send", "send", "wait", "wait", "wait", "wait_for", "wait_for", "wait_for", "branch", "branch"),
    *("split", "start", "end", "exit", "outside", "outside", "survey", "survey"),
)
OUTSIDE: tuple[Json, ...] = (
    {"kind": "task", "title": "Call about {focus}", "due": "P1D"},
    {"kind": "write", "resource": "Flag", "code": "outreach", "text": "In outreach", "lasts": "P90D"},
    {"kind": "notify", "to": "team", "title": "Look"},
    {"kind": "webhook", "to": "other", "event": "step.taken"},
)


def mixed(*of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw from one of these, each as likely as it is often named: one_of would count it once."""
    return st.sampled_from(of).flatmap(lambda chosen: chosen)


durations = st.sampled_from(["PT8H", "P1D", "P3D", "P7D", "P1M", "P1DT12H"])
clocks = st.sampled_from(["09:00", "23:30", "02:30"])
zones = st.sampled_from(["organisation", "patient"])
channels = st.sampled_from([["sms"], ["email"], *[["sms", "email"], ["email", "sms"]] * 2])
points = st.sampled_from(["focus.start", "focus.end"])
offsets = st.sampled_from(["-P3D", "-PT2H", "PT0S", "P1D"])
booked = st.just({"type": "Appointment", "status": ["booked"]})

changes = mixed(
    st.fixed_dictionaries(
        {"type": st.just("Appointment")},
        optional={
            "status": st.sampled_from([["booked"], ["cancelled"], ["fulfilled", "noshow"]]),
            "becomes": st.booleans(),
            "changes": st.just(["start"]),
            "interaction": st.sampled_from(["created", "updated", "deleted"]),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.just("Observation")},
        optional={"condition": st.just(CONDITION), "recent": st.just({"anchor": "focus.start"})},
    ),
    st.just({"type": "Appointment", "before": {"status": ["booked"]}, "status": ["cancelled"]}),
)
answers = st.sampled_from(
    [{"words": ["yes", "1"]}, {"words": ["no"]}, {"number": {"at_least": 5}}, {"any": True}]
)
fates = st.lists(
    st.sampled_from(["sent", "delivered", "opened", "clicked", "failed", "not-sent"]),
    min_size=1,
    max_size=2,
    unique=True,
)


@st.composite
def happenings(draw: st.DrawFn, sends: list[str], *, focus: bool) -> Json:
    """Draw something to wait for, to leave for or to reach."""
    kinds = ["segment", "change", "event", "answer", "answer", *(["message"] * 2 if sends else [])]
    match draw(st.sampled_from([*kinds, *(["status"] if focus else [])])):
        case "segment":
            return {draw(st.sampled_from(["in_segment", "not_in_segment"])): draw(SEGMENTS)}
        case "change":
            return {"fhir_change": draw(changes)}
        case "event":
            return {"event": draw(st.sampled_from(EVENTS))}
        case "answer":
            return {"answer": draw(answers)}
        case "message":
            return {"message": {"step": draw(st.sampled_from(sends)), "is": draw(fates)}}
    return {"focus_status": draw(st.sampled_from([["fulfilled"], ["booked"], ["arrived", "fulfilled"]]))}


@st.composite
def untils(draw: st.DrawFn, *, focus: bool) -> Json | str:
    """Draw an instant to wait for."""
    match draw(st.sampled_from(["day", "clock", "of", "exact", *(["anchor"] * 6 if focus else [])])):
        case "day":
            days = draw(st.sampled_from([["tue", "thu"], ["sun"]]))
            return {"weekdays": days, "at": draw(clocks)}
        case "clock":
            return {"at": draw(clocks)}
        case "exact":
            return str(draw(st.sampled_from(["2026-03-20T09:00:00Z", "2026-11-01T01:30:00-04:00"])))
        case "of":
            return {"anchor": draw(points), "of": draw(booked), "offset": draw(offsets)}
    anchored: Json = {"anchor": draw(points), "offset": draw(offsets)}
    return anchored | ({"at": draw(clocks)} if draw(st.booleans()) else {})


@st.composite
def conditions(draw: st.DrawFn, made: list[Json], *, focus: bool) -> Json:
    """Draw what a branch may ask."""
    sends = [step["id"] for step in made if step["kind"] == "send"]
    splits = [step["id"] for step in made if step["kind"] == "split"]
    waits = [step["id"] for step in made if step["kind"] == "wait_for"]
    kinds = ["segment", "language", "criteria", *(["message"] if sends else [])]
    kinds += ["status"] * focus + ["split"] * bool(splits) + ["waited"] * bool(waits)
    match draw(st.sampled_from(kinds)):
        case "segment":
            return {draw(st.sampled_from(["in_segment", "not_in_segment"])): draw(SEGMENTS)}
        case "language":
            return {"language": ["es"]}
        case "criteria":
            return {"criteria": {"age": {"at_least": 40}}}
        case "message":
            return {"message": {"step": draw(st.sampled_from(sends)), "is": draw(fates)}}
        case "split":
            return {"result": {"step": draw(st.sampled_from(splits)), "is": ["a"]}}
        case "waited":
            return {"result": {"step": draw(st.sampled_from(waits)), "is": ["timed-out"]}}
    return {"focus_status": ["booked"]}


class _Links:
    """Where steps lead: mostly to a later one, now and then anywhere."""

    def __init__(self, draw: st.DrawFn, ids: list[str], place: int) -> None:
        self.draw, self.ids, self.place = draw, ids, place

    def one(self) -> str:
        later = self.ids[self.place + 1 :]
        anywhere = not later or self.draw(st.integers(0, 5)) == 0
        return str(self.draw(st.sampled_from(self.ids if anywhere else later)))


def _linked(draw: st.DrawFn, kind: str, links: _Links, *, focus: bool) -> Json:
    """Make a step of a kind, all but what it asks."""
    match kind:
        case "send":
            template = draw(st.sampled_from([*[TEMPLATE] * 9, NEEDY]))
            return {"template": template, "channels": draw(channels), "fallback": draw(st.booleans())}
        case "wait":
            return _waiting(draw, links, focus=focus)
        case "wait_for":
            at_most = {"timeout": draw(durations)}
            if draw(st.integers(0, 3)) == 0:
                at_most = {"until": draw(untils(focus=focus))}
            cases = [{"next": links.one()} for _ in range(draw(st.integers(1, 3)))]
            return {"cases": cases, **at_most, "zone": draw(zones)}
        case "branch":
            return {"cases": [{"next": links.one()} for _ in range(draw(st.integers(1, 2)))]}
        case "split":
            return {"ways": [{"name": name, "weight": 1, "next": links.one()} for name in ("a", "holdout")]}
        case "start" | "end":
            return {"journey": draw(st.sampled_from(JOURNEYS))}
        case "survey":
            return _survey(draw, links)
        case "outside":
            return _fitting(draw(st.sampled_from(OUTSIDE)), focus=focus)
    return {}


def _fitting(step: Json, *, focus: bool) -> Json:
    """Leave out what is quoted of a focus where there is none."""
    return step if focus or "title" not in step else step | {"title": step["title"].replace("{focus}", "it")}


def _survey(draw: st.DrawFn, links: _Links) -> Json:
    by = draw(st.sampled_from(["text", "text", "link"]))
    step: Json = {"questionnaire": QUESTIONS, "by": by, "template": TEMPLATE, "zone": draw(zones)}
    step |= {"channels": ["sms"] if by == "text" else draw(channels), "timeout": draw(durations)}
    step |= {"remind": "PT5H"} if draw(st.booleans()) else {}
    ways = ["next", "timed_out", *(["declined"] if by == "text" and draw(st.booleans()) else [])]
    ways += ["unreached"] if draw(st.booleans()) else []
    return step | {way: links.one() for way in ways}


def _waiting(draw: st.DrawFn, links: _Links, *, focus: bool) -> Json:
    step: Json = {"zone": draw(zones)}
    if draw(st.integers(0, 2)) == 0:
        return step | {"duration": draw(durations)}
    step["until"] = draw(untils(focus=focus))
    step["if_past"] = draw(st.sampled_from(["continue", "skip-to", "exit"]))
    if step["if_past"] == "skip-to":
        step["skip_to"] = links.one()
    if isinstance(step["until"], dict) and "anchor" in step["until"] and draw(st.booleans()):
        step["if_moved"] = links.one()
    return step


@st.composite
def steps(draw: st.DrawFn, *, focus: bool) -> list[Json]:
    """Draw the steps of a journey; those that nothing leads to are left out."""
    ids = [f"s{n}" for n in range(draw(st.integers(2, 8)))]
    made = []
    for place, name in enumerate(ids):
        kind = draw(st.sampled_from(KINDS))
        made.append({"id": name, "kind": kind, **_linked(draw, kind, _Links(draw, ids, place), focus=focus)})
    made = _reached(made)
    sends = [step["id"] for step in made if step["kind"] == "send"]
    for step in made:
        for case in step.get("cases", ()):
            asked = happenings(sends, focus=focus)
            case["when"] = draw(asked if step["kind"] == "wait_for" else conditions(made, focus=focus))
    return made


def _reached(made: list[Json]) -> list[Json]:
    """Leave out the steps that cannot be reached from the first."""
    by_id = {step["id"]: step for step in made}
    following = dict(zip(by_id, [*list(by_id)[1:], ""], strict=True))
    reached, ahead = set[str](), [made[0]["id"]]
    while ahead:
        name = ahead.pop()
        if name and name not in reached:
            reached.add(name)
            step = by_id[name]
            ways = [each["next"] for each in (*step.get("cases", ()), *step.get("ways", ()))]
            named = ("skip_to", "if_moved", "next", "timed_out", "declined", "unreached")
            ways += [step[field] for field in named if field in step]
            falls = step["kind"] not in ("exit", "split", "survey")
            ahead += [*ways, *([following[name]] if falls else [])]
    return [step for step in made if step["id"] in reached]

"""Words: what authors wrote, said as staff and managers read it; for outlines and diagrams of journeys.

Beside the flow: JourneyDefinition → words → shared.journey.diagram, `hearthline journey show`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shared.fhir.calendar import describe, parse_duration
from shared.journey.answers import Answer
from shared.journey.change import Described, FhirChange
from shared.journey.happening import Happening, MessageWas, short
from shared.journey.steps.branch import ResultIs, When

type Words = Callable[[Any], str]


def either(words: Iterable[str]) -> str:
    """Join words: "a", "a or b", "a, b or c"."""
    *most, last = [*words] or [""]
    return f"{', '.join(most)} or {last}" if most else last


def length(text: str) -> str:
    """Say an ISO 8601 duration, without its sign."""
    return describe(parse_duration(text))


def placed(offset: str, what: str) -> str:
    """Say an instant by its offset: "3 days before …", "… itself" without any."""
    duration = parse_duration(offset)
    if not duration:
        return what
    return f"{describe(duration)} {'after' if duration.sign > 0 else 'before'} {what}"


def instant(text: str) -> str:
    """Say an exact instant to the minute, in the offset that it was written with."""
    day, _, clock = text.partition("T")
    zone = "UTC" if clock[-1:] in ("Z", "z") else clock[-6:]
    return f"{day} {clock[:5]} {zone}"


def resource(meant: Described) -> str:
    """Say which resources are meant: "Appointment, service-type mri"."""
    codes = [f"code {either(code.rpartition('|')[2] for code in meant.codes)}"] if meant.codes else []
    attributes = [
        f"{name} {either(value.rpartition('|')[2] for value in values)}"
        for name, values in meant.attributes.items()
    ]
    return ", ".join((meant.type, *codes, *attributes))


def change(meant: FhirChange) -> str:
    """Say a change of a resource: "Appointment becomes booked"."""
    done = {"created": "is created", "updated": "is updated", "deleted": "is deleted", "any": "changes"}
    verb = done[meant.interaction]
    if meant.status and meant.interaction == "any":
        verb = f"{'becomes' if meant.becomes and not meant.changes else 'is'} {either(meant.status)}"
    elif meant.status:
        verb = f"{verb} and is {either(meant.status)}"
    elif meant.changes and meant.interaction == "any":
        verb = f"changes its {either(meant.changes)}"
    says = meant.status or meant.interaction != "any"
    changed = [f"{either(meant.changes)} changed"] if meant.changes and says else []
    was = [f"was {_before(meant)}"] if meant.before else []
    condition = [f"and {meant.condition}"] if meant.condition else []
    return ", ".join((f"{resource(meant)} {verb}", *changed, *was, *condition))


def _before(meant: FhirChange) -> str:
    assert meant.before is not None  # asked only then
    attributes = (f"{name} {either(values)}" for name, values in meant.before.attributes.items())
    return " and ".join(filter(None, (either(meant.before.status), *attributes))) or "there"


def answer(meant: Answer) -> str:
    """Say an answer: "answers yes or 1"."""
    if meant.any:
        return "answers anything"
    if meant.number is None:
        said = (
            *(f"“{word}”" for word in meant.words),
            *(f"that they {_MEANT[each]}" for each in meant.means),
        )
        return f"answers {either(said)}"
    low, high = meant.number.at_least, meant.number.at_most
    if low is not None and high is not None:
        return f"answers {low:g} to {high:g}"
    if low is None and high is None:
        return "answers a number"
    return f"answers {low:g} or more" if low is not None else f"answers {high:g} or less"


_MEANT: Mapping[str, str] = {
    "yes": "agree",
    "no": "decline",
    "confirm": "come",
    "cancel": "cannot come",
    "reschedule": "want another time",
}


def message(meant: MessageWas) -> str:
    """Say what became of a message: "message of invite opened"."""
    return f"message of {meant.step} {either(word.replace('-', ' ') for word in meant.was)}"


def result(meant: ResultIs) -> str:
    """Say what came of a step: "reply came to confirmed"."""
    return f"{meant.step} came to {either(word.replace('-', ' ') for word in meant.was)}"


def criteria(meant: Mapping[str, Any]) -> str:
    """Say a criterion of the language of segments by its own words, as nobody here knows what they mean."""
    return ", ".join(_criterion(key, value) for key, value in meant.items())


def _criterion(key: str, value: object) -> str:
    if key in ("all", "any") and isinstance(value, list):
        return f" {'and' if key == 'all' else 'or'} ".join(map(_inner, value))
    return f"{key.replace('_', ' ')} {_inner(value)}".strip()


def _inner(value: object) -> str:
    if isinstance(value, Mapping):
        return criteria(value)
    if isinstance(value, list | tuple):
        return "; ".join(map(_inner, value))
    return str(value).rpartition("/")[2] if str(value).startswith("http") else str(value)


def condition(when: When) -> str:
    """Say the conditions of a branch's case."""
    return _said(when, " and ")


def happening(meant: Happening) -> str:
    """Say something that happens or holds."""
    return _said(meant, "")


def _said(model: When | Happening, between: str) -> str:
    filled = ((name, value) for name, value in model if value and name in WORDS)
    return between.join(WORDS[name](value) for name, value in filled)


WORDS: Mapping[str, Words] = {
    "in_segment": lambda url: f"in {short(url)}",
    "not_in_segment": lambda url: f"not in {short(url)}",
    "focus_status": lambda status: f"its resource is {either(status)}",
    "language": lambda tags: f"speaks {either(tags)}",
    "gender": either,
    "result": result,
    "message": message,
    "criteria": criteria,
    "answer": answer,
    "fhir_change": change,
    "event": lambda name: f"event {name}",
}
"""By the field of a condition or of a happening; a test sees that none is missing."""

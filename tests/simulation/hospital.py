"""Random histories of a small hospital: what a seed makes of three patients in some weeks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from shared.fhir.instants import DAY, HOUR, MINUTE, Instant, iso, parse_instant
from shared.fhir.references import ResourceKey
from tests.simulation.happenings import (
    Action,
    Asked,
    Delete,
    Phase,
    Publication,
    Replied,
    Style,
    Switch,
    Told,
    Word,
    Write,
)

START = parse_instant("2026-03-02T10:00:00Z")
PATIENTS = ("ann", "bob", "cal")
PLACES = ("north", "south")

type Json = dict[str, Any]

_TOLD: tuple[Style, ...] = ("event-grid", "cloud-events", "rest-hook", "subscription", "subscription")
_BASE = "https://simulation.example/journeys"
_JOURNEYS = tuple(f"{_BASE}/{name}" for name in ("tests", "visits", "burst", "asks", "gated"))
_SWITCHED: tuple[tuple[Word, Word, tuple[str, ...]], ...] = (
    ("off", "on", ("",)),
    ("pause", "resume", _JOURNEYS),
    ("stop", "resume", _JOURNEYS),
)
_WRITTEN: tuple[Style, ...] = (*_TOLD, *_TOLD, "gap", "none")


class Hospital:
    """Makes up what happens; knows of the world only what it wrote itself."""

    def __init__(self, seed: int) -> None:
        self.random = Random(f"hospital {seed}")
        self.switches = Random(f"switches {seed}")
        self.asides = Random(f"asides {seed}")
        self.resources: dict[ResourceKey, Json] = {}
        self.now = START
        self._made = 0

    def history(self, phases: int, *, calm: bool) -> tuple[Phase, ...]:
        """Make a history. A calm one has days between its phases, and one change a patient in each."""
        told = [Phase(START, self._opening())]
        published = self.random.randrange(1, max(phases, 2))
        for number in range(1, phases):
            self.now = Instant(self.now + self._pause(calm))
            actions = (Publication(1),) if number == published else self._actions(calm)
            told.append(Phase(self.now, actions))
        return self._apart_from_it(told) if calm else self._switched(self._beside(told))

    def _aside(self, name: str, number: int) -> Action:
        """Let other systems, or staff, have their say; what a patient answers is in storms only.

        Whose answer it is taken for hangs on what was sent last, which nobody knows where that is unknown.
        """
        what = self.asides.random()
        if what < 0.5:
            return Told(f"event-{number}-{name}", "signed", name)
        return Asked(name, "pause" if what < 0.7 else "resume", f"{_BASE}/asks")

    def _apart_from_it(self, told: list[Phase]) -> tuple[Phase, ...]:
        """Put a phase of asides some hours after every third: nothing else happens then."""
        added = [
            Phase(
                Instant(phase.at + 3 * HOUR + number * MINUTE),
                tuple(self._aside(name, number) for name in PATIENTS),
            )
            for number, phase in enumerate(told)
            if number % 3 == 2
        ]
        return tuple(sorted((*told, *added), key=lambda phase: phase.at))

    def _beside(self, told: list[Phase]) -> list[Phase]:
        """Let asides, and answers, come while everything else happens."""
        for number, phase in enumerate(told[1:], 1):
            name = self.asides.choice(PATIENTS)
            if self.asides.random() < 0.5:
                told[number] = replace(phase, actions=(*phase.actions, self._aside(name, number)))
            elif self.asides.random() < 0.4:
                digit = PATIENTS.index(name) + 1
                said = Replied(f"yes-{number}", f"+1206555010{digit}", "Yes, please!")
                told[number] = replace(phase, actions=(*phase.actions, said))
        return told

    def _switched(self, told: list[Phase]) -> tuple[Phase, ...]:
        """Let somebody switch things off in some phase, and on again in a later one.

        In storms only: for some seconds it is a matter of chance which process has heard of it.
        """
        for off, on, urls in _SWITCHED:
            if len(told) > 2 and self.switches.random() < 0.4:
                url = self.switches.choice(urls)
                first, second = sorted(self.switches.sample(range(1, len(told)), 2))
                for number, switch in ((first, Switch(off, url)), (second, Switch(on, url))):
                    told[number] = replace(told[number], actions=(switch, *told[number].actions))
        return tuple(told)

    def _pause(self, calm: bool) -> int:
        lengths = (DAY, 2 * DAY, 3 * DAY, 9 * DAY) if calm else (0, 0, MINUTE, HOUR, DAY, 4 * DAY, 15 * DAY)
        return self.random.choice(lengths) + self.random.randrange(HOUR)

    def _opening(self) -> tuple[Action, ...]:
        made: list[Json] = [_place(name, 0) for name in PLACES]
        made += [self._patient(name) for name in PATIENTS]
        return (Publication(0), *(self._write(resource, "event-grid") for resource in made))

    def _actions(self, calm: bool) -> tuple[Action, ...]:
        if self.random.random() < 0.06:
            return (self._write(_place(self.random.choice(PLACES), self.now)),)
        several = self.random.randint(1, 3 if calm else 5)
        names = self.random.sample(PATIENTS, several) if calm else self.random.choices(PATIENTS, k=several)
        if not calm:
            return tuple(self._action(name)[0] for name in names)
        return self._apart(names)

    def _apart(self, names: list[str]) -> tuple[Action, ...]:
        """Let something happen to each patient, or one thing that concerns several."""
        actions: list[Action] = []
        for name in names:
            before = dict(self.resources)
            action, alone = self._action(name)
            if alone and not actions:
                return (action,)
            if alone:
                self.resources = before  # it did not happen
            else:
                actions.append(action)
        return tuple(actions)

    def _action(self, name: str) -> tuple[Action, bool]:
        """Return something that happens to a patient, and whether it concerns others too."""
        kinds: list[tuple[int, Callable[[str], Action]]] = [
            *((6, self._test), (3, self._diagnosis), (6, self._booking), (3, self._stay), (2, self._contact)),
            *((3, self._reply), (2, self._consent), (5, self._moved), (4, self._closed), (3, self._deleted)),
            (1, self._end),
        ]
        if self.random.random() < 0.12:
            other = self.random.choice([p for p in PATIENTS if p != name])
            handed = self.random.choice((self._handed_over, self._merged))
            return handed(name, other), True
        weights = [weight for weight, _ in kinds]
        action = self.random.choices(kinds, weights)[0][1](name)
        return action, _concerns_merged(action)

    def _write(self, resource: Json, style: Style | None = None) -> Write:
        self.resources[ResourceKey(resource["resourceType"], resource["id"])] = resource
        return Write(resource, style or self.random.choice(_WRITTEN))

    def _id(self, name: str) -> str:
        self._made += 1
        return f"{name}-{self._made}"

    def _of(self, name: str, *types: str) -> list[Json]:
        """Find what the hospital has of a patient."""
        return [r for k, r in self.resources.items() if k.resource_type in types and _subject(r) == name]

    def _patient(self, name: str) -> Json:
        digit = PATIENTS.index(name) + 1
        telecom = [{"system": "phone", "value": f"+1206555010{digit}", "use": "mobile"}]
        if name != "cal":
            telecom.append({"system": "email", "value": f"{name}@example.com"})
        return {
            "resourceType": "Patient",
            "id": name,
            "active": True,
            "name": [{"family": "Lee", "given": [name.title()]}],
            "telecom": telecom,
            "birthDate": ("1960-04-01", "2008-03-20", "1985-12-31")[digit - 1],
            "communication": [{"language": {"coding": [{"code": ("en", "es", "de")[digit - 1]}]}}],
        }

    def _test(self, name: str) -> Write:
        at = Instant(self.now - self.random.choice((0, HOUR, 200 * DAY)))
        value = self.random.choice((5.4, 6.8, 8.9, 9.1, 9.8, 11.2))
        return self._write(_hba1c(name, self._id(name), at, value))

    def _diagnosis(self, name: str) -> Write:
        held = self._of(name, "Condition")
        if held and self.random.random() < 0.5:
            return self._write({**held[-1], "clinicalStatus": _clinical("resolved")})
        return self._write(_diabetes(name, self._id(name)))

    def _booking(self, name: str) -> Write:
        ahead = self.random.choice((HOUR, 5 * HOUR, 2 * DAY, 5 * DAY, 12 * DAY, 25 * DAY))
        place = self.random.choice((*PLACES, ""))
        return self._write(_visit(name, self._id(name), Instant(self.now + ahead), place))

    def _stay(self, name: str) -> Write:
        going = [r for r in self._of(name, "Encounter") if r["status"] == "in-progress"]
        if going:
            period = {**going[0]["period"], "end": iso(self.now)}
            return self._write({**going[0], "status": "finished", "period": period})
        return self._write(_encounter(name, self._id(name), self.now))

    def _contact(self, name: str) -> Write:
        patient = self.resources[ResourceKey("Patient", name)]
        phone, *rest = patient["telecom"]
        number = f"+12065550{self.random.randrange(200, 999)}"
        return self._write({**patient, "telecom": [{**phone, "value": number}, *rest]})

    def _end(self, name: str) -> Write:
        patient = self.resources[ResourceKey("Patient", name)]
        end: Json = self.random.choice(({"deceasedBoolean": True}, {"active": False}, {"active": True}))
        return self._write({**patient, **end})

    def _reply(self, name: str) -> Replied:
        text = self.random.choice(("STOP", "STOP", "START", "Alto.", "thank you"))
        sender = self.resources[ResourceKey("Patient", name)]["telecom"][0]["value"]
        return Replied(self._id("reply"), sender, text)

    def _consent(self, name: str) -> Write:
        held = self._of(name, "Consent")
        if held:
            status = "inactive" if held[-1]["status"] == "active" else "active"
            return self._write({**held[-1], "status": status})
        return self._write(_denial(name, self._id(name), self.now))

    def _moved(self, name: str) -> Write:
        """Move an appointment in time, or correct a test."""
        held = self._of(name, "Appointment", "Observation")
        if not held:
            return self._booking(name)
        chosen = self.random.choice(held)
        if chosen["resourceType"] == "Observation":
            return self._write({**chosen, "valueQuantity": _percent(self.random.choice((5.0, 9.4)))})
        start = Instant(self.now + self.random.choice((2 * HOUR, 4 * DAY, 18 * DAY)))
        return self._write({**chosen, "start": iso(start), "end": iso(Instant(start + HOUR))})

    def _closed(self, name: str) -> Write:
        held = self._of(name, "Appointment", "Observation", "Encounter")
        if not held:
            return self._booking(name)
        chosen = self.random.choice(held)
        ended = ("cancelled", "noshow", "booked") if chosen["resourceType"] == "Appointment" else ()
        return self._write({**chosen, "status": self.random.choice((*ended, "entered-in-error"))})

    def _deleted(self, name: str) -> Action:
        held = self._of(name, "Appointment", "Observation", "Condition", "Encounter", "Consent")
        if not held:
            return self._test(name)
        chosen = self.random.choice(held)
        key = ResourceKey(chosen["resourceType"], chosen["id"])
        del self.resources[key]
        return Delete(key, self.random.choice(_WRITTEN))

    def _handed_over(self, name: str, other: str) -> Action:
        """Move what was written to the wrong patient to the right one."""
        held = self._of(name, "Observation", "Condition", "Encounter", "Appointment")
        if not held:
            return self._test(name)
        chosen = self.random.choice(held)
        if chosen["resourceType"] != "Appointment":
            return self._write({**chosen, "subject": _whose(other)})
        rest = [p for p in chosen["participant"] if "Patient" not in p["actor"]["reference"]]
        return self._write({**chosen, "participant": [{"actor": _whose(other)}, *rest]})

    def _merged(self, name: str, other: str) -> Action:
        patient = self.resources[ResourceKey("Patient", name)]
        link = [] if patient.get("link") else [{"type": "replaced-by", "other": _whose(other)}]
        return self._write({**patient, "link": link})


def _concerns_merged(action: Action) -> bool:
    """Say whether records that were merged may take part: what a person said holds for all of them."""
    return isinstance(action, Replied) or (
        isinstance(action, Write) and action.resource["resourceType"] == "Patient"
    )


def _subject(resource: Json) -> str:
    if resource["resourceType"] == "Appointment":
        actors = (p["actor"]["reference"] for p in resource["participant"])
        return next(a.partition("/")[2] for a in actors if a.startswith("Patient/"))
    whose = resource.get("subject") or resource.get("patient") or {}
    return str(whose.get("reference", "")).partition("/")[2]


def _whose(name: str) -> Json:
    return {"reference": f"Patient/{name}"}


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _percent(value: float) -> Json:
    return {"value": value, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}


def _clinical(status: str) -> Json:
    return _coded("http://terminology.hl7.org/CodeSystem/condition-clinical", status)


def _place(name: str, renamed: int) -> Json:
    title = f"Clinic {name.title()} {renamed}".strip()
    return {"resourceType": "Location", "id": name, "status": "active", "name": title}


def _hba1c(name: str, number: str, at: Instant, value: float) -> Json:
    return {
        "resourceType": "Observation",
        "id": number,
        "status": "final",
        "code": _coded("http://loinc.org", "4548-4"),
        "subject": _whose(name),
        "effectiveDateTime": iso(at),
        "valueQuantity": _percent(value),
    }


def _diabetes(name: str, number: str) -> Json:
    return {
        "resourceType": "Condition",
        "id": number,
        "clinicalStatus": _clinical("active"),
        "code": _coded("http://snomed.info/sct", "44054006"),
        "subject": _whose(name),
    }


def _visit(name: str, number: str, start: Instant, place: str) -> Json:
    where = [{"actor": {"reference": f"Location/{place}"}}] if place else []
    return {
        "resourceType": "Appointment",
        "id": number,
        "status": "booked",
        "start": iso(start),
        "end": iso(Instant(start + HOUR)),
        "participant": [{"actor": _whose(name)}, *where],
    }


def _encounter(name: str, number: str, start: Instant) -> Json:
    return {
        "resourceType": "Encounter",
        "id": number,
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": _whose(name),
        "period": {"start": iso(start)},
    }


def _denial(name: str, number: str, at: Instant) -> Json:
    return {
        "resourceType": "Consent",
        "id": number,
        "status": "active",
        "scope": _coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [_coded("http://loinc.org", "59284-0")],
        "patient": _whose(name),
        "dateTime": iso(at),
        "provision": {"type": "deny"},
    }

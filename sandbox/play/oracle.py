"""Judge what was sent against what a person would expect; knows nothing of how the product decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.play.stories import INVITE, REMIND
from sandbox.play.story import Expect, Resource
from shared.fhir.instants import MINUTE, Instant, parse_instant

PATIENCE = MINUTE
"""How much later than expected a message may arrive: wake-ups are exact to the minute."""

_DIABETES = {"44054006", "46635009", "73211009", "81531005", "359642000"}
_HBA1C = {"4548-4", "4549-2", "17855-8", "17856-6"}
_ACTIVE = {"active", "recurrence", "relapse"}


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message as the provider took it, joined with what our own row of it says."""

    patient_id: str
    template: str
    language: str
    channel: str
    at: Instant
    intent: tuple[str, int]
    """Enrolment and sequence: what must never lead to a second message."""


@dataclass(slots=True)
class Verdict:
    """What was expected and came, what did not, and what came though nobody expected it."""

    met: list[tuple[Expect, Delivered]] = field(default_factory=list)
    lost: list[Expect] = field(default_factory=list)
    unexpected: list[Delivered] = field(default_factory=list)
    duplicates: int = 0


def judge(expects: Iterable[Expect], delivered: Iterable[Delivered], until: Instant) -> Verdict:
    """Match each expectation with one message; those due after `until` are left out."""
    verdict = Verdict()
    left = sorted(delivered, key=lambda message: message.at)
    intents = [message.intent for message in left]
    verdict.duplicates = len(intents) - len(set(intents))
    for expect in sorted((e for e in expects if e.at <= until), key=lambda e: e.at):
        found = next((message for message in left if _meets(message, expect)), None)
        if found is None:
            verdict.lost.append(expect)
        else:
            left.remove(found)
            verdict.met.append((expect, found))
    verdict.unexpected = left
    return verdict


def _meets(message: Delivered, expect: Expect) -> bool:
    same = (message.patient_id, message.template, message.language, message.channel)
    wanted = (expect.patient_id, expect.template, expect.language, expect.channel)
    return same == wanted and expect.at <= message.at <= expect.at + PATIENCE + expect.within


def count_distinct(accepts: Mapping[str, int]) -> int:
    """Count messages that the provider took more than once under one id."""
    return sum(count - 1 for count in accepts.values() if count > 1)


class Population:
    """Watches a population go by and says who of it an invitation is due to: diabetes, and HbA1c above 9 %.

    Written anew from the resources themselves, so that it can contradict the segment.
    """

    def __init__(self) -> None:
        self.patients: dict[str, Resource] = {}
        self._diabetics: set[str] = set()
        self._results: dict[str, tuple[Instant, float]] = {}

    def watch(self, resources: Iterable[Resource]) -> Iterator[Resource]:
        """Pass resources on, taking note of what matters."""
        for resource in resources:
            kind = resource.get("resourceType")
            if kind == "Patient":
                self.patients[str(resource["id"])] = resource
            elif kind == "Condition" and _tokens(resource) & _DIABETES and _status(resource) in _ACTIVE:
                self._diabetics.add(_owner(resource))
            elif kind == "Observation" and _tokens(resource) & _HBA1C:
                self._note(resource)
            yield resource

    def _note(self, resource: Resource) -> None:
        quantity, effective = resource.get("valueQuantity"), resource.get("effectiveDateTime")
        if not isinstance(quantity, dict) or not isinstance(effective, str):
            return
        if resource.get("status") not in {"final", "amended", "corrected", "preliminary"}:
            return
        found = (parse_instant(effective), float(quantity["value"]))
        self._results[_owner(resource)] = max(found, self._results.get(_owner(resource), found))

    @property
    def diabetics(self) -> frozenset[str]:
        """Return the patients with an active diagnosis, the dead included."""
        return frozenset(self._diabetics)

    def above(self, limit: float) -> list[str]:
        """Return living diabetics whose latest HbA1c lies above a limit."""
        high = {owner for owner, (_, value) in self._results.items() if value > limit}
        return sorted(owner for owner in high & self._diabetics if not self.dead(owner))

    def dead(self, patient_id: str) -> bool:
        """Say whether a patient has died."""
        return any(self.patients[patient_id].get(name) for name in ("deceasedBoolean", "deceasedDateTime"))

    def expects(self, at: Instant, later: Instant) -> Iterator[Expect]:
        """Tell the invitation at publication and the reminder a week later of everyone they are due to."""
        for patient_id in self.above(9.0):
            patient = self.patients[patient_id]
            systems = {str(t["system"]) for t in _dicts(patient.get("telecom"))}
            channel = "sms" if "phone" in systems else "email" if "email" in systems else ""
            if channel:
                language = "es" if _language(patient).startswith("es") else "en"
                yield Expect(patient_id, INVITE, at, language, channel, within=10 * MINUTE)
                yield Expect(patient_id, REMIND, later, language, channel, within=10 * MINUTE)


def _dicts(value: object) -> list[dict[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _codings(concept: object) -> list[dict[str, object]]:
    return _dicts(concept.get("coding")) if isinstance(concept, dict) else []


def _tokens(resource: Resource) -> set[str]:
    return {str(coding.get("code")) for coding in _codings(resource.get("code"))}


def _status(resource: Resource) -> str:
    return next((str(c.get("code")) for c in _codings(resource.get("clinicalStatus"))), "")


def _owner(resource: Resource) -> str:
    subject = resource.get("subject")
    return str(subject.get("reference", "")).rpartition("/")[2] if isinstance(subject, dict) else ""


def _language(patient: Resource) -> str:
    spoken = [entry.get("language") for entry in _dicts(patient.get("communication"))]
    return next((str(coding.get("code")) for each in spoken for coding in _codings(each)), "")

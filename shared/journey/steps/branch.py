"""The step that chooses a way: the first case whose conditions all hold, else `otherwise`.

Example: {id: still-high, kind: branch, cases: [{when: {in_segment: "https://…/segments/diabetes-poor-control"},
next: remind}], otherwise: done}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.authoring import Authored
from shared.journey.happening import MessageWas, short
from shared.journey.steps.base import (
    CompiledStep,
    DefinitionUrl,
    Goes,
    Outcome,
    Setting,
    Standing,
    StepId,
    StepModel,
)


class ResultIs(Authored):
    """What came of a step that was taken before."""

    step: StepId
    """A wait_for or split step of this journey."""
    # "is" is what an author writes; the attribute needs another name in Python
    was: tuple[str, ...] = Field(alias="is", min_length=1)
    """One of these: the `as` of a case, "timed-out", or the name of a way."""


class When(Authored):
    """Conditions, all of which must hold; at least one."""

    in_segment: DefinitionUrl | None = None
    """The patient is a member now."""
    not_in_segment: DefinitionUrl | None = None
    """The patient is no member now."""
    focus_status: tuple[str, ...] = ()
    """The status of the resource that the enrolment hangs on is one of these."""
    language: tuple[str, ...] = ()
    """The patient's preferred language is one of these; "es" covers "es-MX"."""
    gender: tuple[str, ...] = ()
    """Patient.gender is one of these."""
    result: ResultIs | None = None
    """What came of a step: an answer, the way of a split."""
    message: MessageWas | None = None
    """What became of a message that a step sent."""
    criteria: dict[str, Any] | None = None
    """A criterion in the language of segments (docs/segments.md), asked of the patient now."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("needs at least one condition")
        return self

    def holds(self, standing: Standing) -> str:
        """Return why it holds, or "" where it does not; `criteria` are asked by the step."""
        reasons = [test(self, standing) for field, test in _TESTS.items() if getattr(self, field)]
        return " and ".join(reasons) if all(reasons) else ""


class Case(Authored):
    """One way to go."""

    when: When
    next: StepId


class BranchStep(StepModel):
    """Choose a way; the reason is on the timeline."""

    kind: Literal["branch"]
    cases: tuple[Case, ...] = Field(min_length=1)
    otherwise: StepId | None = None
    """Where to go when no case holds; the next in the list where none is named."""
    links: ClassVar[tuple[str, ...]] = ("otherwise",)

    @property
    def needs_focus(self) -> bool:
        """Say whether it asks for the enrolment's own resource."""
        return any(case.when.focus_status for case in self.cases)

    def mentions(self) -> dict[str, str]:
        """Return the step ids that it names, by field path."""
        return super().mentions() | {f"cases[{n}].next": case.next for n, case in enumerate(self.cases)}

    def onward(self, following: str) -> frozenset[str]:
        """Return every way it can go."""
        return frozenset({case.next for case in self.cases} | {following})

    def summary(self) -> str:
        """Say what it does."""
        return f"Choose one of {len(self.cases) + 1} ways"

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""

        def run(standing: Standing) -> Outcome:
            for n, case in enumerate(self.cases):
                if why := _why(case.when, standing, setting, f"{setting.path}.cases[{n}].when.criteria"):
                    return Goes(case.next, why)
            return Goes(setting.following, "no case held")

        return CompiledStep(self.id, self.kind, run)


def _why(when: When, standing: Standing, setting: Setting, path: str) -> str:
    reasons = [when.holds(standing)] if len(when.model_fields_set) > bool(when.criteria) else []
    if when.criteria and all(reasons):
        reasons.append(setting.criteria[path](standing.record, standing.now))
    return " and ".join(reasons) if all(reasons) else ""


def _in_segment(when: When, standing: Standing) -> str:
    return f"in segment {short(when.in_segment)}" if standing.record.is_member(when.in_segment or "") else ""


def _not_in_segment(when: When, standing: Standing) -> str:
    member = standing.record.is_member(when.not_in_segment or "")
    return "" if member else f"not in segment {short(when.not_in_segment)}"


def _focus_status(when: When, standing: Standing) -> str:
    status = standing.focus.status if standing.focus else ""
    return f"{standing.enrolment.focus} is {status}" if status in when.focus_status else ""


def _language(when: When, standing: Standing) -> str:
    spoken = standing.record.person.languages[:1] if standing.record.person else ()
    speaks = [tag for tag in spoken if any(_covers(wanted, tag) for wanted in when.language)]
    return f"speaks {speaks[0]}" if speaks else ""


def _gender(when: When, standing: Standing) -> str:
    gender = standing.record.person.gender if standing.record.person else ""
    return f"is {gender}" if gender in when.gender else ""


def _covers(wanted: str, tag: str) -> bool:
    return f"{tag.casefold()}-".startswith(f"{wanted.casefold()}-")


def _result(when: When, standing: Standing) -> str:
    asked = when.result
    came = standing.enrolment.results.get(asked.step, "") if asked else ""
    return f"{asked.step} came to {came}" if asked and came in asked.was else ""


def _message(when: When, standing: Standing) -> str:
    return when.message.holds(standing) if when.message else ""


_TESTS: dict[str, Callable[[When, Standing], str]] = {
    "in_segment": _in_segment,
    "not_in_segment": _not_in_segment,
    "focus_status": _focus_status,
    "language": _language,
    "gender": _gender,
    "result": _result,
    "message": _message,
}

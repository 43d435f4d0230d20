"""The authoring language of segments: a document in, a checked immutable definition out.

The criteria are one family a file in shared/segment/criteria/; docs/segments.md shows each by example.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StrictBool, ValidationError

from shared.authoring import Authored
from shared.errors import Invalid, Problem
from shared.fhir.canonical import canonical
from shared.segment.codes import ONE_OR_MANY, Word
from shared.segment.criteria.language import AnyCriterion
from shared.segment.parameters import Parameter, ParameterName, bind
from shared.segment.pattern import AnyPattern, MatchName
from shared.segment.problems import problems

PATIENT = "patient"
"""As a time zone: the patient's own."""


def _zone(name: str) -> str:
    if name == PATIENT:
        return name
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: a name that is a folder of the tz database
        raise ValueError('is no time zone of the tz database, such as "America/New_York"') from None
    return name


def _no_bar(text: str) -> str:
    if "|" in text:
        raise ValueError('must not contain "|", which joins url and version')
    return text


type Name = Annotated[Word, AfterValidator(_no_bar)]


class SegmentDefinition(Authored):
    """A cohort as an author states it."""

    url: Name
    """What it is known by in all its versions."""
    version: Name
    """Text, such as "1.0.0"; a change is a new version."""
    title: Word
    description: str = ""
    owner: str = ""
    tags: Annotated[tuple[Word, ...], ONE_OR_MANY] = ()
    time_zone: Annotated[str, AfterValidator(_zone)] | None = None
    """In which days, birthdays and windows are counted; the organisation's if not given. "patient" is the
    patient's own (the extension timezone of Patient), and the organisation's where that is not known."""
    include_deceased: StrictBool = False
    """People who have died are in no segment unless this is true."""
    include_inactive: StrictBool = False
    """So are those whose Patient.active is false."""
    include_merged: StrictBool = False
    """So are records that were merged into another (Patient.link replaced-by)."""
    parameters: dict[ParameterName, Parameter] = Field(default_factory=dict)
    """What may differ from use to use: "$name" stands for it."""
    matches: dict[MatchName, AnyPattern] = Field(default_factory=dict)
    """Named matches, found in this order: windows hang on them, and patterns start `from` them."""
    criteria: AnyCriterion = Field()

    def __hash__(self) -> int:
        return hash(self.canonical)

    @property
    def canonical(self) -> str:
        """Return "url|version"."""
        return canonical(self.url, self.version)


def parse_segment(
    document: Mapping[str, object], where: str, given: Mapping[str, object] = MappingProxyType({})
) -> SegmentDefinition:
    """Read a definition from decoded YAML or JSON; `where` is the file, `given` the values of parameters.

    Raises Invalid with every Problem.
    """
    if not isinstance(document, Mapping):
        raise Invalid(
            (Problem(where, "is not a segment", "a mapping with url, version, title and criteria"),)
        )
    try:
        return SegmentDefinition.model_validate(bind(document, given, where))
    except ValidationError as error:
        raise Invalid(tuple(problems(error, SegmentDefinition, where))) from None


def segment_schema() -> dict[str, object]:
    """Return the JSON Schema of the language, for editors; a parameter may stand for any number or flag."""
    schema = SegmentDefinition.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_parametric(schema)}


_PARAMETER = {"type": "string", "pattern": r"^\$[a-z][a-z0-9_]*$"}


def _parametric(node: dict[str, Any]) -> dict[str, Any]:
    """Let "$name" stand for a number, a flag or a list, and one item for a list, as the parser does."""
    made = {key: _parametric_value(value) for key, value in node.items()}
    if made.get("type") not in ("integer", "number", "boolean", "array") or "$defs" in made:
        return made
    notes: dict[str, Any] = {key: made.pop(key) for key in ("title", "description", "default") if key in made}
    options = [made, _PARAMETER]
    if made["type"] == "array":
        options.append(made.get("items", {}))
        if not notes.get("default"):
            made.setdefault("minItems", 0 if "default" in notes else 1)
    return {"anyOf": options, **notes}


def _parametric_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _parametric(value)
    return [_parametric_value(item) for item in value] if isinstance(value, list) else value

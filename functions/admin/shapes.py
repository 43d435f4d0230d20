"""Names, instants and ids as the API writes them: what several resources share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.problems import Refusal
from shared.document import Kind
from shared.fhir.instants import Instant, iso, parse_instant
from shared.patient.record import identify

type PatientKey = Annotated[
    str, Path(pattern="^[0-9a-f]{32}$", description="Opaque key of a patient, as searchPatients gives it")
]
type DefinitionId = Annotated[
    str, Path(pattern="^[0-9a-f]{32}$", description="Id of a definition, as lists give it")
]
type Version = Annotated[str, Field(max_length=100, examples=["1.0.0"])]
type Moment = Annotated[str, Field(description="ISO 8601 in UTC", examples=["2026-03-02T09:00:00Z"])]
type Reason = Annotated[
    str, Field(min_length=3, max_length=500, description="Why: goes into the audit trail, so name nobody")
]


def example(**fields: Any) -> ConfigDict:
    """Return what gives a model an example of all its fields in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Body(BaseModel):
    """Base of what is sent: an unknown field is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Why(Body):
    """What every change of something that runs is asked for with."""

    reason: Reason


def definition_id(kind: Kind, url: str) -> str:
    """Return the id by which addresses name a definition, whichever version: urls do not fit into a path."""
    return identify("definition", kind, url).replace("-", "")


def moment(instant: Instant) -> str:
    """Write an instant."""
    return iso(instant)


def moment_or_none(instant: Instant | None) -> str | None:
    """Write an instant where there is one."""
    return None if instant is None else iso(instant)


def instant_of(text: str, where: str) -> Instant:
    """Read an instant that somebody sent. Raises Refusal naming the field."""
    try:
        return parse_instant(text)
    except ValueError:
        raise Refusal(
            422, "bad-instant", f"{where} must be an instant such as 2026-03-02T09:00:00Z"
        ) from None


type WorkStatus = Literal["waiting", "running", "succeeded", "failed", "cancelled"]

"""What there is of one patient page by page: the timeline, messages with their words, clinical facts."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from functions.admin.call import TheCall
from functions.admin.paging import Cursor, Limit, Page, cursor_of, place_of
from functions.admin.patient_encoded import line, message, sight_of
from functions.admin.patient_shapes import LineShown, MessageShown, example_of, shown_as
from functions.admin.routes import Routes
from functions.admin.shapes import Moment, PatientKey, moment_or_none
from shared.fhir.fact import Fact, Value
from shared.patient.state import Message
from shared.usecases.patients.facts import page_of_facts
from shared.usecases.patients.known import known
from shared.usecases.patients.messages import Filter, page_of_messages, place_of_message
from shared.usecases.patients.shown import Sight

routes = Routes("patients")

type Status = Literal["preparation", "in-progress", "completed", "not-done", "unknown"]
type ChannelName = Literal["sms", "email", "whatsapp", "letter", "push"]
type Kind = Literal["fact", "segment", "journey", "message", "inbound", "fault"]


class MessageTold(MessageShown):
    """A message with its words: what passed between the patient and the organisation."""

    model_config = shown_as(
        **example_of(MessageShown),
        to="+12065550123",
        withheld=False,
        subject="",
        text="Riverside Clinic: Hello Ana, it is time for a check-up. Reply STOP to stop texts.",
    )

    to: str = Field(description="The contact point")
    subject: str
    text: str
    withheld: bool = Field(description="Its words are left out, as your role does not see them")


class Quantity(BaseModel):
    """What a fact says: a number with its unit, codes, or text."""

    model_config = shown_as(number=9.1, unit="%", codes=[], text="")

    number: float | None = None
    unit: str = Field(default="", description="UCUM code where given")
    codes: list[str] = Field(default=[], description="Tokens, system|code")
    text: str = ""


class FactShown(BaseModel):
    """A resource of the clinical record, as far as outreach goes by it."""

    model_config = shown_as(
        reference="Observation/f-1",
        version="3",
        status="final",
        title="Hemoglobin A1c",
        codes=["http://loinc.org|4548-4"],
        start="2026-03-01T09:00:00Z",
        end=None,
        value=example_of(Quantity),
        components=[],
        attributes={"category": ["laboratory"]},
    )

    reference: str = Field(description="Type/id on the FHIR server")
    version: str
    status: str
    title: str
    codes: list[str] = Field(description="Tokens, system|code")
    start: Moment | None = None
    end: Moment | None = None
    value: Quantity | None = None
    components: list[Quantity] = Field(
        default=[], description="Of a panel: their values, in order; codes are theirs"
    )
    attributes: dict[str, list[str]] = Field(default={}, description="What only some types have, by name")


@routes("getTimeline")
async def get_timeline(
    call: TheCall,
    patient: PatientKey,
    limit: Limit = 50,
    cursor: Cursor = "",
    kind: Annotated[Kind | None, Query(description="Only lines of this kind: pages may be short")] = None,
) -> Page[LineShown]:
    """Read what happened, latest first; what is appended meanwhile moves nothing."""
    patients, place = call.services.patients, place_of(cursor, patient, kind)
    stored, rows, _ = await asyncio.gather(
        known(call.services, patient), patients.lines_before(patient, place, limit + 1), call.reads(patient)
    )
    sight = sight_of(call, await call.services.definitions.current(stored.record.catalogue))
    shown = [line(row.line, sight) for row in rows[:limit] if kind in (None, row.line.kind)]
    more = len(rows) > limit
    return Page(items=shown, next=cursor_of(rows[limit - 1].place, patient, kind) if more else "")


@routes("listPatientMessages")
async def list_patient_messages(
    call: TheCall,
    patient: PatientKey,
    limit: Limit = 50,
    cursor: Cursor = "",
    status: Annotated[Status | None, Query(description="Only those that stand so")] = None,
    channel: Annotated[ChannelName | None, Query(description="Only those of this channel")] = None,
    journey: Annotated[str, Query(max_length=500, description="Only those of this journey, by url")] = "",
) -> Page[MessageTold]:
    """List messages with their words, those created last first.

    Words are for ClinicalUser, Agent and Supervisor, and for whoever breaks the glass.
    """
    filters = (patient, status, channel, journey)
    wanted, place = Filter(status or "", channel or "", journey), place_of(cursor, *filters)
    stored, rows, _ = await asyncio.gather(
        known(call.services, patient),
        page_of_messages(call.services, patient, wanted, place, limit + 1),
        call.reads(patient),
    )
    sight = sight_of(call, await call.services.definitions.current(stored.record.catalogue))
    shown = [_told(row, sight) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=shown, next=cursor_of(place_of_message(rows[limit - 1]), *filters) if more else "")


@routes("listFacts")
async def list_facts(
    call: TheCall,
    patient: PatientKey,
    limit: Limit = 50,
    cursor: Cursor = "",
    resource_type: Annotated[
        str, Query(alias="type", pattern="^[A-Za-z]{0,64}$", description="Only facts of this type")
    ] = "",
) -> Page[FactShown]:
    """List clinical facts by type, for ClinicalUser and for whoever breaks the glass."""
    await call.need_clinical(patient)
    place = place_of(cursor, patient, resource_type)
    stored, _ = await asyncio.gather(known(call.services, patient), call.reads(patient))
    rows = page_of_facts(stored.record, resource_type, place, limit + 1)
    more = len(rows) > limit
    return Page(
        items=[_fact(fact) for _, fact in rows[:limit]],
        next=cursor_of(rows[limit - 1][0], patient, resource_type) if more else "",
    )


def _told(row: Message, sight: Sight) -> MessageTold:
    return MessageTold(
        **message(row, sight).model_dump(),
        to=row.to,
        subject=row.subject if sight.words else "",
        text=row.text if sight.words else "",
        withheld=not sight.words,
    )


def _fact(fact: Fact) -> FactShown:
    return FactShown(
        reference=fact.reference,
        version=fact.version,
        status=fact.status,
        title=fact.title,
        codes=list(fact.codes),
        start=moment_or_none(fact.start),
        end=moment_or_none(fact.end),
        value=_value(fact.value, ()) if fact.value is not None else None,
        components=[_value(each.value, each.codes) for each in fact.components],
        attributes={name: list(values) for name, values in fact.attributes.items()},
    )


def _value(value: Value, codes: tuple[str, ...]) -> Quantity:
    return Quantity(number=value.number, unit=value.unit, codes=[*codes, *value.codes], text=value.text)

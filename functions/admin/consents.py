"""Consents: what somebody may be written to about, what they said, and contact points that do not work."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import TheCall
from functions.admin.routes import Routes
from functions.admin.shapes import Body, Moment, PatientKey, moment
from shared.events import PointUsable
from shared.fhir.choice import ANY, Choice
from shared.fhir.instants import Instant
from shared.message.failures import FAILURES
from shared.patient.permission.ask import PENDING, about
from shared.patient.record import PatientRecord
from shared.usecases.consents import Standing, parties_of, say, stands
from shared.usecases.known import known
from shared.usecases.messages import use_again
from shared.usecases.privacy.readable import readable

routes = Routes("consents")

type Purpose = Literal["care", "operations", "research", "marketing"]
type Channel = Literal["sms", "email", "whatsapp", "letter", "push"]

_PATIENT = "1f0e2a8e5a0a5c529d0f3f1c7c1b2a10"
_ANSWER: dict[str, Any] = {
    "purpose": "marketing",
    "channel": "sms",
    "topic": "",
    "allowed": False,
    "why_not": "the patient has opted out of marketing by SMS",
}
_SAID: dict[str, Any] = {
    "verdict": "deny",
    "about": "marketing by SMS",
    "purpose": "marketing",
    "channel": "sms",
    "topic": "*",
    "address": "",
    "party": "",
    "since": "2026-03-02T09:00:00Z",
    "source": "staff",
    "wording": "told to u17: no adverts",
    "evidence": "form 12",
}
_UNUSABLE: dict[str, Any] = {
    "channel": "email",
    "address": "ann@old.example",
    "code": "hard-bounce",
    "why": "the mailbox refuses mail for good",
    "since": "2026-03-02T09:00:00Z",
}


class ConsentAnswer(BaseModel):
    """Whether somebody may be written to."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    purpose: Purpose
    channel: Channel
    topic: str = Field(description="Empty: in general; topics are told that somebody named")
    allowed: bool
    why_not: str = Field(description="In words of staff")


class ConsentSaid(BaseModel):
    """Something that was said; "*" is any."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SAID]})

    verdict: Literal["permit", "deny", "pending"] = Field(description="pending: a yes still to be confirmed")
    about: str = Field(description="What it is about, as staff read it")
    purpose: str
    channel: str
    topic: str
    address: str = Field(description="Of which contact point it was said; empty: of whichever")
    party: str = Field(description='By whose word: "RelatedPerson/1", "" for the patient, "-" a stranger')
    since: Moment
    source: str = Field(description="How we know: reply, page, one-click, staff, provider, bounce, merge")
    wording: str
    evidence: str


class ConsentResource(BaseModel):
    """A FHIR Consent about them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reference": "Consent/c1", "in_force": True}]})

    reference: str
    in_force: bool


class PartyConsent(BaseModel):
    """How the consent of the patient, or of somebody of theirs, stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "party": "",
                    "answers": [_ANSWER],
                    "resources": [{"reference": "Consent/c1", "in_force": True}],
                }
            ]
        }
    )

    party: str = Field(description='"RelatedPerson/1", or "" for the patient')
    answers: list[ConsentAnswer]
    resources: list[ConsentResource]


class UnusablePoint(BaseModel):
    """A contact point that nothing is sent to."""

    model_config = ConfigDict(json_schema_extra={"examples": [_UNUSABLE]})

    channel: str
    address: str
    code: str
    why: str
    since: Moment


class Consents(BaseModel):
    """All that is known of what somebody may be written to about."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "patient": _PATIENT,
                    "parties": [{"party": "", "answers": [_ANSWER], "resources": []}],
                    "said": [_SAID],
                    "unusable": [_UNUSABLE],
                }
            ]
        }
    )

    patient: str
    parties: list[PartyConsent] = Field(description="The patient first, then each relative that is known")
    said: list[ConsentSaid] = Field(description="The oldest first")
    unusable: list[UnusablePoint]


class SayConsent(Body):
    """What staff were told; "*" is any."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "verdict": "deny",
                    "purpose": "marketing",
                    "channel": "sms",
                    "wording": "No adverts, please",
                    "evidence": "form 12",
                }
            ]
        }
    )

    verdict: Literal["permit", "deny"]
    purpose: Purpose | Literal["*"] = "*"
    channel: Channel | Literal["*"] = "*"
    topic: str = Field("*", max_length=64, pattern=r"^(\*|[a-z][a-z0-9]*(-[a-z0-9]+)*)$")
    party: str = Field(
        "",
        max_length=80,
        pattern=r"^(RelatedPerson/[A-Za-z0-9.-]{1,64})?$",
        description="Whose word it is; empty: the patient's own",
    )
    address: str = Field("", max_length=320, description="One number or address; empty: every one")
    wording: str = Field("", max_length=2000, description="What was said, word for word")
    evidence: str = Field("", max_length=500, description="Where that can be seen, such as a form's number")


class ConsentRecorded(BaseModel):
    """What came of what was said."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "patient": _PATIENT,
                    "changed": True,
                    "told": ["Opted out of marketing by SMS: told to staff"],
                }
            ]
        }
    )

    patient: str
    changed: bool = Field(description="False: it was so already")
    told: list[str] = Field(description="What the timeline says of it")


class UsePoint(Body):
    """A contact point that works after all."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "email", "address": "ann@old.example"}]}
    )

    channel: Channel
    address: str = Field(min_length=1, max_length=1000, description="As getConsents shows it")


class PointUsed(BaseModel):
    """A contact point will be used again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"patient": _PATIENT, "channel": "email"}]})

    patient: str
    channel: Channel


@routes("getConsents")
async def get_consents(call: TheCall, patient: PatientKey) -> Consents:
    """Say by purpose, channel and topic whether somebody may be written to, why not, and what they said."""
    await call.reads(patient, "consents")
    record = (await known(call.services, patient)).record
    standings = [await stands(call.services, record, party) for party in parties_of(record)]
    return Consents(
        patient=patient,
        parties=[_party(each) for each in standings],
        said=_said(record),
        unusable=[
            UnusablePoint(
                channel=point.channel,
                address=point.address,
                code=point.why,
                why=FAILURES.get(point.why, point.why),
                since=moment(point.since),
            )
            for point in record.unusable
        ],
    )


@routes("recordConsent")
async def record_consent(call: TheCall, patient: PatientKey, said: SayConsent) -> ConsentRecorded:
    """Write down a yes or a no, as of now; what was about to be sent against it is called off.

    A yes to marketing without evidence has to be confirmed by the person.
    """
    record = (await known(call.services, patient)).record
    await call.begins(patient, "consents", said.verdict, before=_words(record))
    told = f"told to {call.caller.subject}"
    choice = Choice(
        channel=said.channel,
        address=said.address,
        since=Instant(0),  # the use case says when
        source="staff",
        purpose=said.purpose,
        topic=said.topic,
        party=said.party,
        wording=f"{told}: {said.wording}" if said.wording else told,
        evidence=said.evidence,
    )
    lines = await say(call.services, record, choice, said.verdict, f"staff-{call.intent}")
    call.changed(_words((await known(call.services, patient)).record))
    words = [line.text for line in lines if line.kind in ("inbound", "message")]
    return ConsentRecorded(patient=patient, changed=bool(lines), told=words)


@routes("useContactPoint")
async def use_contact_point(call: TheCall, patient: PatientKey, point: UsePoint) -> PointUsed:
    """Let a contact point be used again that was taken not to work."""
    record = (await known(call.services, patient)).record
    await call.begins(patient, "contact-points", point.channel, before=readable(record.unusable))
    said = PointUsable(point.channel, point.address, call.caller.subject)
    after = await use_again(call.services, patient, said)
    call.changed(readable(after.unusable))
    return PointUsed(patient=patient, channel=point.channel)


def _party(standing: Standing) -> PartyConsent:
    answers = [
        ConsentAnswer(purpose=purpose, channel=channel, topic=topic, allowed=not why, why_not=why)  # type: ignore[arg-type] # the closed lists of PURPOSES and CHANNELS
        for (purpose, channel, topic), why in standing.answers.items()
    ]
    resources = [ConsentResource(reference=ref, in_force=holds) for ref, holds in standing.consents.items()]
    return PartyConsent(party=standing.party, answers=answers, resources=resources)


def _said(record: PatientRecord) -> list[ConsentSaid]:
    found = [("deny", each) for each in record.opt_outs] + [("permit", each) for each in record.opt_ins]
    return [
        ConsentSaid(
            verdict="pending" if each.source == PENDING else verdict,  # type: ignore[arg-type] # one of the two above
            about=about(each),
            purpose=each.purpose,
            channel=each.channel,
            topic=each.topic,
            address="" if each.address == ANY else each.address,
            party=each.party,
            since=moment(each.since),
            source=each.source,
            wording=each.wording,
            evidence=each.evidence,
        )
        for verdict, each in sorted(found, key=lambda pair: pair[1].since)
    ]


def _words(record: PatientRecord) -> object:
    return readable((record.opt_outs, record.opt_ins))

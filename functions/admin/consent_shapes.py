"""Consents as the API tells of them: answers by purpose, channel and topic, what was said, what is asked."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.admin.shapes import Body, Moment, moment
from shared.fhir.choice import ANY
from shared.message.failures import FAILURES
from shared.patient.permission.ask import PENDING, about
from shared.patient.record import PatientRecord
from shared.usecases.consents import Standing

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

    model_config = ConfigDict(json_schema_extra={"examples": [{"patient": _PATIENT, "changed": True}]})

    patient: str
    changed: bool = Field(description="False: it was so already. What came of it is on the timeline")


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


def party_of(standing: Standing) -> PartyConsent:
    """Return how one party's consent stands."""
    answers = [
        ConsentAnswer(purpose=purpose, channel=channel, topic=topic, allowed=not why, why_not=why)  # type: ignore[arg-type] # the closed lists of PURPOSES and CHANNELS
        for (purpose, channel, topic), why in standing.answers.items()
    ]
    resources = [ConsentResource(reference=ref, in_force=holds) for ref, holds in standing.consents.items()]
    return PartyConsent(party=standing.party, answers=answers, resources=resources)


def said_of(record: PatientRecord) -> list[ConsentSaid]:
    """Return all that was said, the oldest first."""
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


def unusable_of(record: PatientRecord) -> list[UnusablePoint]:
    """Return the contact points that nothing is sent to."""
    return [
        UnusablePoint(
            channel=point.channel,
            address=point.address,
            code=point.why,
            why=FAILURES.get(point.why, point.why),
            since=moment(point.since),
        )
        for point in record.unusable
    ]

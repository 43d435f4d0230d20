"""Secrets of sources: made here, and shown once."""

from __future__ import annotations

from pydantic import BaseModel, Field

from functions.admin.call import TheCall
from functions.admin.problems import Refusal
from functions.admin.routes import Routes
from functions.admin.shapes import Body, Moment, example, moment_or_none
from functions.admin.source_shapes import SourceName
from shared.usecases.sources.editing import rotate

routes = Routes("sources")

DAY = 24 * 60 * 60


class Rotation(Body):
    """What is to become of the former secret."""

    model_config = example(proof=0, former_seconds=86400)

    proof: int | None = Field(
        None, ge=0, le=7, description="Place of the proof, from 0; needed where several have a secret"
    )
    former_seconds: int = Field(
        DAY, ge=0, le=30 * DAY, description="How long the former secret is accepted too"
    )


class NewSecret(BaseModel):
    """A secret, shown this once."""

    model_config = example(
        proof=0,
        secret="0q2Qm8sQ0m2oQzq3X2n5m3dX4h1J9bqQy6s5w3r1k0A",  # noqa: S106 - nobody's
        former_until="2026-03-03T09:00:00.000Z",
    )

    proof: int = Field(description="Place of the proof that it is of, from 0", examples=[0])
    secret: str = Field(
        description="For a header its whole value; for a signature the key of the HMAC",
        examples=["0q2Qm8sQ0m2oQzq3X2n5m3dX4h1J9bqQy6s5w3r1k0A"],
    )
    former_until: Moment | None = Field(None, description="Until when the former one is accepted")


@routes("rotateSecret", status=201)
async def rotate_secret(call: TheCall, source: SourceName, body: Rotation) -> NewSecret:
    """Make a secret of 256 bits of chance; it is shown in this answer and nowhere else."""
    if any(each.name == source for each in call.services.sources.configured):
        raise Refusal(409, "in-settings", "this source is in HEARTHLINE_SOURCES: change its secret there")
    await call.begins("", "source", source)
    made = await rotate(
        call.services, source, body.proof, body.former_seconds, call.caller.subject, call.intent
    )
    return NewSecret(proof=made.proof, secret=made.secret, former_until=moment_or_none(made.former_until))

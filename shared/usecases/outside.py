"""Do outside what journeys ask for: write to the FHIR server, call webhooks; each may be tried again.

Carried out by shared.usecases.drain once the decision that asks for it is committed.
"""

from __future__ import annotations

import orjson
from msgspec import Struct

from shared.effects import AnswerAppointment, MirrorOptOut, OutsideEffect, PostWebhook, WriteResource
from shared.errors import Conflict, Rejected, Unavailable
from shared.events import EffectRefused
from shared.fhir.instants import DAY
from shared.fhir.references import resource_key
from shared.usecases.answer_appointment import answer_appointment
from shared.usecases.mirror import mirror
from shared.usecases.services import Services

GIVE_UP = 3 * DAY
"""How long a webhook is tried that cannot be reached: from the first try in vain, not from when it was asked.

Until then it may have been held back, or nobody was there to try: one bad moment would be the end of it.
"""


class Waiting(Struct, frozen=True):
    """It could not be done now, and why."""

    reason: str


async def carry_out(
    services: Services, effect: OutsideEffect, *, sending: bool = True
) -> EffectRefused | Waiting | None:
    """Do it; None says that it is done, a Waiting without a reason that it is held back on purpose.

    While `sending` is off nobody is told anything; what is written is read by those who look for it.
    """
    if isinstance(effect, PostWebhook) and not sending:
        return Waiting("")
    try:
        await _do(services, effect)
    except Rejected as rejected:
        return EffectRefused(effect, f"{_named(effect)} was refused: {rejected.reason}")
    except Conflict:
        return Waiting("the FHIR server is writing the same resource")
    except Unavailable as unavailable:
        return _later(services, effect, unavailable.reason)
    return None


def _later(services: Services, effect: OutsideEffect, reason: str) -> EffectRefused | Waiting:
    away = effect.away if isinstance(effect, PostWebhook) else None
    if away is not None and services.clock.now() - away > GIVE_UP:
        return EffectRefused(effect, f"{_named(effect)} was given up after {GIVE_UP // DAY} days: {reason}")
    return Waiting(reason)


async def _do(services: Services, effect: OutsideEffect) -> None:
    match effect:
        case WriteResource():
            await _write(services, effect)
        case PostWebhook():
            await services.webhooks.post(effect.to, effect.post_id, effect.body)
        case AnswerAppointment():
            await answer_appointment(services, effect)
        case MirrorOptOut():
            await mirror(services, effect)


async def _write(services: Services, effect: WriteResource) -> None:
    """PUT what has never been there: a try before may have written it, and staff may have gone on from there.

    Update as create: https://hl7.org/fhir/R4/http.html#upsert. Azure Health Data Services allows it.
    """
    if effect.overwrite:
        await services.fhir.update(orjson.loads(effect.body))
        return
    found = await services.fhir.read(resource_key(effect.resource_type, effect.write_id))
    if found.resource is None and not found.deleted:
        await services.fhir.update(orjson.loads(effect.body))


def _named(effect: OutsideEffect) -> str:
    match effect:
        case WriteResource():
            what = f"the {effect.resource_type}"
        case PostWebhook():
            what = f"the call of {effect.to}"
        case AnswerAppointment():
            what = f"the answer to {effect.appointment}"
        case MirrorOptOut():
            what = "the provider's opt-out list"
    return f"{what} of step {effect.step}" if effect.step else what

"""What every resource that a journey writes says of itself: whose it is, why it is there, and its effect.

The id is ours and the same on every try; shared.usecases.outside sends it as PUT [type]/[id].
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.effects import WriteResource
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import iso
from shared.journey.happening import short
from shared.journey.resources.coded import Json
from shared.journey.steps.base import Standing

_URI = "urn:ietf:rfc:3986"
"""The system of identifiers that are URIs (https://hl7.org/fhir/R4/identifier-registry.html)."""

_encode = msgspec.json.Encoder().encode


def written(
    standing: Standing, resource_type: str, content: Mapping[str, object], which: str = "write"
) -> WriteResource:
    """Return the effect that writes a resource; what is None in `content` is left out.

    `which` tells apart what one step writes at one time.
    """
    write_id = standing.identify(which)
    base: Json = {"resourceType": resource_type, "id": write_id, "identifier": [_identifier(write_id)]}
    body = base | {name: value for name, value in content.items() if value is not None}
    enrolment = standing.enrolment
    return WriteResource(write_id, resource_type, _encode(body), enrolment.enrolment_id, enrolment.step)


def patient(standing: Standing) -> Json:
    """Refer to the patient."""
    return {"reference": f"Patient/{standing.record.patient_id}"}


def focus(standing: Standing) -> Json | None:
    """Refer to the resource that the enrolment hangs on, if there is one."""
    return {"reference": standing.enrolment.focus} if standing.enrolment.focus else None


def at(standing: Standing) -> str:
    """Write the present instant."""
    return iso(standing.now)


def group(standing: Standing) -> Json:
    """Return the identifier that all share that one enrolment brought about."""
    return _identifier(standing.enrolment.enrolment_id)


def journey_url(standing: Standing) -> str:
    """Return the url of the journey, without its version."""
    return split_canonical(standing.enrolment.journey)[0]


def why(standing: Standing) -> list[Json]:
    """Note which journey asked, and why the patient is in it, for those who read the resource."""
    enrolment = standing.enrolment
    reason = f": {enrolment.reason}" if enrolment.reason else ""
    text = f"Asked for by the journey {short(journey_url(standing))} at {enrolment.step}{reason}"
    return [{"time": at(standing), "text": text}]


def own_identifier(standing: Standing, which: str) -> Json:
    """Return the identifier of what a step writes, for another resource to refer to it."""
    return _identifier(standing.identify(which))


def _identifier(name: str) -> Json:
    return {"system": _URI, "value": f"urn:uuid:{name}"}

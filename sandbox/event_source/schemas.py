"""How a change looks on the wire, as Azure Health Data Services writes it: Event Grid and CloudEvents.

Shapes: https://learn.microsoft.com/azure/event-grid/event-schema-azure-health-data-services and
https://learn.microsoft.com/azure/event-grid/delivery-and-retry (batches, dead letters).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sandbox.event_source.changes import Change, Kind

Json = Mapping[str, object]

_VERSION = {Kind.CREATED: "1", Kind.UPDATED: "2", Kind.DELETED: "3"}
_NAMESPACE = uuid.UUID("5f0e7c3a-4b0d-5a36-9f0e-0a5d3c0f7a11")
_TOPIC = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/sandbox"
    "/providers/Microsoft.HealthcareApis/workspaces/hearthline"
)


class Schema(Protocol):
    """One of the two ways to write an event."""

    content_type: str
    batch_content_type: str

    def event(self, change: Change, account: str) -> Json:
        """Write a change; `account` is the FHIR service's host, with no path."""
        ...

    def dead(self, event: Json, letter: DeadLetter) -> Json:
        """Add to an event why it could not be delivered, as the dead-letter blob holds it."""
        ...


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Why and after what an event was given up; instants as ISO 8601."""

    reason: str
    outcome: str
    attempts: int
    published: str
    last_attempt: str


class EventGrid:
    """Event Grid's own schema; always an array, also of one."""

    content_type = batch_content_type = "application/json; charset=utf-8"

    def event(self, change: Change, account: str) -> Json:
        """Write one FhirResourceCreated, -Updated or -Deleted."""
        return {
            "id": _event_id(change, account),
            "topic": _TOPIC,
            "subject": _subject(change, account),
            "data": _data(change, account),
            "eventType": _type(change),
            "dataVersion": _VERSION[change.kind],
            "metadataVersion": "1",
            "eventTime": _ticks(change.at),
        }

    def dead(self, event: Json, letter: DeadLetter) -> Json:
        """Add the five properties in camel case."""
        return {
            **event,
            "deadLetterReason": letter.reason,
            "deliveryAttempts": letter.attempts,
            "lastDeliveryOutcome": letter.outcome,
            "publishTime": letter.published,
            "lastDeliveryAttemptTime": letter.last_attempt,
        }


class CloudEvents:
    """CloudEvents 1.0 in JSON; a single one is an object, several are a batch."""

    content_type = "application/cloudevents+json; charset=utf-8"
    batch_content_type = "application/cloudevents-batch+json; charset=utf-8"

    def event(self, change: Change, account: str) -> Json:
        """Write one FhirResourceCreated, -Updated or -Deleted."""
        return {
            "id": _event_id(change, account),
            "source": _TOPIC,
            "specversion": "1.0",
            "type": _type(change),
            "dataschema": f"#{_VERSION[change.kind]}",
            "subject": _subject(change, account),
            "time": _ticks(change.at),
            "data": _data(change, account),
        }

    def dead(self, event: Json, letter: DeadLetter) -> Json:
        """Add the five attributes in lower case, as CloudEvents wants its attributes."""
        return {
            **event,
            "deadletterreason": letter.reason,
            "deliveryattempts": letter.attempts,
            "lastdeliveryoutcome": letter.outcome,
            "publishtime": letter.published,
            "lastdeliveryattempttime": letter.last_attempt,
        }


SCHEMAS: Mapping[str, Schema] = {"eventgrid": EventGrid(), "cloudevents": CloudEvents()}


def validation_event(code: str, at: str) -> Json:
    """Write the SubscriptionValidationEvent that opens a subscription in Event Grid's schema."""
    return {
        "id": str(uuid.uuid5(_NAMESPACE, code)),
        "topic": _TOPIC,
        "subject": "",
        "data": {"validationCode": code},
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": _ticks(at),
        "metadataVersion": "1",
        "dataVersion": "1",
    }


def _event_id(change: Change, account: str) -> str:
    """Derive the id, so that a second delivery of a change carries the same one."""
    return str(uuid.uuid5(_NAMESPACE, f"{_subject(change, account)}/{change.version}"))


def _subject(change: Change, account: str) -> str:
    return f"{account}/{change.resource_type}/{change.resource_id}"


def _type(change: Change) -> str:
    return f"Microsoft.HealthcareApis.FhirResource{change.kind}"


def _data(change: Change, account: str) -> Json:
    return {
        "resourceType": change.resource_type,
        "resourceFhirAccount": account,
        "resourceFhirId": change.resource_id,
        "resourceVersionId": change.version,
    }


def _ticks(at: str) -> str:
    """Give an instant the seven digits of a second that Azure writes."""
    whole, _, fraction = at.removesuffix("Z").partition(".")
    return f"{whole}.{fraction.ljust(7, '0')}Z"

"""The events of Azure Health Data Services, alike in both schemas that Event Grid delivers them in.

https://learn.microsoft.com/azure/event-grid/event-schema-azure-health-data-services
"""

from __future__ import annotations

from shared.errors import Rejected
from shared.fhir.notification import Action, Ignored, ResourceChange
from shared.fhir.notifications.reading import event_id, instant, mapping, text
from shared.fhir.references import parse_reference, parse_version, resource_key

_ACTIONS: dict[str, Action] = {
    "Microsoft.HealthcareApis.FhirResourceCreated": "created",
    "Microsoft.HealthcareApis.FhirResourceUpdated": "updated",
    "Microsoft.HealthcareApis.FhirResourceDeleted": "deleted",
}


def read_event(
    event_type: object, identity: object, subject: object, time: object, data: object
) -> ResourceChange | Ignored:
    """Read one event, from members that the two schemas name differently.

    Events of other types (DICOM images, subscription deleted, custom ones) are ignored, with a reason.
    `subject` is "account.fhir.azurehealthcareapis.com/Patient/1", without a scheme; `time` has seven digits
    of fraction; `data.resourceVersionId` is a number. Raises Rejected, also where subject and data disagree.
    """
    known = event_id(identity)
    action = _ACTIONS.get(text(event_type, "the event's type"))
    if action is None:
        return Ignored("other-event-type", "not an event about a FHIR resource", known)
    facts = mapping(data, "data")
    key = resource_key(facts.get("resourceType"), facts.get("resourceFhirId"))
    where = text(subject, "subject")
    if parse_reference(where)[0] != key or not _same_account(where, facts.get("resourceFhirAccount")):
        raise Rejected("the event's subject and its data name different resources", "subject-mismatch")
    version = parse_version(facts.get("resourceVersionId"))
    return ResourceChange(key, version, action, instant(time, "the event's time"), None, known)


def _same_account(subject: str, account: object) -> bool:
    return account is None or subject.split("/", 1)[0] == account

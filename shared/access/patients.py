"""Operations on one person: find, see, suppress, and what the law gives people a right to."""

from shared.access.operation import Operation
from shared.access.roles import CARE, CLINICAL, Role

WORDS = CLINICAL | {Role.AGENT, Role.SUPERVISOR}
"""Who reads what patients wrote, and what they were sent: answers may be about their health."""
_PRIVACY = frozenset({Role.SUPERVISOR})
"""Who does what the law gives people a right to; Administrators see no patients, and forget none."""
_PATIENT = "/patients/{patient}"

OPERATIONS = (
    Operation(
        "searchPatients", "POST", "/patients/search", CARE, "Find patients by identifier or name", "read"
    ),
    Operation("getPatient", "GET", _PATIENT, CARE, "See all of a patient at a glance", "read", glass=CARE),
    Operation(
        "getTimeline",
        "GET",
        f"{_PATIENT}/timeline",
        CARE,
        "Read what happened, latest first",
        "read",
        glass=CARE,
    ),
    Operation(
        "listPatientMessages",
        "GET",
        f"{_PATIENT}/messages",
        CARE,
        "List a patient's messages, latest first",
        "read",
        glass=CARE,
    ),
    Operation(
        "listFacts", "GET", f"{_PATIENT}/facts", CARE, "List clinical facts of a patient", "read", glass=CARE
    ),
    Operation(
        "getPatientStory",
        "GET",
        f"{_PATIENT}/story",
        CARE,
        "Tell all that was decided about a patient, sent, reported, answered and chosen",
        "read",
        glass=CARE,
    ),
    Operation(
        "removePatient",
        "POST",
        f"{_PATIENT}/remove",
        CARE,
        "Make a patient leave every journey",
        "change",
        starts=True,
    ),
    Operation(
        "suppressPatient",
        "POST",
        f"{_PATIENT}/suppress",
        CARE,
        "Send a patient nothing any more, by any way",
        "change",
        starts=True,
    ),
    Operation(
        "tellEvent",
        "POST",
        f"{_PATIENT}/events",
        CARE,
        "Say that something happened to a patient",
        "change",
        starts=True,
    ),
    Operation(
        "exportPatient",
        "GET",
        f"{_PATIENT}/export",
        _PRIVACY,
        "Hand out all that is held of a person",
        "read",
        glass=_PRIVACY,
    ),
    Operation(
        "erasePatient",
        "POST",
        f"{_PATIENT}/erase",
        _PRIVACY,
        "Forget a person for good",
        "change",
        starts=True,
    ),
    Operation(
        "listWritten",
        "POST",
        "/privacy/written",
        _PRIVACY,
        "List what we wrote of a person to the FHIR server, also of somebody erased",
        "read",
    ),
    Operation(
        "liftMark",
        "POST",
        "/privacy/lift",
        _PRIVACY,
        "Let a contact point be written to again that was an erased person's",
        "change",
        starts=True,
    ),
)

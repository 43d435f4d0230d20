"""Operations on one person: find, see, suppress, and what the law gives people a right to."""

from shared.access.operation import Operation
from shared.access.roles import ADMINISTRATORS, CARE, CLINICAL, Role

_PRIVACY = ADMINISTRATORS | {Role.SUPERVISOR}
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
        "listPatientMessages", "GET", f"{_PATIENT}/messages", CARE, "List a patient's messages", "read"
    ),
    Operation(
        "listFacts", "GET", f"{_PATIENT}/facts", CLINICAL | CARE, "List clinical facts", "read", glass=CARE
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
    Operation("exportPatient", "GET", f"{_PATIENT}/export", _PRIVACY, "Export all that is held", "read"),
    Operation(
        "erasePatient", "POST", f"{_PATIENT}/erase", _PRIVACY, "Forget a person", "change", starts=True
    ),
)

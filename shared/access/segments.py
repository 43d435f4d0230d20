"""Operations on definitions: drafts of any kind, publications, segments, value sets, static lists."""

from shared.access.operation import Operation
from shared.access.roles import ADMINISTRATORS, APPROVERS, AUTHORS, CARE, PLANNERS, READERS, Role

_MEMBERS = frozenset({Role.CLINICAL_USER, Role.NON_CLINICAL_USER, Role.SUPERVISOR})

OPERATIONS = (
    Operation("checkDefinitions", "POST", "/definitions/check", PLANNERS | APPROVERS, "Check definitions"),
    Operation("listDrafts", "GET", "/drafts", PLANNERS | APPROVERS, "List drafts of definitions"),
    Operation("createDraft", "POST", "/drafts", PLANNERS, "Save a new draft", "change", starts=True),
    Operation("getDraft", "GET", "/drafts/{draft}", PLANNERS | APPROVERS, "Read a draft"),
    Operation("replaceDraft", "PUT", "/drafts/{draft}", PLANNERS, "Save a draft", "change", edits=True),
    Operation("deleteDraft", "DELETE", "/drafts/{draft}", PLANNERS, "Delete a draft", "change", edits=True),
    Operation("checkDraft", "POST", "/drafts/{draft}/check", PLANNERS | APPROVERS, "Check a draft"),
    Operation(
        "publishDraft",
        "POST",
        "/drafts/{draft}/publish",
        APPROVERS,
        "Publish a draft of somebody else",
        "change",
        starts=True,
        edits=True,
    ),
    Operation(
        "publishDefinitions",
        "POST",
        "/publications",
        ADMINISTRATORS,
        "Publish definitions together",
        "change",
        starts=True,
    ),
    Operation("getPublication", "GET", "/publications/{publication}", READERS, "Say how far everybody is"),
    Operation("listSegments", "GET", "/segments", READERS, "List segments"),
    Operation("getSegment", "GET", "/segments/{segment}", READERS, "Read a segment"),
    Operation(
        "listSegmentVersions", "GET", "/segments/{segment}/versions", READERS, "List a segment's versions"
    ),
    Operation(
        "previewSegment",
        "POST",
        "/segments/preview",
        AUTHORS | APPROVERS,
        "Count who would be in a segment",
        starts=True,
    ),
    Operation(
        "listSegmentMembers",
        "GET",
        "/segments/{segment}/members",
        _MEMBERS,
        "List a segment's members",
        "read",
    ),
    Operation(
        "explainMembership",
        "GET",
        "/segments/{segment}/members/{patient}",
        CARE,
        "Say why a patient is in a segment, or is not",
        "read",
        glass=CARE,
    ),
    Operation(
        "writeSegmentGroup",
        "POST",
        "/segments/{segment}/group",
        AUTHORS,
        "Write a segment's members to the FHIR server as a Group",
        "change",
        starts=True,
    ),
    Operation("listValueSets", "GET", "/value-sets", READERS, "List value sets"),
    Operation("getValueSet", "GET", "/value-sets/{value_set}", READERS, "Read a value set"),
    Operation(
        "takeValueSet",
        "POST",
        "/value-sets",
        APPROVERS,
        "Take a value set from the FHIR server",
        "change",
        starts=True,
    ),
    Operation(
        "takeList",
        "POST",
        "/lists",
        APPROVERS,
        "Take a Group from the FHIR server as a static list",
        "change",
        starts=True,
    ),
)

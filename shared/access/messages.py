"""Operations on templates, messages and consents."""

from shared.access.operation import Operation
from shared.access.roles import AUTHORS, CARE, PLANNERS, READERS, Role

_APPROVER = frozenset({Role.APPROVER})
_TEMPLATE = "/templates/{template}"

OPERATIONS = (
    Operation("listTemplates", "GET", "/templates", READERS, "List templates"),
    Operation("getTemplate", "GET", _TEMPLATE, READERS, "Read a template"),
    Operation(
        "previewTemplate",
        "POST",
        "/templates/preview",
        PLANNERS | _APPROVER,
        "Show what a template says to people who do not exist",
    ),
    Operation("lintTemplate", "POST", "/templates/lint", PLANNERS | _APPROVER, "Find what is doubtful in it"),
    Operation(
        "submitTemplate",
        "POST",
        "/templates/submit",
        AUTHORS,
        "Hand a template in for approval",
        "change",
        starts=True,
    ),
    Operation(
        "approveTemplate",
        "POST",
        f"{_TEMPLATE}/approve",
        _APPROVER,
        "Approve what somebody else handed in",
        "change",
        starts=True,
        edits=True,
    ),
    Operation(
        "rejectTemplate",
        "POST",
        f"{_TEMPLATE}/reject",
        _APPROVER,
        "Reject what was handed in",
        "change",
        starts=True,
        edits=True,
    ),
    Operation("listMessages", "GET", "/messages", CARE, "List the messages that need somebody", "read"),
    Operation(
        "findMessage",
        "POST",
        "/messages/find",
        CARE,
        "Find out whose message it is",
        "read",
        starts=True,
    ),
    Operation(
        "getMessageStory",
        "GET",
        "/patients/{patient}/messages/{message}/story",
        CARE,
        "Tell how a message came about and what became of it",
        "read",
        glass=CARE,
    ),
    Operation(
        "resolveMessage",
        "POST",
        "/patients/{patient}/messages/{message}/resolve",
        CARE,
        "Say what became of a message of unknown outcome",
        "change",
        starts=True,
    ),
    Operation("getConsents", "GET", "/patients/{patient}/consents", CARE, "Read somebody's consents", "read"),
    Operation(
        "recordConsent",
        "POST",
        "/patients/{patient}/consents",
        CARE,
        "Write down what somebody said they may be written to about",
        "change",
        starts=True,
    ),
    Operation(
        "useContactPoint",
        "POST",
        "/patients/{patient}/contact-points",
        CARE,
        "Let a contact point be used again",
        "change",
        starts=True,
    ),
)

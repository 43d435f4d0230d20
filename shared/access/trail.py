"""Operations on the audit trail."""

from shared.access.operation import Operation
from shared.access.roles import ADMINISTRATORS, Role

_AUDITOR = frozenset({Role.AUDITOR})

OPERATIONS = (
    Operation("listAudit", "GET", "/audit", _AUDITOR, "Read the audit trail"),
    Operation("verifyAudit", "POST", "/audit/verify", _AUDITOR, "Prove that nothing is missing", starts=True),
    Operation(
        "exportAudit",
        "POST",
        "/audit/export",
        _AUDITOR | ADMINISTRATORS,
        "Write the audit trail to the FHIR server as AuditEvents",
        starts=True,
    ),
)

"""Operations on the audit trail: for auditors, who change nothing; what they look at is noted as well."""

from shared.access.operation import Operation
from shared.access.roles import ADMINISTRATORS, Role

_AUDITOR = frozenset({Role.AUDITOR})

OPERATIONS = (
    Operation(
        "listAudit", "GET", "/audit", _AUDITOR, "Read the audit trail, the latest first", audited="read"
    ),
    Operation(
        "verifyAudit",
        "POST",
        "/audit/verify",
        _AUDITOR,
        "Prove that no entry of the audit trail was edited, moved or removed",
        audited="change",
        starts=True,
    ),
    Operation(
        "exportAudit",
        "POST",
        "/audit/export",
        _AUDITOR | ADMINISTRATORS,
        "Write what is new in the audit trail to the FHIR server as AuditEvents",
        audited="change",
        starts=True,
    ),
)

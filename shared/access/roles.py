"""The app roles of the admin API, by their value in the `roles` claim of a token, and who is calling."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct


class Role(StrEnum):
    """An app role; docs/security.md says what each is for."""

    MARKETER = "Marketer"
    APPROVER = "Approver"
    EVENT_PLANNER = "EventPlanner"
    CLINICAL_USER = "ClinicalUser"
    NON_CLINICAL_USER = "NonClinicalUser"
    FHIR_SYNC_ADMIN = "FhirSyncAdmin"
    AGENT = "Agent"
    SUPERVISOR = "Supervisor"
    AUDITOR = "Auditor"
    ADMINISTRATOR = "Administrator"


type Roles = frozenset[Role]

EVERYBODY: Roles = frozenset(Role)
ADMINISTRATORS: Roles = frozenset({Role.ADMINISTRATOR})
SYNC: Roles = frozenset({Role.FHIR_SYNC_ADMIN, Role.ADMINISTRATOR})
"""Who looks after what comes from the FHIR server, and after what went wrong with it."""
AUTHORS: Roles = frozenset({Role.MARKETER, Role.ADMINISTRATOR})
"""Who writes segments, journeys and templates."""
PLANNERS: Roles = frozenset({Role.MARKETER, Role.EVENT_PLANNER, Role.ADMINISTRATOR})
"""Who plans campaigns."""
APPROVERS: Roles = frozenset({Role.APPROVER, Role.ADMINISTRATOR})
CARE: Roles = frozenset({Role.CLINICAL_USER, Role.NON_CLINICAL_USER, Role.AGENT, Role.SUPERVISOR})
"""Who works with people: sees them, and does something for one of them."""
CLINICAL: Roles = frozenset({Role.CLINICAL_USER})
"""Who sees clinical facts; others of CARE break the glass for one person, with a reason."""
READERS: Roles = PLANNERS | APPROVERS | CARE
"""Who sees what is published, and counts."""


class Caller(Struct, frozen=True):
    """Somebody whose token, or whose platform, was believed."""

    subject: str
    """Opaque id of the person or application (`oid`), never a name or an address."""
    roles: Roles
    application: bool = False
    """No person is behind it: a service principal."""
    tenant: str = ""
    via: Literal["token", "platform"] = "token"
    """What vouches for it: a bearer token that we verified, or App Service authentication."""

    def has(self, roles: Roles) -> bool:
        """Say whether one of these roles is among the caller's."""
        return not self.roles.isdisjoint(roles)

"""What each kept resource type may say of itself, and what of it never counts unless it is asked for.

Status words: the required value sets of FHIR R4, and what R5 adds (https://hl7.org/fhir/R4/valueset-….html).
"""

from __future__ import annotations

from typing import Literal

from shared.fhir.fact import MEDICATION_KINDS

type ResourceType = Literal[
    "AdverseEvent",
    "AllergyIntolerance",
    "Appointment",
    "CarePlan",
    "Communication",
    "Condition",
    "Consent",
    "Coverage",
    "DeviceRequest",
    "DeviceUseStatement",
    "DiagnosticReport",
    "Encounter",
    "Engagement",
    "EpisodeOfCare",
    "FamilyMemberHistory",
    "Flag",
    "Goal",
    "Immunization",
    "Location",
    "Medication",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Procedure",
    "QuestionnaireResponse",
    "RelatedPerson",
    "ServiceRequest",
    "Task",
]

_REQUEST = "active on-hold ended stopped completed unknown", "draft cancelled revoked entered-in-error"
_EVENT = "in-progress on-hold stopped completed unknown", "preparation not-done entered-in-error"
_STATUSES = {
    "AdverseEvent": ("actual in-progress completed unknown", "potential entered-in-error"),
    "AllergyIntolerance": ("active inactive resolved", "entered-in-error"),
    "Appointment": (
        "proposed pending booked arrived fulfilled checked-in waitlist",
        "cancelled noshow entered-in-error",
    ),
    "CarePlan": _REQUEST,
    "Communication": _EVENT,
    "Condition": ("active recurrence relapse inactive remission resolved unknown", "entered-in-error"),
    "Consent": ("active inactive unknown", "draft proposed rejected not-done entered-in-error"),
    "Coverage": ("active", "draft cancelled entered-in-error"),
    "DeviceRequest": _REQUEST,
    "DeviceUseStatement": ("active completed stopped on-hold", "intended not-done entered-in-error"),
    "DiagnosticReport": (
        "partial preliminary modified final amended corrected appended unknown",
        "registered cancelled entered-in-error",
    ),
    "Encounter": (
        "arrived triaged in-progress onleave on-hold finished discharged completed discontinued unknown",
        "planned cancelled entered-in-error",
    ),
    "Engagement": ("", ""),
    "EpisodeOfCare": ("waitlist active onhold finished", "planned cancelled entered-in-error"),
    "FamilyMemberHistory": ("partial completed", "health-unknown entered-in-error"),
    "Flag": ("active inactive", "entered-in-error"),
    "Goal": ("planned accepted active on-hold completed", "proposed rejected cancelled entered-in-error"),
    "Immunization": ("completed", "not-done entered-in-error"),
    "Location": ("active suspended inactive", ""),
    "Medication": ("active inactive", "entered-in-error"),
    "MedicationAdministration": (
        "in-progress on-hold completed stopped unknown",
        "not-done entered-in-error",
    ),
    "MedicationDispense": (
        "in-progress on-hold completed stopped unknown",
        "preparation cancelled declined entered-in-error",
    ),
    "MedicationRequest": _REQUEST,
    "MedicationStatement": (
        "active completed stopped on-hold unknown recorded",
        "intended not-taken draft entered-in-error",
    ),
    "Observation": (
        "specimen-in-process preliminary final amended corrected appended unknown",
        "registered cancelled cannot-be-obtained entered-in-error",
    ),
    "Procedure": _EVENT,
    "QuestionnaireResponse": ("in-progress completed amended stopped", "entered-in-error"),
    "RelatedPerson": ("active inactive", ""),
    "ServiceRequest": _REQUEST,
    "Task": (
        "requested received accepted ready in-progress on-hold completed",
        "draft rejected cancelled failed entered-in-error",
    ),
}

STATUSES = {kind: frozenset(f"{usual} {never}".split()) for kind, (usual, never) in _STATUSES.items()}
"""The status words of each type."""

NEVER_COUNTS = {kind: frozenset(never.split()) for kind, (_, never) in _STATUSES.items()}
"""Statuses that count only where the definition asks for them by name."""

VERIFIED_TYPES = frozenset({"AllergyIntolerance", "Condition"})
VERIFICATIONS = frozenset(
    ["unconfirmed", "presumed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"]
)
DISPROVED = frozenset({"refuted", "entered-in-error"})
"""Verification statuses that count only where the definition asks for them by name."""

PROHIBITABLE = MEDICATION_KINDS | {"DeviceRequest", "ServiceRequest", "Task"}
"""Types that may say of themselves, by do-not-perform, that the thing is *not* to be done."""

PLANS = frozenset(
    ["Appointment", "CarePlan", "DeviceRequest", "Encounter", "EpisodeOfCare", "Goal", "ServiceRequest"]
)
"""Types of which one may lie ahead; what starts after now of any other type has not begun: no count."""

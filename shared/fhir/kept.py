"""The resource types that are kept: which drafter reads each, and what it may say.

Read by shared.fhir.project. To keep a further type: a drafter in shared/fhir/projections/, a row in the table
there, a line in `DRAFTERS` and its module in `_MODULES` here, its statuses in shared.segment.types.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shared.fhir.projections import (
    appointment,
    care_plan,
    communication,
    condition,
    consent,
    coverage,
    devices,
    diagnostic_report,
    encounter,
    goal,
    location,
    medication,
    medication_request,
    medication_use,
    observation,
    patient,
    procedure,
    questionnaire_response,
    related_person,
    risks,
    task,
)
from shared.fhir.projections.draft import Drafter

DRAFTERS: Mapping[str, Drafter] = MappingProxyType(
    {
        "AdverseEvent": risks.adverse_event,
        "AllergyIntolerance": condition.allergy_intolerance,
        "Appointment": appointment.appointment,
        "CarePlan": care_plan.care_plan,
        "Communication": communication.communication,
        "Condition": condition.condition,
        "Consent": consent.consent,
        "Coverage": coverage.coverage,
        "DeviceRequest": devices.device_request,
        "DeviceUseStatement": devices.device_use_statement,
        "DiagnosticReport": diagnostic_report.diagnostic_report,
        "Encounter": encounter.encounter,
        "EpisodeOfCare": encounter.episode_of_care,
        "FamilyMemberHistory": risks.family_member_history,
        "Flag": risks.flag,
        "Goal": goal.goal,
        "Immunization": procedure.immunization,
        "Location": location.location,
        "Medication": medication.medication,
        "MedicationAdministration": medication_use.medication_administration,
        "MedicationDispense": medication_use.medication_dispense,
        "MedicationRequest": medication_request.medication_request,
        "MedicationStatement": medication_use.medication_statement,
        "Observation": observation.observation,
        "Procedure": procedure.procedure,
        "QuestionnaireResponse": questionnaire_response.questionnaire_response,
        "RelatedPerson": related_person.related_person,
        "ServiceRequest": care_plan.service_request,
        "Task": task.task,
    }
)

_MODULES = (
    *(appointment, care_plan, communication, condition, consent, coverage, devices, diagnostic_report),
    *(encounter, goal, location, medication, medication_request, medication_use, observation, patient),
    *(procedure, questionnaire_response, related_person, risks, task),
)

ELEMENTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {kind: names for module in _MODULES for kind, names in module.ELEMENTS.items()}
)
"""The attributes that a fact of each type, or a Person, may carry; those asked for by URL come besides."""

SHARED_TYPES = frozenset({"Location", "Medication"})
"""Types of which one resource serves many patients: it concerns none, and others embed it by reference."""

EMBEDDING = ("location", "medication")
"""The attributes by which a fact embeds resources of SHARED_TYPES."""

KEPT_TYPES = frozenset(DRAFTERS) | {"Patient"}
"""The resource types that are kept; a change of any other is acknowledged and passed over."""

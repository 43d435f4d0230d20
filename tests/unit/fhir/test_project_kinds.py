"""The kinds of resource that measures ask for besides: what each becomes, and what else the others keep."""

from typing import ClassVar

import pytest
from projecting import LOINC, PATIENT, QICORE, SCT, at, concept, fact, ref, through

from shared.errors import Rejected
from shared.fhir.fact import Component, Value
from shared.fhir.kept import ELEMENTS
from shared.fhir.project import KEPT_TYPES, project

REFUSED = {"url": QICORE + "qicore-doNotPerformReason", "valueCodeableConcept": concept(SCT, "105480006")}


def not_one_of(valueset: str) -> dict[str, object]:
    return {"extension": [{"url": QICORE + "qicore-notDoneValueSet", "valueCanonical": valueset}]}


def test_every_kept_type_says_what_it_may_carry():
    assert set(ELEMENTS) == KEPT_TYPES
    assert {"diagnosis", "principal-diagnosis", "discharge-disposition", "class"} <= ELEMENTS["Encounter"]
    assert {"verification-status", "stage"} <= ELEMENTS["Condition"]
    assert {"participant-status", "related-person"} <= ELEMENTS["Appointment"]
    assert {"race", "ethnicity-text", "birth-sex", "multiple-birth"} <= ELEMENTS["Patient"]


class TestDevices:
    """What was ordered to be used, and what is used."""

    def test_a_request(self):
        found = fact(
            {
                "resourceType": "DeviceRequest",
                "status": "completed",
                "intent": "original-order",
                "codeCodeableConcept": concept(SCT, "58938008", "Wheelchair"),
                "authoredOn": "2026-03-01",
                "reasonCode": [concept(SCT, "1")],
                "encounter": ref("Encounter/e"),
            }
        )
        assert (found.status, found.codes, found.title) == ("completed", (f"{SCT}|58938008",), "Wheelchair")
        assert (found.start, found.end) == (at(2026, 3, 1), None)
        assert found.attributes == {
            "intent": ("original-order",),
            "authored-on": ("2026-03-01",),
            "encounter": ("Encounter/e",),
            "reason": (f"{SCT}|1",),
        }

    def test_a_request_for_when_it_shall_be_used(self):
        planned = {"resourceType": "DeviceRequest", "authoredOn": "2026-03-01"}
        assert fact({**planned, "occurrenceDateTime": "2026-04-01"}).start == at(2026, 4, 1)

    @pytest.mark.parametrize(
        "url",
        [
            "http://hl7.org/fhir/5.0/StructureDefinition/extension-DeviceRequest.doNotPerform",
            QICORE + "qicore-modifierExtension-doNotPerform",
        ],
    )
    def test_a_request_not_to(self, url):
        """Whatever the base of the extension is: to pass over a modifier would turn the meaning round."""
        asked = {"resourceType": "DeviceRequest", "modifierExtension": [{"url": url, "valueBoolean": True}]}
        refused = fact({**asked, "extension": [REFUSED]})
        assert refused.attributes == {"do-not-perform": ("true",), "status-reason": (f"{SCT}|105480006",)}
        assert fact({**asked, "modifierExtension": [{"url": url, "valueBoolean": False}]}).attributes == {}

    def test_a_device_elsewhere_or_inside(self):
        inside = [{"resourceType": "Device", "id": "d", "type": concept(SCT, "2", "Walker")}]
        elsewhere = {
            "resourceType": "DeviceRequest",
            "codeReference": {**ref("Device/7"), "display": "A bed"},
        }
        assert fact(elsewhere).attributes == {"device": ("Device/7",)}
        assert (fact(elsewhere).codes, fact(elsewhere).title) == ((), "A bed")
        held = fact({"resourceType": "DeviceRequest", "codeReference": ref("#d"), "contained": inside})
        assert (held.codes, held.title, held.attributes) == ((f"{SCT}|2",), "Walker", {})

    def test_a_use(self):
        found = fact(
            {
                "resourceType": "DeviceUseStatement",
                "status": "active",
                "device": {"reference": "Device/7", "display": "Insulin pump"},
                "timingPeriod": {"start": "2026-01-01", "end": "2026-01-31"},
                "reasonReference": [ref("Condition/c")],
                "bodySite": concept(SCT, "3"),
            }
        )
        assert (found.codes, found.title) == ((), "Insulin pump")
        assert (found.start, found.end) == (at(2026, 1, 1), through(2026, 2, 1))
        assert found.attributes == {
            "device": ("Device/7",),
            "body-site": (f"{SCT}|3",),
            "reason": ("Condition/c",),
        }


def test_a_report():
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": concept(LOINC, "24606-6", "Mammogram"),
        "category": [concept("urn:c", "RAD")],
        "result": [ref("Observation/1")],
        "conclusionCode": [concept(SCT, "4")],
        "issued": "2026-01-02T08:00:00Z",
    }
    assert (fact(report).start, fact(report).end) == (at(2026, 1, 2, 8), at(2026, 1, 2, 8))
    found = fact({**report, "effectiveDateTime": "2026-01-01"})
    assert (found.start, found.end) == (at(2026, 1, 1), through(2026, 1, 2))
    assert (found.codes, found.title) == ((f"{LOINC}|24606-6",), "Mammogram")
    assert found.attributes == {
        "category": ("urn:c|RAD",),
        "result": ("Observation/1",),
        "conclusion": (f"{SCT}|4",),
    }


def test_a_goal_has_a_component_for_each_target_and_ends_with_the_last():
    weight = {"measure": concept(LOINC, "29463-7"), "detailQuantity": {"value": 80, "code": "kg"}}
    found = fact(
        {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            "description": {"text": "Lose weight"},
            "startDate": "2026-01-01",
            "achievementStatus": concept("urn:a", "improving"),
            "addresses": [ref("Condition/o")],
            "target": [{**weight, "dueDate": "2026-06-30"}, {"dueDate": "2026-03-31"}],
        }
    )
    assert (found.status, found.title) == ("active", "Lose weight")
    assert (found.start, found.end) == (at(2026, 1, 1), through(2026, 7, 1))
    assert found.components == (Component((f"{LOINC}|29463-7",), Value(80.0, "kg")),)
    assert found.attributes == {
        "achievement-status": ("urn:a|improving",),
        "due-date": ("2026-06-30", "2026-03-31"),
        "reason": ("Condition/o",),
    }


class TestTask:
    """What somebody is to do."""

    TASK: ClassVar[dict[str, object]] = {
        "resourceType": "Task",
        "status": "rejected",
        "intent": "order",
        "code": concept("urn:t", "fulfill"),
        "focus": ref("MedicationRequest/1"),
        "statusReason": concept(SCT, "105480006"),
        "authoredOn": "2026-01-01",
    }

    def test_it_concerns_whom_it_is_for(self):
        found = fact(self.TASK, "for")
        assert (found.status, found.codes) == ("rejected", ("urn:t|fulfill",))
        assert (found.start, found.end) == (at(2026, 1, 1), None)
        assert found.attributes == {
            "intent": ("order",),
            "status-reason": (f"{SCT}|105480006",),
            "focus": ("MedicationRequest/1",),
            "authored-on": ("2026-01-01",),
        }

    def test_it_is_placed_when_it_was_carried_out(self):
        carried_out = {"start": "2026-02-01", "end": "2026-02-03"}
        found = fact({**self.TASK, "executionPeriod": carried_out}, "for")
        assert (found.start, found.end) == (at(2026, 2, 1), through(2026, 2, 4))

    def test_one_for_nobody_is_rejected(self):
        with pytest.raises(Rejected) as rejected:
            project({**self.TASK, "id": "t", "owner": PATIENT})
        assert rejected.value.code == "no-patient"


def test_a_flag():
    found = fact(
        {
            "resourceType": "Flag",
            "status": "active",
            "category": [concept("urn:c", "safety")],
            "code": concept(SCT, "129839007", "At risk of falls"),
            "period": {"start": "2026-01-01"},
        }
    )
    assert (found.codes, found.title) == ((f"{SCT}|129839007",), "At risk of falls")
    assert (found.start, found.end) == (at(2026, 1, 1), None)
    assert found.attributes == {"category": ("urn:c|safety",)}


def test_an_adverse_event():
    event = {
        "resourceType": "AdverseEvent",
        "actuality": "actual",
        "event": concept(SCT, "6", "Muscle pain"),
        "recordedDate": "2026-01-05",
        "severity": concept("urn:s", "mild"),
        "suspectEntity": [{"instance": ref("MedicationRequest/1")}],
    }
    assert fact(event).start == at(2026, 1, 5)
    found = fact({**event, "date": "2026-01-03"})
    assert (found.status, found.codes, found.title) == ("actual", (f"{SCT}|6",), "Muscle pain")
    assert (found.start, found.end) == (at(2026, 1, 3), through(2026, 1, 4))
    assert found.attributes == {
        "actuality": ("actual",),
        "severity": ("urn:s|mild",),
        "recorded-date": ("2026-01-05",),
        "suspect": ("MedicationRequest/1",),
    }


def test_a_relative_and_what_they_suffered():
    found = fact(
        {
            "resourceType": "FamilyMemberHistory",
            "status": "completed",
            "date": "2026-01-01",
            "name": "Aunt May",
            "relationship": concept("urn:r", "MAUNT"),
            "sex": concept("urn:g", "female"),
            "condition": [
                {
                    "code": concept(SCT, "254837009", "Breast cancer"),
                    "outcome": concept(SCT, "419099009", "Dead"),
                },
                {"note": [{"text": "unsure"}]},
            ],
        },
        "patient",
    )
    assert (found.codes, found.title) == ((f"{SCT}|254837009",), "Breast cancer")
    dead = Value(codes=(f"{SCT}|419099009",), text="Dead")
    assert found.components == (Component((f"{SCT}|254837009",), dead),)
    assert found.attributes == {"relationship": ("urn:r|MAUNT",), "sex": ("urn:g|female",)}
    assert "May" not in str(found)


class TestConditionsLast:
    """As prevalenceInterval() of QICoreCommon has it."""

    ONSET: ClassVar[dict[str, object]] = {"resourceType": "Condition", "onsetDateTime": "2020-01-05"}

    @pytest.mark.parametrize("status", ["active", "relapse", "unknown", "", "inactive", "resolved"])
    def test_only_its_abatement_is_its_end(self, status):
        stated = {**self.ONSET, "clinicalStatus": concept("urn:s", status)}
        assert (fact(stated).start, fact(stated).end) == (at(2020, 1, 5), None)
        known = fact({**stated, "abatementDateTime": "2021-01-05T10:00:00Z"})
        assert (known.start, known.end) == (at(2020, 1, 5), at(2021, 1, 5, 10))

    def test_its_record_is_not_its_beginning(self):
        found = fact({"resourceType": "Condition", "recordedDate": "2020-01-05"})
        assert (found.start, found.attributes) == (None, {"recorded-date": ("2020-01-05",)})

    def test_its_stage(self):
        stage = [{"summary": concept(SCT, "7")}]
        assert fact({**self.ONSET, "stage": stage}).attributes == {"stage": (f"{SCT}|7",)}


def test_an_encounter_knows_its_diagnoses_and_the_principal_one():
    diagnoses = [{"condition": ref("Condition/a"), "rank": 2}, {"condition": ref("Condition/b"), "rank": 1}]
    found = fact(
        {
            "resourceType": "Encounter",
            "diagnosis": diagnoses,
            "reasonCode": [concept(SCT, "8")],
            "reasonReference": [ref("Condition/c")],
            "hospitalization": {"admitSource": concept("urn:a", "emd")},
        }
    )
    assert found.attributes == {
        "diagnosis": ("Condition/a", "Condition/b"),
        "principal-diagnosis": ("Condition/b",),
        "reason": (f"{SCT}|8", "Condition/c"),
        "admit-source": ("urn:a|emd",),
    }


class TestNotDone:
    """What was not done says which, why and when, by elements or by the extensions of QI-Core."""

    def test_an_observation(self):
        why = {"url": QICORE + "qicore-notDoneReason", "valueCodeableConcept": concept(SCT, "9")}
        found = fact(
            {
                "resourceType": "Observation",
                "status": "cancelled",
                "code": not_one_of("http://vs.example/bmi"),
                "extension": [why, {"url": "urn:other", "valueCode": "x"}],
                "issued": "2026-01-02T08:00:00Z",
            }
        )
        assert found.start == at(2026, 1, 2, 8)
        assert found.attributes == {
            "status-reason": (f"{SCT}|9",),
            "not-done-valueset": ("http://vs.example/bmi",),
            "issued": ("2026-01-02T08:00:00Z",),
        }

    def test_a_procedure(self):
        recorded = {"url": QICORE + "qicore-recorded", "valueDateTime": "2026-01-02"}
        base = {"resourceType": "Procedure", "status": "not-done", "extension": [recorded]}
        found = fact({**base, "statusReason": concept(SCT, "9"), "code": concept(SCT, "10")})
        assert (found.start, found.end) == (at(2026, 1, 2), through(2026, 1, 3))
        assert found.attributes == {"status-reason": (f"{SCT}|9",), "recorded-date": ("2026-01-02",)}
        assert fact({**base, "performedDateTime": "2026-01-01"}).start == at(2026, 1, 1)

    def test_a_communication(self):
        recorded = {"url": QICORE + "qicore-recorded", "valueDateTime": "2026-01-02"}
        found = fact({"resourceType": "Communication", "status": "not-done", "extension": [recorded]})
        assert found.start == at(2026, 1, 2)

    def test_an_immunization(self):
        found = fact(
            {
                "resourceType": "Immunization",
                "status": "not-done",
                "statusReason": concept(SCT, "9"),
                "vaccineCode": not_one_of("http://vs.example/flu"),
                "occurrenceDateTime": "2026-01-01",
                "recorded": "2026-01-02",
            },
            "patient",
        )
        assert found.attributes == {
            "status-reason": (f"{SCT}|9",),
            "recorded-date": ("2026-01-02",),
            "not-done-valueset": ("http://vs.example/flu",),
        }

    def test_a_service_that_shall_not_be(self):
        found = fact({"resourceType": "ServiceRequest", "doNotPerform": True, "extension": [REFUSED]})
        assert found.attributes == {"do-not-perform": ("true",), "status-reason": (f"{SCT}|105480006",)}

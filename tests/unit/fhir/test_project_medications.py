"""Medications: which one, and for how long a prescription or a dispense lasts."""

from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from projecting import PATIENT, QICORE, RX, SCT, at, concept, fact, ref, through

from shared.fhir.fact import MEDICATION_KINDS, Fact
from shared.fhir.instants import Instant
from shared.fhir.project import project

METFORMIN = concept(RX, "860975", "Metformin 500 MG")


def supply(days: float, code: str = "d", **more: object) -> dict[str, object]:
    return {"expectedSupplyDuration": {"value": days, "code": code}, **more}


def dosing(quantity: float | None = None, dose: object = None, **repeat: object) -> dict[str, object]:
    """Make a dosage instruction, and the quantity of one fill."""
    rate = [] if dose is None else [dose if isinstance(dose, dict) else {"doseQuantity": {"value": dose}}]
    found: dict[str, object] = {"dosageInstruction": [{"timing": {"repeat": repeat}, "doseAndRate": rate}]}
    return found if quantity is None else {**found, "dispenseRequest": {"quantity": {"value": quantity}}}


def request(**elements: object) -> Fact:
    return fact({"resourceType": "MedicationRequest", "authoredOn": "2026-01-01", **elements})


class TestPrescriptionsLast:
    """As MedicationRequestPeriod of CumulativeMedicationDuration 6.0 has it."""

    @pytest.mark.parametrize(
        ("elements", "end"),
        [
            ({}, None),
            ({"dispenseRequest": supply(30)}, through(2026, 1, 31)),
            ({"dispenseRequest": supply(30, numberOfRepeatsAllowed=2)}, through(2026, 4, 1)),
            ({"dispenseRequest": supply(4, "wk")}, through(2026, 1, 29)),
            (
                {"dispenseRequest": {"expectedSupplyDuration": {"value": 2, "unit": "Weeks"}}},
                through(2026, 1, 15),
            ),
            ({"dispenseRequest": supply(1, "mo")}, through(2026, 1, 31)),
            ({"dispenseRequest": supply(12, "h")}, through(2026, 1, 2)),
            ({"dispenseRequest": supply(0)}, None),
            ({"dispenseRequest": supply(3, "parsec")}, None),
            ({"dispenseRequest": supply(1e9)}, None),
            (dosing(60, 1, frequency=2, period=1, periodUnit="d"), through(2026, 1, 31)),
            (dosing(60, 2, frequency=1, frequencyMax=2, period=1, periodUnit="d"), through(2026, 1, 16)),
            (dosing(4, 1, frequency=1, period=1, periodUnit="wk"), through(2026, 1, 29)),
            (dosing(10, 1, period=8, periodUnit="h"), through(2026, 1, 4)),
            (dosing(30, 1, timeOfDay=["08:00:00", "20:00:00"]), through(2026, 1, 16)),
            (
                dosing(
                    30, {"doseRange": {"low": {"value": 1}, "high": {"value": 3}}}, period=1, periodUnit="d"
                ),
                through(2026, 1, 11),
            ),
            (dosing(30, 1), None),
            (dosing(30, None, frequency=1, period=1, periodUnit="d"), None),
            (dosing(30, 0, frequency=1, period=1, periodUnit="d"), None),
            (dosing(boundsPeriod={"end": "2026-03-31"}), through(2026, 4, 1)),
            (
                {**dosing(boundsPeriod={"end": "2026-03-31"}), "dispenseRequest": supply(30)},
                through(2026, 1, 31),
            ),
            ({"dispenseRequest": {"validityPeriod": {"end": "2026-06-30"}}}, through(2026, 7, 1)),
        ],
    )
    def test_until(self, elements, end):
        found = request(**elements)
        assert (found.start, found.end) == (at(2026, 1, 1), end)

    def test_they_begin_with_the_bounds_of_the_dosage(self):
        found = request(**dosing(boundsPeriod={"start": "2026-02-01"}), dispenseRequest=supply(10))
        assert (found.start, found.end) == (at(2026, 2, 1), through(2026, 2, 11))
        assert found.attributes["authored-on"] == ("2026-01-01",)

    def test_or_with_the_validity_where_nobody_said_when_they_were_authored(self):
        validity = {"start": "2026-05-01", "end": "2026-05-31"}
        found = request(authoredOn="soon", dispenseRequest={"validityPeriod": validity})
        assert (found.start, found.end) == (at(2026, 5, 1), through(2026, 6, 1))

    def test_a_taper_has_no_one_rate(self):
        step = dosing(dose=1, frequency=1, period=1, periodUnit="d")["dosageInstruction"]
        assert isinstance(step, list)
        found = request(dosageInstruction=step * 2, dispenseRequest={"quantity": {"value": 30}})
        assert found.end is None

    def test_days_are_those_that_are_written_and_of_the_zone(self):
        """The clocks go forward on 8 March 2026: the last day ends at midnight all the same."""
        resource = {
            "resourceType": "MedicationRequest",
            "id": "r",
            "subject": PATIENT,
            "authoredOn": "2026-03-01T22:00:00-05:00",
            "dispenseRequest": supply(14),
        }
        content = project(resource, ZoneInfo("America/New_York")).content
        assert isinstance(content, Fact)
        assert (content.start, content.end) == (at(2026, 3, 2, 3), through(2026, 3, 15, 4))

    def test_what_it_keeps(self):
        found = request(
            intent="order",
            dispenseRequest=supply(30, numberOfRepeatsAllowed=2, quantity={"value": 90.5}),
            dosageInstruction=[{"text": "one a day", "route": concept(SCT, "26643006")}],
            reasonCode=[concept(SCT, "44054006")],
            category=[concept("urn:c", "community")],
            medicationCodeableConcept=METFORMIN,
        )
        assert (found.codes, found.title) == ((f"{RX}|860975",), "Metformin 500 MG")
        assert found.attributes == {
            "authored-on": ("2026-01-01",),
            "intent": ("order",),
            "category": ("urn:c|community",),
            "reason": (f"{SCT}|44054006",),
            "dosage": ("one a day",),
            "route": (f"{SCT}|26643006",),
            "days-supply": ("30",),
            "repeats": ("2",),
            "quantity": ("90.5",),
        }


class TestDispenses:
    """As MedicationDispensePeriod has it."""

    BASE: ClassVar[dict[str, object]] = {"resourceType": "MedicationDispense", "status": "completed"}

    @pytest.mark.parametrize(
        ("elements", "start", "end"),
        [
            ({"whenHandedOver": "2026-01-02", "whenPrepared": "2026-01-01"}, at(2026, 1, 2), None),
            (
                {"whenPrepared": "2026-01-01", "daysSupply": {"value": 7, "unit": "days"}},
                at(2026, 1, 1),
                through(2026, 1, 8),
            ),
            (
                {
                    "whenHandedOver": "2026-01-02T09:30:00Z",
                    "quantity": {"value": 30},
                    **dosing(dose=1, frequency=3, period=1, periodUnit="d"),
                },
                at(2026, 1, 2, 9, 30),
                through(2026, 1, 12),
            ),
            ({"daysSupply": {"value": 7, "code": "d"}}, None, None),
            (
                {"whenHandedOver": "2026-01-02", **dosing(boundsPeriod={"end": "2026-12-31"})},
                at(2026, 1, 2),
                None,
            ),
        ],
    )
    def test_when(self, elements, start, end):
        found = fact({**self.BASE, **elements})
        assert (found.start, found.end) == (start, end)

    def test_what_it_keeps(self):
        found = fact(
            {
                **self.BASE,
                "medicationCodeableConcept": METFORMIN,
                "whenPrepared": "2026-01-01",
                "daysSupply": {"value": 1.5, "code": "wk"},
                "authorizingPrescription": [ref("MedicationRequest/1")],
                "context": ref("Encounter/e"),
                "statusReasonCodeableConcept": concept("urn:s", "refused"),
            }
        )
        assert found.attributes == {
            "encounter": ("Encounter/e",),
            "status-reason": ("urn:s|refused",),
            "based-on": ("MedicationRequest/1",),
            "days-supply": ("10.5",),
            "when-prepared": ("2026-01-01",),
        }


def test_an_administration():
    found = fact(
        {
            "resourceType": "MedicationAdministration",
            "status": "not-done",
            "statusReason": [concept(SCT, "183966005")],
            "medicationCodeableConcept": METFORMIN,
            "effectivePeriod": {"start": "2026-01-01T08:00:00Z", "end": "2026-01-01T09:00:00Z"},
            "request": ref("MedicationRequest/1"),
            "dosage": {"route": concept(SCT, "47625008"), "text": "slowly"},
            "extension": [{"url": QICORE + "qicore-recorded", "valueDateTime": "2026-01-02"}],
        }
    )
    assert (found.start, found.end) == (at(2026, 1, 1, 8), at(2026, 1, 1, 9))
    assert found.attributes == {
        "status-reason": (f"{SCT}|183966005",),
        "recorded-date": ("2026-01-02",),
        "based-on": ("MedicationRequest/1",),
        "dosage": ("slowly",),
        "route": (f"{SCT}|47625008",),
    }


def test_a_statement():
    found = fact(
        {
            "resourceType": "MedicationStatement",
            "status": "active",
            "medicationCodeableConcept": METFORMIN,
            "effectivePeriod": {"start": "2025-01"},
            "dateAsserted": "2026-01-05",
            "informationSource": PATIENT,
            "category": concept("urn:c", "community"),
        }
    )
    assert (found.start, found.end) == (at(2025, 1, 1), None)
    assert found.attributes == {
        "category": ("urn:c|community",),
        "recorded-date": ("2026-01-05",),
        "source": ("Patient/p",),
    }


@pytest.mark.parametrize("kind", sorted(MEDICATION_KINDS))
class TestWhichMedication:
    """Each kind of use names its medication in one of three ways."""

    def test_elsewhere_is_embedded(self, kind):
        elsewhere = {"reference": "Medication/m", "display": "Insulin"}
        found = project(
            {"resourceType": kind, "id": "r", "subject": PATIENT, "medicationReference": elsewhere}
        )
        assert isinstance(found.content, Fact)
        assert (found.content.codes, found.content.title) == ((), "Insulin")
        assert found.content.attributes == {"medication": ("Medication/m",)}
        assert found.references == ("Medication/m",)

    def test_inside_gives_its_codes_at_once(self, kind):
        inside = [
            {"resourceType": "Organization", "id": "m"},
            {"resourceType": "Medication", "id": "m", "code": METFORMIN},
        ]
        resource = {"resourceType": kind, "medicationReference": ref("#m"), "contained": inside}
        assert fact(resource).codes == (f"{RX}|860975",)
        assert fact(resource).title == "Metformin 500 MG"
        assert "medication" not in fact(resource).attributes

    def test_one_of_a_value_set_that_was_not_given_has_no_code(self, kind):
        """QI-Core says so on the concept: https://hl7.org/fhir/us/qicore/negation.html ."""
        one = [{"url": QICORE + "qicore-notDoneValueSet", "valueCanonical": "http://vs.example/statins"}]
        found = fact({"resourceType": kind, "medicationCodeableConcept": {"extension": one}})
        assert found.codes == ()
        assert found.attributes == {"not-done-valueset": ("http://vs.example/statins",)}


def test_a_medication_concerns_nobody():
    found = project(
        {
            "resourceType": "Medication",
            "id": "m",
            "status": "active",
            "code": METFORMIN,
            "form": concept(SCT, "385055001"),
            "ingredient": [
                {"itemCodeableConcept": concept(RX, "6809")},
                {"itemReference": ref("Substance/s")},
            ],
        }
    )
    assert found.patients == ()
    assert found.content == Fact(
        "Medication",
        "m",
        status="active",
        codes=(f"{RX}|860975",),
        title="Metformin 500 MG",
        updated=Instant(0),
        attributes={"form": (f"{SCT}|385055001",), "ingredient": (f"{RX}|6809", "Substance/s")},
    )

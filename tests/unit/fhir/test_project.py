"""What project() makes of each resource type, and of resources that are not what they should be."""

from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from projecting import LOINC, PATIENT, SCT, at, concept, fact, person, through

from shared.errors import Rejected
from shared.fhir import projections
from shared.fhir.fact import Address, Component, ContactPoint, Fact, Name, Person, Value
from shared.fhir.instants import DAY, HOUR, parse_instant
from shared.fhir.project import KEPT_TYPES, SHARED_TYPES, project, tombstone
from shared.fhir.references import ResourceKey
from shared.fhir.spelled import read_spelled


def test_the_table_of_the_package_names_every_kept_type_and_no_other():
    rows = [line.split("|")[1].strip() for line in (projections.__doc__ or "").splitlines() if "|" in line]
    assert rows[2:] == sorted(KEPT_TYPES)
    assert SHARED_TYPES <= KEPT_TYPES


def test_id_version_and_last_update_are_kept():
    meta = {"versionId": "7", "lastUpdated": "2026-01-02T03:04:05.1234567Z"}
    found = fact({"resourceType": "Observation", "id": "o-1", "meta": meta})
    assert found.reference == "Observation/o-1"
    assert found.version == "7"
    assert found.updated == at(2026, 1, 2, 3, 4, 5, 123456)
    assert not found.gone


@pytest.mark.parametrize("meta", [None, 3, {"versionId": "../1", "lastUpdated": "soon"}, {"versionId": True}])
def test_unreadable_meta_is_the_oldest_version(meta):
    found = fact({"resourceType": "Observation", "meta": meta})
    assert (found.version, found.updated) == ("", 0)


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ({}, "type-not-kept"),
        ({"resourceType": "Claim", "id": "1"}, "type-not-kept"),
        ({"resourceType": ["Patient"], "id": "1"}, "type-not-kept"),
        ({"resourceType": "Patient"}, "bad-reference"),
        ({"resourceType": "Patient", "id": "../../etc"}, "bad-reference"),
        ({"resourceType": "Patient", "id": 12}, "bad-reference"),
        ({"resourceType": "Patient", "id": "a/_history/1"}, "bad-reference"),
        ({"resourceType": "Observation", "id": "1"}, "no-patient"),
        (
            {"resourceType": "Observation", "id": "1", "subject": {"identifier": {"value": "mrn"}}},
            "no-patient",
        ),
        ({"resourceType": "Observation", "id": "1", "subject": {"reference": "urn:uuid:0-1"}}, "no-patient"),
        ({"resourceType": "Observation", "id": "1", "subject": {"reference": "#p"}}, "no-patient"),
        (
            {"resourceType": "Observation", "id": "1", "subject": {"reference": "Patient?name=x"}},
            "no-patient",
        ),
        ({"resourceType": "Observation", "id": "1", "subject": {"reference": "Group/g"}}, "no-patient"),
        ({"resourceType": "Observation", "id": "1", "performer": [PATIENT]}, "no-patient"),
        ({"resourceType": "Appointment", "id": "1", "participant": [{"status": "accepted"}]}, "no-patient"),
    ],
)
def test_a_resource_of_no_use_is_rejected_with_a_stable_code(resource, code):
    with pytest.raises(Rejected) as rejected:
        project(resource)
    assert rejected.value.code == code
    assert "mrn" not in rejected.value.reason


@pytest.mark.parametrize("literal", ["Patient/p", "http://fhir.example/r4/Patient/p", "Patient/p/_history/3"])
def test_literal_references_name_the_patient(literal):
    found = project({"resourceType": "Condition", "id": "c", "subject": {"reference": literal}})
    assert found.patients == ("p",)


class TestPatient:
    """Whom we reach."""

    def test_defaults(self):
        assert person() == Person("p")
        assert project({"resourceType": "Patient", "id": "p"}).patients == ("p",)

    def test_names_contacts_and_addresses(self):
        period = {"start": "2020-01-01", "end": "2020-12-31"}
        found = person(
            name=[
                {"use": "official", "family": "Ng", "given": ["Ada", 3], "prefix": ["Dr."]},
                {"use": "old"},
            ],
            telecom=[
                {"system": "phone", "value": " 555-0100 ", "use": "mobile", "rank": 1, "period": period},
                {"system": "email"},
                "rubbish",
            ],
            address=[{"line": ["1 Elm"], "city": "Bath", "postalCode": "01"}, {"text": "A hut, Bath"}, {}],
        )
        assert found.names == (Name("official", "Ng", ("Ada",), ("Dr.",)),)
        start, end = at(2020, 1, 1), through(2021, 1, 1)
        assert found.telecom == (ContactPoint("phone", "555-0100", "mobile", 1, start, end),)
        assert found.addresses == (Address("", ("1 Elm",), "Bath", "", "01"), Address("", ("A hut, Bath",)))

    def test_languages_preferred_first(self):
        spoken = [
            {"language": concept("urn:ietf:bcp:47", "en-US")},
            {"language": {"text": "Quechua"}},
            {"language": concept("urn:ietf:bcp:47", "es"), "preferred": True},
            {"language": 5},
        ]
        assert person(communication=spoken).languages == ("es", "en-US", "Quechua")

    @pytest.mark.parametrize(
        ("elements", "deceased", "moment"),
        [
            ({}, False, None),
            ({"deceasedBoolean": False}, False, None),
            ({"deceasedBoolean": True}, True, None),
            ({"deceasedDateTime": "2021-02-03T04:05:06Z"}, True, at(2021, 2, 3, 4, 5, 6)),
            ({"deceasedDateTime": "last spring"}, True, None),
            ({"deceasedBoolean": "true"}, False, None),
        ],
    )
    def test_death(self, elements, deceased, moment):
        assert (person(**elements).deceased, person(**elements).deceased_at) == (deceased, moment)

    def test_active_unless_it_says_not(self):
        assert person(active="no").active
        assert not person(active=False).active

    @pytest.mark.parametrize("birth", ["1970", "1970-01", "1970-01-31"])
    def test_birth_dates_may_be_partial(self, birth):
        assert person(birthDate=birth).birth_date == birth

    @pytest.mark.parametrize("birth", ["1970-02-31", "70", "1970-01-31T00:00:00Z", 1970, "0000"])
    def test_birth_dates_that_are_none_are_left_out(self, birth):
        assert person(birthDate=birth).birth_date == ""

    def test_merge_links_but_not_to_itself(self):
        links = [
            {"type": "replaced-by", "other": {"reference": "Patient/p"}},
            {"type": "replaced-by", "other": {"reference": "Patient/q"}},
            {"other": {"reference": "Patient/z"}},
        ]
        found = person(link=links)
        assert found.links == (("replaced-by", "Patient/q"),)
        assert found.replaced_by == "Patient/q"

    def test_identifiers_and_care_team(self):
        found = person(
            identifier=[{"system": "urn:mrn", "value": "1"}, {"value": "2"}, {"system": "urn:none"}],
            managingOrganization={"reference": "Organization/o"},
            generalPractitioner=[{"reference": "Practitioner/d"}, {"display": "Dr. D"}],
        )
        assert found.identifiers == ("urn:mrn|1", "|2")
        assert found.managing_organization == "Organization/o"
        assert found.general_practitioners == ("Practitioner/d",)

    def test_us_core_extensions(self):
        core = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
        omb = {"url": "ombCategory", "valueCoding": {"system": "urn:omb", "code": "2106-3"}}
        found = person(
            maritalStatus=concept("urn:m", "S"),
            extension=[
                {"url": core + "race", "extension": [omb, {"url": "text", "valueString": "White"}]},
                {"url": core + "ethnicity", "extension": "none"},
                {"url": core + "birthsex", "valueCode": "F"},
                {"url": "urn:other", "valueCode": "X"},
            ],
        )
        assert found.attributes == {
            "marital-status": ("urn:m|S",),
            "race": ("urn:omb|2106-3",),
            "race-text": ("White",),
            "birth-sex": ("F",),
        }


class TestWhen:
    """Start and end of what happened."""

    @pytest.mark.parametrize(
        ("elements", "start", "end"),
        [
            ({"effectiveDateTime": "2021-03-01T10:00:00Z"}, at(2021, 3, 1, 10), at(2021, 3, 1, 10)),
            ({"effectiveDateTime": "2021-03"}, at(2021, 3, 1), through(2021, 4, 1)),
            ({"effectiveInstant": "2021-03-01T10:00:00+01:00"}, at(2021, 3, 1, 9), at(2021, 3, 1, 9)),
            ({"effectivePeriod": {"start": "2021-03-01"}}, at(2021, 3, 1), None),
            (
                {"effectivePeriod": {"start": "2021-03-02", "end": "2021-03-01"}},
                at(2021, 3, 2),
                at(2021, 3, 2),
            ),
            (
                {"effectiveTiming": {"event": ["2021-03-02", "2021-03-01"]}},
                at(2021, 3, 1),
                through(2021, 3, 3),
            ),
            ({"effectiveTiming": {"repeat": {"boundsPeriod": {"end": "2021"}}}}, None, through(2022, 1, 1)),
            ({"issued": "2021-03-01T10:00:00Z"}, at(2021, 3, 1, 10), at(2021, 3, 1, 10)),
            (
                {"effectiveDateTime": "2021-02-01", "issued": "2021-03-01"},
                at(2021, 2, 1),
                through(2021, 2, 2),
            ),
            ({"effectiveDateTime": "yesterday"}, None, None),
            ({"effectiveDateTime": {"start": "2021"}}, None, None),
            ({}, None, None),
        ],
    )
    def test_effective(self, elements, start, end):
        found = fact({"resourceType": "Observation", **elements})
        assert (found.start, found.end) == (start, end)

    def test_dates_without_a_zone_are_local(self):
        resource = {
            "resourceType": "Procedure",
            "id": "r",
            "subject": PATIENT,
            "performedDateTime": "2021-03-14",
        }
        content = project(resource, ZoneInfo("America/New_York")).content
        assert isinstance(content, Fact)
        assert content.start == at(2021, 3, 14, 5)
        assert content.end == through(2021, 3, 15, 4)  # the clocks went forward that day

    @pytest.mark.parametrize(
        ("elements", "start", "end"),
        [
            ({"onsetDateTime": "2020-01-05"}, at(2020, 1, 5), None),
            (
                {"onsetDateTime": "2020-01-05", "abatementDateTime": "2020-02"},
                at(2020, 1, 5),
                through(2020, 3, 1),
            ),
            ({"onsetPeriod": {"start": "2020", "end": "2021"}}, at(2020, 1, 1), None),
            ({"onsetAge": {"value": 40}, "abatementString": "in spring"}, None, None),
            (
                {"onsetRange": {"low": {"value": 40}}, "abatementPeriod": {"end": "2020"}},
                None,
                through(2021, 1, 1),
            ),
            ({"onsetDateTime": "2021", "abatementDateTime": "2020"}, at(2021, 1, 1), at(2021, 1, 1)),
        ],
    )
    def test_conditions_go_on_until_they_abate(self, elements, start, end):
        found = fact({"resourceType": "Condition", **elements})
        assert (found.start, found.end) == (start, end)

    def test_a_service_is_placed_when_it_shall_happen_else_when_it_was_asked_for(self):
        asked = {"resourceType": "ServiceRequest", "authoredOn": "2021-01-01"}
        assert (fact(asked).start, fact(asked).end) == (at(2021, 1, 1), None)
        planned = fact({**asked, "occurrencePeriod": {"start": "2021-02-01", "end": "2021-02-07"}})
        assert (planned.start, planned.end) == (at(2021, 2, 1), through(2021, 2, 8))
        assert planned.attributes["authored-on"] == ("2021-01-01",)

    def test_prescriptions_go_on_until_they_may_no_longer_be_dispensed(self):
        validity = {"validityPeriod": {"start": "2021-01-01", "end": "2021-06-30"}}
        found = fact(
            {"resourceType": "MedicationRequest", "authoredOn": "2021-01-02", "dispenseRequest": validity}
        )
        assert (found.start, found.end) == (at(2021, 1, 2), through(2021, 7, 1))


class TestObservation:
    """Values, codes and parts."""

    @pytest.mark.parametrize(
        ("elements", "value"),
        [
            ({"valueQuantity": {"value": 9.1, "unit": "percent", "code": "%"}}, Value(9.1, "%")),
            ({"valueQuantity": {"value": 5, "unit": "mg", "comparator": "<"}}, Value(5.0, "mg", (), "<")),
            ({"valueQuantity": {"value": "9"}}, None),
            ({"valueQuantity": {"value": True}}, None),
            ({"valueQuantity": {"value": 10**400}}, None),
            ({"valueQuantity": {"value": float("nan")}}, None),
            ({"valueQuantity": 9}, None),
            ({"valueCodeableConcept": concept(SCT, "1", "Yes")}, Value(codes=(f"{SCT}|1",), text="Yes")),
            ({"valueCodeableConcept": {"text": "Perhaps"}}, Value(text="Perhaps")),
            ({"valueCodeableConcept": {}}, None),
            ({"valueString": "clear"}, Value(text="clear")),
            ({"valueBoolean": False}, Value(text="false")),
            ({"valueBoolean": "false"}, None),
            ({"valueInteger": 4}, Value(4.0)),
            (
                {"valueRange": {"low": {"value": 5, "code": "mg"}, "high": {"value": 10}}},
                Value(None, "mg", (), "5 - 10"),
            ),
            (
                {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}},
                Value(1 / 128, text="1:128"),
            ),
            (
                {"valueRatio": {"numerator": {"value": 1, "comparator": ">"}, "denominator": {"value": 0}}},
                Value(text=">1:0"),
            ),
            ({"valueRatio": {"denominator": {"value": 128}}}, None),
            ({"valueTime": "10:00:00"}, Value(text="10:00:00")),
            ({"valueDateTime": "2021-01"}, Value(text="2021-01")),
            ({"valuePeriod": {"start": "2021"}}, Value(text="2021/")),
            ({"dataAbsentReason": concept("urn:absent", "unknown")}, None),
        ],
    )
    def test_values(self, elements, value):
        assert fact({"resourceType": "Observation", **elements}).value == value

    def test_codes_title_and_attributes(self):
        found = fact(
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {
                    "coding": [{"system": LOINC, "code": "4548-4"}, {"code": "A1C", "display": "HbA1c"}]
                },
                "category": [concept("urn:cat", "laboratory"), concept("urn:cat", "laboratory"), None],
                "encounter": {"reference": "Encounter/e"},
                "interpretation": [concept("urn:i", "H")],
                "dataAbsentReason": concept("urn:absent", "unknown"),
                "basedOn": [{"reference": "ServiceRequest/s"}],
                "note": [{"text": "private"}],
            }
        )
        assert found.status == "final"
        assert found.codes == (f"{LOINC}|4548-4", "|A1C")
        assert found.title == "HbA1c"
        assert found.attributes == {
            "category": ("urn:cat|laboratory",),
            "encounter": ("Encounter/e",),
            "interpretation": ("urn:i|H",),
            "data-absent-reason": ("urn:absent|unknown",),
            "based-on": ("ServiceRequest/s",),
        }

    def test_components(self):
        parts = [
            {"code": concept(LOINC, "8480-6"), "valueQuantity": {"value": 140, "code": "mm[Hg]"}},
            {"code": concept(LOINC, "8462-4"), "dataAbsentReason": concept("urn:absent", "error")},
            {"valueString": "of nothing"},
        ]
        assert fact({"resourceType": "Observation", "component": parts}).components == (
            Component((f"{LOINC}|8480-6",), Value(140.0, "mm[Hg]")),
            Component((f"{LOINC}|8462-4",), Value(codes=("urn:absent|error",))),
        )


class TestStatus:
    """The status that a fact has."""

    def test_conditions_have_their_clinical_status(self):
        clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical"
        status = {"coding": [{"system": "urn:local", "code": "A"}, {"system": clinical, "code": "active"}]}
        found = fact({"resourceType": "Condition", "clinicalStatus": status})
        assert found.status == "active"

    @pytest.mark.parametrize(
        ("resource_type", "patient"), [("Condition", "subject"), ("AllergyIntolerance", "patient")]
    )
    def test_entered_in_error_takes_its_place(self, resource_type, patient):
        verified = {"coding": [{"system": "urn:v", "code": "entered-in-error"}]}
        found = fact({"resourceType": resource_type, "verificationStatus": verified}, patient)
        assert found.status == "entered-in-error"
        assert found.attributes["verification-status"] == ("entered-in-error",)

    def test_entered_in_error_is_kept_elsewhere(self):
        assert fact({"resourceType": "Procedure", "status": "entered-in-error"}).status == "entered-in-error"

    def test_related_persons_are_active_unless_they_say_not(self):
        assert fact({"resourceType": "RelatedPerson"}, "patient").status == "active"
        assert fact({"resourceType": "RelatedPerson", "active": False}, "patient").status == "inactive"


class TestAppointment:
    """Several patients, one place, one time."""

    BASE: ClassVar = {
        "resourceType": "Appointment",
        "id": "a",
        "status": "booked",
        "description": "Eye check",
        "serviceType": [concept("urn:s", "eye")],
        "start": "2026-05-01T09:00:00Z",
        "minutesDuration": 30,
        "participant": [
            {"actor": {"reference": "Patient/p"}, "status": "accepted"},
            {"actor": {"reference": "Patient/q"}, "status": "declined"},
            {"actor": {"reference": "Patient/p"}},
            {"actor": {"reference": "Location/l"}, "status": "accepted"},
            {"actor": {"reference": "Practitioner/d", "display": "Dr. Carter"}},
            {"actor": "rubbish"},
        ],
    }

    def test_concerns_each_patient_and_embeds_its_place(self):
        found = project(self.BASE)
        assert found.patients == ("p", "q")
        assert found.references == ("Location/l",)
        assert isinstance(found.content, Fact)
        assert found.content.title == "Eye check"
        assert found.content.codes == ("urn:s|eye",)
        assert found.content.attributes == {
            "location": ("Location/l",),
            "practitioner": ("Practitioner/d",),
            "practitioner-name": ("Dr. Carter",),
            "participant-status": ("Patient/p|accepted", "Patient/q|declined", "Location/l|accepted"),
        }

    @pytest.mark.parametrize(
        ("elements", "length"),
        [
            ({}, HOUR // 2),
            ({"end": "2026-05-01T10:00:00Z"}, HOUR),
            ({"end": "2026-05-01T08:00:00Z"}, 0),
            ({"minutesDuration": -4}, None),
            ({"minutesDuration": 10**9}, None),
        ],
    )
    def test_its_end(self, elements, length):
        content = project(self.BASE | elements).content
        assert isinstance(content, Fact)
        start = at(2026, 5, 1, 9)
        assert content.start == start
        assert content.end == (None if length is None else start + length)


def test_an_encounter():
    found = project(
        {
            "resourceType": "Encounter",
            "id": "e",
            "status": "finished",
            "class": {"system": "urn:act", "code": "IMP"},
            "type": [concept(SCT, "1", "Stay")],
            "subject": PATIENT,
            "period": {"start": "2021-01-01T00:00:00Z", "end": "2021-01-02T00:00:00Z"},
            "hospitalization": {"dischargeDisposition": concept("urn:d", "home")},
            "location": [{"location": {"reference": "Location/w"}}],
            "participant": [{"individual": {"reference": "Practitioner/d"}}],
        }
    )
    content = found.content
    assert isinstance(content, Fact)
    assert (content.start, content.end) == (at(2021, 1, 1), at(2021, 1, 1) + DAY)
    assert content.attributes == {
        "class": ("urn:act|IMP",),
        "discharge-disposition": ("urn:d|home",),
        "location": ("Location/w",),
        "practitioner": ("Practitioner/d",),
    }
    assert found.references == ("Location/w",)


def test_an_episode_of_care():
    period = {"start": "2021-01-01"}
    found = fact({"resourceType": "EpisodeOfCare", "status": "active", "period": period}, "patient")
    assert (found.status, found.start, found.end) == ("active", at(2021, 1, 1), None)


def test_an_allergy():
    found = fact(
        {
            "resourceType": "AllergyIntolerance",
            "category": ["food"],
            "criticality": "high",
            "code": concept(SCT, "300913006", "Shellfish allergy"),
            "onsetDateTime": "2001",
            "reaction": [{"manifestation": [concept(SCT, "hives")]}],
        },
        "patient",
    )
    assert found.codes == (f"{SCT}|300913006",)
    assert found.start == at(2001, 1, 1)
    assert found.attributes["category"] == ("food",)
    assert found.attributes["manifestation"] == (f"{SCT}|hives",)


def test_an_immunization():
    protocol = [{"doseNumberPositiveInt": 2, "series": "primary", "targetDisease": [concept(SCT, "flu")]}]
    found = fact(
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": concept("http://hl7.org/fhir/sid/cvx", "140"),
            "occurrenceDateTime": "2021-10-01",
            "protocolApplied": protocol,
        },
        "patient",
    )
    assert found.codes == ("http://hl7.org/fhir/sid/cvx|140",)
    assert (found.start, found.end) == (at(2021, 10, 1), through(2021, 10, 2))
    assert found.attributes == {
        "target-disease": (f"{SCT}|flu",),
        "series": ("primary",),
        "dose-number": ("2",),
    }


class TestMedicationRequest:
    """The medication may be named in three ways."""

    def test_a_medication_that_is_coded(self):
        coded = concept("urn:rx", "1", "Metformin")
        found = fact(
            {"resourceType": "MedicationRequest", "medicationCodeableConcept": coded, "intent": "order"}
        )
        assert (found.codes, found.title) == (("urn:rx|1",), "Metformin")
        assert found.attributes == {"intent": ("order",)}

    def test_a_medication_elsewhere(self):
        elsewhere = {"reference": "Medication/1", "display": "Insulin"}
        found = fact({"resourceType": "MedicationRequest", "medicationReference": elsewhere})
        assert (found.codes, found.title) == ((), "Insulin")
        assert found.attributes == {"medication": ("Medication/1",)}

    def test_a_medication_inside(self):
        inside = [{"resourceType": "Medication", "id": "m", "code": concept("urn:rx", "2")}]
        found = fact(
            {
                "resourceType": "MedicationRequest",
                "medicationReference": {"reference": "#m"},
                "contained": inside,
            }
        )
        assert found.codes == ("urn:rx|2",)

    def test_what_must_not_be_given_says_so(self):
        found = fact({"resourceType": "MedicationRequest", "doNotPerform": True})
        assert found.attributes == {"do-not-perform": ("true",)}


def test_a_care_plan():
    found = fact(
        {
            "resourceType": "CarePlan",
            "status": "active",
            "title": "Diabetes plan",
            "category": [concept(SCT, "698360004")],
            "period": {"start": "2021-01-01"},
            "addresses": [{"reference": "Condition/c"}],
            "activity": [{"detail": {"code": concept(SCT, "diet")}}, {"reference": {"reference": "Task/t"}}],
        }
    )
    assert (found.title, found.codes) == ("Diabetes plan", (f"{SCT}|698360004",))
    assert found.attributes["activity"] == (f"{SCT}|diet",)
    assert found.attributes["reason"] == ("Condition/c",)


def test_a_related_person_and_how_to_reach_them():
    found = fact(
        {
            "resourceType": "RelatedPerson",
            "relationship": [concept("urn:role", "MTH", "mother")],
            "name": [{"given": ["Ana"], "family": "Ruiz"}],
            "telecom": [
                {"system": "phone", "value": "1", "use": "home"},
                {"system": "phone", "value": "2", "use": "mobile"},
                {"system": "phone", "value": "3", "use": "old"},
                {"system": "phone", "value": "4", "use": "work", "rank": 1},
                {"system": "email", "value": "a@example.com"},
            ],
            "communication": [{"language": concept("urn:ietf:bcp:47", "es")}],
        },
        "patient",
    )
    assert (found.codes, found.title) == (("urn:role|MTH",), "mother")
    whole = {name: found.attributes[name] for name in found.attributes if name.startswith("spelled-")}
    assert read_spelled(Name, whole["spelled-name"]) == (Name(family="Ruiz", given=("Ana",)),)
    assert [p.value for p in read_spelled(ContactPoint, whole["spelled-telecom"])][3:] == [
        "4",
        "a@example.com",
    ]
    assert found.attributes == whole | {
        "relationship": ("urn:role|MTH",),
        "name": ("Ana Ruiz",),
        "phone": ("4", "2", "1"),
        "email": ("a@example.com",),
        "language": ("es",),
    }


def test_a_location_concerns_nobody():
    found = project(
        {
            "resourceType": "Location",
            "id": "l",
            "status": "active",
            "name": "Eye clinic",
            "telecom": [{"system": "phone", "value": "555-0100"}],
            "address": {"line": ["1 Elm"], "city": "Bath", "state": "MA", "postalCode": "01"},
            "extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/timezone", "valueCode": "America/New_York"}
            ],
        }
    )
    assert (found.patients, found.references) == ((), ())
    assert isinstance(found.content, Fact)
    assert (found.content.status, found.content.title) == ("active", "Eye clinic")
    assert found.content.attributes == {
        "address": ("1 Elm, Bath, MA 01",),
        "time-zone": ("America/New_York",),
        "phone": ("555-0100",),
    }


def test_a_consent_with_an_exception():
    found = fact(
        {
            "resourceType": "Consent",
            "status": "active",
            "scope": concept("urn:scope", "patient-privacy"),
            "category": [concept("urn:cat", "outreach")],
            "dateTime": "2020-12-24",
            "provision": {
                "type": "permit",
                "period": {"start": "2021-01-01", "end": "2021-12-31"},
                "actor": [{"role": concept("urn:r", "IRCP"), "reference": {"reference": "Organization/o"}}],
                "action": [concept("urn:a", "contact")],
                "purpose": [{"system": "urn:p", "code": "HMARKT"}],
                "provision": [{"type": "deny", "code": [concept("urn:channel", "sms")]}, {"code": []}],
            },
        },
        "patient",
    )
    assert found.codes == ("urn:cat|outreach", "urn:scope|patient-privacy")
    assert (found.start, found.end) == (at(2021, 1, 1), through(2022, 1, 1))
    assert found.attributes == {
        "scope": ("urn:scope|patient-privacy",),
        "category": ("urn:cat|outreach",),
        "date-time": ("2020-12-24",),
        "provision-type": ("permit",),
        "provision-period": ("2021-01-01", "2021-12-31"),
        "provision-actor": ("Organization/o",),
        "provision-actor-role": ("urn:r|IRCP",),
        "provision-action": ("urn:a|contact",),
        "provision-purpose": ("urn:p|HMARKT",),
    }
    assert found.components == (Component(("urn:channel|sms",), Value(text="deny")),)


def test_a_consent_without_a_period_holds_from_its_date():
    found = fact({"resourceType": "Consent", "dateTime": "2020-12-24", "provision": []}, "patient")
    assert (found.start, found.end) == (at(2020, 12, 24), None)


class TestCommunication:
    """That something was said."""

    def test_the_subject_goes_before_the_recipient(self):
        base = {"resourceType": "Communication", "id": "c", "recipient": [{"reference": "Patient/mother"}]}
        assert project({**base, "subject": PATIENT}).patients == ("p",)
        assert project(base).patients == ("mother",)

    def test_when_and_about_what(self):
        found = fact(
            {
                "resourceType": "Communication",
                "sent": "2021-01-01T00:00:00Z",
                "received": "2021-01-02T00:00:00Z",
                "medium": [concept("urn:m", "SMSWRIT")],
                "topic": concept("urn:t", "reminder", "Reminder"),
                "payload": [{"contentString": "private"}],
            }
        )
        assert (found.start, found.end) == (at(2021, 1, 1), at(2021, 1, 1))
        assert (found.codes, found.title) == (("urn:t|reminder",), "Reminder")
        assert "private" not in str(found)


class TestQuestionnaireResponse:
    """Answers at any depth."""

    def test_answers_at_any_depth_are_components_in_order(self):
        follow_up = {"linkId": "1.1", "answer": [{"valueInteger": 3}]}
        items = [
            {
                "linkId": "1",
                "answer": [{"valueCoding": {"system": LOINC, "code": "LA6569-3"}, "item": [follow_up]}],
            },
            {
                "linkId": "g",
                "item": [{"linkId": "2", "answer": [{"valueBoolean": True}, {"valueBoolean": False}]}],
            },
            {"answer": [{"valueInteger": 9}]},
        ]
        found = fact({"resourceType": "QuestionnaireResponse", "questionnaire": "urn:phq|2", "item": items})
        assert found.codes == ("|urn:phq",)
        assert found.components == (
            Component(("urn:phq|1",), Value(codes=(f"{LOINC}|LA6569-3",))),
            Component(("urn:phq|1.1",), Value(3.0)),
            Component(("urn:phq|2",), Value(text="true")),
            Component(("urn:phq|2",), Value(text="false")),
        )

    def test_nesting_without_end_is_walked(self):
        item: dict[str, object] = {"linkId": "deep", "answer": [{"valueInteger": 1}]}
        for _ in range(20_000):
            item = {"linkId": "g", "item": [item]}
        found = fact({"resourceType": "QuestionnaireResponse", "item": [item]})
        assert len(found.components) == 1

    def test_without_a_subject_it_concerns_who_answered(self):
        resource = {"resourceType": "QuestionnaireResponse", "id": "q", "source": {"reference": "Patient/s"}}
        assert project(resource).patients == ("s",)


def test_a_coverage_concerns_who_is_covered():
    found = project(
        {
            "resourceType": "Coverage",
            "id": "v",
            "status": "active",
            "type": concept("urn:t", "HMO"),
            "beneficiary": PATIENT,
            "subscriber": {"reference": "Patient/father"},
            "payor": [{"reference": "Organization/ins"}],
            "class": [{"type": concept("urn:c", "plan"), "value": "gold"}],
            "period": {"start": "2021-01-01", "end": "2021-12-31"},
        }
    )
    assert found.patients == ("p",)
    assert isinstance(found.content, Fact)
    assert found.content.end == through(2022, 1, 1)
    assert found.content.attributes["class"] == ("plan|gold",)


def test_facts_stay_small_whatever_comes():
    codes = {"coding": [{"system": "urn:s", "code": str(n)} for n in range(5000)], "text": "x" * 10_000}
    found = fact(
        {"resourceType": "Condition", "code": codes, "category": [{"coding": [{"code": "y" * 9000}]}]}
    )
    assert len(found.codes) == 256
    assert len(found.title) == 1000
    assert "category" not in found.attributes


def test_half_a_surrogate_pair_is_no_text():
    found = fact({"resourceType": "Condition", "code": {"coding": [{"code": "\ud800"}], "text": "\udfff"}})
    assert (found.codes, found.title) == ((), "")


def test_tombstones():
    now = parse_instant("2026-01-01")
    assert tombstone(ResourceKey("Patient", "p"), "3", now) == Person("p", "3", now, gone=True)
    assert tombstone(ResourceKey("Condition", "c"), "", now) == Fact("Condition", "c", "", now, gone=True)
    with pytest.raises(Rejected) as rejected:
        tombstone(ResourceKey("Claim", "c"), "", now)
    assert rejected.value.code == "type-not-kept"

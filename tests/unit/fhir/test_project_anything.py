"""project() over whatever JSON can hold: it projects or it rejects, and what it keeps can be stored."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import Rejected
from shared.fhir.fact import Fact, Person
from shared.fhir.kept import ELEMENTS as CARRIED
from shared.fhir.project import KEPT_TYPES, project

ELEMENTS = """
abatementString action active actor address answer authoredOn beneficiary birthDate boundsPeriod
category class clinicalStatus code codeReference coding communication comparator component condition
contained dataAbsentReason daysSupply deceasedDateTime denominator description detailQuantity
diagnosis dischargeDisposition dispenseRequest display dosage dosageInstruction doseAndRate
doseNumberPositiveInt doseQuantity doseRange dueDate effectiveDateTime effectivePeriod
effectiveTiming end event executionPeriod expectedSupplyDuration extension frequency given high
hospitalization id identifier individual ingredient issued item language lastUpdated line link
linkId location low measure medicationCodeableConcept medicationReference meta minutesDuration
modifierExtension multipleBirthInteger name numberOfRepeatsAllowed numerator onsetAge onsetDateTime
other participant patient period periodUnit preferred protocolApplied provision purpose quantity
rank recipient reference relationship repeat serviceType source stage start startDate status subject
suspectEntity system target telecom text timeOfDay timing type unit url use validityPeriod value
valueBoolean valueCode valueCodeableConcept valueQuantity valueRange valueRatio verificationStatus
versionId whenHandedOver whenPrepared
""".split()  # noqa: SIM905 - a list of a hundred quoted words is no easier to read
TEXTS = st.sampled_from(
    [
        "Patient/p",
        "Patient/../p",
        "urn:uuid:1",
        "#m",
        "wk",
        "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-recorded",
        "2021-03",
        "2021-02-31",
        "9999-12-31",
        "0001-01-01T00:00+14:00",
    ]
) | st.text(st.characters(), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | TEXTS
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ELEMENTS), inner, max_size=4),
    max_leaves=25,
)
CODES = {"type-not-kept", "bad-reference", "no-patient"}
PATIENT = {"reference": "Patient/p"}
BASE = {
    "id": "r",
    "subject": PATIENT,
    "patient": PATIENT,
    "participant": [{"actor": PATIENT}],
    "for": PATIENT,
}


def check(resource: dict[str, object]) -> None:
    try:
        found = project(resource)
    except Rejected as rejected:
        assert rejected.code in CODES  # noqa: PT017 - either outcome is right
        return
    kept = type(found.content)
    assert found.content.attributes.keys() <= CARRIED[found.content.reference.partition("/")[0]]
    stored = msgspec.msgpack.encode(found.content)
    assert msgspec.msgpack.decode(stored, type=kept) == found.content
    if isinstance(found.content, Fact) and found.content.start is not None and found.content.end is not None:
        assert found.content.start <= found.content.end


@given(st.sampled_from(sorted(KEPT_TYPES)), st.dictionaries(st.sampled_from(ELEMENTS), JSON, max_size=8))
@settings(max_examples=300, deadline=None)
def test_any_elements_in_a_resource_of_a_kept_type(resource_type, elements):
    check({**BASE, **elements, "resourceType": resource_type})
    check({**elements, **BASE, "resourceType": resource_type})


@given(st.dictionaries(st.sampled_from([*ELEMENTS, "resourceType"]) | st.text(max_size=5), JSON, max_size=5))
@settings(max_examples=100, deadline=None)
def test_any_object(resource):
    check(resource)


def test_person_is_stored_and_read_back():
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(Person("p")), type=Person) == Person("p")

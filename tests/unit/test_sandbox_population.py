"""The generated population, and reading populations from folders."""

import gzip
from datetime import date
from pathlib import Path

import orjson
import phonenumbers
import pytest
from fhir.resources.R4B import get_fhir_model_class

from sandbox.population.generate import TODAY, generate
from sandbox.population.order import rank
from sandbox.population.people import phone_number
from sandbox.population.reading import read_ndjson
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import parse_instant
from shared.fhir.project import KEPT_TYPES, project

DIABETES, HBA1C = "http://snomed.info/sct|44054006", "http://loinc.org|4548-4"
MIDNIGHT = parse_instant(TODAY.isoformat())


def people() -> list[Person]:
    contents = [project(each).content for each in generate() if each["resourceType"] == "Patient"]
    return [content for content in contents if isinstance(content, Person)]


def facts(token: str) -> list[tuple[str, Fact]]:
    kept = [project(each) for each in generate() if each["resourceType"] in KEPT_TYPES]
    return [
        (p.patients[0], p.content) for p in kept if isinstance(p.content, Fact) and token in p.content.codes
    ]


class TestGenerated:
    """Always the same, valid, of all kinds, and nobody real."""

    def test_it_is_the_same_every_time_and_grows_at_its_end(self):
        forty = list(generate())
        assert forty == list(generate())
        assert forty == list(generate(patients=60))[: len(forty)]
        assert forty != list(generate(seed=1))

    def test_every_resource_is_valid_r4(self):
        for resource in generate():
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)

    def test_ids_are_unique_and_references_lead_to_what_came_before(self):
        seen: set[str] = set()
        for resource in generate():
            assert references(resource) <= seen
            name = f"{resource['resourceType']}/{resource['id']}"
            assert name not in seen
            seen.add(name)

    def test_there_are_forty_patients_of_all_kinds(self):
        found = people()
        assert len(found) == 40
        assert {person.languages for person in found} == {("en-US",), ("es",)}
        assert any(person.deceased for person in found)
        assert sum(not person.telecom for person in found) >= 3
        mobile = [p for p in found if any(t.system == "phone" and t.use == "mobile" for t in p.telecom)]
        assert len(mobile) >= 20
        assert sum(person.birth_date > "2008-03-02" for person in found) >= 3

    def test_diabetic_patients_have_every_kind_of_hba1c_history(self):
        diabetic = {patient for patient, _ in facts(DIABETES)}
        last = dict(facts(HBA1C))
        numbers = [fact.value.number for fact in last.values() if fact.value and fact.value.number]
        assert len(diabetic) >= 8
        assert set(last) < diabetic
        assert sum(number > 9 for number in numbers) >= 2
        assert sum(number < 7 for number in numbers) >= 2

    def test_somebody_is_in_hospital(self):
        assert (
            sum(r.get("status") == "in-progress" for r in generate() if r["resourceType"] == "Encounter") >= 2
        )

    def test_nothing_lies_in_the_future(self):
        for resource in generate():
            if resource["resourceType"] in KEPT_TYPES:
                content = project(resource).content
                start = content.start if isinstance(content, Fact) else content.deceased_at
                assert start is None or start < MIDNIGHT

    def test_children_are_reached_through_a_parent(self):
        children = {person.reference for person in people() if person.birth_date > "2008-03-02"}
        parents = [each for each in generate() if each["resourceType"] == "RelatedPerson"]
        assert {each["patient"]["reference"] for each in parents} == children
        assert all(not person.telecom for person in people() if person.reference in children)

    def test_contact_points_belong_to_nobody(self):
        points = [point for person in people() for point in person.telecom]
        phones = [point.value for point in points if point.system == "phone"]
        assert len(phones) == len(set(phones))
        for phone in phones:
            number = phonenumbers.parse(phone)
            assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == phone
            assert phonenumbers.is_possible_number(number)
            assert 5550100 <= number.national_number % 10_000_000 <= 5550199
        assert all(p.value.endswith("@example.com") for p in points if p.system == "email")

    def test_three_thousand_numbers_are_distinct(self):
        assert len({phone_number(index) for index in range(3000)}) == 3000

    def test_today_can_be_moved(self):
        moved = [each for each in generate(today=date(2021, 4, 1)) if each["resourceType"] in KEPT_TYPES]
        starts = [
            c.start for c in (project(each).content for each in moved) if isinstance(c, Fact) and c.start
        ]
        assert max(starts) < parse_instant("2021-04-01")


def references(node: object) -> set[str]:
    if isinstance(node, list):
        return {found for item in node for found in references(item)}
    if not isinstance(node, dict):
        return set()
    own = {node["reference"]} if isinstance(node.get("reference"), str) else set()
    return own | {found for item in node.values() for found in references(item)}


def line(resource_type: str, resource_id: str) -> bytes:
    return orjson.dumps({"resourceType": resource_type, "id": resource_id}) + b"\n"


class TestReading:
    """NDJSON, gzipped or not, exports, Bundles; bad lines are named and left out."""

    def read(self, folder: Path, **more: object) -> tuple[list[str], list[str]]:
        problems: list[str] = []
        found = [f"{r['resourceType']}/{r['id']}" for r in read_ndjson(folder, problems.append, **more)]
        return found, problems

    def test_files_come_in_the_order_of_who_refers_to_whom(self, tmp_path):
        (tmp_path / "a.ndjson").write_bytes(line("Observation", "1"))
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "Patient.000.ndjson.gz").write_bytes(gzip.compress(line("Patient", "1") * 2))
        (tmp_path / "deep" / "z.jsonl").write_bytes(line("Organization", "1"))
        (tmp_path / "notes.txt").write_text("not ours")
        assert self.read(tmp_path) == (["Organization/1", "Patient/1", "Patient/1", "Observation/1"], [])

    def test_one_file_and_only_some_types(self, tmp_path):
        file = tmp_path / "mixed.ndjson"
        file.write_bytes(line("Claim", "1") + line("Patient", "1"))
        assert self.read(file, types=KEPT_TYPES) == (["Patient/1"], [])

    def test_bad_lines_are_named_without_what_they_hold(self, tmp_path):
        lines = [
            line("Patient", "1"),
            b"\n",
            b'{"resourceType": "Patient", "id": "secret\n',
            b"[]\n",
            b'{"resourceType": "Patient"}\n',
            b'{"resourceType": "Patient", "id": "../secret"}\n',
            b"\xff\xfe\n",
            line("Patient", "2"),
        ]
        (tmp_path / "p.ndjson").write_bytes(b"".join(lines))
        found, problems = self.read(tmp_path)
        assert found == ["Patient/1", "Patient/2"]
        assert problems == [
            "p.ndjson:3: not JSON",
            "p.ndjson:4: not a resource",
            "p.ndjson:5: a resource without a type or an id",
            "p.ndjson:6: a resource without a type or an id",
            "p.ndjson:7: not JSON",
        ]

    def test_a_file_that_breaks_off_gives_what_it_has(self, tmp_path):
        packed = gzip.compress(b"".join(line("Patient", str(n)) for n in range(50_000)))
        (tmp_path / "p.ndjson.gz").write_bytes(packed[: len(packed) // 2])
        (tmp_path / "q.ndjson.gz").write_bytes(b"no gzip at all")
        found, problems = self.read(tmp_path)
        assert found[0] == "Patient/0"
        assert len(problems) == 2
        assert all("cannot be read any further" in problem for problem in problems)

    def test_bundles_are_taken_apart(self, tmp_path):
        patient, visit = "urn:uuid:00000000-0000-0000-0000-000000000001", "urn:uuid:2"
        condition = {
            "resourceType": "Condition",
            "id": "c",
            "subject": {"reference": patient},
            "evidence": [{"detail": [{"reference": visit}, {"reference": "urn:uuid:unknown"}]}],
        }
        entries = [
            {"fullUrl": "urn:uuid:3", "resource": condition},
            {"fullUrl": visit, "resource": {"resourceType": "Encounter", "id": "e"}},
            {"fullUrl": patient, "resource": {"resourceType": "Patient", "id": "p"}},
            {"request": {"method": "DELETE", "url": "Patient/x"}},
            "rubbish",
        ]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        (tmp_path / "bundle.json").write_bytes(orjson.dumps(bundle, option=orjson.OPT_INDENT_2))
        (tmp_path / "cases.ndjson").write_bytes(orjson.dumps({"resourceType": "Bundle", "entry": 3}))
        found = list(read_ndjson(tmp_path))
        assert [each["resourceType"] for each in found] == ["Patient", "Encounter", "Condition"]
        assert found[2]["subject"] == {"reference": "Patient/p"}
        assert found[2]["evidence"] == [
            {"detail": [{"reference": "Encounter/e"}, {"reference": "urn:uuid:unknown"}]}
        ]

    def test_no_file_at_all_is_said(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="ndjson"):
            list(read_ndjson(tmp_path))

    def test_types_nobody_ranked_come_last(self):
        assert rank({"resourceType": "Organization"}) == 0
        assert rank({"resourceType": "Observation"}) == rank({}) > rank({"resourceType": "Encounter"})

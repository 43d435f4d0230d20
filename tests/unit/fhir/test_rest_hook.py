"""R4 rest-hook and Medplum: what path, headers and body say together, and every trick with a path."""

from __future__ import annotations

import orjson
import pytest

from shared.fhir.notification import Recover, Request, ResourceChange
from shared.fhir.parse_notification import parse
from tests.unit.fhir.notification_data import AT, KEY, PATIENT, code_of, heard, only, post


class TestRestHook:
    """R4 rest-hook."""

    def put(self, tail: str, body: object = PATIENT) -> Request:
        return Request("PUT", tail, {}, {}, body if isinstance(body, bytes) else orjson.dumps(body))

    @pytest.mark.parametrize("tail", ["/hapi/Patient/1", "/Patient/1", "Patient/1", "/hapi/Patient/1/_history/3", "", "/hapi/"])  # fmt: skip  # noqa: E501 - one list
    def test_a_put_is_a_change_with_its_body(self, tail: str) -> None:
        change = ResourceChange(KEY, "3", "unknown", AT, PATIENT)
        assert only(parse(self.put(tail))).changes == (change,)

    def test_a_body_without_an_id_is_the_one_that_the_path_names(self) -> None:
        (change,) = only(parse(self.put("/Patient/7", {"resourceType": "Patient"}))).changes
        assert change.resource == {"resourceType": "Patient", "id": "7"}

    def test_a_body_in_xml_is_read_back(self) -> None:
        assert only(parse(self.put("/hapi/Patient/1", b"<Patient/>"))).changes == (ResourceChange(KEY),)

    def test_a_delete_has_no_body(self) -> None:
        told = only(parse(Request("DELETE", "/hapi/Patient/1")))
        assert told.changes == (ResourceChange(KEY, None, "deleted"),)

    @pytest.mark.parametrize("tail", ["/hapi", "", "/hapi/Patient"])
    def test_a_delete_must_name_a_resource(self, tail: str) -> None:
        assert code_of(Request("DELETE", tail)) == "bad-path"

    @pytest.mark.parametrize("body", [b"", b" \n"])
    def test_an_empty_post_says_that_something_changed(self, body: bytes) -> None:
        assert only(parse(post(body, "/hapi"))).recover == Recover("nothing-named")
        assert only(parse(post(body, "/hapi/Patient"))).recover == Recover(
            "nothing-named", types=("Patient",)
        )

    @pytest.mark.parametrize(
        ("tail", "body"),
        [
            ("/Patient/2", PATIENT),
            ("/Observation/1", PATIENT),
            ("/Observation", PATIENT),
            ("/Patient/1/_history/4", PATIENT),
        ],
    )
    def test_path_and_body_must_agree(self, tail: str, body: object) -> None:
        assert code_of(self.put(tail, body)) == "subject-mismatch"

    @pytest.mark.parametrize(
        "tail",
        [
            "/..",
            "/hapi/../Patient/1",
            "/hapi//Patient/1",
            "//Patient/1",
            "/hapi/Patient/1%00",
            "/%2e%2e/Patient/1",
            "/hapi/Patient%2F1",
            "/hapi/Patient/..",
            "/hapi/Patient/1/../2",
            "/hapi/Patient/1/Patient/2",
            "/hapi/Patient/1\n",
            "/hapiPatient/1",
            "/hapi/Patient/" + "1" * 65,
            "/hapi/Pätient/1",
            "/hapi/Patient/1?x",
            "/a/b/Patient/1",
            "/hapi/Patient/1/_history/..",
            "/Hapi-x",
        ],
    )
    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS"])
    def test_path_tricks_are_refused(self, method: str, tail: str) -> None:
        assert code_of(Request(method, tail, {}, {}, orjson.dumps(PATIENT))) == "bad-path"

    def test_a_transaction_of_hapi_pushes_several(self) -> None:
        entries = [
            {"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/1"}},
            {"request": {"method": "DELETE", "url": "Observation/2"}},
            {"request": {"method": "GET", "url": "Observation/3"}},
        ]
        parsed = heard(parse(post({"resourceType": "Bundle", "type": "transaction", "entry": entries})))
        changes = parsed.notifications[0].changes
        assert [(str(change.key), change.action) for change in changes] == [
            ("Patient/1", "unknown"),
            ("Observation/2", "deleted"),
        ]
        assert [ignored.code for ignored in parsed.ignored] == ["not-a-change"]

    @pytest.mark.parametrize("method", ["GET", "PATCH", "HEAD", "post", ""])
    def test_other_methods_are_refused(self, method: str) -> None:
        assert code_of(Request(method)) == "method-not-allowed"

    def test_a_resource_may_have_members_like_those_of_events(self) -> None:
        odd = PATIENT | {"type": "x", "source": "y", "eventType": "z"}
        assert only(parse(post(odd))).changes[0].resource == odd


class TestMedplum:
    """Medplum's rest-hook."""

    def test_a_post_says_what_happened(self) -> None:
        request = post(
            PATIENT, "/m", x_medplum_subscription="s1", x_medplum_interaction="create", x_signature="0"
        )
        told = only(parse(request))
        assert (told.format, told.subscription) == ("medplum", "Subscription/s1")
        assert told.changes == (ResourceChange(KEY, "3", "created", AT, PATIENT),)

    @pytest.mark.parametrize("body", [b"{}", b""])
    def test_a_delete_is_named_by_a_header(self, body: bytes) -> None:
        request = post(body, "/m", x_medplum_deleted_resource="Patient/1", x_medplum_interaction="delete")
        assert only(parse(request)).changes == (ResourceChange(KEY, None, "deleted"),)

    @pytest.mark.parametrize("name", ["", "Patient", "../Patient/1", "Patient/1\r\nx", "undefined/undefined"])
    def test_a_bad_name_is_refused(self, name: str) -> None:
        assert code_of(post(b"{}", x_medplum_deleted_resource=name)) == "bad-reference"

    def test_a_bad_subscription_is_refused(self) -> None:
        assert code_of(post(PATIENT, x_medplum_subscription="a/b")) == "bad-subscription"

    def test_an_empty_object_without_the_header_says_nothing(self) -> None:
        assert code_of(post(b"{}")) == "unknown-format"

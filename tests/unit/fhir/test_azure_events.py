"""Azure Health Data Services by Event Grid: both schemas, all modes, the queue and the handshakes."""

from __future__ import annotations

from base64 import b64encode

import orjson
import pytest

from shared.errors import Rejected
from shared.fhir.notification import Heard, Ignored, Limits, Parsed, Reply, Request
from shared.fhir.parse_notification import parse, parse_message
from shared.fhir.references import ResourceKey
from tests.unit.fhir.notification_data import AT, KEY, PATIENT, cloud, code_of, grid, heard, only, post


class TestEventGrid:
    """Event Grid's own schema."""

    def test_a_batch_keeps_its_order(self) -> None:
        told = only(parse(post([grid(3), grid(1), grid(2)], aeg_subscription_name="SUB")))
        assert [change.event_id for change in told.changes] == ["e3", "e1", "e2"]
        assert told.subscription == "SUB"

    def test_other_events_are_ignored_with_a_reason(self) -> None:
        parsed = heard(parse(post([grid(eventType="Microsoft.HealthcareApis.DicomImageCreated")])))
        assert parsed == Heard((), (Ignored("other-event-type", "not an event about a FHIR resource", "e1"),))

    def test_one_bad_event_does_not_take_the_others_with_it(self) -> None:
        bad = grid(2, subject="a.fhir.azurehealthcareapis.com/Patient/9")
        parsed = heard(parse(post([grid(1), bad, grid(3)])))
        assert [change.event_id for change in parsed.notifications[0].changes] == ["e1", "e3"]
        assert [(ignored.code, ignored.event_id) for ignored in parsed.ignored] == [
            ("subject-mismatch", "e2")
        ]

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"subject": "a.fhir.azurehealthcareapis.com/Patient/2"}, "subject-mismatch"),
            ({"subject": "b.fhir.azurehealthcareapis.com/Patient/1"}, "subject-mismatch"),
            ({"subject": "a.fhir.azurehealthcareapis.com/../Patient/1"}, "bad-reference"),
            ({"subject": None}, "wrong-type"),
            ({"data": []}, "wrong-type"),
            ({"data": {"resourceType": "Patient", "resourceFhirId": "../1"}}, "bad-reference"),
            ({"data": {"resourceType": "Patient", "resourceFhirId": 1}}, "bad-reference"),
            ({"eventTime": "soon"}, "bad-time"),
            ({"eventTime": 7}, "wrong-type"),
            ({"eventType": 7}, "wrong-type"),
            ({"id": "a\nb"}, "wrong-type"),
        ],
    )
    def test_a_bad_event_is_rejected(self, changed: dict[str, object], code: str) -> None:
        assert code_of(post([grid(**changed)])) == code

    def test_a_type_we_do_not_know_is_passed_on(self) -> None:
        event = grid(subject="h/Sorcery/1", data={"resourceType": "Sorcery", "resourceFhirId": "1"})
        assert only(parse(post([event]))).changes[0].key == ResourceKey("Sorcery", "1")

    def test_more_events_than_event_grid_sends_are_refused(self) -> None:
        assert code_of(post([grid()] * 5_001)) == "batch-too-large"

    @pytest.mark.parametrize("data", [None, {}, {"validationCode": 7}, {"validationCode": "x" * 999}])
    def test_a_handshake_without_a_code_is_refused(self, data: object) -> None:
        event = grid(eventType="Microsoft.EventGrid.SubscriptionValidationEvent", data=data)
        assert code_of(post([event])) in ("bad-handshake", "wrong-type")

    def test_a_handshake_comes_alone(self) -> None:
        event = grid(
            eventType="Microsoft.EventGrid.SubscriptionValidationEvent", data={"validationCode": "c"}
        )
        assert code_of(post([event, grid()])) == "bad-handshake"


class TestCloudEvents:
    """CloudEvents 1.0."""

    def meaning(self, parsed: Parsed) -> list[tuple[ResourceKey, str | None, object]]:
        told = only(parsed)
        assert told.format == "cloud-events"
        return [(change.key, change.version, change.at) for change in told.changes]

    def test_structured_batched_and_binary_mean_the_same(self) -> None:
        event = cloud()
        names = {"ce-" + name: str(value) for name, value in event.items() if name != "data"}
        binary = Request("POST", "", names, {}, orjson.dumps(event["data"]))
        packed = {name: value for name, value in event.items() if name != "data"}
        packed["data_base64"] = b64encode(orjson.dumps(event["data"])).decode()
        for request in (post(event), post([event]), post(packed), binary):
            assert self.meaning(parse(request)) == [(KEY, "1", AT)]

    def test_headers_of_binary_mode_are_unescaped_once(self) -> None:
        event = cloud()
        names = {"ce-" + name: str(value) for name, value in event.items() if name != "data"}
        names["ce-subject"] = '"' + str(event["subject"]).replace("P", "%50") + '"'
        body = orjson.dumps(event["data"])
        assert self.meaning(parse(Request("POST", "", names, {}, body)))[0][0] == KEY
        names["ce-subject"] = "%C0%A0"
        assert code_of(Request("POST", "", names, {}, body)) == "wrong-type"

    def test_specversion_as_microsoft_writes_it_for_dicom(self) -> None:
        event = cloud(type="Microsoft.HealthcareApis.DicomImageDeleted", specVersion="1.0")
        del event["specversion"]
        assert heard(parse(post(event))).ignored[0].code == "other-event-type"

    def test_another_version_is_refused(self) -> None:
        assert code_of(post(cloud(specversion="0.3"))) == "cloudevents-version"

    def test_bad_base64_is_refused(self) -> None:
        assert code_of(post(cloud(data=None, data_base64="%"))) == "wrong-type"


class TestOptions:
    """The handshake of CloudEvents webhooks."""

    def test_the_origin_and_the_rate_are_granted(self) -> None:
        headers = {"webhook-request-origin": "eventgrid.azure.net", "webhook-request-rate": "120"}
        reply = parse(Request("OPTIONS", "/azure", headers))
        assert isinstance(reply, Reply)
        assert reply.status == 200
        assert reply.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"
        assert reply.headers["WebHook-Allowed-Rate"] == "120"
        assert "POST" in reply.headers["Allow"]

    def test_no_rate_asked_is_no_limit(self) -> None:
        reply = parse(Request("OPTIONS", "", {"webhook-request-origin": "a.b"}))
        assert isinstance(reply, Reply)
        assert reply.headers["WebHook-Allowed-Rate"] == "*"

    def test_without_an_origin_nothing_is_granted(self) -> None:
        reply = parse(Request("OPTIONS"))
        assert isinstance(reply, Reply)
        assert list(reply.headers) == ["Allow"]

    @pytest.mark.parametrize("origin", ["", "a b", "a\r\nX: y", "a/b", "*", "x" * 300, "ä.b"])
    def test_an_origin_is_a_dns_name(self, origin: str) -> None:
        assert code_of(Request("OPTIONS", "", {"webhook-request-origin": origin})) == "bad-handshake"

    @pytest.mark.parametrize("rate", ["0", "-1", "many", "1\n"])
    def test_a_rate_is_a_positive_number(self, rate: str) -> None:
        headers = {"webhook-request-origin": "a.b", "webhook-request-rate": rate}
        assert code_of(Request("OPTIONS", "", headers)) == "bad-handshake"


class TestQueue:
    """Events that Event Grid put in a queue."""

    @pytest.mark.parametrize("pack", [bytes, b64encode, lambda text: b"\n" + b64encode(text) + b"\n"])
    def test_events_come_plain_or_in_base64(self, pack: object) -> None:
        assert callable(pack)
        for event in (grid(), cloud()):
            assert only(parse_message(pack(orjson.dumps(event)))).changes[0].key == KEY

    @pytest.mark.parametrize(
        ("message", "code"),
        [
            (b"", "bad-json"),
            (b"!!", "bad-json"),
            (b"[]", "unknown-format"),
            (b"{}", "unknown-format"),
            (orjson.dumps(PATIENT), "unknown-format"),
            (b" " * 99, "too-large"),
        ],
    )
    def test_what_is_no_event_is_refused(self, message: bytes, code: str) -> None:
        with pytest.raises(Rejected) as caught:
            parse_message(message, Limits(body=98))
        assert caught.value.code == code

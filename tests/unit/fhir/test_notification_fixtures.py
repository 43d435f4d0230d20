"""Every genuine notification of the test data, and what it means."""
# ruff: noqa: E501 - the table has one row a file

from __future__ import annotations

import orjson
import pytest

from shared.errors import Rejected
from shared.fhir.instants import parse_instant
from shared.fhir.notification import Notification, Recover, Reply, Request, ResourceChange
from shared.fhir.parse_notification import parse, parse_message
from shared.fhir.references import parse_reference
from tests.unit.fhir.notification_data import (
    NOTIFICATIONS,
    WHY_SKIPPED,
    captured,
    fixture,
    only,
    post,
    without_bodies,
)

pytestmark = pytest.mark.skipif(not NOTIFICATIONS.is_dir(), reason=WHY_SKIPPED)

IG_TIME = parse_instant("2020-05-29T16:44:13.188243Z")
SEKMET = "http://sekmet.dev/fhir/SubscriptionTopic/encounter-start"
ADMISSION = "http://fhirserver.org/topics/patient-admission"
IG_SUBSCRIPTION = "https://fhirserver.org/fhir/Subscription/123"
OLD = "https://example.org/fhir/r4/Subscription/admission"
OLD_TOPIC = "http://hl7.org/SubscriptionTopic/admission"
WORKSPACE = (
    "/subscriptions/{subscription-id}/resourceGroups/{resource-group-name}"
    "/providers/Microsoft.HealthcareApis/workspaces/{workspace-name}"
)


def when(at: object) -> object:
    return parse_instant(at) if isinstance(at, str) else at


def change(reference: str, version=None, action="unknown", at=None, event_id=None) -> ResourceChange:
    return ResourceChange(parse_reference(reference)[0], version, action, when(at), None, event_id)


def told(
    kind: str, subscription: str, topic: str, numbers, total: int, at, status: str, **more
) -> Notification:
    names = {"at": when(at), "status": status, **more}
    return Notification(kind, "subscription", subscription, topic, numbers, total, **names)


def azure(format_: str, reference: str, version: str, action: str, at: str, id_: str) -> Notification:
    changes = (change(reference, version, action, at, id_),)
    return Notification("events", format_, topic=WORKSPACE, changes=changes)


GRID = "Patient/e0a1f743-1a70-451f-830e-e96477163902"
CLOUD = "Patient/e87ef649-abe1-485c-8c09-549d85dfe30b"
IG_FOCUS = "Encounter/86009987-eabe-42bf-8c02-b112b18cb616"
OLD_FOCUS = "Encounter/551683b3-1477-41d1-b58e-32fe8b0047b0"
WIRE = "Encounter/3e8061fe-e76e-43b4-88e7-3626a95bb9ac"
LOCAL = "http://localhost:8090/fhir/Subscription/"
EMPTY = LOCAL + "06fc9c9e-8369-4727-a11b-8f01fd0055ee"
FULL = LOCAL + "a5c9dcbc-be0b-4d83-aa29-d2b075b1a117"
ID_ONLY = LOCAL + "f0e32d94-3e3b-43bc-bc53-e3a91443523c"
CLASSIC_FOCUS = "Patient/62a92b33-5a81-4710-80a9-09c7361d708c"
CLASSIC = Notification(
    "events", "rest-hook", changes=(change(CLASSIC_FOCUS, "1", at="2026-11-21T19:44:23.710Z"),)
)

# fmt: off
MEANINGS: dict[str, Notification] = {
    "azure/eventgrid-schema-FhirResourceCreated.json": azure("event-grid", GRID, "1", "created", "2021-09-08T01:14:04.561321Z", "e4c7f556-d72c-e7f7-1069-1e82ac76ab41"),
    "azure/eventgrid-schema-FhirResourceUpdated.json": azure("event-grid", GRID, "2", "updated", "2021-09-08T01:29:12.061873Z", "634bd421-8467-f23c-b8cb-f6a31e41c32a"),
    "azure/eventgrid-schema-FhirResourceDeleted.json": azure("event-grid", GRID, "3", "deleted", "2021-09-08T01:31:58.517583Z", "ef289b93-3159-b833-3a44-dc6b86ed1a8a"),
    "azure/cloudevents-FhirResourceCreated.json": azure("cloud-events", CLOUD, "1", "created", "2022-02-03T16:48:09.622335Z", "d674b9b7-7d1c-9b0a-8c48-139f3eb86c48"),
    "azure/cloudevents-FhirResourceUpdated.json": azure("cloud-events", CLOUD, "2", "updated", "2022-02-03T16:48:33.514735Z", "5e45229e-c663-ea98-72d2-833428f48ad0"),
    "azure/cloudevents-FhirResourceDeleted.json": azure("cloud-events", CLOUD, "3", "deleted", "2022-02-03T16:48:38.733879Z", "14648a6e-d978-950e-ee9c-f84c70dba8d3"),
    "r4-backport/inferno-handshake_bundle_example.json": told("handshake", IG_SUBSCRIPTION, ADMISSION, (), 0, IG_TIME, "requested"),
    "r4-backport/inferno-heartbeat_bundle_example.json": told("heartbeat", IG_SUBSCRIPTION, ADMISSION, (), 2, IG_TIME, "active"),
    "r4-backport/inferno-empty_notification_bundle_example.json": told("events", IG_SUBSCRIPTION, ADMISSION, (1,), 1, IG_TIME, "active", recover=Recover("no-focus", IG_SUBSCRIPTION, 1, 1, IG_TIME)),
    "r4-backport/inferno-id_only_notification_bundle_example.json": told("events", IG_SUBSCRIPTION, ADMISSION, (1,), 1, IG_TIME, "active", changes=(change(IG_FOCUS, action="created", at=IG_TIME),)),
    "r4-backport/inferno-full_resource_notification_bundle_example.json": told("events", IG_SUBSCRIPTION, ADMISSION, (1,), 1, IG_TIME, "active", changes=(change(IG_FOCUS, action="created", at=IG_TIME),)),
    "r4-backport/inferno-subscription_status_example.json": told("events", "https://example.org/fhir/Subscription/123", ADMISSION, (2,), 2, IG_TIME, "active", changes=(change(IG_FOCUS, at=IG_TIME),)),
    "r4b-style-ig-0.1/argonaut-Bundle-notification-handshake.json": told("handshake", OLD, OLD_TOPIC, (), 0, IG_TIME, "active"),
    "r4b-style-ig-0.1/argonaut-Bundle-notification-heartbeat.json": told("heartbeat", OLD, OLD_TOPIC, (), 2, IG_TIME, "active"),
    "r4b-style-ig-0.1/argonaut-Bundle-notification-empty.json": told("events", OLD, OLD_TOPIC, (2,), 2, IG_TIME, "active", recover=Recover("no-focus", OLD, 2, 2)),
    "r4b-style-ig-0.1/argonaut-Bundle-notification-id-only.json": told("events", OLD, OLD_TOPIC, (2,), 2, IG_TIME, "active", changes=(change(OLD_FOCUS, action="created", at=IG_TIME),)),
    "r4b-style-ig-0.1/argonaut-Bundle-notification-full-resource.json": told("events", OLD, OLD_TOPIC, (2,), 2, IG_TIME, "active", changes=(change(OLD_FOCUS, action="created", at=IG_TIME),)),
    "r4b-style-ig-0.1/argonaut-Bundle-notification-error.json": told("error", OLD, OLD_TOPIC, (), 10, IG_TIME, "error", errors=("unreachable",), recover=Recover("subscription-error", OLD)),
    "wire-captures/sekmet-bp-empty-POST-handshake.json": told("handshake", EMPTY, SEKMET, (), 0, "2026-11-21T19:44:21.580Z", "requested"),
    "wire-captures/sekmet-bp-full-resource-POST-handshake.json": told("handshake", FULL, SEKMET, (), 0, "2026-11-21T19:44:21.648Z", "requested"),
    "wire-captures/sekmet-bp-id-only-POST-handshake.json": told("handshake", ID_ONLY, SEKMET, (), 0, "2026-11-21T19:44:21.643Z", "requested"),
    "wire-captures/sekmet-bp-id-only-POST-heartbeat.json": told("heartbeat", ID_ONLY, SEKMET, (), 1, "2026-11-21T19:44:27.850Z", "active"),
    "wire-captures/sekmet-bp-empty-POST-event-notification.json": told("events", EMPTY, SEKMET, (1,), 1, "2026-11-21T19:44:23.926Z", "active", recover=Recover("no-focus", EMPTY, 1, 1, parse_instant("2026-11-21T19:44:23.926Z"))),
    "wire-captures/sekmet-bp-id-only-POST-event-notification.json": told("events", ID_ONLY, SEKMET, (1,), 1, "2026-11-21T19:44:23.942Z", "active", changes=(change(WIRE, at="2026-11-21T19:44:23.942Z"),)),
    "wire-captures/sekmet-bp-full-resource-POST-event-notification.json": told("events", FULL, SEKMET, (1,), 1, "2026-11-21T19:44:23.907Z", "active", changes=(change(WIRE, "1", "updated", "2026-11-21T19:44:23.874Z"),)),
    "wire-captures/sekmet-classic-empty-POST-classic.json": Notification("events", "rest-hook", recover=Recover("nothing-named")),
    "wire-captures/sekmet-classic-full-PUT-classic.json": CLASSIC,
    "wire-captures/sekmet-fail-PUT-classic.json": CLASSIC,
    # Resources that are no notifications: as rest-hook would push them, a change of themselves.
    "r4-backport/candle-r4-Basic-topic.json": Notification("events", "rest-hook", changes=(change("Basic/encounter-complete", "1", at="2023-08-30T14:59:14.207070Z"),)),
    "r4-backport/candle-r4-Subscription.json": Notification("events", "rest-hook", changes=(change("Subscription/383c610b-8a8b-4173-b363-7b811509aadd", "1", at="2023-08-30T16:59:28.579308Z"),)),
    "r4b/candle-r4b-Subscription.json": Notification("events", "rest-hook", changes=(change("Subscription/db4ce0bb-fa9c-4092-9f75-34772dc85590", "1", at="2023-08-30T17:41:54.688217Z"),)),
    "r5/candle-r5-Subscription.json": Notification("events", "rest-hook", changes=(change("Subscription/e1f461cb-f41c-470e-aa75-d5223b2c943a", "1", at="2023-08-30T17:58:03.462120Z"),)),
    "r4-backport/inferno-subscription_resource_example.json": Notification("events", "rest-hook", changes=(change("Subscription/123"),)),
    "r4-backport/inferno-capability_statement_example.json": Notification("events", "rest-hook", changes=(change("CapabilityStatement/r4-capabilitystatement-example-server"),)),
}
# fmt: on
WITHOUT_AN_ID = {
    "r4-backport/inferno-Subscription_empty.json",
    "r4-backport/inferno-Subscription_id-only.json",
    "r4-backport/inferno-Subscription_full-resource.json",
}
WITH_BODY = {
    "r4-backport/inferno-full_resource_notification_bundle_example.json",
    "r4b-style-ig-0.1/argonaut-Bundle-notification-full-resource.json",
    "wire-captures/sekmet-bp-full-resource-POST-event-notification.json",
    "wire-captures/sekmet-classic-full-PUT-classic.json",
    "wire-captures/sekmet-fail-PUT-classic.json",
}


def request(name: str) -> Request:
    if name.startswith("wire-captures/"):
        return captured(name)
    body = fixture(name)
    return post(b"[" + body + b"]" if "eventgrid-schema" in name else body)


@pytest.mark.parametrize("name", sorted(MEANINGS))
def test_what_a_fixture_means(name: str) -> None:
    assert without_bodies(only(parse(request(name)))) == MEANINGS[name]


@pytest.mark.parametrize("name", sorted(WITH_BODY))
def test_a_pushed_body_comes_with_its_change(name: str) -> None:
    (pushed,) = only(parse(request(name))).changes
    assert pushed.resource is not None
    assert pushed.resource["id"] == pushed.key.resource_id


def test_the_validation_event_is_answered_with_its_code() -> None:
    reply = parse(post(fixture("azure/eventgrid-SubscriptionValidationEvent.json")))
    assert isinstance(reply, Reply)
    assert reply.status == 200
    assert orjson.loads(reply.body) == {"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}


@pytest.mark.parametrize("name", sorted(WITHOUT_AN_ID))
def test_a_resource_without_an_id_names_nothing(name: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse(post(fixture(name)))
    assert caught.value.code == "bad-reference"


@pytest.mark.parametrize("name", [name for name in sorted(MEANINGS) if name.startswith("azure/")])
def test_the_same_event_from_a_queue_means_the_same(name: str) -> None:
    assert only(parse_message(fixture(name))) == MEANINGS[name]


def test_no_fixture_was_forgotten() -> None:
    manifest = {row["file"] for row in orjson.loads(fixture("manifest.json"))}
    known = {*MEANINGS, *WITHOUT_AN_ID, "azure/eventgrid-SubscriptionValidationEvent.json"}
    assert {name for name in manifest - known if not name.startswith("requirements/")} == set()
    assert known <= manifest

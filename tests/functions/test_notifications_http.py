"""Every genuine notification of the test data, sent to the real app over HTTP: what is queued for it."""

from __future__ import annotations

import base64

import orjson
import pytest
from notifiers import KEYED, SHARED, SIGNED
from product_kit import Product, Reply

from shared.usecases.jobs import Change, Job, Recovery
from tests.unit.fhir.notification_data import NOTIFICATIONS, WHY_SKIPPED, fixture

pytestmark = pytest.mark.skipif(not NOTIFICATIONS.is_dir(), reason=WHY_SKIPPED)

GRID = "Patient/e0a1f743-1a70-451f-830e-e96477163902"
CLOUD = "Patient/e87ef649-abe1-485c-8c09-549d85dfe30b"
FOCUS = "Encounter/86009987-eabe-42bf-8c02-b112b18cb616"
OLD_FOCUS = "Encounter/551683b3-1477-41d1-b58e-32fe8b0047b0"
WIRE = "Encounter/3e8061fe-e76e-43b4-88e7-3626a95bb9ac"
CLASSIC = "Patient/62a92b33-5a81-4710-80a9-09c7361d708c"

type Meaning = tuple[list[tuple[str, str, str, bool]], list[tuple[str, int | None, int | None]]]
"""Changes as reference, version, action and whether the body came along; recoveries as reason and numbers."""


def changes(*found: tuple[str, str, str, bool]) -> Meaning:
    return list(found), []


NOTHING: Meaning = ([], [])
AZURE: dict[str, Meaning] = {
    "azure/eventgrid-schema-FhirResourceCreated.json": changes((GRID, "1", "created", False)),
    "azure/eventgrid-schema-FhirResourceUpdated.json": changes((GRID, "2", "updated", False)),
    "azure/eventgrid-schema-FhirResourceDeleted.json": changes((GRID, "3", "deleted", False)),
    "azure/cloudevents-FhirResourceCreated.json": changes((CLOUD, "1", "created", False)),
    "azure/cloudevents-FhirResourceUpdated.json": changes((CLOUD, "2", "updated", False)),
    "azure/cloudevents-FhirResourceDeleted.json": changes((CLOUD, "3", "deleted", False)),
}
BUNDLES: dict[str, Meaning] = {
    "r4-backport/inferno-handshake_bundle_example.json": NOTHING,
    "r4-backport/inferno-heartbeat_bundle_example.json": ([], [("gap", 1, 2)]),
    "r4-backport/inferno-empty_notification_bundle_example.json": ([], [("no-focus", 1, 1)]),
    "r4-backport/inferno-id_only_notification_bundle_example.json": changes((FOCUS, "", "created", False)),
    "r4-backport/inferno-full_resource_notification_bundle_example.json": changes(
        (FOCUS, "", "created", True)
    ),
    "r4-backport/inferno-subscription_status_example.json": (
        [(FOCUS, "", "unknown", False)],
        [("gap", 1, 1)],
    ),
    "r4b-style-ig-0.1/argonaut-Bundle-notification-handshake.json": NOTHING,
    "r4b-style-ig-0.1/argonaut-Bundle-notification-heartbeat.json": ([], [("gap", 1, 2)]),
    "r4b-style-ig-0.1/argonaut-Bundle-notification-empty.json": ([], [("no-focus", 2, 2), ("gap", 1, 1)]),
    "r4b-style-ig-0.1/argonaut-Bundle-notification-id-only.json": (
        [(OLD_FOCUS, "", "created", False)],
        [("gap", 1, 1)],
    ),
    "r4b-style-ig-0.1/argonaut-Bundle-notification-full-resource.json": (
        [(OLD_FOCUS, "", "created", True)],
        [("gap", 1, 1)],
    ),
    "r4b-style-ig-0.1/argonaut-Bundle-notification-error.json": (
        [],
        [("subscription-error", None, None), ("gap", 1, 10)],
    ),
    # Resources that are no notifications are changes of themselves, of types that are not kept.
    "r4-backport/candle-r4-Basic-topic.json": NOTHING,
    "r4-backport/candle-r4-Subscription.json": NOTHING,
    "r4b/candle-r4b-Subscription.json": NOTHING,
    "r5/candle-r5-Subscription.json": NOTHING,
    "r4-backport/inferno-subscription_resource_example.json": NOTHING,
    "r4-backport/inferno-capability_statement_example.json": NOTHING,
}
WIRES: dict[str, Meaning] = {
    "wire-captures/sekmet-bp-empty-POST-handshake.json": NOTHING,
    "wire-captures/sekmet-bp-full-resource-POST-handshake.json": NOTHING,
    "wire-captures/sekmet-bp-id-only-POST-handshake.json": NOTHING,
    "wire-captures/sekmet-bp-id-only-POST-heartbeat.json": ([], [("gap", 1, 1)]),
    "wire-captures/sekmet-bp-empty-POST-event-notification.json": ([], [("no-focus", 1, 1)]),
    "wire-captures/sekmet-bp-id-only-POST-event-notification.json": changes((WIRE, "", "unknown", False)),
    "wire-captures/sekmet-bp-full-resource-POST-event-notification.json": changes(
        (WIRE, "1", "updated", True)
    ),
    "wire-captures/sekmet-classic-empty-POST-classic.json": ([], [("nothing-named", None, None)]),
    "wire-captures/sekmet-classic-full-PUT-classic.json": changes((CLASSIC, "1", "unknown", True)),
    "wire-captures/sekmet-fail-PUT-classic.json": changes((CLASSIC, "1", "unknown", True)),
}
WITHOUT_AN_ID = (
    "r4-backport/inferno-Subscription_empty.json",
    "r4-backport/inferno-Subscription_id-only.json",
    "r4-backport/inferno-Subscription_full-resource.json",
)


def described(job: Job) -> tuple[str, str, str, bool]:
    assert isinstance(job, Change)
    return f"{job.resource_type}/{job.resource_id}", job.version, job.action, job.resource is not None


async def queued(product: Product) -> Meaning:
    """Say what stands on the queues."""
    found = [described(job) for job in await product.take("changes")]
    missed = [job.recover for job in await product.take("recoveries") if isinstance(job, Recovery)]
    return found, [(recover.reason, recover.first, recover.last) for recover in missed]


def told(meaning: Meaning) -> Meaning:
    """Bring in order: what is queued at once has none."""
    return sorted(meaning[0]), sorted(meaning[1], key=str)


def heard(reply: Reply, meaning: Meaning) -> None:
    assert reply.status == 200, reply.body
    assert reply.json["queued"] == len(meaning[0])


@pytest.mark.parametrize("name", sorted(AZURE))
async def test_an_azure_event_is_queued_from_http_and_from_the_queue(intake: Product, name: str) -> None:
    body, schema = fixture(name), "cloudevents" if "cloudevents" in name else "json"
    if schema == "json":
        body = b"[" + body + b"]"
    kind = {"Content-Type": f"application/{schema}; charset=utf-8", "aeg-event-type": "Notification"}
    heard(intake.call("POST", f"{KEYED}/events", body, kind), AZURE[name])
    (first,) = await intake.take("changes")
    assert described(first) == AZURE[name][0][0]
    await intake.put("notifications", base64.b64encode(fixture(name)).decode())
    (again,) = await intake.arrived("changes", 1)
    assert again == first


@pytest.mark.parametrize("name", sorted(BUNDLES))
async def test_a_fhir_notification_is_queued(intake: Product, name: str) -> None:
    headers = {"Content-Type": "application/fhir+json"}
    heard(intake.call("POST", f"{KEYED}/hooks", fixture(name), headers), BUNDLES[name])
    assert told(await queued(intake)) == told(BUNDLES[name])


@pytest.mark.parametrize("name", sorted(WIRES))
async def test_a_captured_request_is_queued(intake: Product, name: str) -> None:
    """The requests as they went over the wire, path and headers: their token is the proof."""
    wire = orjson.loads(fixture(name))
    body = b"" if wire["body"] is None else orjson.dumps(wire["body"])
    headers = {key: value for key, value in wire["headers"].items() if key not in ("Host", "Content-Length")}
    heard(intake.call(wire["method"], SIGNED + wire["path"], body, headers, key=None), WIRES[name])
    assert told(await queued(intake)) == told(WIRES[name])
    headers["Authorization"] = "Bearer abd"
    assert intake.call(wire["method"], SIGNED + wire["path"], body, headers, key=None).status == 401
    assert await queued(intake) == NOTHING


@pytest.mark.parametrize("name", WITHOUT_AN_ID)
async def test_a_resource_without_an_id_is_refused(intake: Product, name: str) -> None:
    before = await intake.stored()
    reply = intake.call("POST", f"{KEYED}/hooks", fixture(name))
    assert (reply.status, reply.json["type"]) == (400, "urn:hearthline:problem:bad-reference")
    assert await intake.stored() == before


def test_the_validation_event_is_answered_with_its_code(intake: Product) -> None:
    body = fixture("azure/eventgrid-SubscriptionValidationEvent.json")
    reply = intake.call("POST", f"{KEYED}/events", body, {"aeg-event-type": "SubscriptionValidation"})
    assert reply.status == 200
    assert reply.json == {"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}


def test_no_fixture_was_forgotten() -> None:
    manifest = {row["file"] for row in orjson.loads(fixture("manifest.json"))}
    known = {*AZURE, *BUNDLES, *WIRES, *WITHOUT_AN_ID, "azure/eventgrid-SubscriptionValidationEvent.json"}
    assert {name for name in manifest - known if not name.startswith("requirements/")} == set()


async def test_a_batch_of_cloud_events_and_a_secret_header(intake: Product) -> None:
    names = [name for name in sorted(AZURE) if "cloudevents" in name]
    batch = b"[" + b",".join(map(fixture, names)) + b"]"
    kind = {"Content-Type": "application/cloudevents-batch+json"}
    assert intake.call("POST", f"{KEYED}/events", batch, kind).json == {"queued": 3, "ignored": []}
    assert {version for _, version, *_ in (await queued(intake))[0]} == {"1", "2", "3"}
    grid = fixture("azure/eventgrid-schema-FhirResourceCreated.json")
    assert intake.call("POST", f"{SIGNED}/secret", grid, SHARED, key=None).json["queued"] == 1
    assert (await queued(intake))[0] == [(GRID, "1", "created", False)]


def test_options_grants_the_origin_that_asks(intake: Product) -> None:
    asked = {"WebHook-Request-Origin": "eventgrid.azure.net", "WebHook-Request-Rate": "120"}
    reply = intake.call("OPTIONS", f"{KEYED}/events", headers=asked)
    assert reply.status == 200
    assert reply.headers["webhook-allowed-origin"] == "eventgrid.azure.net"
    assert reply.headers["webhook-allowed-rate"] == "120"
    assert intake.call("OPTIONS", f"{KEYED}/events", headers=asked, key=None).status == 401
    for hostile in ("evil.example\x01", "*", "a b", "http://evil.example/"):
        assert (
            intake.call(
                "OPTIONS", f"{KEYED}/events", headers=asked | {"WebHook-Request-Origin": hostile}
            ).status
            == 400
        )


async def test_rest_hook_without_a_body(intake: Product) -> None:
    """HAPI's empty POST names nothing, or a type; its DELETE names the resource."""
    assert intake.call("POST", f"{KEYED}/hooks").status == 200
    assert intake.call("POST", f"{KEYED}/hooks/Observation").status == 200
    jobs = [job.recover for job in await intake.take("recoveries") if isinstance(job, Recovery)]
    assert sorted(recover.types for recover in jobs) == [(), ("Observation",)]
    assert intake.call("DELETE", f"{KEYED}/hooks/Observation/o1/_history/3").status == 200
    assert (await queued(intake))[0] == [("Observation/o1", "3", "deleted", False)]
    assert intake.call("GET", f"{KEYED}/hooks/Observation/o1").status == 404


async def test_a_cloud_event_in_binary_mode(intake: Product) -> None:
    event = orjson.loads(fixture("azure/cloudevents-FhirResourceUpdated.json"))
    names = ("id", "source", "type", "subject", "time")
    headers = {"ce-specversion": "1.0", **{f"ce-{name}": str(event[name]) for name in names}}
    reply = intake.call("POST", f"{KEYED}/events", event["data"], headers)
    heard(reply, AZURE["azure/cloudevents-FhirResourceUpdated.json"])
    assert await queued(intake) == AZURE["azure/cloudevents-FhirResourceUpdated.json"]


async def test_a_large_pushed_body_is_left_out_and_read_back(intake: Product) -> None:
    note = [{"text": "x" * 60_000}]
    body = {"resourceType": "Observation", "id": "o1", "meta": {"versionId": "2"}, "note": note}
    assert intake.call("PUT", f"{KEYED}/hooks/Observation/o1", body).status == 200
    assert (await queued(intake))[0] == [("Observation/o1", "2", "unknown", False)]

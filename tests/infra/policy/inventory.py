"""Each queue, table and container that the code uses is made, and none else; events come to their queues."""

from __future__ import annotations

from collections.abc import Iterator

from shared.adapters.table_documents import DOCUMENTS
from shared.adapters.table_indexes import INDEX, WAKEUPS
from shared.adapters.table_store import TABLE
from shared.adapters.table_trail import AUDIT
from shared.bootstrap import CONTAINER
from shared.fhir.acs_events import _READERS
from shared.fhir.notifications.health_data_services import _ACTIONS
from shared.queues import (
    ACS_EVENTS,
    KINDS,
    LOCK_SECONDS,
    MOST_DELIVERIES,
    NOTIFICATIONS,
    QUEUES,
    REPETITION_SECONDS,
)
from tests.infra.bicep.values import Made
from tests.infra.policy.cases import Case

_STORAGE = "Microsoft.Storage/storageAccounts"
_BUS_QUEUE = "Microsoft.ServiceBus/namespaces/queues"

TABLES = {TABLE, WAKEUPS, INDEX, DOCUMENTS, AUDIT}
CONTAINERS = {CONTAINER, "deployments", "dead-letters"}
"""What the app keeps; its packages; what Event Grid could not deliver."""

FHIR_EVENTS = frozenset(_ACTIONS)
ACS_EVENT_KINDS = frozenset(
    f"Microsoft.Communication.{kind}" for kind in (*_READERS, "SMSReceived", "AdvancedMessageReceived")
)


def inventory_problems(case: Case) -> Iterator[str]:
    """Give queues, tables and containers that are missing, or that nobody uses."""
    on_storage = case.transport == "storage"
    queues = {*QUEUES, *(f"{name}-poison" for name in QUEUES)} if on_storage else set()
    yield from _compare("storage queue", _names(case, f"{_STORAGE}/queueServices/queues"), queues)
    yield from _compare("Service Bus queue", _names(case, _BUS_QUEUE), set() if on_storage else set(QUEUES))
    yield from _compare("table", _names(case, f"{_STORAGE}/tableServices/tables"), TABLES)
    yield from _compare("container", _names(case, f"{_STORAGE}/blobServices/containers"), CONTAINERS)
    if on_storage and case.deployment.of("Microsoft.ServiceBus/namespaces"):
        yield "there is a Service Bus namespace that nothing uses"


def queue_problems(case: Case) -> Iterator[str]:
    """Give queues of Service Bus that are not of the kind that shared/queues.py says."""
    kinds = {kind.name: kind for kind in KINDS}
    for made in case.deployment.of(_BUS_QUEUE):
        if made.name not in kinds:
            continue
        sessions = kinds[made.name].sessions
        wanted = {
            "requiresSession": sessions,
            "requiresDuplicateDetection": sessions,
            "maxDeliveryCount": MOST_DELIVERIES,
            "deadLetteringOnMessageExpiration": True,
            "lockDuration": f"PT{LOCK_SECONDS // 60}M",
            "duplicateDetectionHistoryTimeWindow": f"PT{REPETITION_SECONDS // 60}M",
        }
        for name, value in wanted.items():
            if (found := made.get(name)) != value:
                yield f"queue {made.name}: {name} is {found!r} and should be {value!r}"


def event_problems(case: Case) -> Iterator[str]:
    """Give what is wrong with how events of the FHIR service and of Communication Services come to us."""
    wanted = {ACS_EVENTS: ("Microsoft.Communication.CommunicationServices", ACS_EVENT_KINDS)}
    if case.deployment.params["fhir"] != "other":
        wanted[NOTIFICATIONS] = ("Microsoft.HealthcareApis.Workspaces", FHIR_EVENTS)
    subscriptions = case.deployment.of("Microsoft.EventGrid/systemTopics/eventSubscriptions")
    there = {made.id.lower() for made in case.deployment.resources if not made.existing}
    topics = {made.id.lower(): made for made in case.deployment.of("Microsoft.EventGrid/systemTopics")}
    for made in subscriptions:
        topic, kinds = wanted.pop(_queue(made), ("", frozenset[str]()))
        where = f"events to {_queue(made)}"
        source = topics.get(made.parent.id.lower()) if made.parent else None
        if source is None or source.get("topicType") != topic:
            yield f"{where} come from another topic than {topic}"
        elif source.body.get("identity") != {"type": "SystemAssigned"}:
            yield f"{where} come from a topic without an identity of its own"
        if set(_list(made.get("filter", "includedEventTypes"))) != kinds:
            yield f"{where} are not those that the code reads"
        if made.get("destination") or made.get("deadLetterDestination"):
            yield f"{where} are delivered without an identity"
        yield from (f"{where}: {each}" for each in _delivery(made, case, there))
    yield from (f"no events come to {queue}" for queue in wanted)


def _delivery(made: Made, case: Case, there: set[str]) -> Iterator[str]:
    way = "deliveryWithResourceIdentity"
    kind = {"storage": "StorageQueue", "servicebus": "ServiceBusQueue"}[case.transport]
    if made.get(way, "destination", "endpointType") != kind:
        yield f"they are not delivered to a {kind}"
    target = str(made.get(way, "destination", "properties", "resourceId"))
    left = made.get("deadLetterWithResourceIdentity", "deadLetterDestination", "properties")
    dead = left if isinstance(left, dict) else {}
    for each in (target, str(dead.get("resourceId"))):
        if each.lower() not in there:
            yield f"{each} is not made here"
    if dead.get("blobContainerName") not in _names(case, f"{_STORAGE}/blobServices/containers"):
        yield f"dead letters go to {dead.get('blobContainerName')}, which is no container"
    for path in (way, "deadLetterWithResourceIdentity"):
        if made.get(path, "identity") != {"type": "SystemAssigned"}:
            yield f"{path} is not by the topic's own identity: no other passes the firewall of storage"


def _queue(made: Made) -> str:
    properties = made.get("deliveryWithResourceIdentity", "destination", "properties")
    found = properties if isinstance(properties, dict) else {}
    return str(found.get("queueName") or str(found.get("resourceId")).rpartition("/")[2])


def _names(case: Case, type_: str) -> list[str]:
    return [made.name for made in case.deployment.of(type_)]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _compare(what: str, found: list[str], wanted: set[str]) -> Iterator[str]:
    yield from (f"{what} {name} is made twice" for name in sorted(set(found)) if found.count(name) > 1)
    yield from (f"{what} {name} is not used by the code" for name in sorted(set(found) - wanted))
    yield from (f"{what} {name} is missing" for name in sorted(wanted - set(found)))

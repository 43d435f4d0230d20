"""What Azure publishes as limits, with where it says so; what it does not say is a parameter, not here."""

from __future__ import annotations

from dataclasses import dataclass

READ = "2026-11-22"
"""When the pages were read, as stored copies: some are older than the live page."""
_LEARN = "https://learn.microsoft.com/azure"
_TABLES = f"{_LEARN}/storage/tables/scalability-targets"
_QUEUES = f"{_LEARN}/storage/queues/scalability-targets"
_THROTTLING = f"{_LEARN}/service-bus-messaging/service-bus-throttling"
_BUS_SPEED = f"{_LEARN}/service-bus-messaging/service-bus-performance-improvements"
_GRID = f"{_LEARN}/event-grid/quotas-limits"
_FHIR_EVENTS = f"{_LEARN}/healthcare-apis/events/events-faqs"
_ACS = f"{_LEARN}/communication-services/concepts/service-limits"
_FLEX = f"{_LEARN}/azure-functions/flex-consumption-plan"
_SCALING = f"{_LEARN}/azure-functions/functions-target-based-scaling"


@dataclass(frozen=True, slots=True)
class Limit:
    """A published limit."""

    words: str
    value: float
    unit: str
    source: str


LIMITS: dict[str, Limit] = {
    "table_partition": Limit("one partition of a table (1 KiB entities)", 2000, "entities/s", _TABLES),
    "table_account": Limit("one storage account, tables (1 KiB entities)", 20_000, "transactions/s", _TABLES),
    "table_transaction": Limit("one entity group transaction, less than 4 MiB", 100, "entities", _TABLES),
    "queue": Limit("one Storage queue (1 KiB messages)", 2000, "messages/s", _QUEUES),
    "queue_account": Limit("one storage account, queues (1 KiB messages)", 20_000, "messages/s", _QUEUES),
    "bus_standard": Limit(
        "one Service Bus namespace, Standard; a message sent or received is one", 1000, "credits/s",
        _THROTTLING,
    ),
    "bus_premium": Limit(
        "one messaging unit, Premium; observed by Microsoft without sessions, in and out", 4, "MB/s",
        _BUS_SPEED,
    ),
    "bus_receivers": Limit("receive requests at once on one queue", 5000, "requests", _THROTTLING),
    "event_grid": Limit("one custom or partner topic, or 5 MB/s; of system topics no limit is named", 5000,
                        "events/s", _GRID),
    "fhir_events": Limit("one workspace of Health Data Services, all its FHIR services", 5000, "events/s",
                         _FHIR_EVENTS),
    "sms_short_code": Limit("SMS from one short code", 6000, "messages/min", _ACS),
    "sms_toll_free": Limit("SMS from one toll-free number", 200, "messages/min", _ACS),
    "sms_alphanumeric": Limit("SMS from alphanumeric senders of one resource", 600, "messages/min", _ACS),
    "email_minute": Limit("email from own domains of one subscription, until raised on request", 30,
                          "messages/min", _ACS),
    "email_hour": Limit("the same in an hour", 100, "messages/h", _ACS),
    "flex_cores": Limit("Flex Consumption, one region of a subscription, until raised", 250, "cores", _FLEX),
    "flex_instances": Limit("instances of one Flex Consumption app", 1000, "instances", _FLEX),
    "flex_memory": Limit("memory of an instance with one core; 512 has 0.25, 4,096 has 2", 2048, "MB", _FLEX),
    "flex_billed": Limit("shortest time that is billed while an instance works", 1000, "ms", _FLEX),
    "scale_step": Limit("instances added at a time by target-based scaling", 4, "instances", _SCALING),
    "scale_target": Limit("messages waiting for each instance, Storage queues (batchSize)", 16, "messages",
                          _SCALING),
    "scale_sessions": Limit("the same with Service Bus sessions (maxConcurrentSessions, the default)", 8,
                            "messages", _SCALING),
}  # fmt: skip
"""By name. Nothing was found for: the FHIR service's requests a second (it scales by itself, and answers 429
where it is too slow), WhatsApp's rate, 10DLC numbers, and how fast Flex Consumption adds instances."""

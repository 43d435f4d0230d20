"""Two patients of whom much is held, for the tests of erasure, export, retention and evidence."""

from __future__ import annotations

from msgspec.structs import replace

from shared.adapters.memory_webhooks import MemoryWebhooks
from shared.catalogue import Document
from shared.effects import IndexLink
from shared.events import EnrolAsked, InboundReceived
from shared.message.outbound import Accepted, OutboundMessage, SendResult
from shared.message.policy import Keys, Policy
from shared.patient.record import patient_key
from shared.usecases.privacy.marks import Marks
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.take_in import take_in
from tests.unit.memory_kit import Time, in_memory, person, result, segments, server, visit

BASE = "https://hearthline.example"
JOURNEY = f"{BASE}/journeys/care"
ANN, BOB = patient_key("ann"), patient_key("bob")
NUMBERS = {"ann": "+12065550123", "bob": "+12065550199"}
SECRET = b"a secret of the settings, long enough"


class Phone:
    """A channel that takes everything, and remembers it."""

    def __init__(self) -> None:
        self.sent: list[OutboundMessage] = []

    async def send(self, message: OutboundMessage) -> SendResult:
        self.sent.append(message)
        return Accepted(f"provider-{message.message_id}")


def fresh(clock: Time) -> Services:
    """Return empty services that send SMS and know how to mark."""
    policy = Policy(keys=Keys((SECRET,)), organisation="Riverside Clinic")
    services = in_memory(clock)
    marks = Marks(services.documents, policy.keys, 0)
    phone = {"sms": Phone()}
    return replace(services, policy=policy, marks=marks, channels=phone, webhooks=MemoryWebhooks({}))


def definitions() -> tuple[Document, ...]:
    """Return a journey that says hello and waits a month, and its template."""
    hello = {"id": "hello", "kind": "send", "template": f"{BASE}/templates/hello", "channels": ["sms"]}
    rest = {"id": "rest", "kind": "wait", "duration": "P30D"}
    journey = {"url": JOURNEY, "version": "1", "title": "Care", "trigger": {"manual": True}}
    text = {"en": "Hello {{ patient.given }}"}
    template = {
        "url": hello["template"],
        "version": "1",
        "title": "Hello",
        "channels": {"sms": {"text": text}},
    }
    return (
        Document("journey", "care.yaml", {**journey, "re_entry": "after-exit", "steps": [hello, rest]}),
        Document("template", "hello.yaml", template),
    )


async def lived(clock: Time) -> Services:
    """Take in Ann and Bob, send each a message, hear Ann's reply."""
    services = fresh(clock)
    await segments(services)
    await publish(services, definitions())
    for name, number in NUMBERS.items():
        telecom = [{"system": "phone", "value": number, "use": "mobile"}]
        names = [{"family": "Lee", "given": [name.title()]}]
        await server(services).update(person(name, telecom=telecom, name=names))
        await server(services).update({"resourceType": "Location", "id": "l1", "name": "Harbour House"})
        await server(services).update(result(f"r-{name}", name, 9.8))
        await server(services).update(visit(f"v-{name}", name, "Location/l1"))
        await take_in(services, name)
        asked = EnrolAsked(JOURNEY, "once", "asked for")
        await react(services, patient_key(name), [asked], Trigger(f"enrol-{name}"))
        link = IndexLink(f"token-{name}", "click", "m", "https://clinic.example")
        await services.indexes.apply(patient_key(name), link)
    said = InboundReceived("reply-1", "sms", NUMBERS["ann"], "Thank you, all is well", clock.now())
    await react(services, ANN, [said], Trigger("reply"))
    return services


def phone(services: Services) -> Phone:
    """Return the channel."""
    found = services.channels["sms"]
    assert isinstance(found, Phone)
    return found

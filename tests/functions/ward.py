"""What happens at a hospital whose product is under test: resources change, and Event Grid tells of it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Awaitable
from typing import Any

from product_kit import Product
from stub_fhir import Resource

from sandbox.play import resources as make
from shared.fhir.instants import Instant, iso
from shared.patient.record import PatientRecord, TimelineLine, patient_key
from shared.patient.state import Message
from tests.unit.fhir.notification_data import grid

ACCOUNT = "a.fhir.azurehealthcareapis.com"
EVENTS = "/api/fhir/notifications/events"
CLINIC = {"resourceType": "Location", "id": "hl-diabetes", "status": "active", "name": "Diabetes Clinic"}
"""Where the appointments take place."""
_KINDS = {"created": "Created", "updated": "Updated", "deleted": "Deleted"}


class Ward:
    """Writes, tells, and looks at what came of it; every patient has a number of their own."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.fhir = product.fhir
        self._count = 0

    @property
    def now(self) -> Instant:
        return self.product.clock.now()

    def pass_time(self, microseconds: int) -> Instant:
        """Let the clock go on, which stands otherwise."""
        later = Instant(self.now + microseconds)
        self.product.clock.set(later)
        return later

    def put(self, resource: Resource) -> dict[str, Any]:
        """Write a version; returns the event that tells of it."""
        version = self.fhir.put(resource, self.pass_time(1000))
        action = "created" if version == "1" else "updated"
        return self.event(f"{resource['resourceType']}/{resource['id']}", version, action)

    def delete(self, reference: str) -> dict[str, Any]:
        """Delete a resource; returns the event that tells of it."""
        return self.event(reference, self.fhir.delete(reference, self.pass_time(1000)), "deleted")

    def event(self, reference: str, version: str, action: str = "updated") -> dict[str, Any]:
        """Make Event Grid's event of a version."""
        self._count += 1
        resource_type, _, identity = reference.partition("/")
        data = {"resourceType": resource_type, "resourceFhirAccount": ACCOUNT, "resourceFhirId": identity}
        return grid(
            self._count,
            subject=f"{ACCOUNT}/{reference}",
            eventType=f"Microsoft.HealthcareApis.FhirResource{_KINDS[action]}",
            eventTime=iso(self.now),
            data={**data, "resourceVersionId": int(version)},
        )

    async def tell(self, *events: dict[str, Any]) -> None:
        """Deliver events, one after the other, and wait until all that follows is done."""
        for event in events:
            assert self.product.call("POST", EVENTS, [event]).status == 200
        look = await self.product.idle()
        assert look.poisoned == {}

    async def write(self, *resources: Resource) -> None:
        """Write and tell."""
        await self.tell(*(self.put(resource) for resource in resources))

    async def admit(self, patient_id: str, number: str, **more: Any) -> None:
        """Register a patient with a phone number and diabetes."""
        await self.write(make.patient(patient_id, "Ana", "Rivera", number, **more), make.diabetes(patient_id))

    async def admit_many(self, prefix: str, count: int, first_number: int) -> list[str]:
        """Register people with diabetes, whose next bad result leads to a message; their ids."""
        people = [f"{prefix}-{number:02d}" for number in range(count)]
        known = [
            self.put(resource)
            for number, patient_id in enumerate(people)
            for resource in (
                make.patient(patient_id, "Ana", "Rivera", f"+1555{first_number + number}"),
                make.diabetes(patient_id),
            )
        ]
        for start in range(0, len(known), 20):
            assert self.product.call("POST", EVENTS, known[start : start + 20]).status == 200
        await self.product.idle(60)
        return people

    async def record(self, patient_id: str) -> PatientRecord:
        async with self.product.opened() as services:
            return (await services.patients.load(patient_key(patient_id), patient_id)).record

    async def rows(self, patient_id: str) -> tuple[Message, ...]:
        """Return our rows of a patient's messages."""
        async with self.product.opened() as services:
            return await services.patients.messages(patient_key(patient_id))

    async def timeline(self, patient_id: str) -> tuple[TimelineLine, ...]:
        async with self.product.opened() as services:
            return await services.patients.timeline(patient_key(patient_id))

    def sent(self, number: str) -> list[str]:
        """Return the texts that the provider took for a number, oldest first."""
        with urllib.request.urlopen(f"{self.product.urls['acs']}/sandbox/messages") as answer:
            messages = json.load(answer)["messages"]
        return [message["text"] for message in messages if message["to"] == number]

    async def rejections(self) -> list[str]:
        """Return the codes of everything that was rejected."""
        async with self.product.opened() as services:
            found = [body async for _, body in services.documents.all("rejections")]
        return [json.loads(body)["code"] for body in found]

    async def rejected_by(self, sending: Awaitable[object]) -> list[str]:
        """Put messages on a queue; the codes of the rejections that come of them."""
        before = await self.rejections()
        await sending
        look = await self.product.idle()
        assert look.poisoned == {}
        after = await self.rejections()
        for code in before:
            after.remove(code)
        return after

    async def reply(self, number: str, text: str) -> None:
        """Let a patient write back, and wait until all that follows is done."""
        inbound = {"channel": "sms", "from": number, "to": "+15555550100", "text": text}
        request = urllib.request.Request(
            f"{self.product.urls['acs']}/sandbox/inbound", json.dumps(inbound).encode(), method="POST"
        )
        with urllib.request.urlopen(request) as answer:  # noqa: ASYNC210  # nothing else runs here
            assert answer.status == 202
        await self.product.idle()

    async def run_timer(self, name: str) -> None:
        """Run a timer function now, and wait until all that follows is done."""
        master = self.product.stack.keys.master
        assert self.product.call("POST", f"/admin/functions/{name}", b"{}", key=master).status == 202
        await self.product.idle()

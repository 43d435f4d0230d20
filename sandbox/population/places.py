"""The hospital of the generated population: one organization, its locations and its practitioners."""

from __future__ import annotations

from collections.abc import Iterator

type Resource = dict[str, object]

HOSPITAL = "Organization/hl-hospital"
LOCATIONS = (
    ("hl-diabetes", "Diabetes Clinic", "2", "+19595550190"),
    ("hl-cardiology", "Cardiology Clinic", "3", "+19595550191"),
    ("hl-primary", "Primary Care", "1", "+19595550192"),
    ("hl-ward", "Medical Ward", "5", "+19595550193"),
)
PRACTITIONERS = (
    ("hl-dr-okafor", "Okafor", "Ngozi"),
    ("hl-dr-reyes", "Reyes", "Marisol"),
    ("hl-dr-lindqvist", "Lindqvist", "Erik"),
    ("hl-dr-patel", "Patel", "Asha"),
)
_ADDRESS = {"city": "Boston", "state": "MA", "postalCode": "02115", "country": "US"}


def places() -> Iterator[Resource]:
    """Give the hospital, its locations and practitioners; the same ones every time."""
    yield {"resourceType": "Organization", "id": "hl-hospital", "active": True, "name": "Hearthline General"}
    for place_id, name, floor, phone in LOCATIONS:
        yield _location(place_id, name, floor, phone)
    for doctor_id, family, given in PRACTITIONERS:
        called = [{"use": "official", "family": family, "given": [given], "prefix": ["Dr."]}]
        yield {"resourceType": "Practitioner", "id": doctor_id, "active": True, "name": called}


def _location(place_id: str, name: str, floor: str, phone: str) -> Resource:
    return {
        "resourceType": "Location",
        "id": place_id,
        "status": "active",
        "name": name,
        "mode": "instance",
        "telecom": [{"system": "phone", "value": phone, "use": "work"}],
        "address": {"line": ["100 Harbor Street", f"Floor {floor}"], **_ADDRESS},
        "managingOrganization": {"reference": HOSPITAL},
    }

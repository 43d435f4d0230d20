"""Dead letters as Event Grid leaves them in storage: JSON arrays in folders by subscription and hour."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

import orjson

from sandbox.event_source.schemas import Json
from shared.fhir.instants import Instant, to_datetime

SUBSCRIPTION = "HEARTHLINE"


def write(folder: Path, events: Sequence[Json], now: Instant) -> Path:
    """Write FOLDER/SUBSCRIPTION/YEAR/MONTH/DAY/HOUR/uuid.json (numbers unpadded) and return its path."""
    moment = to_datetime(now)
    place = folder.joinpath(SUBSCRIPTION, *map(str, (moment.year, moment.month, moment.day, moment.hour)))
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{uuid.uuid4()}.json"
    path.write_bytes(orjson.dumps(list(events)))
    return path

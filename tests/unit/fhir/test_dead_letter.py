"""Dead-letter blobs, of classic and of namespace topics, mean the events that they hold."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from shared.errors import Rejected
from shared.fhir.dead_letter import DeadLetter, read_dead_letters
from shared.fhir.instants import parse_instant
from shared.fhir.notification import Limits
from shared.fhir.parse_notification import parse
from tests.unit.fhir.notification_data import cloud, grid, heard, post

PUBLISHED = "2020-08-13T17:18:14.0265758Z"
CLASSIC = {
    "deadLetterReason": "MaxDeliveryAttemptsExceeded",
    "deliveryAttempts": 3,
    "lastDeliveryOutcome": "NotFound",
    "publishTime": PUBLISHED,
    "lastDeliveryAttemptTime": PUBLISHED,
}
LOWER = {name.lower(): value for name, value in CLASSIC.items()}
NAMESPACE = {
    "deadletterProperties": {
        "deadletterreason": "MaxDeliveryAttemptsExceeded",
        "deliveryattempts": 3,
        "deliveryresult": "NotFound",
        "publishutc": PUBLISHED,
        "deliveryattemptutc": PUBLISHED,
    },
    "customDeliveryProperties": {"custom-header-1": "value1"},
}
LETTER = DeadLetter("e1", "MaxDeliveryAttemptsExceeded", 3, "NotFound", parse_instant(PUBLISHED))


@pytest.mark.parametrize(
    ("event", "letter"),
    [
        (grid(), grid() | CLASSIC),
        (cloud(), cloud() | LOWER),
        (cloud(), {name: value for name, value in cloud().items() if name != "specversion"} | LOWER),
        (cloud(), cloud() | NAMESPACE),
        (cloud(), {"event": cloud()} | NAMESPACE),
    ],
)
def test_a_dead_letter_means_what_its_event_meant(event: dict[str, Any], letter: dict[str, Any]) -> None:
    for blob in (letter, [letter]):
        undelivered = read_dead_letters(orjson.dumps(blob))
        assert undelivered.parsed == parse(post(event))
        assert undelivered.letters == (LETTER,)


def test_a_bad_event_among_others_is_told_apart() -> None:
    blob = [grid(1) | CLASSIC, grid(2, subject="h/Patient/9") | CLASSIC]
    undelivered = read_dead_letters(orjson.dumps(blob))
    assert len(heard(undelivered.parsed).notifications[0].changes) == 1
    assert [letter.event_id for letter in undelivered.letters] == ["e1", "e2"]


@pytest.mark.parametrize("blob", [b"", b"[]", b"7", b"{}", b'[{"event":7}]', b'{"deadLetterReason":"x"}'])
def test_what_is_no_dead_letter_is_rejected(blob: bytes) -> None:
    with pytest.raises(Rejected):
        read_dead_letters(blob)


def test_a_blob_over_the_limit_is_not_read() -> None:
    with pytest.raises(Rejected) as caught:
        read_dead_letters(b"[" * 11, Limits(body=10))
    assert caught.value.code == "too-large"

"""Outbound messages and the answers to sending them."""

from __future__ import annotations

import io
import uuid

import msgspec
import pytest
from rich.console import Console

from shared.fhir.instants import Instant
from shared.message.outbound import Accepted, Deferred, OutboundMessage, Refused, SendResult, Unknown

ID = str(uuid.UUID(int=1))


def message(**changes) -> OutboundMessage:
    fields = {
        "message_id": ID,
        "channel": "sms",
        "to": "+15551110001",
        "text": "Hi",
        "first_sent": Instant(0),
    }
    return OutboundMessage(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [({"message_id": "17"}, "UUID"), ({"channel": "fax"}, "channel"), ({"to": ""}, "recipient")],
)
def test_refuses_what_no_provider_could_take(changes, complaint):
    with pytest.raises(ValueError, match=complaint) as caught:
        message(**changes)
    assert "+1555" not in str(caught.value)


def test_is_frozen():
    with pytest.raises(AttributeError):
        message().to = "+1"


def test_shows_no_patient_data_when_printed():
    """Neither repr, nor a format, nor Rich tell the recipient or the text."""
    one = message(subject="Secret", text="Secret")
    out = io.StringIO()
    Console(file=out, width=200).print(one)
    for shown in (repr(one), f"{one}", out.getvalue()):
        assert ID in shown
        assert "Secret" not in shown
        assert "1555" not in shown


@pytest.mark.parametrize(
    "result",
    [
        Accepted("p1"),
        Refused("opted-out", "opted out"),
        Deferred("busy", 2.5),
        Deferred("busy"),
        Unknown("lost"),
    ],
)
def test_answers_survive_packing(result):
    """The four answers are told apart by a tag, so that they can be stored and read back."""
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=SendResult) == result

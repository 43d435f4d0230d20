"""What the broker's queues are like, and how a command line says so."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.queues import KINDS, MOST_DELIVERIES

DEAD_LETTERS = "/$deadletterqueue"
"""What follows a queue's name in that of its dead-letter queue."""

LOCK_SECONDS = 60.0
"""How long a message, or a session, is somebody's before it is handed out again; Bicep says so too."""

REPETITION_SECONDS = 600.0
"""How long a queue with sessions knows what it was told; Bicep says so too."""

_SECONDS = {"lock": "lock_seconds", "duplicates": "duplicate_seconds"}


class QueueSettings(msgspec.Struct, frozen=True):
    """One queue; the defaults are those of a queue made in Azure's portal.

    `lock_seconds` is the lock duration, `duplicate_seconds` the window of duplicate detection (0: off).
    `sessions` None leaves it to the first receiver, which is for queues that are made on use.
    Source: https://learn.microsoft.com/azure/templates/microsoft.servicebus/namespaces/queues.
    """

    lock_seconds: float = 60.0
    max_deliveries: int = 10
    sessions: bool | None = None
    duplicate_seconds: float = 0.0


class Namespace(msgspec.Struct, frozen=True):
    """The queues by name; with none named, any queue is made on use like `default`."""

    queues: Mapping[str, QueueSettings] = {}
    default: QueueSettings = QueueSettings()


def namespace(lock_seconds: float = LOCK_SECONDS) -> Namespace:
    """Describe the product's own namespace: every queue of shared.queues, as Bicep makes it on Azure."""
    plain = QueueSettings(lock_seconds, MOST_DELIVERIES, sessions=False)
    turns = QueueSettings(lock_seconds, MOST_DELIVERIES, True, REPETITION_SECONDS)
    return Namespace({kind.name: turns if kind.sessions else plain for kind in KINDS}, plain)


def connection_string(port: int) -> str:
    """Write what an Azure client is given to connect: emulator mode speaks AMQP without TLS."""
    return (
        f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=sandbox;SharedAccessKey=sandbox;"
        "UseDevelopmentEmulator=true"
    )


def parse_queues(text: str, default: QueueSettings) -> dict[str, QueueSettings]:
    """Read `changes:sessions:lock=2,outbox:deliveries=3:duplicates=60`. Raises ValueError."""
    return dict(_queue(each.strip(), default) for each in text.split(",") if each.strip())


def _queue(text: str, default: QueueSettings) -> tuple[str, QueueSettings]:
    name, *options = text.split(":")
    if not name:
        raise ValueError(f"{text!r} names no queue")
    changes: dict[str, float | int | bool] = {"sessions": False}
    for option in options:
        changes |= _option(option)
    return name.lower(), msgspec.structs.replace(default, **changes)


def _option(text: str) -> dict[str, float | int | bool]:
    word, _, value = text.partition("=")
    if word == "sessions" and not value:
        return {"sessions": True}
    if word in _SECONDS:
        return {_SECONDS[word]: float(value)}
    if word == "deliveries":
        return {"max_deliveries": int(value)}
    raise ValueError(f"{text!r} is none of sessions, lock=SECONDS, deliveries=COUNT, duplicates=SECONDS")

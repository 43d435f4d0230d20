"""The namespace: addresses → queues, made on use where the settings name none."""

from __future__ import annotations

from urllib.parse import urlsplit

from sandbox.service_bus.counts import Counts
from sandbox.service_bus.entity import Entity
from sandbox.service_bus.errors import NOT_FOUND, Refused
from sandbox.service_bus.queue import Queue
from sandbox.service_bus.settings import DEAD_LETTERS, Namespace, QueueSettings


def path_of(address: str | None) -> str:
    """Return the path of `amqps://host:port/queue`, or of a bare path; case does not count."""
    text = address or ""
    return (urlsplit(text).path.lstrip("/") if "://" in text else text).lower()


class Broker:
    """Every queue and its dead-letter queue."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._entities: dict[str, Entity] = {}
        for name, settings in namespace.queues.items():
            self._make(name.lower(), settings)

    def entity(self, path: str) -> Entity:
        """Find a queue, or make it. Raises Refused when there is none of that name."""
        if path not in self._entities:
            name = path.removesuffix(DEAD_LETTERS)
            if not name or "/" in name or self._namespace.queues:
                raise Refused(NOT_FOUND, f"the messaging entity {path!r} could not be found")
            self._make(name, self._namespace.default)
        return self._entities[path]

    def pump(self, entity: Entity) -> None:
        """Serve a queue after a change, and its dead-letter queue, as a message may have moved there."""
        entity.pump()
        if entity.queue.dead_letters is not None:
            self._entities[entity.queue.name + DEAD_LETTERS].pump()

    def counts(self) -> dict[str, Counts]:
        """Count the messages of each queue; of a dead-letter queue under `NAME/$deadletterqueue`."""
        return {name: entity.queue.counts() for name, entity in self._entities.items()}

    def close(self) -> None:
        """Stop every timer."""
        for entity in self._entities.values():
            entity.close()

    def _make(self, name: str, settings: QueueSettings) -> None:
        plain = QueueSettings(lock_seconds=settings.lock_seconds, sessions=False)
        dead_letters = Queue(name + DEAD_LETTERS, plain, None)
        self._entities[name + DEAD_LETTERS] = Entity(dead_letters)
        self._entities[name] = Entity(Queue(name, settings, dead_letters))

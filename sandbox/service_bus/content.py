"""Encoded AMQP messages → what the broker needs of them, and back: what a sender wrote stays byte for byte.

Source: http://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-messaging-v1.0-os.html#section-message-format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from proton import Data, DataException, Described, symbol, uint, ulong

from sandbox.service_bus.errors import DECODE_ERROR, Refused

_HEADER, _DELIVERY_ANNOTATIONS, _ANNOTATIONS, _PROPERTIES, _APPLICATION, _DATA = range(0x70, 0x76)
_FOOTER = 0x78
_DUE = "x-opt-scheduled-enqueue-time"
_TIME_TO_LIVE = 2
_DELIVERY_COUNT = 4
_MESSAGE_ID = 0
_GROUP_ID = 10


@dataclass(frozen=True, slots=True)
class Content:
    """A message as its sender wrote it; `due` and `time_to_live` in seconds, `due` since 1970."""

    header: tuple[object, ...] = ()
    annotations: dict[object, object] = field(default_factory=dict)
    properties: bytes = b""
    application: dict[object, object] = field(default_factory=dict)
    body: bytes = b""
    message_id: object = None
    session_id: str | None = None

    @property
    def due(self) -> float | None:
        """When it is to be enqueued."""
        moment = self.annotations.get(_DUE)
        return moment / 1000 if isinstance(moment, int) else None

    @property
    def time_to_live(self) -> float | None:
        """How long it may wait."""
        limit = self.header[_TIME_TO_LIVE] if len(self.header) > _TIME_TO_LIVE else None
        return limit / 1000 if isinstance(limit, int) else None

    def with_application(self, more: Mapping[str, str]) -> Content:
        """Add application properties."""
        return replace(self, application=self.application | dict(more))


def unpack(encoded: bytes) -> list[Content]:
    """Read one message, or the messages of a batch. Raises Refused.

    A batch is a message whose data sections are messages. Azure marks it by the transfer's message format
    too, which proton does not tell; so a body of bytes that is itself an encoded message is misread.
    """
    sections = list(_sections(encoded))
    inner = [value for code, value, _ in sections if code == _DATA and isinstance(value, bytes)]
    if inner and all(_is_message(each) for each in inner):
        return [_content(list(_sections(each))) for each in inner]
    return [_content(sections)]


def pack(content: Content, deliveries: int, annotations: Mapping[str, object]) -> bytes:
    """Write a message as it is handed out: how often it failed before, and the broker's annotations."""
    header = [*content.header, *[None] * (_DELIVERY_COUNT + 1 - len(content.header))]
    header[_DELIVERY_COUNT] = uint(deliveries)
    marks = content.annotations | {symbol(name): value for name, value in annotations.items()}
    application = _section(_APPLICATION, content.application) if content.application else b""
    first = _section(_HEADER, header) + _section(_ANNOTATIONS, marks)
    return first + content.properties + application + content.body


def _content(sections: list[tuple[int, object, bytes]]) -> Content:
    values = {code: value for code, value, _ in sections}
    raw = {code: part for code, _, part in sections}
    header, properties = values.get(_HEADER), _list(values.get(_PROPERTIES))
    session = properties[_GROUP_ID] if len(properties) > _GROUP_ID else None
    return Content(
        header=tuple(_list(header)),
        annotations=_dict(values.get(_ANNOTATIONS)),
        properties=raw.get(_PROPERTIES, b""),
        application=_dict(values.get(_APPLICATION)),
        body=b"".join(part for code, _, part in sections if code >= _DATA),
        message_id=properties[_MESSAGE_ID] if properties else None,
        session_id=str(session) if session is not None else None,
    )


def _sections(encoded: bytes) -> Iterator[tuple[int, object, bytes]]:
    """Cut a message into sections: (code, value, bytes)."""
    while encoded:
        data = Data()
        try:
            used = data.decode(encoded)
        except DataException as problem:
            raise Refused(DECODE_ERROR, "the message is no AMQP") from problem
        data.rewind()
        data.next()
        section = data.get_object()
        if not isinstance(section, Described) or not isinstance(section.descriptor, int):
            raise Refused(DECODE_ERROR, "a section of the message is not described")
        yield int(section.descriptor), _own(section.value), bytes(encoded[:used])
        encoded = encoded[used:]


def _is_message(body: bytes) -> bool:
    if body[:1] != b"\0":  # a described value begins with a zero byte, text never
        return False
    try:
        return all(_HEADER <= code <= _FOOTER for code, _, _ in _sections(body))
    except Refused:
        return False


def _own(value: object) -> object:
    """Copy bytes out of proton's memory, which is gone with its Data."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, list):
        return [_own(each) for each in value]
    if isinstance(value, dict):
        return {key: _own(each) for key, each in value.items()}
    return value


def _section(code: int, value: Any) -> bytes:
    data = Data()
    data.put_object(Described(ulong(code), value))
    return bytes(data.encode())


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _dict(value: object) -> dict[object, object]:
    return value if isinstance(value, dict) else {}

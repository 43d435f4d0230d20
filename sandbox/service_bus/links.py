"""What every kind of link does the same way: open as the client asked, or refuse."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from proton import Condition, Delivery, Described, Link, symbol

from sandbox.service_bus.errors import Refused

MAX_MESSAGE = 256 * 1024
"""Bytes: the limit of the Standard tier."""
CREDIT = 200
SESSION_FILTER = "com.microsoft:session-filter"


def grant(link: Link, properties: Mapping[str, int] | None = None) -> None:
    """Open this end as the client opened its own."""
    link.source.copy(link.remote_source)
    link.target.copy(link.remote_target)
    link.snd_settle_mode = link.remote_snd_settle_mode
    link.rcv_settle_mode = link.remote_rcv_settle_mode
    link.max_message_size = MAX_MESSAGE
    if properties:
        link.properties = {symbol(name): value for name, value in properties.items()}
    link.open()


def refuse(link: Link, refusal: Refused) -> None:
    """Close this end with an error; opened first if need be, with no source or target, as AMQP wants."""
    link.condition = _condition(refusal)
    link.open()
    link.close()


def settle(delivery: Delivery, outcome: int, refusal: Refused | None = None) -> None:
    """Tell the client what became of a delivery: what it asked for, or that it is refused."""
    if refusal is not None:
        delivery.local.condition = _condition(refusal)
        delivery.update(Delivery.REJECTED)
    else:
        delivery.update(outcome)
    delivery.settle()


def wanted_session(link: Link) -> tuple[bool, str | None]:
    """Say whether a receiver asks for a session, and for which (None: the next one)."""
    filters = _filters(link)
    value = filters.get(SESSION_FILTER)
    value = value.value if isinstance(value, Described) else value
    return SESSION_FILTER in filters, None if value is None else str(value)


def put_session(link: Link, session: str) -> None:
    """Say in the link's filter which session was locked."""
    data = link.source.filter
    data.clear()
    data.put_dict({symbol(SESSION_FILTER): session})


def remote_properties(link: Link) -> dict[object, object]:
    """Read the properties that the client gave its link."""
    return dict(link.remote_properties or {})


def _condition(refusal: Refused) -> Condition:
    """Write an error as Azure does, with some `info`: the client reads a rejection's third member unasked."""
    return Condition(refusal.condition, refusal.text, {symbol("tracking-id"): "sandbox"})


def _filters(link: Link) -> dict[object, object]:
    data = link.remote_source.filter
    with contextlib.suppress(ValueError):
        data.rewind()
    value = data.get_object() if data.next() else None
    return value if isinstance(value, dict) else {}

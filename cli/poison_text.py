"""How what queues gave up is printed: tables for people, the same as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Column, Table
from rich.text import Text

from shared.fhir.instants import Instant, iso
from shared.ports import PoisonCount
from shared.usecases.poison_shown import Shown

type Json = dict[str, object]


def counted(found: Iterable[PoisonCount]) -> list[Json]:
    """Write counts as JSON: `more` says that nobody counted on."""
    return [
        {"queue": each.queue, "count": each.count, "more": each.more, "oldest": _at(each.oldest)}
        for each in found
    ]


def listed(found: Sequence[PoisonCount]) -> Table | str:
    """Write a table of the queues that gave something up."""
    some = [each for each in found if each.count]
    if not some:
        return "No queue gave anything up."
    table = Table("queue", "messages", "the oldest since")
    for each in some:
        table.add_row(each.queue, f"{each.count}{' or more' if each.more else ''}", _at(each.oldest) or "")
    return table


def detailed(each: Shown) -> Json:
    """Write a message as JSON; ids are pairs, as some are there more than once."""
    return {
        "queue": each.queue,
        "id": each.letter_id,
        "kind": each.kind,
        "ids": [list(pair) for pair in each.ids],
        "since": _at(each.since),
        "deliveries": each.deliveries,
        "reason": each.reason,
        "trace": each.trace,
    }


def seen(found: Iterable[Shown]) -> Table:
    """Write a table of messages."""
    whole = Column("id", no_wrap=True)  # to be copied
    table = Table(whole, "job", "of", "since", "tries", "why, and trace")
    for each in found:
        tries = "" if each.deliveries is None else str(each.deliveries)
        ids = "\n".join(f"{name} {value}" for name, value in each.ids)
        why = "\n".join(filter(None, (each.reason, each.trace)))
        cells = (each.letter_id, each.kind, ids, iso(each.since), tries, why)
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    return table


def _at(instant: Instant | None) -> str | None:
    return None if instant is None else iso(instant)

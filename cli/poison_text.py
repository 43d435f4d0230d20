"""How what queues gave up is printed: tables for people, the same as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Column, Table
from rich.text import Text

type Json = dict[str, Any]
"""As the admin API tells of it (listPoison, listPoisonOf)."""


def listed(found: Sequence[Json]) -> Table | str:
    """Write a table of the queues that gave something up."""
    some = [each for each in found if each["count"]]
    if not some:
        return "No queue gave anything up."
    table = Table("queue", "messages", "the oldest since")
    for each in some:
        count = f"{each['count']}{' or more' if each['more'] else ''}"
        table.add_row(each["queue"], count, each["oldest"] or "")
    return table


def detailed(queue: str, each: Json) -> Json:
    """Write a message as JSON; ids are pairs, as some are there more than once."""
    ids = [[pair["name"], pair["value"]] for pair in each["ids"]]
    rest = {name: each[name] for name in ("since", "deliveries", "reason", "trace")}
    return {"queue": queue, "id": each["message"], "kind": each["kind"], "ids": ids, **rest}


def seen(found: Iterable[Json]) -> Table:
    """Write a table of messages."""
    whole = Column("id", no_wrap=True)  # to be copied
    table = Table(whole, "job", "of", "since", "tries", "why, and trace")
    for each in found:
        tries = "" if each["deliveries"] is None else str(each["deliveries"])
        ids = "\n".join(f"{pair['name']} {pair['value']}" for pair in each["ids"])
        why = "\n".join(filter(None, (each["reason"], each["trace"])))
        cells = (each["message"], each["kind"], ids, each["since"], tries, why)
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    return table

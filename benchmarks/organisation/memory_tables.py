"""The table service in memory, as far as our adapters use it: so that their operations can be counted.

tests/contract/test_counted_operations.py holds it to Azurite: the same paths, the same counts.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from itertools import count, islice

from shared.adapters.tables import Property, Write, check_size
from shared.errors import Conflict

type Row = dict[str, Property]
type Holds = Callable[[Mapping[str, Property]], bool]

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|-?\d+L?|[()]|\w+)")
_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "eq": lambda a, b: a == b,
    "lt": lambda a, b: a < b,  # type: ignore[operator]
    "le": lambda a, b: a <= b,  # type: ignore[operator]
    "gt": lambda a, b: a > b,  # type: ignore[operator]
    "ge": lambda a, b: a >= b,  # type: ignore[operator]
}


class MemoryTables:
    """TableService in memory: rows by partition and row key, ETags by number."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[tuple[str, str], tuple[Row, str]]] = {}
        self._etags = count(1)

    @property
    def bytes(self) -> int:
        """Return how much all rows hold, names and keys included."""
        return sum(_size(row) for rows in self._rows.values() for row, _ in rows.values())

    def rows(self, table: str) -> int:
        """Return how many rows a table has."""
        return len(self._rows[table])

    async def create(self, table: str) -> None:
        """See TableService.create."""
        self._rows.setdefault(table, {})

    async def get(self, table: str, partition: str, row: str) -> tuple[Row, str] | None:
        """See TableService.get."""
        return self._rows[table].get((partition, row))

    async def write(self, table: str, write: Write) -> str:
        """See TableService.write."""
        return await self.transact(table, [write])

    async def transact(self, table: str, writes: Sequence[Write]) -> str:
        """See TableService.transact."""
        sizes = (len(value) for write in writes for value in write.properties.values() if _long(value))
        check_size(len(writes), sum(sizes))
        rows = dict(self._rows[table])
        etags = [self._put(rows, write) for write in writes]
        self._rows[table] = rows
        return etags[0]

    def _put(self, rows: dict[tuple[str, str], tuple[Row, str]], write: Write) -> str:
        place = (write.partition, write.row)
        held = rows.get(place)
        if write.kind == "insert" and held is not None:
            raise Conflict("there is such a row")
        if write.kind in ("merge", "delete") and (held is None or write.etag not in ("*", held[1])):
            raise Conflict("the row is another by now")
        if write.kind == "delete":
            del rows[place]
            return ""
        kept = held[0] if held is not None and write.kind == "merge" else {}
        names = {"PartitionKey": write.partition, "RowKey": write.row}
        rows[place] = ({**kept, **write.properties, **names}, str(next(self._etags)))
        return rows[place][1]

    async def query(
        self, table: str, condition: str, select: str = "", limit: int | None = None
    ) -> AsyncIterator[tuple[Row, str]]:
        """See TableService.query."""
        holds = condition_of(condition)
        found = (entry for _, entry in sorted(self._rows[table].items()) if holds(entry[0]))
        for entry in islice(found, limit):
            yield entry


def condition_of(text: str) -> Holds:
    """Compile an OData condition of `eq lt le gt ge and or ( )` over names and literals."""
    tokens = iter([*_TOKEN.findall(text), ""])
    holds, rest = _either(next(tokens), tokens)
    if rest:
        raise ValueError(f"{rest} in a condition")
    return holds


def _either(token: str, tokens: Iterator[str]) -> tuple[Holds, str]:
    holds, token = _both(token, tokens)
    while token == "or":
        left, (right, token) = holds, _both(next(tokens), tokens)
        holds = _joined(any, left, right)
    return holds, token


def _both(token: str, tokens: Iterator[str]) -> tuple[Holds, str]:
    holds, token = _one(token, tokens)
    while token == "and":
        left, (right, token) = holds, _one(next(tokens), tokens)
        holds = _joined(all, left, right)
    return holds, token


def _joined(how: Callable[[Iterator[bool]], bool], left: Holds, right: Holds) -> Holds:
    return lambda row: how(each(row) for each in (left, right))


def _one(token: str, tokens: Iterator[str]) -> tuple[Holds, str]:
    if token == "(":
        holds, closing = _either(next(tokens), tokens)
        if closing != ")":
            raise ValueError("a bracket is open in a condition")
        return holds, next(tokens)
    compare, value = _COMPARE[next(tokens)], _value(next(tokens))
    return lambda row: token in row and compare(row[token], value), next(tokens)


def _value(token: str) -> object:
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    return token == "true" if token in ("true", "false") else int(token.removesuffix("L"))


def _size(row: Mapping[str, Property]) -> int:
    """Count names at two bytes a letter, texts and bytes as long as they are, all else at eight."""
    return sum(len(name) * 2 + (len(value) if _long(value) else 8) for name, value in row.items())


def _long(value: Property) -> bool:
    return isinstance(value, str | bytes)

"""Static lists: people named one by one, by FHIR id or by identifier, from a CSV or a FHIR Group.

A list is published like a value set, by url and version; the criterion `in_list` asks it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from shared.errors import Invalid, Problem
from shared.fhir.canonical import canonical, split_canonical, version_key
from shared.fhir.fact import Person

_NOTE = re.compile(r"#\s*(url|version|title)\s*:\s*(.+)")
_ID = re.compile(r"(?:Patient/)?([A-Za-z0-9\-.]{1,64})")
_HEADS = frozenset({"patient", "id", "identifier", "system", "value"})
_EXPECTED = 'a FHIR id, "Patient/id" or "system|value"'


class StaticList(Struct, frozen=True):
    """People, by id and by identifier."""

    url: str
    version: str
    title: str
    patients: frozenset[str]
    """FHIR ids."""
    identifiers: frozenset[str]
    """Tokens "system|value"."""

    def holds(self, person: Person) -> bool:
        """Say whether somebody is on the list."""
        return person.resource_id in self.patients or not self.identifiers.isdisjoint(person.identifiers)


class StaticLists:
    """All lists at hand, by url and version."""

    def __init__(self, lists: Iterable[StaticList] = ()) -> None:
        self._lists: dict[str, StaticList] = {}
        for found in lists:
            self._lists[canonical(found.url, found.version)] = found
            held = self._lists.get(found.url)
            if held is None or version_key(found.version) > version_key(held.version):
                self._lists[found.url] = found

    def get(self, reference: str) -> StaticList | None:
        """Return the list of "url|version", or the latest of "url"."""
        return self._lists.get(reference)

    @property
    def urls(self) -> tuple[str, ...]:
        """Return the urls of all lists, sorted."""
        return tuple(sorted({split_canonical(name)[0] for name in self._lists}))


NO_LISTS = StaticLists()


def parse_list(body: Mapping[str, Any], where: str) -> StaticList:
    """Read a list as it is published: {url, version, title, members: […]}. Raises Invalid."""
    members = body.get("members")
    problems = [
        Problem(f"{where}: {name}", "is missing", "text")
        for name in ("url", "version")
        if not isinstance(body.get(name), str) or not body.get(name)
    ]
    if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
        problems.append(Problem(f"{where}: members", "is no list of people", _EXPECTED))
        members = []
    wrong = [number for number, member in enumerate(members) if not _token(member)]
    problems += (Problem(f"{where}: members[{number}]", "names nobody", _EXPECTED) for number in wrong[:20])
    if problems:
        raise Invalid(tuple(problems))
    tokens = [_token(member) for member in members]
    return StaticList(
        str(body["url"]),
        str(body["version"]),
        str(body.get("title") or ""),
        frozenset(token for token in tokens if "|" not in token),
        frozenset(token for token in tokens if "|" in token),
    )


def parse_csv(text: str, where: str) -> dict[str, Any]:
    """Read a CSV as the body of a list. Raises Invalid with the number of every row that names nobody.

    Lines "# url: …", "# version: …" and "# title: …" come first. A row is a FHIR id, "system|value", or
    system and value in two columns; a first row of such names (patient, id, identifier, system, value) says
    which column is which.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    notes = {m[1]: m[2].strip() for line in lines if (m := _NOTE.fullmatch(line.strip()))}
    rows = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and line.strip()[0] != "#"]
    cells = [(number, [cell.strip() for cell in next(csv.reader([line]))]) for number, line in rows]
    heads: list[str] = []
    if cells and all(cell.lower() in _HEADS for cell in cells[0][1]):
        heads = [cell.lower() for cell in cells.pop(0)[1]]
    members, wrong = [], []
    for number, row in cells:
        token = _row(dict(zip(heads, row, strict=False)) if heads else _headless(row))
        members.append(token)
        if not _token(token):
            wrong.append(Problem(f"{where}:{number}", "names nobody", _EXPECTED))
    if wrong:
        raise Invalid(tuple(wrong[:50]))
    return {**notes, "members": list(dict.fromkeys(members))}


def _headless(row: list[str]) -> dict[str, str]:
    return {"system": row[0], "value": row[1]} if len(row) == 2 else {"patient": row[0] if row else ""}


def _row(row: Mapping[str, str]) -> str:
    if row.get("system") and row.get("value"):
        return f"{row['system']}|{row['value']}"
    found = (row.get(name) for name in ("patient", "id", "identifier", "value"))
    return next((cell for cell in found if cell), "")


def _token(member: str) -> str:
    """Return "system|value" or a bare FHIR id; "" for what is neither."""
    if "|" in member:
        return member if member.rpartition("|")[2] else ""
    match = _ID.fullmatch(member)
    return match[1] if match else ""

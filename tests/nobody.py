"""Nobody is named in what the whole suite logs, or the API refuses: each line is looked through as it comes.

The test population is looked for (names, numbers, addresses, identifiers, FHIR ids), and the telephone
numbers and mail addresses that tests make up.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("HEARTHLINE_DATA") or ROOT.parent / "shared" / "data")

MADE_UP = re.compile(r"(?:\+|%2B)1\d{3}555\d{4}\b|[\w.+-]+@(?:patients|clinic-patients)\.example")
"""Numbers and addresses of patients that tests make up: 555 is nobody's."""

_WORD = re.compile(r"[A-Za-z0-9][\w-]*")
_LEAST = 5

shown: dict[str, str] = {}
"""What told of somebody, and the place where it was first seen."""


def look_through(text: str, where: str) -> None:
    """Remember what of a text tells of somebody."""
    for found in told_in(text):
        shown.setdefault(found, where)


def told_in(text: str) -> set[str]:
    """Return what of a text tells of somebody."""
    words = {word.lower() for word in _WORD.findall(text)}
    lowered = text.lower()
    return (words & _words()) | {each for each in _phrases() if each in lowered} | set(MADE_UP.findall(text))


class Listener(logging.Handler):
    """Looks through everything that is logged in this process."""

    def emit(self, record: logging.LogRecord) -> None:
        """Look through one record, its exception included."""
        look_through(self.format(record), f"log of {record.name}")


@cache
def _words() -> frozenset[str]:
    """Return single words: family names that are no words of ours, numbers, identifiers, FHIR ids."""
    found: set[str] = set()
    for patient in _population():
        found.add(str(patient["id"]))
        found |= {str(each["value"]) for each in patient.get("identifier", ()) if "value" in each}
        found |= {str(each["value"]) for each in patient.get("telecom", ()) if "value" in each}
        found |= {str(each.get("family", "")) for each in patient.get("name", ())} - _ours()
    return frozenset(each.lower() for each in found if len(each) >= _LEAST)


@cache
def _phrases() -> frozenset[str]:
    """Return what has blanks in it: first lines of addresses, and whole names."""
    found: set[str] = set()
    for patient in _population():
        found |= {line for address in patient.get("address", ()) for line in address.get("line", ())}
        for name in patient.get("name", ()):
            found.add(f"{' '.join(name.get('given', ()))} {name.get('family', '')}")
    return frozenset(each.lower() for each in found if len(each) > _LEAST and " " in each)


@cache
def _ours() -> frozenset[str]:
    """Return the words of our own code and pages: a family may be called so too."""
    files = [file for folder in ("shared", "functions", "cli", "sandbox", "docs") for file in _texts(folder)]
    return frozenset(word for file in files for word in re.findall(r"[A-Z][a-z]+", file.read_text("utf-8")))


def _texts(folder: str) -> Iterator[Path]:
    yield from (file for file in (ROOT / folder).rglob("*") if file.suffix in {".py", ".md"})


@cache
def _population() -> tuple[Mapping[str, Any], ...]:
    file = DATA / "synthea" / "Patient.ndjson.gz"
    if not file.is_file():
        return ()
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)

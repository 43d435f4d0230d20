"""Canonical references to definitions: "url|version", and which of two versions is the later.

https://hl7.org/fhir/R4/references.html#canonical
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(\d+)")


def canonical(url: str, version: str) -> str:
    """Join the two parts."""
    return f"{url}|{version}"


def split_canonical(reference: str) -> tuple[str, str]:
    """Return (url, version); the version is "" where none is pinned."""
    url, _, version = reference.partition("|")
    return url, version


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts versions as people read them: "1.10.0" after "1.9.0", numbers before words."""
    parts = (part for part in _NUMBER.split(version) if part)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)

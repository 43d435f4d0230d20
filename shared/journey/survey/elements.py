"""Elements of a Questionnaire as they are read: texts with translations, extensions, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.errors import Problem
from shared.fhir.wording import Wording

CORE = "http://hl7.org/fhir/StructureDefinition"
TRANSLATION = f"{CORE}/translation"


class Finding:
    """Gathers every problem of one file, so that its author sees all of them at once."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[Problem] = []
        self._seen: set[str] = set()

    def wrong(self, path: str, what: str, expected: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(f"{self.where}: {path}", what, expected))

    def once(self, name: str, path: str) -> None:
        """Note a problem where a name stands for a second time."""
        if name and name in self._seen:
            self.wrong(path, f"{name} stands twice", "one of each")
        self._seen.add(name)


def text(node: Mapping[str, Any], name: str) -> str:
    """Return a text element, stripped; "" where there is none."""
    value = node.get(name)
    return value.strip() if isinstance(value, str) else ""


def mappings(node: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list; what is none is passed over."""
    value = node.get(name)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def number(value: object) -> float | None:
    """Return a number, not a truth."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def extension(node: Mapping[str, Any], url: str) -> object:
    """Return the value of an extension, whatever its type; None where there is none."""
    return next((value_of(each) for each in mappings(node, "extension") if each.get("url") == url), None)


def value_of(node: Mapping[str, Any]) -> object:
    """Return value[x]."""
    return next((value for name, value in node.items() if name.startswith("value")), None)


def wording(node: Mapping[str, Any], name: str, language: str) -> Wording:
    """Return a text with its translations, which stand beside it in an element of the same name with "_"."""
    own = text(node, name)
    beside = node.get(f"_{name}")
    translated = dict(_translations(beside)) if isinstance(beside, Mapping) else {}
    return {"": own, language: own, **translated} if own else {}


def _translations(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in mappings(node, "extension"):
        if each.get("url") == TRANSLATION:
            lang, content = extension(each, "lang"), extension(each, "content")
            if isinstance(lang, str) and isinstance(content, str) and content.strip():
                yield lang, content.strip()

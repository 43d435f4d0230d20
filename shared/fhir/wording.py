"""Wording: a text in several languages, and which of them somebody is shown.

Used by what reads translated resources (shared.journey.survey) and by what writes to people.
"""

from __future__ import annotations

from collections.abc import Mapping

type Wording = Mapping[str, str]
"""By language (BCP 47); "" is the text itself, in whatever language the resource is."""

AT = "@"
"""Between the name of a value and the language that it is in: "text@es"."""


def worded(wording: Wording, *languages: str) -> str:
    """Return the text in the first of these languages that there is one for, else the text itself.

    es-MX is served by es, and es by es-MX where there is nothing nearer.
    """
    for language in languages:
        base = language.partition("-")[0]
        near = (tag for tag in wording if tag and tag.partition("-")[0] == base)
        found = next((tag for tag in (language, base) if tag and tag in wording), None) or next(near, None)
        if found is not None:
            return wording[found]
    return wording.get("", "")


def spread(name: str, wording: Wording) -> dict[str, str]:
    """Return a value in all its languages, for a message whose language is not chosen yet: see settled."""
    return {f"{name}{AT}{language}" if language else name: text for language, text in wording.items()}


def settled(values: Mapping[str, str], language: str) -> dict[str, str]:
    """Return values in the language of a message: in es, "text@es" takes the place of "text"."""
    names = dict.fromkeys(name.partition(AT)[0] for name in values)
    wordings = {name: {"": values[name]} if name in values else {} for name in names}
    for key, text in values.items():
        name, at, tag = key.partition(AT)
        if at:
            wordings[name][tag] = text
    return {name: worded(wording, language) for name, wording in wordings.items()}

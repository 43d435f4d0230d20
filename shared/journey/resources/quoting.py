"""Quoting: the few places in an author's text that are filled in for a patient, "{focus}" and "{reply}".

`{focus}` is the resource that the enrolment hangs on, `{step-id}` what came of that step. There are no
others: what staff must know of the patient they read in the record that the resource belongs to.
"""

from __future__ import annotations

import re

from shared.journey.steps.base import Standing

FOCUS = "focus"

_PLACE = re.compile(r"\{([a-z0-9][a-z0-9-]{0,63})\}")
_NOTHING = "nothing"


def quoted(*texts: str) -> frozenset[str]:
    """Return the names of all places in texts."""
    return frozenset(name for text in texts for name in _PLACE.findall(text))


def filled(text: str, standing: Standing) -> str:
    """Fill in the places of a text; of a step that was not passed, "nothing" came."""
    return _PLACE.sub(lambda found: _value(found[1], standing), text)


def _value(name: str, standing: Standing) -> str:
    enrolment = standing.enrolment
    if name == FOCUS:
        return enrolment.focus or _NOTHING
    came = enrolment.results.get(name, "")
    return _NOTHING if not came or came.startswith("#") else came

"""STOP and START: the words by which a patient ends or resumes messages, in the languages shipped.

English words are those US carriers and the FCC name (47 CFR 64.1200(a)(10)); a word counts only when it is
the whole reply, so that "please don't stop" is no opt-out.
"""

from __future__ import annotations

import re
from typing import Literal

_STOP = frozenset(
    {
        *(
            "stop",
            "stop all",
            "stopall",
            "end",
            "cancel",
            "quit",
            "unsubscribe",
            "revoke",
            "opt out",
            "optout",
        ),
        *("alto", "parar", "pare", "basta", "baja", "darme de baja", "dar de baja", "cancelar"),
        "no mas mensajes",
    }
)
_START = frozenset({"start", "unstop", "opt in", "optin", "resume", "alta", "reanudar", "empezar"})
_NOISE = re.compile(r"[\W_]+")
_ACCENTS = str.maketrans("áéíóúüñ", "aeiouun")


def keyword(text: str) -> Literal["stop", "start", ""]:
    """Return what the reply asks for, if it is nothing but such a word."""
    words = _NOISE.sub(" ", text.casefold().translate(_ACCENTS)).strip()
    words = words.removesuffix(" please").removesuffix(" por favor").removeprefix("please ")
    if words in _STOP:
        return "stop"
    return "start" if words in _START else ""

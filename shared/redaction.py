"""What can be told of an error without what it may tell of people: its type and where it came from.

Our own errors hold no data by contract (shared.errors), so their sentences are told; what any other says may
quote whatever made it fail.
"""

from __future__ import annotations

import re
import traceback

from shared.errors import HearthlineError

FRAMES = 12
"""Places named, the innermost ones."""

_ROOT = re.compile(r"^.*/(?=(shared|functions|sandbox|cli|site-packages|python3\.\d+)/)")


def told(error: BaseException) -> str:
    """Describe an error in one line, innermost place first: "KeyError at a.py:3 f < b.py:9 g"."""
    summary = reversed(traceback.extract_tb(error.__traceback__)[-FRAMES:])
    places = " < ".join(f"{_file(place.filename)}:{place.lineno} {place.name}" for place in summary)
    sentence = f" ({error})" if isinstance(error, HearthlineError) else ""
    return f"{type(error).__name__}{sentence}" + (f" at {places}" if places else "")


def _file(path: str) -> str:
    """Name a file without where this machine keeps it."""
    short = _ROOT.sub("", path)
    return short if short != path else path.rpartition("/")[2]

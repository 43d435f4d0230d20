"""Paper and window envelopes: where address, date and text of a letter stand.

DIN 5008 form B: A4, the window 20 mm from the left and 45 to 90 mm from the top, folded at 105 and 210 mm.
US Letter for a #10 envelope (4 1/8 by 9 1/2 in; its window 7/8 in from the left, 1/2 in from the bottom,
4 1/2 by 1 1/8 in), folded in three. Used by shared.adapters.letters_pdf.
"""

from __future__ import annotations

from msgspec import Struct

MM = 72 / 25.4
"""Points of a millimetre."""
IN = 72.0
"""Points of an inch."""
_US = frozenset(
    {"US", "CA", "MX", "PR", "GU", "VI", "CL", "CO", "CR", "DO", "GT", "NI", "PA", "PH", "SV", "VE"}
)
"""Where letters are written on Letter paper (CLDR, measurementData, paperSize US-Letter)."""


class Sheet(Struct, frozen=True):
    """Where things stand on paper; in points, from the top left corner."""

    width: float
    height: float
    left: float
    right: float
    window_left: float
    window_top: float
    """Of the first line of the address."""
    window_width: float
    window: tuple[float, float]
    """From where to where, from the top, the envelope shows the sheet wherever it has slipped to."""
    lines: int
    """Lines of an address that fit."""
    return_top: float
    """Of the line that says who sends it."""
    date_top: float
    body_top: float
    next_top: float
    """Where the text goes on, on further pages."""
    bottom: float
    folds: tuple[float, ...] = ()


A4 = Sheet(
    width=210 * MM, height=297 * MM, left=25 * MM, right=190 * MM,
    window_left=25 * MM, window_top=66 * MM, window_width=80 * MM, window=(45 * MM, 90 * MM),
    lines=6,
    return_top=60 * MM, date_top=55 * MM, body_top=105 * MM, next_top=30 * MM, bottom=272 * MM,
    folds=(105 * MM, 210 * MM),
)  # fmt: skip
US_LETTER = Sheet(
    width=8.5 * IN, height=11 * IN, left=1.0 * IN, right=7.5 * IN,
    window_left=1.0 * IN, window_top=2.55 * IN, window_width=4.0 * IN,
    window=(2.4 * IN, 3.2 * IN), lines=5,
    return_top=0.75 * IN, date_top=1.0 * IN, body_top=3.9 * IN, next_top=1.0 * IN, bottom=10.0 * IN,
)  # fmt: skip


def sheet_of(region: str) -> Sheet:
    """Return the paper of a country (ISO 3166)."""
    return US_LETTER if region in _US else A4

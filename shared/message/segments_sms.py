"""How many parts an SMS is sent in, and which character makes it cost more.

GSM-7 holds 160 septets in one part and 153 in each of several; a character that is not in its alphabet
makes the whole text UCS-2, with 70 and 67 units of 16 bits (3GPP TS 23.038, 6.2; TS 23.040, 9.2.3.24.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet: one septet each."""
EXTENSION = frozenset("\f^{}\\[~]|€")
"""Its extension table: an escape and one more septet."""


class SmsSize(Struct, frozen=True):
    """What a text takes up."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    """Septets, or units of 16 bits."""
    segments: int
    """Parts, of which each is paid for; 1 for an empty text."""
    first_culprit: str = ""
    """The first character that is not in GSM-7."""


def sms_size(text: str) -> SmsSize:
    """Measure a text. What is one character is never divided over two parts."""
    culprit = next((each for each in text if each not in BASIC and each not in EXTENSION), "")
    if culprit:
        sizes = [2 if ord(each) > 0xFFFF else 1 for each in text]
        return SmsSize("UCS-2", sum(sizes), _parts(sizes, 70, 67), culprit)
    sizes = [2 if each in EXTENSION else 1 for each in text]
    return SmsSize("GSM-7", sum(sizes), _parts(sizes, 160, 153))


def _parts(sizes: list[int], whole: int, part: int) -> int:
    return 1 if sum(sizes) <= whole else sum(1 for _ in _begun(sizes, part))


def _begun(sizes: list[int], part: int) -> Iterator[int]:
    """Walk the sizes with which each part begins."""
    room = 0
    for size in sizes:
        if size > room:
            yield size
            room = part
        room -= size

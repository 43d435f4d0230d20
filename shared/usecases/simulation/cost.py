"""How many parts a message is paid for as: an SMS costs by the part, the others are one each.

GSM 03.38 has 160 septets in one part and 153 in each of several; what is not in its alphabet makes the whole
text UCS-2, with 70 and 67 (3GPP TS 23.038 and 23.040).
"""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


def parts(channel: str, text: str) -> int:
    """Return how many parts a message of this text is."""
    if channel != "sms":
        return 1
    if all(each in _BASIC or each in _EXTENDED for each in text):
        return _divided(sum(2 if each in _EXTENDED else 1 for each in text), 160, 153)
    return _divided(len(text.encode("utf-16-le")) // 2, 70, 67)


def _divided(size: int, whole: int, part: int) -> int:
    return 1 if size <= whole else -(-size // part)

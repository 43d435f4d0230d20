"""SMS parts, at every boundary, and against a second way of counting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.message.segments_sms import BASIC, EXTENSION, sms_size

GSM = st.text(st.sampled_from(sorted(BASIC | EXTENSION)), max_size=700)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments", "culprit"),
    [
        ("", "GSM-7", 0, 1, ""),
        ("a" * 160, "GSM-7", 160, 1, ""),
        ("a" * 161, "GSM-7", 161, 2, ""),
        ("a" * 306, "GSM-7", 306, 2, ""),
        ("a" * 307, "GSM-7", 307, 3, ""),
        ("€" * 80, "GSM-7", 160, 1, ""),
        ("€" * 81, "GSM-7", 162, 2, ""),
        ("a" * 152 + "€" + "a" * 10, "GSM-7", 164, 2, ""),
        ("a" * 152 + "€" + "a" * 151, "GSM-7", 305, 2, ""),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3, ""),
        ("ñ" * 160, "GSM-7", 160, 1, ""),
        ("á", "UCS-2", 1, 1, "á"),
        ("a" * 69 + "á", "UCS-2", 70, 1, "á"),
        ("a" * 70 + "á", "UCS-2", 71, 2, "á"),
        ("á" * 134, "UCS-2", 134, 2, "á"),
        ("á" * 135, "UCS-2", 135, 3, "á"),
        ("😀" * 35, "UCS-2", 70, 1, "😀"),
        ("😀" * 36, "UCS-2", 72, 2, "😀"),
        ("😀" * 66, "UCS-2", 132, 2, "😀"),
        ("😀" * 67, "UCS-2", 134, 3, "😀"),
        ("it\u2019s", "UCS-2", 4, 1, "\u2019"),
        ("`", "UCS-2", 1, 1, "`"),
        ("ç Ç", "UCS-2", 3, 1, "ç"),
    ],
)
def test_boundaries(text: str, encoding: str, units: int, segments: int, culprit: str) -> None:
    size = sms_size(text)
    assert (size.encoding, size.units, size.segments, size.first_culprit) == (
        encoding,
        units,
        segments,
        culprit,
    )


@given(GSM)
def test_parts_hold_what_they_must_and_no_part_could_be_spared(text: str) -> None:
    """Never fewer than the units need, and at most one unit a part is lost to what cannot be divided."""
    size = sms_size(text)
    least = 1 if size.units <= 160 else -(-size.units // 153)
    most = 1 if size.units <= 160 else -(-size.units // 152)
    assert size.encoding == "GSM-7"
    assert least <= size.segments <= most


@given(st.text(max_size=300))
def test_any_text_is_counted(text: str) -> None:
    size = sms_size(text)
    assert size.segments >= 1
    assert (size.encoding == "UCS-2") == bool(size.first_culprit)


@given(GSM, GSM)
def test_more_words_are_never_fewer_parts(text: str, more: str) -> None:
    assert sms_size(text + more).segments >= sms_size(text).segments

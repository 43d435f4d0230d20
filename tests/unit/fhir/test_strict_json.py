"""JSON from outside: one meaning or none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Rejected
from shared.fhir.strict_json import decode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_json_is_read_as_written(value: object, indent: int | None, ascii_only: bool) -> None:
    assert decode(json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode(), 100) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a":1',
        b"NaN",
        b"[Infinity]",
        b"1e999",
        b"9" * 5000,
        b'{"a":1,"a":2}',
        b'{"a":1,"\\u0061":2}',
        b'{"x":[{"a" :1, "a"\n:2}]}',
        b'{"a":":","a":":"}',
        b'"\\ud800"',
        b'"\xff"',
        b"[1,]",
        b"'a'",
    ],
)
def test_what_is_not_json_or_means_two_things_is_rejected(body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        decode(body, 100)
    assert caught.value.code == "bad-json"


def test_colons_within_strings_are_not_names() -> None:
    assert decode(b'{"a":":", "b":"\\":", "c":[":x", "\\\\"]}', 100) == {
        "a": ":",
        "b": '":',
        "c": [":x", "\\"],
    }


def test_a_byte_order_mark_is_let_pass() -> None:
    assert decode(b'\xef\xbb\xbf{"a":1}', 100) == {"a": 1}


@pytest.mark.parametrize(("depth", "fits"), [(100, True), (101, False), (900, False), (200_000, False)])
def test_nesting_is_bounded(depth: int, fits: bool) -> None:
    body = b"[" * depth + b"]" * depth
    if fits:
        assert decode(body, 100)
    else:
        with pytest.raises(Rejected):
            decode(body, 100)

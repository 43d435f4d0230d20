"""What is no notification of any format."""

from __future__ import annotations

import pytest

from shared.fhir.notification import Heard, Limits
from shared.fhir.parse_notification import parse
from tests.unit.fhir.notification_data import code_of, post


def test_a_body_over_the_limit_is_not_read() -> None:
    assert code_of(post(b"[" * 101), Limits(body=100)) == "too-large"


@pytest.mark.parametrize("body", [b"7", b'"x"', b"null", b"[7]", b'["x"]', b"[[]]", b"[null]", b'[{"a":1}]'])
def test_json_that_is_no_notification_is_refused(body: bytes) -> None:
    assert code_of(post(body)) in ("wrong-type", "unknown-format")


def test_an_empty_array_says_nothing() -> None:
    assert parse(post([])) == Heard()

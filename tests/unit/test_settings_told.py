"""Settings that are wrong: all is told at once, by name, and no value is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config import Settings, settings
from shared.errors import Invalid

GOOD = {"AzureWebJobsStorage": "x", "HEARTHLINE_FHIR_URL": "https://fhir.example"}
WRONG = {
    "HEARTHLINE_FHIR_URL": "nowhere",
    "HEARTHLINE_TRANSPORT": "pigeons",
    "HEARTHLINE_REGION": "Mars!",
    "HEARTHLINE_TIME_ZONE": "Mars/Olympus",
    "HEARTHLINE_LINK_SECRETS": '["hush"]',
    "HEARTHLINE_TRACE_SAMPLING": "7",
    "HEARTHLINE_RETENTION": "{rubbish",
}
LACKING: dict[str, tuple[dict[str, str], str]] = {
    "HEARTHLINE_BUS": ({"HEARTHLINE_TRANSPORT": "servicebus"}, "HEARTHLINE_BUS__fullyQualifiedNamespace"),
    "HEARTHLINE_POSTAL_ADDRESS": ({"HEARTHLINE_LETTERS": "true"}, "HEARTHLINE_POSTAL_ADDRESS"),
    "HEARTHLINE_FHIR_TOKEN": ({"HEARTHLINE_FHIR_AUTH": "token"}, "HEARTHLINE_FHIR_TOKEN"),
    "HEARTHLINE_ENTRA_ISSUER": ({"HEARTHLINE_API_AUDIENCE": "an-application"}, "HEARTHLINE_ENTRA_ISSUER"),
    "HEARTHLINE_API_AUDIENCE": ({"HEARTHLINE_PLATFORM_AUTH": "true"}, "HEARTHLINE_API_AUDIENCE"),
    "HEARTHLINE_SMS_FROM": ({"HEARTHLINE_ACS_ENDPOINT": "https://acs.example"}, "HEARTHLINE_EMAIL_FROM"),
}


def told(environment: dict[str, str]) -> str:
    with pytest.raises(Invalid) as found:
        settings(environment)
    return str(found.value)


@given(st.sets(st.sampled_from(sorted(WRONG)), min_size=1), st.sets(st.sampled_from(sorted(LACKING))))
def test_whatever_is_wrong_and_whatever_lacks_is_named_and_no_value(
    wrong: set[str], lacking: set[str]
) -> None:
    environment: dict[str, Any] = dict(GOOD)
    for name in lacking:
        environment |= LACKING[name][0]
    environment |= {name: WRONG[name] for name in wrong}
    said = told(environment)
    assert [name for name in wrong if name not in said] == []
    assert [value for name, value in WRONG.items() if name in wrong and value in said] == []
    for name in lacking:
        if name != "HEARTHLINE_BUS" or "HEARTHLINE_TRANSPORT" not in wrong:
            assert LACKING[name][1] in said


def test_with_nothing_set_all_that_must_be_is_named() -> None:
    said = told({})
    assert "HEARTHLINE_FHIR_URL: must be set" in said
    assert "AzureWebJobsStorage__accountName must be set" in said


def test_what_follows_from_a_wrong_one_is_not_told_besides() -> None:
    """A wrong secret is no missing one."""
    both = {"HEARTHLINE_PUBLIC_URL": "https://x/api", "HEARTHLINE_LINK_SECRETS": '["hush"]'}
    assert "must be set with" not in told(GOOD | both)


def test_right_ones_are_taken() -> None:
    assert isinstance(settings(GOOD), Settings)

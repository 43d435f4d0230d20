"""Settings of webhooks: every mistake is named, no address and no secret is ever shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.config import Settings, settings
from shared.errors import Invalid

BASE = {"AzureWebJobsStorage": "x", "HEARTHLINE_FHIR_URL": "http://fhir.example"}
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SIGNED = {"kind": "signed", "url": "https://partner.example/hook?key=private", "secret": SECRET}
TEAMS = {"kind": "teams", "url": "https://teams.example/workflow?sig=private"}


def read(webhooks: object, **more: str) -> Settings:
    return settings({**BASE, "HEARTHLINE_WEBHOOKS": json.dumps(webhooks), **more})


def test_none_unless_some_are_named():
    assert settings(BASE).webhooks == {}


def test_both_kinds_with_their_console():
    chosen = read({"partner": SIGNED, "team": TEAMS}, HEARTHLINE_CONSOLE_URL="https://console.example/")
    assert {name: receiver.kind for name, receiver in chosen.webhooks.items()} == {
        "partner": "signed",
        "team": "teams",
    }
    assert chosen.console_url == "https://console.example"
    assert "private" not in repr(chosen)
    assert SECRET not in repr(chosen)


def test_a_notice_needs_somewhere_to_lead():
    with pytest.raises(Invalid, match="HEARTHLINE_CONSOLE_URL must be set to notify by Teams"):
        read({"team": TEAMS})


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://partner.example/private"},
        {"url": "ftp://partner.example/private"},
        {"url": "https:///private"},
        {"url": "https://user:private@partner.example/"},
        {"url": "https://partner.example/#private"},
        {"url": "https://[private/"},
        {"url": "https://partner.example:private/"},
        {"url": ""},
        {"secret": "private"},
        {"secret": "whsec_private!"},
        {"secret": "whsec_cHJpdmF0ZQ=="},
        {"secret": SECRET.removeprefix("whsec_")},
        {"previous": "private"},
        {"kind": "other"},
        {"password": "private"},
    ],
)
def test_what_is_wrong_is_named_and_not_quoted(changes: dict[str, Any]):
    with pytest.raises(Invalid) as invalid:
        read({"partner": SIGNED | changes})
    assert "HEARTHLINE_WEBHOOKS.partner" in str(invalid.value)
    assert "private" not in str(invalid.value).replace("HEARTHLINE_WEBHOOKS.partner", "")


@pytest.mark.parametrize("name", ["Partner", "two words", "", "-x"])
def test_a_name_is_one_that_journeys_can_write(name):
    with pytest.raises(Invalid, match="HEARTHLINE_WEBHOOKS"):
        read({name: SIGNED})


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:1"])
def test_on_loopback_http_will_do(host):
    assert read({"partner": SIGNED | {"url": f"http://{host}/hook"}}).webhooks


@pytest.mark.parametrize("text", ["[]", "{", "1"])
def test_what_is_no_object(text):
    with pytest.raises(Invalid, match="HEARTHLINE_WEBHOOKS"):
        settings({**BASE, "HEARTHLINE_WEBHOOKS": text})

"""Settings of links: secrets go with the address, are long enough, and are never shown."""

from __future__ import annotations

import json

import pytest

from shared.bootstrap import policy_of
from shared.config import Settings, settings
from shared.errors import Invalid

BASE = {"AzureWebJobsStorage": "x", "HEARTHLINE_FHIR_URL": "http://fhir.example"}
SECRET, OLD = "a-secret-of-at-least-32-bytes-0123", "b-secret-of-at-least-32-bytes-4567"
PUBLIC = {"HEARTHLINE_PUBLIC_URL": "https://links.example/api/"}


def read(*secrets: str, **more: str) -> Settings:
    return settings({**BASE, "HEARTHLINE_LINK_SECRETS": json.dumps(secrets), **more})


def test_nothing_set_is_no_links() -> None:
    policy = policy_of(settings(BASE))
    assert (policy.public_url, policy.keys.secrets, policy.hosts) == ("", (), frozenset())


def test_all_set() -> None:
    more = {
        "HEARTHLINE_LINK_HOSTS": '["maps.example"]',
        "HEARTHLINE_POSTAL_ADDRESS": "1 Harbour Street",
        "HEARTHLINE_PHONE": "555 0100",
        "HEARTHLINE_WEBSITE": "https://clinic.example/",
    }
    chosen = read(SECRET, OLD, **PUBLIC, **more)
    policy = policy_of(chosen)
    assert policy.public_url == "https://links.example/api"
    assert policy.keys.secrets == (SECRET.encode(), OLD.encode())
    assert policy.hosts == {"maps.example"}
    assert (policy.address, policy.phone) == ("1 Harbour Street", "555 0100")
    assert policy.website == "https://clinic.example"
    assert SECRET not in repr(chosen) + repr(policy)


def test_an_address_needs_secrets() -> None:
    with pytest.raises(Invalid, match="HEARTHLINE_LINK_SECRETS must be set with HEARTHLINE_PUBLIC_URL"):
        settings({**BASE, **PUBLIC})


@pytest.mark.parametrize(
    "secrets", [json.dumps(["short-SECRET"]), '["short-SECRET', '"short-SECRET"', "short-SECRET"]
)
def test_a_bad_secret_is_named_and_not_shown(secrets: str) -> None:
    with pytest.raises(Invalid) as caught:
        settings({**BASE, **PUBLIC, "HEARTHLINE_LINK_SECRETS": secrets})
    assert "HEARTHLINE_LINK_SECRETS" in str(caught.value)
    assert "short-SECRET" not in str(caught.value)


@pytest.mark.parametrize("host", ["https://maps.example", "Maps.example", "", "maps.example/x", ".example"])
def test_a_host_is_a_host(host: str) -> None:
    with pytest.raises(Invalid, match="HEARTHLINE_LINK_HOSTS"):
        read(SECRET, HEARTHLINE_LINK_HOSTS=json.dumps([host]))

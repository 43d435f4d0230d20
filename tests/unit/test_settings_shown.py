"""The settings in force as staff see them: no secret among them, whatever the settings are."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from pydantic import SecretStr

from shared.config import Settings
from shared.settings_shown import settings_shown

MARK = "SeCrEtMaRk"

_BARE: dict[str, str] = {
    "AzureWebJobsStorage": f"AccountKey={MARK}",
    "HEARTHLINE_FHIR_URL": "https://x.example",
}
_TEXTS = some.text("abcdefghij0123456789", min_size=32, max_size=40).map(lambda text: MARK + text)
_KEYS = some.binary(min_size=24, max_size=64)


def _receivers(secret: str, key: bytes) -> dict[str, Any]:
    from base64 import b64encode

    signing = "whsec_" + b64encode(key).decode()
    address = f"https://hooks.example/{secret}?sig={secret}"
    return {
        "signed": {"kind": "signed", "url": address, "secret": signing, "previous": signing},
        "teams": {"kind": "teams", "url": address},
    }


def _sources(secret: str) -> list[dict[str, Any]]:
    shared = {"kind": "shared-secret", "header": "x-secret", "secret": secret, "previous": secret}
    return [
        {"name": "one", "formats": ["medplum"], "proofs": [shared]},
        {"name": "two", "formats": ["medplum"], "proofs": [{"kind": "hmac", "secret": secret}]},
    ]


_SECRETS = some.fixed_dictionaries(
    {},
    optional={
        "HEARTHLINE_BUS": _TEXTS,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": _TEXTS,
        "HEARTHLINE_FHIR_TOKEN": _TEXTS,
        "HEARTHLINE_ACS_ACCESS_KEY": _TEXTS,
        "HEARTHLINE_LINK_SECRETS": some.lists(_TEXTS, max_size=3).map(json.dumps),
        "HEARTHLINE_AUDIT_SECRETS": some.lists(_TEXTS, max_size=3).map(json.dumps),
        "HEARTHLINE_SEAL_SECRETS": some.lists(_TEXTS, max_size=3).map(json.dumps),
        "HEARTHLINE_SOURCES": _TEXTS.map(_sources).map(json.dumps),
        "HEARTHLINE_WEBHOOKS": some.builds(_receivers, _TEXTS, _KEYS).map(json.dumps),
        "OTEL_EXPORTER_OTLP_ENDPOINT": _TEXTS.map(lambda t: f"https://user:{t}@collector.example/v1?key={t}"),
    },
)


def _told(values: dict[str, str]) -> str:
    return json.dumps([{"name": s.name, "value": s.value} for s in settings_shown(Settings(**values))])  # type: ignore[arg-type]


@given(_SECRETS)
def test_no_secret_is_ever_shown(values: dict[str, str]) -> None:
    told = _told(_BARE | values)
    assert MARK not in told
    assert "whsec_" not in told


def test_every_setting_of_the_code_is_shown() -> None:
    names = [shown.name for shown in settings_shown(Settings(**_BARE))]  # type: ignore[arg-type]
    assert names == [field.alias for field in Settings.model_fields.values()]


def test_of_a_secret_is_said_whether_it_is_set_and_of_several_how_many() -> None:
    values = _BARE | {"HEARTHLINE_LINK_SECRETS": json.dumps(["a" * 32, "b" * 32])}
    found = {shown.name: shown for shown in settings_shown(Settings(**values))}  # type: ignore[arg-type]
    assert (found["AzureWebJobsStorage"].secret, found["AzureWebJobsStorage"].set) == (True, True)
    assert (found["HEARTHLINE_FHIR_TOKEN"].secret, found["HEARTHLINE_FHIR_TOKEN"].set) == (True, False)
    assert (found["HEARTHLINE_LINK_SECRETS"].count, found["HEARTHLINE_LINK_SECRETS"].value) == (2, None)
    assert (found["HEARTHLINE_REGION"].value, found["HEARTHLINE_REGION"].given) == ("US", False)
    assert found["HEARTHLINE_SOURCES"].value[0]["name"] == "events"


def test_whatever_is_a_secret_by_its_type_is_named_one() -> None:
    """A new setting that is secret need not be written down anywhere to be kept."""
    found = {shown.name for shown in settings_shown(Settings(**_BARE)) if shown.secret}  # type: ignore[arg-type]
    by_type = {
        field.alias
        for name, field in Settings.model_fields.items()
        if isinstance(getattr(Settings(**_BARE), name), SecretStr)  # type: ignore[arg-type]
    }
    assert by_type <= found
    assert {"HEARTHLINE_SOURCES", "HEARTHLINE_WEBHOOKS", "HEARTHLINE_LINK_SECRETS"} <= found

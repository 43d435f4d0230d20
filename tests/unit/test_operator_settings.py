"""The settings file for operators: of those of the app, taken by the product, with nothing secret in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.hooks.operator_settings import operator_settings
from shared.config import settings

ROOT = Path(__file__).resolve().parents[2]

APP = {
    "AzureWebJobsStorage__accountName": "hearth",
    "AzureWebJobsStorage__credential": "managedidentity",
    "AzureWebJobsStorage__clientId": "the-app",
    "AZURE_CLIENT_ID": "the-app",
    "HEARTHLINE_TRANSPORT": "servicebus",
    "HEARTHLINE_BUS__fullyQualifiedNamespace": "hearth.servicebus.windows.net",
    "HEARTHLINE_BUS__clientId": "the-app",
    "HEARTHLINE_FHIR_URL": "https://hl-fhir.fhir.azurehealthcareapis.com",
    "HEARTHLINE_FHIR_AUTH": "identity",
    "HEARTHLINE_PUBLIC_URL": "https://care.example.org/api",
    "HEARTHLINE_LINK_SECRETS": "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/link-secrets)",
    "HEARTHLINE_WEBHOOKS": "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/webhooks)",
    "HEARTHLINE_PROVIDERS": '{"sms": "webhook:gateway"}',
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=somewhere",
    "FUNCTIONS_EXTENSION_VERSION": "~4",
}
LISTED = [{"name": name, "value": value} for name, value in APP.items()]
HELD = {
    "https://v.vault.azure.net/secrets/link-secrets": json.dumps(["s" * 40]),
    "https://v.vault.azure.net/secrets/webhooks": "{}",
}


def test_the_product_takes_them_without_any_secret() -> None:
    found = operator_settings(LISTED)
    assert settings(found).public_url is None
    assert "KeyVault" not in json.dumps(found)


def test_an_operator_is_nobody_but_themselves() -> None:
    """No client id of the app's identity, which would be asked for on a machine that does not have it."""
    found = operator_settings(LISTED)
    assert "the-app" not in found.values()
    assert not any(name.startswith(("APPLICATIONINSIGHTS", "FUNCTIONS")) for name in found)


def test_secrets_come_along_when_they_are_asked_for() -> None:
    listed = [each for each in LISTED if each["name"] != "HEARTHLINE_PROVIDERS"]
    found = settings(operator_settings(listed, HELD.__getitem__))
    assert [secret.get_secret_value() for secret in found.link_secrets] == ["s" * 40]


@pytest.mark.parametrize("before", [None, "open to all"])
def test_only_its_owner_reads_the_file(tmp_path: Path, before: str | None) -> None:
    file = tmp_path / "operator.json"
    if before is not None:
        file.write_text(before)
    command = [sys.executable, str(ROOT / "infra/hooks/operator_settings.py"), str(file)]
    told = subprocess.run(command, input=json.dumps(LISTED), capture_output=True, text=True, check=True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "HEARTHLINE_FHIR_URL" in json.loads(file.read_text())["Values"]
    assert "care.example.org" not in told.stdout

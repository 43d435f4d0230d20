"""Every setting is in four places: the code, the sample, Bicep, and the page for operators."""

from __future__ import annotations

import json
import re

import pytest

from infra.hooks.operator_settings import operator_settings
from shared.config import Settings, settings
from shared.errors import Invalid
from tests.infra.policy.cases import Case
from tests.infra.policy.settings import (
    NOT_ON_FLEX,
    OF_HOST,
    ONLY_SANDBOX,
    SECRETS,
    VARIABLES,
    app_settings,
    behind_references,
    setting_problems,
)
from tests.unit.docs.pages import DOCS, ROOT, code, section, table

OPERATIONS = DOCS / "operations.md"

OTHERWISE = {
    "AzureWebJobsStorage__accountName": "names what is made",
    "AZURE_CLIENT_ID": "names what is made",
    "HEARTHLINE_TRANSPORT": "Service Bus is the better one on Azure",
    "HEARTHLINE_BUS__fullyQualifiedNamespace": "names what is made",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "names what is made",
    "HEARTHLINE_TRACE_SAMPLING": "traces of everything cost more than they tell",
    "HEARTHLINE_FHIR_URL": "names what is made",
    "HEARTHLINE_FHIR_AUTH": "identity, as no server there is open",
    "HEARTHLINE_ACS_ENDPOINT": "names what is made",
    "HEARTHLINE_EMAIL_FROM": "names what is made",
    "HEARTHLINE_PUBLIC_URL": "names what is made",
    "HEARTHLINE_ANALYTICS": "blobs are there on Azure, and figures are wanted",
    "HEARTHLINE_LINK_SECRETS": "made by the hook",
    "HEARTHLINE_AUDIT_SECRETS": "made by the hook",
    "HEARTHLINE_SEAL_SECRETS": "made by the hook",
}
"""Settings whose value in Bicep is another than the code's default, each with its reason."""


class TestTheFourPlaces:
    """What is in one place is in the others, but for exceptions with a reason."""

    def test_the_code_and_the_sample(self) -> None:
        values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
        assert set(values) - {"FUNCTIONS_WORKER_RUNTIME"} == VARIABLES

    def test_the_code_and_bicep(self, deployed: list[Case]) -> None:
        for case in deployed:
            assert set(app_settings(case)) == (VARIABLES - set(ONLY_SANDBOX)) | set(OF_HOST), case.name

    def test_the_code_and_the_page(self) -> None:
        assert {code(row[0]) for row in table(OPERATIONS, "## Settings")} == VARIABLES

    def test_the_host_and_the_page(self) -> None:
        assert {code(row[0]) for row in table(OPERATIONS, "### Read by the host")} == set(OF_HOST)

    def test_the_page_names_what_stays_unset_and_what_is_secret(self) -> None:
        _, _, said = section(OPERATIONS, "### Read by the host").partition("On Azure `AzureWebJobsStorage`")
        unset, _, secret = f"`AzureWebJobsStorage`{said}".partition("stay unset")
        assert set(re.findall(r"`(\w+)`", unset)) == set(ONLY_SANDBOX)
        assert set(re.findall(r"`(\w+)`", secret)) == set(SECRETS)

    def test_exceptions_are_settings_and_have_reasons(self) -> None:
        assert set(ONLY_SANDBOX) <= VARIABLES
        assert set(SECRETS) <= VARIABLES
        assert not (set(OF_HOST) | NOT_ON_FLEX) & VARIABLES
        assert all(len(reason) > 10 for reason in (*ONLY_SANDBOX.values(), *OTHERWISE.values()))


class TestTheirValues:
    """What Bicep sets is what the code takes, and means what the code means where nothing is said."""

    def test_every_deployment_has_settings_that_the_code_takes(self, deployed: list[Case]) -> None:
        for case in deployed:
            chosen = settings(behind_references(app_settings(case)))
            assert (chosen.storage, chosen.bus, chosen.acs_access_key, chosen.clock_file) == (None,) * 4
            assert chosen.transport == case.transport
            assert bool(chosen.bus_namespace) == (case.transport == "servicebus")
            assert chosen.fhir_auth == ("token" if case.deployment.params["fhir"] == "other" else "identity")

    def test_what_is_not_said_is_as_in_the_code(self, deployed: list[Case]) -> None:
        (case,) = (case for case in deployed if case.name == "defaults")
        chosen = settings(behind_references(app_settings(case)))
        plain = settings(
            {"AzureWebJobsStorage__accountName": "x", "HEARTHLINE_FHIR_URL": "https://x.example"}
        )
        names = {alias: name for name, field in Settings.model_fields.items() if (alias := str(field.alias))}
        differ = {a for a, name in names.items() if getattr(chosen, name) != getattr(plain, name)}
        assert differ - set(SECRETS) == set(OTHERWISE) - set(SECRETS)

    def test_an_organisation_says_its_own(self, deployed: list[Case]) -> None:
        (case,) = (case for case in deployed if case.name == "prod.bicepparam")
        chosen = settings(behind_references(app_settings(case)))
        assert chosen.organization == "Example Health"
        assert chosen.postal_address.startswith("1 Hospital Way")


class TestOfOperators:
    """What infra/hooks/operator_settings.py makes of the app's settings is what the command line takes."""

    def test_without_secrets(self, deployed: list[Case]) -> None:
        for case in deployed:
            if case.name != "another FHIR server":  # its token is a secret: that is what --secrets is for
                chosen = settings(operator_settings(listed(case)))
                assert (bool(chosen.storage_account), chosen.identity) == (True, ""), case.name

    def test_with_secrets(self, deployed: list[Case]) -> None:
        for case in deployed:
            chosen = settings(operator_settings(listed(case), lambda address: SECRETS[address[len(VAULT) :]]))
            assert chosen.link_secrets, case.name
            assert chosen.public_url, case.name


VAULT = "https://vault.example/secrets/"


def listed(case: Case) -> list[dict[str, str]]:
    """Return app settings as az lists them, with references that end in the name of the setting."""
    found = {name: str(value) for name, value in app_settings(case).items()}
    references = {name: f"@Microsoft.KeyVault(SecretUri={VAULT}{name})" for name in SECRETS}
    return [
        {"name": name, "value": references[name] if value.startswith("@Microsoft") else value}
        for name, value in found.items()
    ]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HEARTHLINE_BUNDLING_MINUTES", "soon", "HEARTHLINE_BUNDLING_MINUTES"),
        ("HEARTHLINE_BUNDLING_MINUTES", 10, "is no text"),
        ("HEARTHLINE_SOURCES", "[]", "no reference to Key Vault"),
        ("HEARTHLINE_PHONE", "@Microsoft.KeyVault(SecretUri=https://v/secrets/phone)", "and is no secret"),
        ("AzureWebJobsStorage", "AccountKey=", "is one that nothing reads"),
        ("FUNCTIONS_WORKER_RUNTIME", "python", "is refused by Flex Consumption"),
        ("HEARTHLINE_BUS__clientId", "another", "is not the app's identity"),
        ("AzureWebJobsStorage__accountName", "another", "is no account that is made here"),
    ],
)
def test_a_wrong_setting_is_found(deployed: list[Case], name: str, value: object, said: str) -> None:
    case = next(case for case in deployed if case.name == "on service bus")
    (made,) = case.deployment.of("Microsoft.Web/sites/config")
    before = dict(made.properties)
    made.properties[name] = value
    try:
        assert [line for line in setting_problems(case) if said in line]
    finally:
        made.properties.clear()
        made.properties.update(before)


def test_what_the_code_refuses_is_refused_here_too() -> None:
    """The check would be of no use if the code took anything."""
    with pytest.raises(Invalid):
        settings({"AzureWebJobsStorage__accountName": "x", "HEARTHLINE_FHIR_URL": "fhir"})

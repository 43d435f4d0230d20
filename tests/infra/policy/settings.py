"""The app settings: each setting of the code and of the Functions host, with values that the code takes.

https://learn.microsoft.com/azure/azure-functions/functions-app-settings
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.config import Settings, settings
from shared.errors import Invalid
from tests.infra.policy.cases import Case

VARIABLES = frozenset(str(field.alias) for field in Settings.model_fields.values())

ONLY_SANDBOX = {
    "AzureWebJobsStorage": "a connection string: keys are for a laptop",
    "HEARTHLINE_BUS": "a connection string: keys are for a laptop",
    "HEARTHLINE_ACS_ACCESS_KEY": "a key: on Azure our identity signs in",
    "HEARTHLINE_CLOCK_FILE": "the sandbox's virtual clock",
}
"""Settings that are not set on Azure, each with its reason."""

OF_HOST = {
    "AzureWebJobsStorage__credential": "how the host signs in to storage",
    "AzureWebJobsStorage__clientId": "as which identity",
    "HEARTHLINE_BUS__credential": "how its Service Bus triggers sign in",
    "HEARTHLINE_BUS__clientId": "as which identity",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "how the host signs in to Application Insights",
    "PYTHON_ENABLE_OPENTELEMETRY": "that the host hands its trace to our code, and tells no line twice",
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "that the exporter tells nothing of itself",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "that it counts nothing of itself among our rows",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "that the exporter is not steered from afar",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED": "that no batch says who it is once more",
}
"""Settings that the host reads, and our code does not."""

NOT_ON_FLEX = {
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_EXTENSION_VERSION",
    "WEBSITE_RUN_FROM_PACKAGE",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
}
"""Flex Consumption refuses them, or does not read them."""

SECRETS = {
    "HEARTHLINE_LINK_SECRETS": '["0123456789abcdef0123456789abcdef"]',
    "HEARTHLINE_AUDIT_SECRETS": '["fedcba9876543210fedcba9876543210"]',
    "HEARTHLINE_SEAL_SECRETS": '["89abcdef0123456789abcdef01234567"]',
    "HEARTHLINE_SOURCES": "[]",
    "HEARTHLINE_WEBHOOKS": "{}",
    "HEARTHLINE_FHIR_TOKEN": "token",
}
"""Settings that are references to Key Vault where they are set, each with a value as it may be there."""


def app_settings(case: Case) -> Mapping[str, object]:
    """Return the app settings of a deployment, by name."""
    found: dict[str, object] = {}
    for made in case.deployment.of("Microsoft.Web/sites/config"):
        if made.name == "appsettings":
            found |= made.properties
    return found


def setting_problems(case: Case) -> Iterator[str]:
    """Give settings that are missing, that nobody reads, and values that the code refuses."""
    found = app_settings(case)
    wanted = (VARIABLES - set(ONLY_SANDBOX)) | set(OF_HOST)
    yield from (f"setting {name} is missing" for name in sorted(wanted - set(found)))
    yield from (f"setting {name} is one that nothing reads" for name in sorted(set(found) - wanted))
    yield from (f"setting {name} is refused by Flex Consumption" for name in sorted(set(found) & NOT_ON_FLEX))
    for name, value in found.items():
        if not isinstance(value, str):
            yield f"setting {name} is no text, and Azure takes texts alone"
        elif name in SECRETS and value and not value.startswith("@Microsoft.KeyVault("):
            yield f"setting {name} is no reference to Key Vault"
        elif name not in SECRETS and "@Microsoft.KeyVault(" in value:
            yield f"setting {name} is behind Key Vault, and is no secret"
    yield from _refused(found)
    yield from _connections(found, case)


def behind_references(found: Mapping[str, object]) -> dict[str, str]:
    """Return settings as the app reads them: with what references lead to."""
    return {
        name: SECRETS.get(name, "") if str(value).startswith("@Microsoft.KeyVault(") else str(value)
        for name, value in found.items()
    }


def _refused(found: Mapping[str, object]) -> Iterator[str]:
    try:
        settings(behind_references(found))
    except Invalid as invalid:
        yield from (f"setting {problem.where}: {problem.what}" for problem in invalid.problems)


def _connections(found: Mapping[str, object], case: Case) -> Iterator[str]:
    """Give connections that are not by identity: by the service's name, "managedidentity", and which one."""
    identities = case.deployment.of("Microsoft.ManagedIdentity/userAssignedIdentities")
    ours = {str(each.member(("properties", "clientId"))) for each in identities if each.symbol == "app"}
    for name in ("AZURE_CLIENT_ID", "AzureWebJobsStorage__clientId", "HEARTHLINE_BUS__clientId"):
        if found.get(name) not in ours:
            yield f"setting {name} is not the app's identity"
    accounts = {each.name for each in case.deployment.of("Microsoft.Storage/storageAccounts")}
    if found.get("AzureWebJobsStorage__accountName") not in accounts:
        yield "setting AzureWebJobsStorage__accountName is no account that is made here"
    hosts = {
        f"{each.name}.servicebus.windows.net"
        for each in case.deployment.of("Microsoft.ServiceBus/namespaces")
    }
    if found.get("HEARTHLINE_BUS__fullyQualifiedNamespace") not in (hosts or {""}):
        yield "setting HEARTHLINE_BUS__fullyQualifiedNamespace is no namespace that is made here"
    for name in ("AzureWebJobsStorage__credential", "HEARTHLINE_BUS__credential"):
        if found.get(name) != "managedidentity":
            yield f"setting {name} is not managedidentity"

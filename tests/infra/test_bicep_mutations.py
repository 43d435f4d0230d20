"""The judge can judge: each way of breaking the real files is found, by the rule that is there for it."""

from __future__ import annotations

import pytest
from msgspec import Struct

from tests.infra.bicep.project import Project
from tests.infra.policy.judging import judge


class Mutation(Struct, frozen=True):
    """In `file`, `old` becomes `new`, and `said` is part of what is said then."""

    file: str
    old: str
    new: str
    said: str


def _in(name: str, old: str, new: str, said: str) -> Mutation:
    return Mutation(f"modules/{name}.bicep", old, new, said)


MUTATIONS = (
    _in(
        "storage", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "allowSharedKeyAccess is True"
    ),
    _in("storage", "    allowBlobPublicAccess: false\n", "", "allowBlobPublicAccess is None"),
    _in("storage", "supportsHttpsTrafficOnly", "supportHttpsTrafficOnly", "supportHttpsTrafficOnly was not"),
    _in("storage", "'TLS1_2'", "'TLS1_0'", "minimumTlsVersion is 'TLS1_0'"),
    _in("storage", "closed ? 'Deny'", "closed ? 'Allow'", "lets everybody in"),
    _in("storage", "  'pages'\n", "", "storage queue pages is missing"),
    _in("storage", "  'pages'\n", "  'pages'\n  'spare'\n", "storage queue spare is not used by the code"),
    _in("storage", "'documents'", "'docments'", "table documents is missing"),
    _in("storage", "'dead-letters'", "'deadletters'", "is not made here"),
    _in("storage", "@description('Tags of the account.')\n", "", "tags is not described"),
    _in("storage", "blobServices@2025-06-01", "blobServices@2021-09-01", "is old, or a preview"),
    _in("service-bus", "disableLocalAuth: true", "disableLocalAuth: false", "disableLocalAuth is False"),
    _in("service-bus", "maxDeliveryCount: 8", "maxDeliveryCount: 10", "maxDeliveryCount is 10"),
    _in(
        "service-bus",
        "name: 'changes', sessions: true",
        "name: 'changes', sessions: false",
        "requiresSession",
    ),
    _in("key-vault", "enablePurgeProtection: true", "enablePurgeProtection: false", "enablePurgeProtection"),
    _in("communication", "    disableLocalAuth: true\n", "", "disableLocalAuth is None"),
    _in("monitoring", "  tags: tags\n  kind: 'web'", "  kind: 'web'", "has no tags"),
    _in("function-app", "httpsOnly: true", "httpsOnly: false", "httpsOnly is False"),
    _in("function-app", "name: 'scm'", "name: 'scn'", "passwords are not switched off for scm"),
    _in(
        "function-app",
        "type: 'UserAssignedIdentity'",
        "type: 'StorageAccountConnectionString'",
        "our identity",
    ),
    _in("roles", "if (app && !empty(vaultName))", "if (false)", "app lacks Key Vault Secrets User on vault"),
    _in("roles", "4633458b-17de-408a-b874-0445c86b69e6", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "no reason"),
    _in("roles", "  scope: deadLetters\n", "  scope: storage\n", "Storage Blob Data Contributor on account"),
    _in("roles", "name: guid(vault.id, deployerId, roleIds.secretsOfficer)", "name: 'fixed'", "guid("),
    _in("roles", "principalType: 'ServicePrincipal'", "principalType: 'Robot'", "what kind of principal"),
    _in("event-topic", "'SystemAssigned'", "'None'", "without an identity of its own"),
    _in("event-grid", "deliveryWithResourceIdentity: {", "delivery: {", "no events come to"),
    _in(
        "event-grid",
        "blobContainerName: 'dead-letters'",
        "blobContainerName: 'lost'",
        "which is no container",
    ),
    _in("diagnostics", "    workspaceId: workspaceId\n    logs: audit", "    logs: audit", "go elsewhere"),
    _in("diagnostics", "= if (withBus) {", "= if (!withBus) {", "Microsoft.ServiceBus/namespaces"),
    _in(
        "alerts", "queries/alert-opt-outs.kql", "queries/alert-poison.kql", "nothing asks alert-opt-outs.kql"
    ),
    _in("alerts", "actionGroups: [people.id]", "actionGroups: []", "tells nobody"),
    _in("budget", "amount: amount", "amount: amount + 1", "the budget is another"),
    _in("settings", "  HEARTHLINE_PHONE: ''\n", "", "setting HEARTHLINE_PHONE is missing"),
    _in(
        "settings", "HEARTHLINE_PHONE: ''", "HEARTHLINE_FONE: ''", "HEARTHLINE_FONE is one that nothing reads"
    ),
    _in("settings", "HEARTHLINE_REGION: 'US'", "HEARTHLINE_REGION: 'USA'", "setting HEARTHLINE_REGION"),
    _in("settings", "'managedidentity'", "'key'", "is not managedidentity"),
    _in(
        "settings",
        "HEARTHLINE_SOURCES: '${secret}/sources)'",
        "HEARTHLINE_SOURCES: '[]'",
        "no reference to Key",
    ),
    _in("settings", "insights.properties.ConnectionString", "app.listKeys().key", "listKeys reads keys"),
    _in("identity", "output appClientId string", "output clientId string", "has no output appClientId"),
    _in(
        "endpoints",
        "privateLinkServiceId: one.target",
        "privateLinkServiceId: networkId",
        "no private endpoint",
    ),
    Mutation("main.bicep", "fhirHost}/'", "fhirHst}/'", "nothing is called fhirHst"),
    Mutation("main.bicep", "vaultName: names.vault", "vaultNme: names.vault", "takes no vaultNme"),
    Mutation("main.bicep", "  'Microsoft.Communication.SMSReceived'\n", "", "not those that the code reads"),
    Mutation("main.bicep", "param smsFrom string", "@secure()\nparam smsFrom string", "smsFrom is a secret"),
    Mutation(
        "main.bicep",
        "dependsOn: [acsTopic, bus, roles]",
        "dependsOn: [acsTopic, bus]",
        "does not wait for the roles",
    ),
    _in("diagnostics", "EmailSendMailOperational", "EmailStatusUpdateOperational", "names people"),
    Mutation("main.bicep", "name: 'key-vault'", "name: 'storage'", "deployed as storage at once"),
    _in(
        "endpoints", "privatelink.vaultcore.azure.net", "privatelink.vault.azure.net", "not found by its name"
    ),
    _in("endpoints", "      id: networkId\n", "      id: '${networkId}x'\n", "not found by its name"),
    Mutation("main.bicep", "alertEmails array", "alertEmails string[]", "needs language version 2"),
    Mutation("main.bicep", "closed: privateNetwork", "closed: 'yes'", "takes bool and is given string"),
    Mutation("main.bicep", "name: 'budget'", "name: budget.outputs.x", "of budget needs budget.outputs"),
    Mutation("main.bicep", "'hl${token}'", "'Hearthline-${token}'", "cannot be called"),
    Mutation(
        "main.bicep",
        "output AZURE_LOCATION string = location",
        "output AZURE_LOCATION = location",
        "not Bicep",
    ),
    Mutation(
        "prod.bicepparam", "param busTier = 'Premium'", "param busTier = 'Basic'", "does not allow 'Basic'"
    ),
    Mutation("dev.bicepparam", "param environmentName = 'dev'\n", "", "environmentName must be set"),
    Mutation(
        "queries/alert-poison.kql", "hearthline.queue.poison", "hearthline.queue.posion", "nothing measures"
    ),
)


def broken(project: Project, mutation: Mutation) -> Project:
    """Return the project with one thing broken, wherever it stands in its file."""
    text = project.texts[mutation.file]
    assert mutation.old in text, f"{mutation.file} has changed: there is no {mutation.old!r}"
    return Project({**project.texts, mutation.file: text.replace(mutation.old, mutation.new)})


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: f"{each.file}: {each.said}")
def test_what_is_broken_is_found(project: Project, mutation: Mutation) -> None:
    said: list[str] = []
    for line in judge(broken(project, mutation)):
        said.append(line)
        if mutation.said in line:
            return
    pytest.fail(f"this was not found, but: {said}")


def test_a_file_that_is_gone_is_missed(project: Project) -> None:
    texts = {path: text for path, text in project.texts.items() if path != "modules/roles.bicep"}
    assert any("which is not there" in line for line in judge(Project(texts)))

"""Who may do what: every role assignment is in this table with its reason, and none else is there.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from tests.infra.bicep.builtin import DEPLOYER
from tests.infra.bicep.parsing import resources
from tests.infra.bicep.project import Project, beside
from tests.infra.bicep.syntax import Call, Items, Module, Name, innermost
from tests.infra.bicep.values import Made
from tests.infra.policy.cases import Case

ROLES_FILE = "modules/roles.bicep"
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"

NEED_ROLES = {"modules/event-grid.bicep", "modules/function-app.bicep", "modules/settings.bicep"}
"""Event Grid delivers, the app reads its package, and references to Key Vault are followed, by roles."""

ROLES = {
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": "Storage Queue Data Message Sender",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "090c5cfd-751d-490a-894a-3ce6f1109419": "Azure Service Bus Data Owner",
    "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0": "Azure Service Bus Data Receiver",
    "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39": "Azure Service Bus Data Sender",
    "09976791-48a7-449e-bb21-39d1a415f350": "Communication and Email Service Owner",
    "4c8d0bbc-75d3-4935-991f-5f3c56d81508": "FHIR Data Reader",
    "3f88fce4-5892-4214-ae73-ba5294559913": "FHIR Data Writer",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
}
"""Names of the roles by their ids. Owner, Contributor and User Access Administrator are not among them."""

_TABLES, _BLOBS = "Storage Table Data Contributor", "Storage Blob Data Owner"
_QUEUES, _SENDER = "Storage Queue Data Contributor", "Azure Service Bus Data Sender"
_MESSAGES, _LETTERS = "Storage Queue Data Message Sender", "Storage Blob Data Contributor"
_RECEIVER, _LENGTHS = "Azure Service Bus Data Receiver", "Azure Service Bus Data Owner"


class Grant(Struct, frozen=True):
    """One assignment: to whom, which role, on what ("account", "bus", "vault", …), where (""), and why."""

    holder: str
    role: str
    on: str
    why: str
    when: str = ""


GRANTS = (
    Grant("app", _TABLES, "account", "records, wake-ups, indexes, documents"),
    Grant(
        "app", _BLOBS, "account", "what the host asks for: locks of timers, keys of functions, the package"
    ),
    Grant("app", _QUEUES, "account", "puts and takes messages", "storage"),
    Grant("app", _SENDER, "bus", "puts messages", "servicebus"),
    Grant("app", _RECEIVER, "bus", "takes messages", "servicebus"),
    Grant("app", _LENGTHS, "bus", "only who asks for faster scaling gives it", "scaled"),
    Grant("app", "Key Vault Secrets User", "vault", "references in its settings"),
    Grant("app", "Monitoring Metrics Publisher", "insights", "telemetry without a key"),
    Grant("app", "Communication and Email Service Owner", "communication", "no smaller role can send"),
    Grant("app", "FHIR Data Writer", "fhir", "reads, and writes messages, consents, tasks back", "writes"),
    Grant("app", "FHIR Data Reader", "fhir", "reads alone", "reads"),
    Grant("fhir events", _MESSAGES, "notifications", "delivers there", "fhir onto storage"),
    Grant("fhir events", _SENDER, "notifications", "delivers there", "fhir onto bus"),
    Grant("fhir events", _LETTERS, "dead-letters", "leaves what it could not deliver", "azure-fhir"),
    Grant("acs events", _MESSAGES, "acs-events", "delivers there", "storage"),
    Grant("acs events", _SENDER, "acs-events", "delivers there", "servicebus"),
    Grant("acs events", _LETTERS, "dead-letters", "leaves what it could not deliver"),
    Grant("deployer", "Key Vault Secrets Officer", "vault", "the hook makes secrets"),
    Grant("operators", _TABLES, "account", "the command line publishes, takes in, audits"),
    Grant("operators", _QUEUES, "account", "the command line replays", "storage"),
    Grant("operators", _SENDER, "bus", "the command line replays", "servicebus"),
    Grant("operators", _RECEIVER, "bus", "the command line looks at dead letters", "servicebus"),
    Grant("operators", "Storage Blob Data Reader", "dead-letters", "the command line replays them"),
    Grant("operators", "FHIR Data Reader", "fhir", "the command line takes in and audits", "azure-fhir"),
)

_ON = {
    "microsoft.storage/storageaccounts": "account",
    "microsoft.servicebus/namespaces": "bus",
    "microsoft.keyvault/vaults": "vault",
    "microsoft.insights/components": "insights",
    "microsoft.communication/communicationservices": "communication",
    "microsoft.healthcareapis/workspaces/fhirservices": "fhir",
}
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def role_problems(case: Case) -> Iterator[str]:
    """Give assignments that are not in the table, are missing, or are badly made."""
    found = []
    there = {made.id.lower() for made in case.deployment.resources if not made.existing}
    for made in case.deployment.of(ASSIGNMENT):
        yield from _badly_made(made, there, case)
        found.append((_holder(made, case), _role(made), _where(made)))
    wanted = [(_given_to(each, case), each.role, each.on) for each in GRANTS if _holds(each, case)]
    extra, missing = Counter(found) - Counter(wanted), Counter(wanted) - Counter(found)
    yield from (
        f"{holder} is given {role} on {on}, which no reason is known for" for holder, role, on in extra
    )
    yield from (f"{holder} lacks {role} on {on}" for holder, role, on in missing)


def assignment_problems(project: Project) -> Iterator[str]:
    """Give assignments outside of their one file, or not named by guid() of where, who and what."""
    for path, file in project.files.items():
        for each in resources(file):
            if each.type != ASSIGNMENT:
                continue
            if path != ROLES_FILE:
                yield f"{path}: {each.name} is a role assignment; they are all in {ROLES_FILE}"
            name = innermost(each.body).get("name")
            if not isinstance(name, Call) or name.name != "guid" or len(name.arguments) != 3:
                yield f"{path}: {each.name} is not named by guid(scope, principal, role)"


def order_problems(project: Project) -> Iterator[str]:
    """Give modules that need roles and do not wait for them: Event Grid tries whether it may deliver."""
    for path, file in project.files.items():
        modules = {each.name: each for each in file.all(Module)}
        roles = {name for name, each in modules.items() if beside(path, each.path) == ROLES_FILE}
        for name, each in modules.items():
            waits = innermost(each.body).get("dependsOn")
            items = waits.items if isinstance(waits, Items) else ()
            before = {item.name for item in items if isinstance(item, Name)}
            if beside(path, each.path) in NEED_ROLES and not roles & before:
                yield f"{path}: module {name} does not wait for the roles"


def _badly_made(made: Made, there: set[str], case: Case) -> Iterator[str]:
    if not _GUID.fullmatch(made.name):
        yield f"{made.symbol} is not named by guid()"
    if made.get("principalType") not in {"ServicePrincipal", "User", "Group"}:
        yield f"{made.symbol} does not say what kind of principal it is for"
    if made.scope is None:
        yield f"{made.symbol} is for a whole resource group"
    elif made.scope.id.lower() not in there and not _is_foreign(made.scope, case):
        yield f"{made.symbol} is on {made.scope.full_name}, which is not made here"


def _is_foreign(scope: Made, case: Case) -> bool:
    return case.deployment.params["fhir"] == "existing" and _where(scope) == "fhir"


def _holder(made: Made, case: Case) -> str:
    principal = str(made.get("principalId"))
    for identity in case.deployment.of("Microsoft.ManagedIdentity/userAssignedIdentities"):
        if principal == str(identity.member(("properties", "principalId"))):
            return identity.symbol
    for topic in case.deployment.of("Microsoft.EventGrid/systemTopics"):
        if principal == str(topic.member(("identity", "principalId"))):
            return "acs events" if "Communication" in str(topic.get("topicType")) else "fhir events"
    if principal == case.deployment.params["operatorsId"]:
        return "operators"
    return "deployer" if principal == DEPLOYER else principal


def _given_to(grant: Grant, case: Case) -> str:
    """Where no operators are named, who deploys is the one."""
    alone = grant.holder == "operators" and not case.deployment.params["operatorsId"]
    return "deployer" if alone else grant.holder


def _role(made: Made) -> str:
    role = str(made.get("roleDefinitionId")).rpartition("/")[2]
    return ROLES.get(role, role)


def _where(made: Made) -> str:
    scope = made.scope or made
    return _ON.get(scope.type.lower(), scope.name)


def _holds(grant: Grant, case: Case) -> bool:
    params = case.deployment.params
    on_azure = params["fhir"] != "other"
    onto_bus = case.transport == "servicebus"
    holds: dict[str, bool] = {
        "": True,
        "storage": case.transport == "storage",
        "servicebus": onto_bus,
        "scaled": onto_bus and params["scaleByLength"] is True,
        "writes": on_azure and params["fhirWrites"] is True,
        "reads": on_azure and params["fhirWrites"] is False,
        "azure-fhir": on_azure,
        "fhir onto storage": on_azure and not onto_bus,
        "fhir onto bus": on_azure and onto_bus,
    }
    return holds[grant.when]

"""How it is written: everything described, API versions recent and the same, names that Azure takes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from tests.infra.bicep.parsing import resources
from tests.infra.bicep.project import Project
from tests.infra.bicep.syntax import Declared, Func, Import, Module, Simple, described, innermost
from tests.infra.policy.cases import Case

NEWEST_OLD = "2023-11-01"
"""API versions are not older than this."""

OLDER = {
    "Microsoft.Authorization/roleAssignments@2022-04-01": "the newest that is no preview",
    "Microsoft.Insights/components@2020-02-02": "the newest that is no preview",
    "Microsoft.Insights/actionGroups@2023-01-01": "the newest that is no preview",
    "Microsoft.Insights/workbooks@2023-06-01": "the newest that is no preview",
    "Microsoft.Insights/diagnosticSettings@2021-05-01-preview": "there is no other",
}
"""Those that are, or are previews, each with its reason; https://github.com/Azure/bicep-types-az has all."""

NAMES = {
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.KeyVault/vaults": r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]",
    "Microsoft.ServiceBus/namespaces": r"[a-zA-Z][a-zA-Z0-9-]{4,48}[a-zA-Z0-9]",
    "Microsoft.Web/sites": r"[a-zA-Z0-9][a-zA-Z0-9-]{0,58}[a-zA-Z0-9]",
    "Microsoft.Web/serverfarms": r"[a-zA-Z0-9-]{1,60}",
    "Microsoft.HealthcareApis/workspaces": r"[a-z0-9]{3,24}",
    "Microsoft.HealthcareApis/workspaces/fhirservices": r"[a-z0-9][a-z0-9-]{1,22}[a-z0-9]",
    "Microsoft.EventGrid/systemTopics": r"[a-zA-Z0-9-]{3,128}",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": r"[a-zA-Z0-9-]{3,64}",
    "Microsoft.Communication/communicationServices": r"[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]",
    "Microsoft.Communication/emailServices": r"[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]",
    "Microsoft.OperationalInsights/workspaces": r"[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}",
    "Microsoft.Resources/resourceGroups": r"[\w().-]{0,89}[\w()-]",
}
"""https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""


def description_problems(project: Project) -> Iterator[str]:
    """Give parameters and outputs that do not say what they are, in a sentence."""
    for path, file in project.files.items():
        for each in file.interface:
            if len(described(each)) < 6 or not described(each).endswith("."):
                yield f"{path}: {each.name} is not described in a sentence"
        first = project.texts[path].partition("\n")[0]
        if not first.startswith("// ") or len(first) < 30:
            yield f"{path} does not begin by saying what it is for"


def version_problems(project: Project) -> Iterator[str]:
    """Give API versions that are old or previews with no reason, and types of which two are in use."""
    used: dict[str, set[str]] = defaultdict(set)
    for path, file in project.files.items():
        for each in resources(file):
            used[each.type.lower()].add(each.version)
            old = each.version < NEWEST_OLD or not re.fullmatch(r"\d{4}-\d\d-\d\d", each.version)
            if old and f"{each.type}@{each.version}" not in OLDER:
                yield f"{path}: {each.name}: {each.type}@{each.version} is old, or a preview, with no reason"
    yield from (
        f"{type_} has versions {', '.join(sorted(all_))}" for type_, all_ in used.items() if len(all_) > 1
    )
    names = {f"{each.type}@{each.version}" for file in project.files.values() for each in resources(file)}
    yield from (f"{name} is excused, and not in use" for name in OLDER if name not in names)


def language_problems(project: Project) -> Iterator[str]:
    """Give what makes Bicep write templates of language version 2, in which existing resources are read.

    Here some are declared that are not there in every deployment: their names are needed alone.
    https://github.com/Azure/bicep/issues/12204
    """
    for path, file in project.files.items():
        for each in file.declarations:
            if isinstance(each, Declared | Func | Import):
                yield f"{path}: {each.name} needs language version 2"
        for param in file.interface:
            if param.kind is not None and not isinstance(param.kind, Simple):
                yield f"{path}: the type of {param.name} needs language version 2"
        for module in file.all(Module):
            if innermost(module.body).get("name") is None:
                yield f"{path}: module {module.name} has no name, which needs language version 2"


def name_problems(case: Case) -> Iterator[str]:
    """Give names that Azure would not take, and resources that have one name twice."""
    for made in case.deployment.resources:
        rule = NAMES.get(made.type)
        if rule and not made.existing and not re.fullmatch(rule, made.name):
            yield f"{made.type} cannot be called {made.name!r}"
    for place, name in sorted(set(case.deployment.modules), key=str):
        if case.deployment.modules.count((place, name)) > 1:
            yield f"two modules are deployed as {name} at once"
        if not re.fullmatch(r"[\w().-]{1,64}", name):
            yield f"no deployment can be called {name!r}"
    ids = [made.id.lower() for made in case.deployment.resources if not made.existing]
    yield from (f"{each} is made twice" for each in sorted(set(ids)) if ids.count(each) > 1)

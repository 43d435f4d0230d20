"""Everything tells of itself: diagnostics, alerts with their questions, tags, a budget, a workbook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from shared.metrics import BY_NAME
from tests.infra.bicep.project import Project
from tests.infra.bicep.values import Made
from tests.infra.policy.cases import Case

_SETTINGS = "Microsoft.Insights/diagnosticSettings"
_RULES = "Microsoft.Insights/scheduledQueryRules"

DIAGNOSED = {
    "Microsoft.Storage/storageAccounts": "metrics",
    "Microsoft.Storage/storageAccounts/blobServices": "logs",
    "Microsoft.Storage/storageAccounts/queueServices": "logs",
    "Microsoft.Storage/storageAccounts/tableServices": "logs",
    "Microsoft.ServiceBus/namespaces": "logs",
    "Microsoft.KeyVault/vaults": "logs",
    "Microsoft.Communication/communicationServices": "logs",
    "Microsoft.EventGrid/systemTopics": "logs",
    "Microsoft.HealthcareApis/workspaces/fhirservices": "logs",
    "Microsoft.Web/serverfarms": "metrics",
    "Microsoft.Web/sites": "logs",
    "Microsoft.OperationalInsights/workspaces": "logs",
    "Microsoft.Network/virtualNetworks": "logs",
    "Microsoft.Network/networkSecurityGroups": "logs",
    "Microsoft.Network/publicIPAddresses": "logs",
}
"""Types that have logs, or metrics alone, and are asked for them:
https://learn.microsoft.com/azure/azure-monitor/reference/logs-index. Not Application Insights: its tables are
in the workspace already, and would be there twice."""

_UNASKED = {
    "microsoft.authorization/roleassignments",
    "microsoft.communication/emailservices",
    "microsoft.consumption/budgets",
    "microsoft.eventgrid/systemtopics/eventsubscriptions",
    "microsoft.healthcareapis/workspaces",
    "microsoft.insights/actiongroups",
    "microsoft.insights/components",
    "microsoft.insights/diagnosticsettings",
    "microsoft.insights/metricalerts",
    "microsoft.insights/scheduledqueryrules",
    "microsoft.insights/workbooks",
    "microsoft.managedidentity/userassignedidentities",
    "microsoft.network/natgateways",
    "microsoft.network/privatednszones",
    "microsoft.network/privateendpoints",
    "microsoft.resources/resourcegroups",
}
"""Types that have no logs of their own that we want; a type in neither list is a question to answer here."""

HARMLESS = {"Usage", "AuthOperational", "EmailSendMailOperational"}
"""Logs of Communication Services without addresses or texts:
https://learn.microsoft.com/azure/communication-services/concepts/analytics/logs/email-logs"""

QUESTIONS = ("poison", "oldest-change", "unknown-sends", "reconciliation", "send-failures", "opt-outs")
"""What people are told of: one question to the logs each, infra/bicep/queries/alert-NAME.kql."""

_UNTAGGED = {
    "microsoft.authorization/roleassignments",
    "microsoft.consumption/budgets",
    "microsoft.insights/diagnosticsettings",
}
"""Types of which no resource can have tags."""


def diagnostic_problems(case: Case) -> Iterator[str]:
    """Give what says nothing of itself, or says it elsewhere than to our workspace."""
    settings = {made.scope.id.lower(): made for made in case.deployment.of(_SETTINGS) if made.scope}
    places = {made.id for made in case.deployment.of("Microsoft.OperationalInsights/workspaces")}
    asked = {type_.lower(): what for type_, what in DIAGNOSED.items()}
    for made in case.deployment.resources:
        what = asked.get(made.type.lower())
        if not made.existing and made.type.count("/") == 1 and not what and made.type.lower() not in _UNASKED:
            yield f"{made.type} is not known to have diagnostics, or not to have them"
        if made.existing or what is None:
            continue
        setting = settings.get(made.id.lower())
        if setting is None:
            yield f"{made.type} {made.name} has no diagnostics"
        elif setting.get("workspaceId") not in places:
            yield f"diagnostics of {made.type} {made.name} go elsewhere"
        elif not setting.get(what):
            yield f"diagnostics of {made.type} {made.name} have no {what}"


def log_problems(case: Case) -> Iterator[str]:
    """Give logs that would have addresses of people in them, by their name or in a group of all."""
    for made in case.deployment.of(_SETTINGS):
        logs = made.get("logs")
        on = made.scope.type if made.scope else ""
        for each in logs if isinstance(logs, list) else ():
            what = each.get("category") or each.get("categoryGroup")
            if on.endswith("/communicationServices") and what not in HARMLESS:
                yield f"log {what} of {on} names people"


def alert_problems(case: Case) -> Iterator[str]:
    """Give questions that nobody asks, alerts that tell nobody, and metrics that nothing measures."""
    rules = case.deployment.of(_RULES)
    asked = {_question(made): made for made in rules}
    for name in QUESTIONS:
        text = case.project.texts.get(f"queries/alert-{name}.kql", "")
        rule = next((made for query, made in asked.items() if query == text and text), None)
        if rule is None:
            yield f"nothing asks alert-{name}.kql"
    known = {f"queries/alert-{name}.kql" for name in QUESTIONS}
    for path in case.project.texts:
        if path.startswith("queries/alert-") and path not in known:
            yield f"{path} is a question that is not known here"
    groups = {made.id for made in case.deployment.of("Microsoft.Insights/actionGroups")}
    there = {made.id for made in case.deployment.resources if not made.existing}
    for made in [*rules, *case.deployment.of("Microsoft.Insights/metricAlerts")]:
        if not _told(made) or not _told(made) <= groups:
            yield f"alert {made.name} tells nobody"
        if made.get("enabled") is not True:
            yield f"alert {made.name} is off"
        scopes = made.get("scopes")
        if not isinstance(scopes, list) or not scopes or not set(scopes) <= there:
            yield f"alert {made.name} looks at nothing that is made here"


def query_problems(project: Project) -> Iterator[str]:
    """Give questions that ask for a metric which nothing measures, or for no table."""
    for path, text in project.texts.items():
        if not path.endswith((".kql", "workbook.json")):
            continue
        for name in set(re.findall(r"hearthline(?:\.[a-z_]+)+", text)):
            if name not in BY_NAME:
                yield f"{path}: nothing measures {name}"
        if path.endswith(".kql") and not re.search(
            r"^\s*(?:let \w+ = )?(?:union )?App\w+", text, re.MULTILINE
        ):
            yield f"{path} asks no table of Application Insights"
        if path.endswith(".kql") and (text.count("(") != text.count(")") or text.count('"') % 2):
            yield f"{path}: brackets or quotes do not match"
        if path.endswith(".json") and not json.loads(text).get("items"):
            yield f"{path} shows nothing"


def tag_problems(case: Case) -> Iterator[str]:
    """Give what cannot be found by its tags, or is paid for by nobody."""
    for made in case.deployment.resources:
        whole = made.type.count("/") == 1 and made.type.lower() not in _UNTAGGED
        tags = made.body.get("tags")
        named = isinstance(tags, dict) and {"azd-env-name", "application"} <= set(tags)
        if whole and not made.existing and not named:
            yield f"{made.type} {made.symbol} has no tags"
    apps = [made.body.get("tags") for made in case.deployment.of("Microsoft.Web/sites")]
    if not all(isinstance(tags, dict) and tags.get("azd-service-name") for tags in apps):
        yield "azd does not find the app: it has no tag azd-service-name"


def money_problems(case: Case) -> Iterator[str]:
    """Give a budget that is asked for and is not there, or tells nobody."""
    budgets = case.deployment.of("Microsoft.Consumption/budgets")
    asked = case.deployment.params.get("monthlyBudget")
    if asked and not budgets:
        yield "a budget is asked for, and is not there"
    for made in budgets:
        notices = made.get("notifications")
        if not re.fullmatch(r"\d{4}-\d\d-01", str(made.get("timePeriod", "startDate"))):
            yield "the budget does not start with a month"
        if made.get("amount") != asked:
            yield "the budget is another than was asked for"
        if not isinstance(notices, dict) or not all(each.get("contactEmails") for each in notices.values()):
            yield "the budget tells nobody"


def _question(made: Made) -> str:
    criteria = made.get("criteria", "allOf")
    return str(criteria[0].get("query")) if isinstance(criteria, list) and criteria else ""


def _told(made: Made) -> set[str]:
    actions = made.get("actions")
    if isinstance(actions, dict):
        return set(actions.get("actionGroups", []))
    return {str(each.get("actionGroupId")) for each in actions} if isinstance(actions, list) else set()

"""A private network is one: what keeps data is closed, and is found and reached through private endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from tests.infra.bicep.values import Made
from tests.infra.policy.cases import Case

ZONES = {
    "blob": "privatelink.blob.core.windows.net",
    "queue": "privatelink.queue.core.windows.net",
    "table": "privatelink.table.core.windows.net",
    "namespace": "privatelink.servicebus.windows.net",
    "vault": "privatelink.vaultcore.azure.net",
    "healthcareworkspace": "privatelink.fhir.azurehealthcareapis.com",
}
"""Parts of resources that have endpoints, each with the DNS zone that its name is looked up in:
https://learn.microsoft.com/azure/private-link/private-endpoint-dns"""

PARTS = {
    "Microsoft.Storage/storageAccounts": {"blob", "queue", "table"},
    "Microsoft.ServiceBus/namespaces": {"namespace"},
    "Microsoft.KeyVault/vaults": {"vault"},
    "Microsoft.HealthcareApis/workspaces": {"healthcareworkspace"},
}
"""What keeps data, with the parts of it that the app calls."""


def network_problems(case: Case) -> Iterator[str]:
    """Give what is open, is not reached or is not found, where the network is to be private."""
    if not case.deployment.params.get("privateNetwork"):
        return
    reached = {(made, part) for _, made, part in _endpoints(case)}
    for type_, parts in PARTS.items():
        for made in case.deployment.of(type_):
            missing = {part for part in parts if (made.id, part) not in reached}
            yield from (f"{part} of {made.name} has no private endpoint" for part in sorted(missing))
            if not _closed(made, case):
                yield f"{type_} {made.name} lets everybody in"
    for endpoint, _, part in _endpoints(case):
        if ZONES.get(part) not in _zones(endpoint, case):
            yield f"the endpoint for {part} is not found by its name: its zone is {ZONES.get(part)}"
    if not all(app.get("virtualNetworkSubnetId") for app in case.deployment.of("Microsoft.Web/sites")):
        yield "the app is not in the network"


def _endpoints(case: Case) -> Iterator[tuple[Made, str, str]]:
    """Give each endpoint with the id of what it leads to, and the part of that."""
    for made in case.deployment.of("Microsoft.Network/privateEndpoints"):
        connections = made.get("privateLinkServiceConnections")
        for each in connections if isinstance(connections, list) else ():
            target = each["properties"]
            yield from ((made, str(target["privateLinkServiceId"]), part) for part in target["groupIds"])


def _closed(made: Made, case: Case) -> bool:
    """Say whether a firewall keeps out who comes from the internet; that of Service Bus stands beside it."""
    rules = case.deployment.of("Microsoft.ServiceBus/namespaces/networkRuleSets")
    beside = [each.get("defaultAction") for each in rules if each.parent and each.parent.id == made.id]
    action = made.get("networkAcls", "defaultAction")
    return made.get("publicNetworkAccess") == "Disabled" or "Deny" in (action, *beside)


def _zones(endpoint: Made, case: Case) -> set[str]:
    """Return the names of the zones that an endpoint is written into and that a network looks into."""
    linked = {
        made.parent.id: made.parent.name
        for made in case.deployment.of("Microsoft.Network/privateDnsZones/virtualNetworkLinks")
        if made.parent and made.get("virtualNetwork", "id") in _networks(case)
    }
    found = set[str]()
    for made in case.deployment.of("Microsoft.Network/privateEndpoints/privateDnsZoneGroups"):
        configs = made.get("privateDnsZoneConfigs") if made.parent and made.parent.id == endpoint.id else None
        for each in configs if isinstance(configs, list) else ():
            found.add(linked.get(each["properties"]["privateDnsZoneId"], ""))
    return found


def _networks(case: Case) -> set[str]:
    return {made.id for made in case.deployment.of("Microsoft.Network/virtualNetworks")}

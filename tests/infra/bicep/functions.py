"""The functions of Bicep that are known here: how many arguments each takes, and what it returns.

A function that is missing is a problem until it is added, from
https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-functions
"""

from __future__ import annotations

_MANY = 99


def _rows(kind: str, text: str) -> dict[str, tuple[int, int, str]]:
    found = {}
    for row in text.split():
        name, _, counts = row.partition(":")
        least, _, most = counts.partition("-")
        found[name] = (int(least), _MANY if most == "*" else int(most or least), kind)
    return found


FUNCTIONS = (
    _rows(
        "string",
        """base64:1 base64ToString:1 buildUri:1 concat:1-* dataUri:1 dateTimeAdd:2-3 dateTimeFromEpoch:1
        extensionResourceId:3-* format:2-* guid:1-* join:2 loadFileAsBase64:1 loadTextContent:1-2 newGuid:0
        padLeft:2-3 readEnvironmentVariable:1-2 replace:3 resourceId:2-* string:1 subscriptionResourceId:2-*
        substring:2-3 tenantResourceId:2-* toLower:1 toUpper:1 trim:1 uniqueString:1-* uri:2 uriComponent:1
        utcNow:0-1""",
    )
    | _rows("int", "dateTimeToEpoch:1 indexOf:2 int:1 lastIndexOf:2 length:1 max:1-* min:1-*")
    | _rows("bool", "bool:1 contains:2 empty:1 endsWith:2 startsWith:2")
    | _rows(
        "array",
        "array:1 createArray:0-* filter:2 flatten:1 items:1 map:2 objectKeys:1 range:2 sort:2 split:2",
    )
    | _rows(
        "object",
        """createObject:0-* deployer:0 deployment:0 environment:0 groupBy:2-3 managementGroup:0-1
        mapValues:2 resourceGroup:0-2 shallowMerge:1 subscription:0-1 tenant:0 toObject:2-3""",
    )
    | _rows(
        "",
        """cidrHost:2 cidrSubnet:3 coalesce:1-* fail:1 first:1 intersection:2-* json:1 last:1
        loadJsonContent:1-3 loadYamlContent:1-3 parseCidr:1 reduce:3 reference:1-3 skip:2 take:2 union:2-*""",
    )
)
"""Each name: least and most arguments, and the kind of what comes back, "" where that depends on them."""

DECORATORS = frozenset(
    """allowed batchSize description discriminator export maxLength maxValue metadata minLength minValue
    sealed secure""".split()  # noqa: SIM905 - a list of words reads better so
)
NAMESPACES = frozenset({"az", "sys"})
LOADS = frozenset({"loadTextContent", "loadJsonContent", "loadYamlContent", "loadFileAsBase64"})
AMBIENT = frozenset({"resourceGroup", "subscription", "managementGroup", "tenant"})
"""Functions that name a place to deploy to."""

"""What is set on each kind of resource, and why: no keys, nothing public, TLS 1.2, nothing lost for good."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tests.infra.policy.cases import Case


class Flag(Struct, frozen=True):
    """On every resource of `type`, what stands at `path` (below properties) is one of `values`."""

    type: str
    path: str
    values: tuple[object, ...]
    why: str


_STORAGE = "Microsoft.Storage/storageAccounts"
_APP = "Microsoft.Web/sites"

FLAGS = (
    Flag(_STORAGE, "allowSharedKeyAccess", (False,), "who has a key of the account has all patients"),
    Flag(_STORAGE, "allowBlobPublicAccess", (False,), "letters lie in blobs"),
    Flag(_STORAGE, "minimumTlsVersion", ("TLS1_2", "TLS1_3"), "older TLS is broken"),
    Flag(_STORAGE, "supportsHttpsTrafficOnly", (True,), "health data goes over it"),
    Flag(_STORAGE, "allowCrossTenantReplication", (False,), "nobody copies it into another tenant"),
    Flag(_STORAGE, "defaultToOAuthAuthentication", (True,), "the portal asks with identities too"),
    Flag(_STORAGE, "isLocalUserEnabled", (False,), "SFTP users have passwords"),
    Flag("Microsoft.Storage/storageAccounts/blobServices/containers", "publicAccess", ("None",), "letters"),
    Flag(
        "Microsoft.Storage/storageAccounts/blobServices",
        "deleteRetentionPolicy.enabled",
        (True,),
        "what is deleted by mistake can be had again",
    ),
    Flag("Microsoft.ServiceBus/namespaces", "disableLocalAuth", (True,), "no keys"),
    Flag("Microsoft.ServiceBus/namespaces", "minimumTlsVersion", ("1.2", "1.3"), "older TLS is broken"),
    Flag("Microsoft.KeyVault/vaults", "enableRbacAuthorization", (True,), "one place says who may read"),
    Flag("Microsoft.KeyVault/vaults", "enablePurgeProtection", (True,), "links of a year are lost with it"),
    Flag("Microsoft.KeyVault/vaults", "enableSoftDelete", (True,), "links of a year are lost with it"),
    Flag("Microsoft.Communication/communicationServices", "disableLocalAuth", (True,), "no keys"),
    Flag("Microsoft.Insights/components", "DisableLocalAuth", (True,), "nobody else writes our telemetry"),
    Flag("Microsoft.OperationalInsights/workspaces", "features.disableLocalAuth", (True,), "the same"),
    Flag(_APP, "httpsOnly", (True,), "notifications and links carry what is private"),
    Flag(_APP, "siteConfig.minTlsVersion", ("1.2", "1.3"), "older TLS is broken"),
    Flag(_APP, "siteConfig.scmMinTlsVersion", ("1.2", "1.3"), "packages come over it"),
    Flag(_APP, "siteConfig.ftpsState", ("Disabled",), "nobody deploys by FTP"),
    Flag(
        _APP,
        "functionAppConfig.deployment.storage.authentication.type",
        ("UserAssignedIdentity",),
        "packages are read with our identity, not by a connection string",
    ),
    Flag(_APP, "functionAppConfig.runtime.name", ("python",), "what we are written in"),
    Flag(_APP, "functionAppConfig.runtime.version", ("3.13",), "what is tested"),
    Flag("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "allow", (False,), "no passwords"),
    Flag(
        "Microsoft.HealthcareApis/workspaces/fhirservices",
        "resourceVersionPolicyConfiguration.default",
        ("versioned",),
        "we compare by version",
    ),
)

MUST_BE_THERE = (_STORAGE, _APP, "Microsoft.KeyVault/vaults", "Microsoft.Insights/components")
"""Types without which no deployment is one; a flag on what is not there would hold of nothing."""


def flag_problems(case: Case) -> Iterator[str]:
    """Give what is not set as it must be."""
    for flag in FLAGS:
        for made in case.deployment.of(flag.type):
            found = made.get(*flag.path.split("."))
            if found not in flag.values:
                yield f"{made.file}: {made.symbol}: {flag.path} is {found!r}: {flag.why}"
    yield from (f"nothing is a {type_}" for type_ in MUST_BE_THERE if not case.deployment.of(type_))
    sealed = {
        made.name for made in case.deployment.of("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    }
    if missing := {"ftp", "scm"} - sealed:
        yield f"passwords are not switched off for {', '.join(sorted(missing))}"

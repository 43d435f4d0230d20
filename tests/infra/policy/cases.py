"""The deployments that are judged: each file of parameters, and each way of deploying that there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from tests.infra.bicep.deploying import Deployment, deploy
from tests.infra.bicep.project import Project
from tests.infra.bicep.values import Broken

MAIN = "main.bicep"
OPERATORS = "00000000-0000-0000-0000-000000000005"

_BASE: Mapping[str, object] = {"environmentName": "test", "location": "eastus2"}
_FULL: Mapping[str, object] = {
    **_BASE,
    "operatorsId": OPERATORS,
    "alertEmails": ["care-it@hospital.example"],
    "monthlyBudget": 500,
    "budgetStart": "2026-12",
    "smsFrom": "+12125550100",
    "whatsappChannel": "00000000-0000-0000-0000-000000000006",
}

VARIANTS: Mapping[str, Mapping[str, object]] = {
    "defaults": _BASE,
    "on service bus": {**_FULL, "transport": "servicebus"},
    "on storage queues": {**_FULL, "transport": "storage"},
    "existing FHIR service": {
        **_FULL,
        "fhir": "existing",
        "fhirWorkspaceName": "hospital",
        "fhirServiceName": "records",
        "fhirResourceGroup": "rg-hospital",
        "fhirLocation": "eastus2",
    },
    "another FHIR server": {**_FULL, "fhir": "other", "fhirUrl": "https://fhir.hospital.example/r4"},
    "private network": {**_FULL, "privateNetwork": True},
    "private network, storage queues": {**_FULL, "privateNetwork": True, "transport": "storage"},
    "own email domain": {**_FULL, "emailDomain": "care.hospital.example", "emailDomainVerified": True},
    "own email domain, unverified": {**_BASE, "emailDomain": "care.hospital.example"},
    "scaled by length": {**_FULL, "scaleByLength": True},
    "reading only": {**_FULL, "fhirWrites": False},
    "longest name": {**_FULL, "environmentName": "environment-16ch"},
}
"""Parameters of each way, in place of a file of parameters."""

ENVIRONMENT: Mapping[str, str] = {
    "AZURE_ENV_NAME": "azd",
    "AZURE_LOCATION": "eastus2",
    "AZURE_PRINCIPAL_ID": "00000000-0000-0000-0000-000000000004",
}
"""What azd sets for files of parameters to read."""


class Case(Struct, frozen=True):
    """One deployment of a project, and which it is."""

    name: str
    deployment: Deployment
    project: Project

    @property
    def transport(self) -> str:
        """What carries messages."""
        return str(self.deployment.params["transport"])


def cases(project: Project) -> Iterator[Case | str]:
    """Deploy everything that is judged, one way after the other; a text says why one cannot be deployed."""
    variants = [(name, "", given) for name, given in VARIANTS.items()]
    for name, file, given in [*variants, *((path, path, {}) for path in sorted(project.parameter_files))]:
        try:
            yield Case(name, deploy(project, MAIN, file, given, ENVIRONMENT), project)
        except Broken as problem:
            yield f"{name}: {problem}"

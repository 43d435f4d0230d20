"""No secret goes through a deployment: not in a parameter, not in an output, not in a setting.

Who may read deployments of a resource group reads parameters and outputs for ever:
https://learn.microsoft.com/azure/azure-resource-manager/bicep/scenarios-secrets
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.infra.bicep.kinds import kind_of
from tests.infra.bicep.project import Project
from tests.infra.bicep.syntax import Call, Param
from tests.infra.bicep.values import texts
from tests.infra.policy.cases import Case

_SECRETIVE = re.compile(
    r"secret|password|token(?!s?Name)|connectionString|apiKey|accessKey|accountKey", re.IGNORECASE
)
_KEYED = re.compile(r"AccountKey=|SharedAccessKey=|<secret |\bsv=\d{4}-")
_READS_KEYS = re.compile(r"^list[A-Z]\w*|^getSecret$")


def secret_problems(project: Project) -> Iterator[str]:
    """Give parameters and outputs that are named or declared as a secret, and calls that read keys."""
    for path, file in project.files.items():
        for each in file.interface:
            secretive = _SECRETIVE.search(each.name) and kind_of(each.kind) != "bool"
            if secretive or any(call.name == "secure" for call in each.decorators):
                yield f"{path}: {each.name} is a secret; those are in Key Vault alone"
        for _, everything in project.walked(path):
            for inside, _ in everything:
                if isinstance(inside, Call) and _READS_KEYS.match(inside.name):
                    yield f"{path}: line {inside.line}: {inside.name} reads keys"
    for path, file in project.parameter_files.items():
        for param in file.all(Param):
            if _SECRETIVE.search(param.name):
                yield f"{path}: {param.name} is a secret; those are in Key Vault alone"


def leak_problems(case: Case) -> Iterator[str]:
    """Give outputs and resources in whose values a key can be seen."""
    for name, value in case.deployment.outputs.items():
        if any(_KEYED.search(text) or "ConnectionString" in text for text in texts(value)):
            yield f"output {name} has a key in it"
    for made in case.deployment.resources:
        if any(_KEYED.search(text) for text in texts(made.body)):
            yield f"{made.file}: {made.symbol} has a key in it"

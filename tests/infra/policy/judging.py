"""All that is judged of the Bicep files, as a list of problems: what a compiler and a reviewer would say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.infra.bicep.fitting import fit_problems, parameter_problems
from tests.infra.bicep.lexing import Unreadable
from tests.infra.bicep.project import Project
from tests.infra.bicep.resolving import problems
from tests.infra.bicep.starting import start_problems
from tests.infra.policy.cases import Case, cases
from tests.infra.policy.flags import flag_problems
from tests.infra.policy.inventory import event_problems, inventory_problems, queue_problems
from tests.infra.policy.network import network_problems
from tests.infra.policy.observed import (
    alert_problems,
    diagnostic_problems,
    log_problems,
    money_problems,
    query_problems,
    tag_problems,
)
from tests.infra.policy.properties import property_problems
from tests.infra.policy.roles import assignment_problems, order_problems, role_problems
from tests.infra.policy.secrets import leak_problems, secret_problems
from tests.infra.policy.settings import setting_problems
from tests.infra.policy.written import (
    description_problems,
    language_problems,
    name_problems,
    version_problems,
)

OF_TEXT: tuple[Callable[[Project], Iterator[str]], ...] = (
    problems,
    fit_problems,
    parameter_problems,
    start_problems,
    description_problems,
    version_problems,
    language_problems,
    secret_problems,
    assignment_problems,
    order_problems,
    query_problems,
)
"""What can be said of the files as they stand."""

OF_CASE: tuple[Callable[[Case], Iterator[str]], ...] = (
    flag_problems,
    network_problems,
    role_problems,
    inventory_problems,
    queue_problems,
    event_problems,
    diagnostic_problems,
    log_problems,
    alert_problems,
    tag_problems,
    money_problems,
    leak_problems,
    name_problems,
    property_problems,
    setting_problems,
)
"""What can be said of what they deploy."""


def judge(project: Project) -> Iterator[str]:
    """Give every problem; those of deployments only if the files by themselves have none."""
    try:
        found = [problem for rule in OF_TEXT for problem in rule(project)]
    except Unreadable as unreadable:
        yield f"this is not Bicep: {unreadable}"
        return
    yield from found
    for case in cases(project) if not found else ():
        if isinstance(case, str):
            yield case
        else:
            yield from (f"{case.name}: {line}" for rule in OF_CASE for line in rule(case))

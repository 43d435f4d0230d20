"""All that is judged of the Bicep files, as a list of problems: what a compiler and a reviewer would say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.infra.bicep.fitting import fit_problems, parameter_problems
from tests.infra.bicep.lexing import Unreadable
from tests.infra.bicep.project import Project
from tests.infra.bicep.resolving import problems
from tests.infra.bicep.starting import start_problems
from tests.infra.policy.cases import Case, cases
from tests.infra.policy.flags import flag_problems, network_problems
from tests.infra.policy.inventory import event_problems, inventory_problems, queue_problems
from tests.infra.policy.observed import (
    alert_problems,
    diagnostic_problems,
    money_problems,
    query_problems,
    tag_problems,
)
from tests.infra.policy.roles import assignment_problems, order_problems, role_problems
from tests.infra.policy.secrets import leak_problems, secret_problems
from tests.infra.policy.settings import setting_problems
from tests.infra.policy.written import description_problems, name_problems, version_problems

OF_TEXT: tuple[Callable[[Project], Iterator[str]], ...] = (
    problems,
    fit_problems,
    parameter_problems,
    start_problems,
    description_problems,
    version_problems,
    secret_problems,
    assignment_problems,
    order_problems,
    query_problems,
)
"""What can be said of the files as they stand."""

OF_CASE: tuple[Callable[[Case, Project], Iterator[str]], ...] = (
    lambda case, _: flag_problems(case),
    lambda case, _: network_problems(case),
    lambda case, _: role_problems(case),
    lambda case, _: inventory_problems(case),
    lambda case, _: queue_problems(case),
    lambda case, _: event_problems(case),
    lambda case, _: diagnostic_problems(case),
    alert_problems,
    lambda case, _: tag_problems(case),
    lambda case, _: money_problems(case),
    lambda case, _: leak_problems(case),
    lambda case, _: name_problems(case),
    lambda case, _: setting_problems(case),
)
"""What can be said of what they deploy."""


def judge(project: Project) -> list[str]:
    """Return every problem there is, each once."""
    try:
        found = [problem for rule in OF_TEXT for problem in rule(project)]
    except Unreadable as unreadable:
        return [str(unreadable)]
    if found:
        return list(dict.fromkeys(found))
    done, found = cases(project)
    for case in done:
        found += [f"{case.name}: {problem}" for rule in OF_CASE for problem in rule(case, project)]
    return list(dict.fromkeys(found))

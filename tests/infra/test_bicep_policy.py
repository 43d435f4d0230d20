"""What is deployed is secure, observed and complete, whichever way it is deployed, rule by rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.infra.bicep.project import Project
from tests.infra.policy.cases import VARIANTS, Case
from tests.infra.policy.flags import FLAGS
from tests.infra.policy.judging import OF_CASE, OF_TEXT, judge
from tests.infra.policy.observed import DIAGNOSED
from tests.infra.policy.roles import GRANTS, ROLES
from tests.unit.docs.pages import DOCS, code, table


@pytest.mark.parametrize("rule", OF_TEXT, ids=lambda rule: rule.__name__)
def test_the_files_are_as_the_rule_says(project: Project, rule: Callable[[Project], Iterator[str]]) -> None:
    assert list(rule(project)) == []


@pytest.mark.parametrize("rule", OF_CASE, ids=lambda rule: rule.__name__)
def test_every_deployment_is_as_the_rule_says(
    deployed: list[Case], rule: Callable[[Case], Iterator[str]]
) -> None:
    assert [f"{case.name}: {line}" for case in deployed for line in rule(case)] == []


def test_every_way_is_deployed(project: Project, deployed: list[Case]) -> None:
    assert {case.name for case in deployed} == {*VARIANTS, *project.parameter_files}
    assert min(len(case.deployment.resources) for case in deployed) > 50


def test_all_in_all_there_is_no_problem(project: Project) -> None:
    assert list(judge(project)) == []


class TestTheRulesAreOfUse:
    """A rule on what is nowhere deployed would hold of nothing."""

    def test_every_flag_is_on_something(self, deployed: list[Case]) -> None:
        types = {made.type for case in deployed for made in case.deployment.resources if not made.existing}
        assert {flag.type for flag in FLAGS} <= types

    def test_everything_that_has_diagnostics_is_somewhere(self, deployed: list[Case]) -> None:
        types = {made.type for case in deployed for made in case.deployment.resources if not made.existing}
        assert set(DIAGNOSED) <= types

    def test_every_role_of_the_table_is_granted_and_no_name_is_twice(self) -> None:
        assert {grant.role for grant in GRANTS} == set(ROLES.values())
        assert len(set(ROLES.values())) == len(ROLES)

    def test_every_grant_has_a_reason(self) -> None:
        assert [grant for grant in GRANTS if len(grant.why) < 10] == []


def test_owners_and_contributors_of_resources_are_nowhere(project: Project) -> None:
    """No role here changes resources, or who may: their ids are in no file at all."""
    forbidden = {
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
        "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
    }
    everything = "\n".join(project.texts.values())
    assert [name for id_, name in forbidden.items() if id_ in everything or id_ in ROLES] == []


def test_instances_that_are_always_there_are_of_functions_that_there_are(deployed: list[Case]) -> None:
    functions = {code(row[1]) for row in table(DOCS / "operations.md", "## Queues")}
    groups = {"http", "durable", "blob", *(f"function:{name}" for name in functions)}
    for case in deployed:
        (app,) = case.deployment.of("Microsoft.Web/sites")
        ready = app.get("functionAppConfig", "scaleAndConcurrency", "alwaysReady")
        assert isinstance(ready, list)
        assert {each["name"] for each in ready} <= groups
        assert all(set(each) == {"name", "instanceCount"} for each in ready)

"""The page on deployment is held to Bicep: its tables have every parameter with its default, every module."""

from __future__ import annotations

import re

from tests.infra.bicep.project import Project
from tests.infra.bicep.syntax import Call, Expr, Literal, Module, Param, Text
from tests.infra.bicep.walking import everything
from tests.infra.policy.roles import GRANTS
from tests.infra.policy.settings import SECRETS
from tests.unit.docs.pages import DOCS, code, table

PAGE = DOCS / "deployment.md"


def test_every_parameter_is_on_the_page_and_none_else(project: Project) -> None:
    rows = [code(row[0]) for row in table(PAGE, "## Parameters")]
    assert sorted(rows) == sorted(set(rows))
    assert set(rows) == set(project.scope("main.bicep").params)


def test_the_page_knows_plain_defaults(project: Project) -> None:
    """A default that is a text, a number, or yes and no stands in its row."""
    rows = {code(row[0]): " ".join(row[1:]) for row in table(PAGE, "## Parameters")}
    for name, param in project.scope("main.bicep").params.items():
        default = param.default
        said = default.plain if isinstance(default, Text) else None
        if isinstance(default, Literal) and default.value is not None:
            said = str(default.value).lower()
        if said:
            assert f"`{said}`" in rows[name], name


def test_every_module_is_on_the_page_and_none_else(project: Project) -> None:
    named = {f"modules/{name}.bicep" for row in table(PAGE, "## What it makes") for name in _words(row[0])}
    assert named == {module.path for module in project.files["main.bicep"].all(Module)}
    assert named == set(project.files) - {"main.bicep"}


def test_variables_of_azd_are_those_that_its_file_of_parameters_reads(project: Project) -> None:
    """Each stands beside its parameter; those of `settings` are settings, by their own names."""
    read = {
        param.name: {_variable(inside) for inside, _ in everything(param) if _variable(inside)}
        for param in project.parameter_files["main.bicepparam"].all(Param)
    }
    for row in table(PAGE, "## Parameters"):
        assert set(_words(row[2])) <= read.get(code(row[0]), set()), row[0]
        assert bool(_words(row[2])) == bool(read.get(code(row[0]))), row[0]


def _variable(of: Expr) -> str:
    if isinstance(of, Call) and of.name == "readEnvironmentVariable" and isinstance(of.arguments[0], Text):
        return of.arguments[0].plain or ""
    return ""


def _words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


class TestWhoAndWhat:
    """Secrets and roles on the page are those of Bicep."""

    def test_secrets(self, project: Project) -> None:
        rows = {(code(row[0]), code(row[1])) for row in table(PAGE, "## Secrets")}
        text = project.texts["modules/settings.bicep"]
        referred = re.findall(r"(HEARTHLINE_\w+): [^\n]*'\$\{secret\}/([a-z-]+)\)'", text)
        assert rows == {(name, setting) for setting, name in referred}
        assert {setting for _, setting in rows} == set(SECRETS)

    def test_roles(self) -> None:
        who, told = "", set[tuple[str, str]]()
        for row in table(PAGE, "## Who may do what"):
            who = row[0] or who
            told |= {(who, _short(role)) for part in row[2].split(", ") for role in part.split(" or ")}
        people = {"app": "the app", "deployer": "who deploys", "operators": "operators"}
        people |= {"fhir events": "Event Grid", "acs events": "Event Grid"}
        assert told == {(people[grant.holder], _short(grant.role)) for grant in GRANTS}


def _short(role: str) -> str:
    return role.strip(" ,").removeprefix("or ").removeprefix("Azure Service Bus ")

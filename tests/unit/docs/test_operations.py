"""The page for operators is held to the code: settings, sources, functions, tables and commands."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from typing import Any

import pytest

from cli.main import app as cli
from shared.bootstrap import TABLES
from shared.config import Settings, settings
from shared.fhir.sources import EntraBearer, FunctionKey, Hmac, SharedSecret
from shared.queues import QUEUES
from tests.unit.docs.pages import DOCS, ROOT, blocks, code, table

OPERATIONS = DOCS / "operations.md"
SAMPLE = ROOT / "local.settings.sample.json"
VARIABLES = {str(field.alias): field for field in Settings.model_fields.values()}


class TestSettings:
    """Every setting has its line, and no line is of a setting that is gone."""

    rows = {code(name): default for name, default, _ in table(OPERATIONS, "## Settings")}  # noqa: RUF012 - read only

    def test_the_page_lists_each_once(self) -> None:
        assert list(self.rows) == list(dict.fromkeys(self.rows))
        assert set(self.rows) == set(VARIABLES)

    @pytest.mark.parametrize("variable", VARIABLES)
    def test_the_page_knows_its_default(self, variable: str) -> None:
        field, cell = VARIABLES[variable], self.rows[variable]
        if variable.startswith("AzureWebJobsStorage"):
            return  # the page says that one of the two must be set, and so does the test below
        if field.is_required():
            assert cell == "must be set"
        elif field.default is None or field.default == "":
            assert cell == ("unset" if field.default is None else "empty")
        elif isinstance(field.default, bool):
            assert code(cell).lower() == str(field.default).lower()
        elif isinstance(field.default, str | int | float):
            assert code(cell) == str(field.default)

    def test_one_of_the_two_storages_is_needed(self) -> None:
        with pytest.raises(Exception, match="AzureWebJobsStorage or AzureWebJobsStorage__accountName"):
            settings({"HEARTHLINE_FHIR_URL": "https://fhir.example"})

    def test_the_sample_has_each_and_can_be_used(self) -> None:
        values = json.loads(SAMPLE.read_text())["Values"]
        assert set(values) - {"FUNCTIONS_WORKER_RUNTIME"} == set(VARIABLES)
        chosen = settings(values)
        given = (
            "fhir_auth",
            "region",
            "time_zone",
            "organization",
            "sources",
            "catalogue_seconds",
            "body_limit",
        )
        for name in given:
            assert getattr(chosen, name) == Settings.model_fields[name].default, name

    def test_the_example_of_sources_is_one_and_shows_every_proof(self) -> None:
        (example,) = (block for block in blocks(OPERATIONS, "json") if '"proofs"' in block)
        chosen = settings(
            {"AzureWebJobsStorage": "x", "HEARTHLINE_FHIR_URL": "http://x", "HEARTHLINE_SOURCES": example}
        )
        shown = {type(proof) for source in chosen.sources for proof in source.proofs}
        assert shown == {FunctionKey, SharedSecret, Hmac, EntraBearer}


class TestFunctions:
    """Every function of the app is on the page with its trigger, and none else."""

    def test_routes(self) -> None:
        rows = {
            code(r[0]): (code(r[1]), r[2], r[3].partition(":")[0]) for r in table(OPERATIONS, "## Routes")
        }
        wanted = {
            name: (t["route"], ", ".join(getattr(m, "value", m) for m in t["methods"]), t["authLevel"].value)
            for name, t in _triggers("httpTrigger").items()
        }
        assert rows == wanted

    def test_queues(self) -> None:
        rows = {code(row[0]): code(row[1]) for row in table(OPERATIONS, "## Queues")}
        assert rows == {str(t["queueName"]): name for name, t in _triggers("queueTrigger").items()}
        assert set(rows) == set(QUEUES)

    def test_timers(self) -> None:
        rows = {code(row[0]): code(row[1]) for row in table(OPERATIONS, "## Timers")}
        assert rows == {name: t["schedule"] for name, t in _triggers("timerTrigger").items()}

    def test_tables(self) -> None:
        assert {code(row[0]) for row in table(OPERATIONS, "## Tables")} == {*TABLES}


def test_every_command_is_on_the_page() -> None:
    commands = (
        command.name or getattr(command.callback, "__name__", "") for command in cli.registered_commands
    )
    assert sorted(code(row[0]) for row in table(OPERATIONS, "## Commands")) == sorted(commands)


@cache
def _functions() -> dict[str, dict[str, Any]]:
    """Return the trigger of each function, by an app of our own: one app lists its functions only once."""
    spec = importlib.util.spec_from_file_location("function_app_of_the_docs", ROOT / "function_app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.app.get_functions()
    return {f.get_function_name(): f.get_bindings()[0].get_dict_repr() for f in found}


def _triggers(kind: str) -> dict[str, dict[str, Any]]:
    return {name: trigger for name, trigger in _functions().items() if trigger["type"] == kind}

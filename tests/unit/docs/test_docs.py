"""The docs are held to the code: links, names, settings, functions, lists, examples, docstrings."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.main import app as cli
from shared.adapters.table_documents import DOCUMENTS
from shared.adapters.table_indexes import INDEX, WAKEUPS
from shared.adapters.table_store import TABLE
from shared.config import Settings, settings
from shared.fhir.notification import Format
from shared.fhir.project import KEPT_TYPES
from shared.fhir.sources import EntraBearer, FunctionKey, Hmac, SharedSecret
from shared.journey.steps import send
from shared.message.outbound import CHANNELS
from shared.message.template import Channels
from shared.patient.messages import CHANNEL_WORDS
from shared.segment.types import STATUSES, ResourceType
from shared.usecases.services import QUEUES
from tests.unit.docs.pages import (
    DOCS,
    ROOT,
    anchors,
    blocks,
    code,
    links,
    mentions,
    name_of,
    names_in,
    pages,
    section,
    table,
)

OPERATIONS = DOCS / "operations.md"
NOTIFICATIONS = DOCS / "notifications.md"
TOUR = DOCS / "tour.md"
SAMPLE = ROOT / "local.settings.sample.json"
VARIABLES = {str(field.alias): field for field in Settings.model_fields.values()}


@pytest.mark.parametrize("page", pages(), ids=name_of)
class TestEveryPage:
    """What holds for every Markdown file."""

    def test_links_lead_somewhere(self, page: Path) -> None:
        missing = [str(path) for path, _ in links(page) if not path.exists()]
        assert missing == []

    def test_links_to_headings_find_them(self, page: Path) -> None:
        found = ((path, anchor) for path, anchor in links(page) if anchor and path.suffix == ".md")
        assert [anchor for path, anchor in found if anchor not in anchors(path)] == []

    def test_names_are_where_it_says(self, page: Path) -> None:
        wrong = [(name_of(m), n) for m, names in mentions(page) for n in names if n not in names_in(m)]
        assert wrong == []

    def test_json_and_yaml_can_be_read(self, page: Path) -> None:
        for block in blocks(page, "json"):
            json.loads(block)
        for block in blocks(page, "yaml"):
            list(yaml.safe_load_all(block))

    def test_it_names_no_machine(self, page: Path) -> None:
        assert re.findall(r"(?:/home/|/Users/|/tmp/|/work/)\w+", page.read_text()) == []


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
        assert {code(row[0]) for row in table(OPERATIONS, "## Tables")} == {TABLE, WAKEUPS, INDEX, DOCUMENTS}


def test_every_command_is_on_the_page() -> None:
    commands = (
        command.name or getattr(command.callback, "__name__", "") for command in cli.registered_commands
    )
    assert sorted(code(row[0]) for row in table(OPERATIONS, "## Commands")) == sorted(commands)


class TestNotifications:
    """The page on notifications knows every format, every proof and every kept type."""

    def test_formats(self) -> None:
        shown = {code(row[0]) for row in table(NOTIFICATIONS, "## Formats")}
        assert shown == set(Format.__value__.__args__)

    def test_proofs(self) -> None:
        shown = {code(row[0]) for row in table(NOTIFICATIONS, "## What is believed")}
        rules = (FunctionKey, SharedSecret, Hmac, EntraBearer)
        assert shown == {rule.model_fields["kind"].default for rule in rules}

    def test_kept_types(self) -> None:
        assert set(re.findall(r"`(\w+)`", section(NOTIFICATIONS, "## Kept types"))) == KEPT_TYPES


class TestWhenYouAdd:
    """The lists of the tour name what is there, and what they ask for has been done for all there is."""

    lists = re.split(r"^### ", TOUR.read_text().partition("## When you add …")[2], flags=re.MULTILINE)[1:]

    @pytest.mark.parametrize("listed", lists, ids=lambda text: text.partition("\n")[0])
    def test_every_item_names_a_place(self, listed: str) -> None:
        items = re.split(r"^\d+\. ", listed, flags=re.MULTILINE)[1:]
        assert len(items) > 2
        assert [item for item in items if "](" not in item] == []

    def test_every_step_is_in_the_union_and_has_a_golden_story(self) -> None:
        files = {path.stem for path in (ROOT / "shared/journey/steps").glob("*.py")} - {"__init__", "base"}
        stories = {path.stem.removeprefix("step-") for path in (ROOT / "tests/golden").glob("step-*.yaml")}
        union = re.search(
            r"^type Step = (.+)$", (ROOT / "shared/journey/definition.py").read_text(), re.MULTILINE
        )
        assert union is not None
        assert files == stories
        assert {f"{name.title()}Step" for name in files} == set(re.findall(r"\w+Step", union[1]))

    def test_every_channel_is_known_everywhere(self) -> None:
        assert set(CHANNELS) == set(CHANNEL_WORDS) == set(Channels.model_fields)
        assert set(CHANNELS) == set(send.ChannelName.__value__.__args__)

    def test_every_kept_type_is_described_and_has_statuses(self) -> None:
        described = ast.get_docstring(ast.parse((ROOT / "shared/fhir/projections/__init__.py").read_text()))
        rows = re.findall(r"^\| (\w+) +\|", described or "", re.MULTILINE)
        assert set(rows) - {"type"} == KEPT_TYPES
        assert set(ResourceType.__value__.__args__) == set(STATUSES) == KEPT_TYPES - {"Patient"}

    def test_every_format_is_read_and_told_apart(self) -> None:
        parser = (ROOT / "shared/fhir/parse_notification.py").read_text()
        readers = [code(row[3]) or row[3] for row in table(NOTIFICATIONS, "## Formats")]
        names = [re.findall(r"\[(\w+)\.py\]", reader)[0] for reader in readers]
        assert [name for name in names if f"{name}.parse" not in parser] == []


class TestDecisions:
    """The records of decisions."""

    folder = DOCS / "adr"
    records = sorted(folder.glob("0*.md"))

    def test_the_index_lists_each_in_order(self) -> None:
        listed = [path for path, _ in links(self.folder / "README.md")]
        assert listed == self.records
        assert [int(path.name[:4]) for path in self.records] == list(range(1, len(self.records) + 1))

    @pytest.mark.parametrize("page", records, ids=lambda path: path.stem)
    def test_each_is_a_page_with_three_parts(self, page: Path) -> None:
        parts = re.findall(r"^## (\w+)$", page.read_text(), re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences"]
        assert len(page.read_text().splitlines()) <= 80

    def test_every_requirement_has_its_row_with_a_licence(self) -> None:
        rows = table(self.folder / "0009-dependencies.md", "## Decision")
        listed = [row[0] for row in rows if len(row) == 3 and row[0] not in ("package", "---")]
        assert listed == [*_required("requirements.txt"), *_required("requirements-dev.txt")]
        assert [row for row in rows if not all(row)] == []

    def test_every_requirement_states_a_licence(self) -> None:
        named = [*_required("requirements.txt"), *_required("requirements-dev.txt")]
        assert [name for name in named if not _licence(name)] == []


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


def _required(file: str) -> list[str]:
    """Return the packages that we ask for ourselves, without what those bring with them."""
    own = (ROOT / file).read_text().partition("# What those bring")[0]
    return re.findall(r"^([A-Za-z][\w-]*)", own, re.MULTILINE)


def _licence(name: str) -> str:
    about = importlib.metadata.metadata(name)
    classifiers = [c for c in about.get_all("Classifier") or [] if c.startswith("License")]
    return about.get("License-Expression") or about.get("License") or " ".join(classifiers)


def _modules() -> list[Path]:
    places = (ROOT / name for name in ("shared", "functions", "sandbox", "cli"))
    return [ROOT / "function_app.py", *sorted(path for place in places for path in place.rglob("*.py"))]


def test_every_module_says_what_it_is_for() -> None:
    silent = [name_of(path) for path in _modules() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_every_page_of_docs_can_be_reached_from_the_readme() -> None:
    reached, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        found = [path for path, _ in links(page) if path.exists()]
        ahead += [path / "README.md" if (path / "README.md").exists() else path for path in found]
    assert sorted(name_of(page) for page in DOCS.rglob("*.md") if page not in reached) == []

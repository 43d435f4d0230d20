"""The docs are held to the code: links, names, lists, examples, words, decisions, docstrings."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
from pathlib import Path

import pytest
import yaml

from shared.fhir.notification import Format
from shared.fhir.project import KEPT_TYPES
from shared.fhir.sources import EntraBearer, FunctionKey, Hmac, SharedSecret
from shared.journey.steps import send
from shared.message.outbound import CHANNELS
from shared.message.template import Channels
from shared.patient.engagement import ENGAGEMENT
from shared.patient.messages import CHANNEL_WORDS
from shared.segment.types import STATUSES, ResourceType
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

NOTIFICATIONS = DOCS / "notifications.md"
TOUR = DOCS / "tour.md"


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


def test_the_words_of_the_glossary_are_names_in_the_code() -> None:
    first = (
        line.split("|")[1]
        for line in (DOCS / "glossary.md").read_text().splitlines()
        if line.startswith("| ")
    )
    words = {word for cell in first for word in re.findall(r"`([A-Z]\w+)`", cell)}
    defined = {name for path in (ROOT / "shared").rglob("*.py") for name in names_in(path)}
    assert len(words) > 25
    assert sorted(words - defined) == []


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
        definition = (ROOT / "shared/journey/definition.py").read_text()
        union = re.search(r"^type Step = Annotated\[(.+?)^\]", definition, re.MULTILINE | re.DOTALL)
        assert union is not None
        assert {name.replace("_", "-") for name in files} <= stories
        classes = {f"{name.replace('_', ' ').title().replace(' ', '')}Step" for name in files}
        assert classes == set(re.findall(r"\w+Step", union[1]))

    def test_every_channel_is_known_everywhere(self) -> None:
        assert set(CHANNELS) == set(CHANNEL_WORDS) == set(Channels.model_fields)
        assert set(CHANNELS) == set(send.ChannelName.__value__.__args__)

    def test_every_kept_type_is_described_and_has_statuses(self) -> None:
        described = ast.get_docstring(ast.parse((ROOT / "shared/fhir/projections/__init__.py").read_text()))
        rows = re.findall(r"^\| (\w+) +\|", described or "", re.MULTILINE)
        assert set(rows) - {"type"} == KEPT_TYPES
        assert (
            set(ResourceType.__value__.__args__) == set(STATUSES) == KEPT_TYPES - {"Patient"} | {ENGAGEMENT}
        )

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
        assert len(page.read_text().splitlines()) <= 100

    def test_every_requirement_has_its_row_with_a_licence(self) -> None:
        rows = table(self.folder / "0009-dependencies.md", "## Decision")
        listed = [row[0] for row in rows if len(row) == 3 and row[0] not in ("package", "---")]
        assert listed == [*_required("requirements.txt"), *_required("requirements-dev.txt")]
        assert [row for row in rows if not all(row)] == []

    def test_every_requirement_states_a_licence(self) -> None:
        named = [*_required("requirements.txt"), *_required("requirements-dev.txt")]
        assert [name for name in named if not _licence(name)] == []


def _required(file: str) -> list[str]:
    """Return the packages that we ask for ourselves, without what those bring with them."""
    own = (ROOT / file).read_text().partition("# What those bring")[0]
    return re.findall(r"^([A-Za-z][\w-]*)", own, re.MULTILINE)


def _licence(name: str) -> str:
    about = importlib.metadata.metadata(name)
    classifiers = [c for c in about.get_all("Classifier") or [] if c.startswith("License")]
    return about.get("License-Expression") or about.get("License") or " ".join(classifiers) or _enclosed(name)


def _enclosed(name: str) -> str:
    """Return the first line of the licence that is enclosed with a package."""
    found = [f for f in importlib.metadata.files(name) or [] if "LICENSE" in f.name]
    return found[0].read_text().strip().partition("\n")[0] if found else ""


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

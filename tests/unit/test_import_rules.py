"""What import-linter cannot say of the import rules in DESIGN: parts of packages, calls, and its own gaps."""

from __future__ import annotations

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PURE_PACKAGES = (
    "fhir",
    "patient",
    "segment",
    "journey",
    "message",
    "pages",
    "conversation",
    "deciding",
    "access",
)
PURE_MODULES = (
    *("errors", "events", "effects", "decide"),
    *("authoring", "catalogue", "document", "inline", "naming", "nearest", "queues"),
)
ASKS_THE_WORLD = {"now", "today", "utcnow", "uuid1", "uuid4", "getenv", "open"}


def files(*places: str) -> list[Path]:
    found = [ROOT / place for place in places]
    return sorted(file for place in found for file in ([place] if place.is_file() else place.rglob("*.py")))


def pure_files() -> list[Path]:
    packages = [f"shared/{name}" for name in PURE_PACKAGES]
    return files(*packages, *(f"shared/{name}.py" for name in PURE_MODULES))


def imports(file: Path) -> Iterator[str]:
    """Yield the full name of everything a file imports, at whatever depth of its code."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def calls(file: Path) -> Iterator[str]:
    """Yield the last name of every call: now for datetime.now(...)."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", ""))


def offenders(places: list[Path], word: str) -> list[str]:
    def hit(name: str) -> bool:
        return name == word or name.startswith(f"{word}.")

    return [str(file.relative_to(ROOT)) for file in places if any(map(hit, imports(file)))]


def test_only_functions_and_function_app_import_azure_functions() -> None:
    assert offenders(files("shared", "cli"), "azure.functions") == []


@pytest.mark.parametrize("word", ["urllib.request", "subprocess", "sys", "pathlib"])
def test_the_core_imports_nothing_that_reaches_outside(word: str) -> None:
    assert offenders(pure_files(), word) == []


def test_only_what_keeps_a_buffer_for_each_thread_knows_of_threads() -> None:
    """`threading.local` starts nothing and reaches nothing: zstd contexts may not be shared by threads."""
    assert offenders(pure_files(), "threading") == ["shared/patient/packed.py"]


def test_the_core_never_asks_the_clock_nor_draws_an_id() -> None:
    found = {str(file.relative_to(ROOT)): ASKS_THE_WORLD.intersection(calls(file)) for file in pure_files()}
    assert {file: names for file, names in found.items() if names} == {}


def test_only_config_reads_the_environment() -> None:
    reading = [file for file in files("shared", "functions", "function_app.py") if file.name != "config.py"]
    assert offenders(reading, "os.environ") == []
    assert [str(file) for file in reading if "os.environ" in file.read_text()] == []


def test_import_linter_is_told_of_every_module_that_its_contracts_are_about() -> None:
    """It refuses names of modules that do not exist yet, so each is added to .importlinter when it comes."""
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter")
    pure = rules["importlinter:contract:pure"]["source_modules"].split()
    builders = rules["importlinter:contract:adapters"]["allowed_importers"].split()
    there = {f"shared.{name}" for name in PURE_MODULES if (ROOT / f"shared/{name}.py").exists()}
    assert there | {f"shared.{name}" for name in PURE_PACKAGES} == set(pure)
    assert ("shared.bootstrap" in builders) == (ROOT / "shared/bootstrap.py").exists()

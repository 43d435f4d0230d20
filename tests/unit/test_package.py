"""What goes to Azure: all that runs there, nothing else, and the same bytes each time."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.package import NEEDLESS, ROOT, compile_all, figures, files_of, needless, packed, stage, write_zip

OUR_OWN = {"functions", "shared", "function_app"}
TOP = {"function_app.py", "host.json", "requirements.txt", "functions", "shared"}
"""All that may lie in the app's folder on Azure."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with what is packed of this project."""
    folder = tmp_path_factory.mktemp("app")
    stage(ROOT, folder)
    return folder


def imported(path: Path) -> Iterator[str]:
    """Yield the absolute names that a module imports anywhere, also those that only types are made of."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reached(root: Path) -> tuple[set[str], set[str]]:
    """Follow imports from function_app; returns our files and the names of others that are imported."""
    ahead, ours, others = ["function_app"], set[str](), set[str]()
    while ahead:
        name = ahead.pop()
        for known in (f"{name.replace('.', '/')}.py", f"{name.replace('.', '/')}/__init__.py"):
            if (root / known).is_file() and known not in ours:
                ours.add(known)
                found = set(imported(root / known))
                ahead += [each for each in found if each.split(".")[0] in OUR_OWN]
                others |= {each for each in found if each.split(".")[0] not in OUR_OWN}
    return ours, others


def test_all_that_function_app_imports_is_packed() -> None:
    """Also what is imported late, inside a function."""
    ours, _ = reached(ROOT)
    assert len(ours) > 300
    assert sorted(ours - set(packed(ROOT, ours))) == []


def test_nothing_else_lies_in_the_folder(app: Path) -> None:
    assert {path.name for path in app.iterdir()} == TOP


def test_what_lies_in_the_folder_is_code_and_three_files(app: Path) -> None:
    others = [path.name for path in files_of(app) if path.suffix not in (".py", ".json", ".yaml")]
    assert others == ["requirements.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "local.settings.json",
        ".sandbox/keys.json",
        ".venv/lib/python3.13/site-packages/aiohttp/__init__.py",
        ".git/config",
        ".env",
        "shared/__pycache__/config.cpython-313.pyc",
        "functions/local.settings.json",
        "shared/key.pem",
        "tests/unit/test_package.py",
        "node_modules/azurite/package.json",
        "definitions/segments/diabetes.yaml",
        "infra/bicep/main.bicep",
        ".package/hearthline.zip",
    ],
)
def test_secrets_tests_and_tools_stay_here(name: str) -> None:
    """Whether or not git tracks them: func and azd pack what lies in the folder."""
    assert packed(ROOT, [name]) == []


def test_every_library_that_is_imported_is_asked_for(app: Path) -> None:
    """By requirements.txt, which names also what those bring with them."""
    pinned = {_same(name) for name in re.findall(r"^([\w.-]+)", (app / "requirements.txt").read_text(), re.M)}
    _, others = reached(app)
    tops = {name.split(".")[0] for name in others} - set(sys.stdlib_module_names)
    owners = importlib.metadata.packages_distributions()
    homeless = {top for top in tops if not {_same(owner) for owner in owners.get(top, ())} & pinned}
    assert homeless == set()
    assert _azure(others) <= {"core", "functions", "identity", "servicebus", "monitor"}


def test_what_is_packed_is_enough_to_index_every_function(app: Path) -> None:
    """In the packed folder, with nothing else of ours on the path."""
    tells = "import json, sys; sys.path.insert(0, sys.argv[1]); import function_app, shared;"
    shows = "names = [f.get_function_name() for f in function_app.app.get_functions()];"
    shows += "print(json.dumps([shared.__file__, *names]))"
    told = {}
    for folder in (app, ROOT):
        command = [sys.executable, "-P", "-c", f"{tells} {shows}", str(folder)]
        done = subprocess.run(command, cwd=app, capture_output=True, text=True, check=True)
        where, *told[folder] = json.loads(done.stdout)
        assert Path(where).is_relative_to(folder)
    assert told[app] == told[ROOT]
    assert len(told[app]) > 30


def _same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _azure(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("azure.")}


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("phonenumbers/geodata/data0.py", True),
        ("phonenumbers/data/region_US.py", False),
        ("phonenumbers/tzdata/data0.py", False),
        ("zstandard/_cffi.cpython-313-x86_64-linux-gnu.so", True),
        ("zstandard/backend_c.cpython-313-x86_64-linux-gnu.so", False),
        ("aiohttp/_http_parser.pyx", True),
        ("babel/locale-data/en.dat", False),
    ],
)
def test_needless_files_of_packages_are_left_out(name: str, out: bool) -> None:
    assert needless(name) is out


def test_every_needless_file_has_its_reason() -> None:
    assert all(NEEDLESS.values())


def test_the_same_files_give_the_same_zip(app: Path, tmp_path: Path) -> None:
    """Bytecode included; and not a word of where it was made, or when."""
    zips = []
    for name in ("one", "two"):
        folder = tmp_path / name
        (folder / "shared").mkdir(parents=True)
        for kept in ("function_app.py", "shared/queues.py", "shared/errors.py"):
            (folder / kept).write_bytes((app / kept).read_bytes())
        compile_all(folder)
        write_zip(folder, tmp_path / f"{name}.zip")
        zips.append((tmp_path / f"{name}.zip").read_bytes())
    assert zips[0] == zips[1]
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        names = archive.namelist()
        assert [name for name in names if b"pytest" in archive.read(name)] == []
    assert "shared/__pycache__/queues.cpython-313.pyc" in names
    told = json.loads(json.dumps(figures(tmp_path / "one", tmp_path / "one.zip")))
    assert told["files"] == len(names) == 6

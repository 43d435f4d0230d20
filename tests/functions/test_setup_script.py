"""scripts/setup.sh: names all that is missing before it does anything, and does nothing twice."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = ("scripts/setup.sh", "requirements.txt", "requirements-dev.txt", "package.json", "package-lock.json")
TOOLS = ("sh", "cat", "cksum", "dirname", "grep", "env", "chmod", "touch", "mkdir")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copy what the script reads, beside a folder `bin` with nothing but the system's small tools."""
    for name in FILES:
        target = tmp_path / "project" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    return tmp_path / "project"


def fake(project: Path, name: str, script: str) -> None:
    program = project.parent / "bin" / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def setup(project: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(project.parent / "bin"), "HOME": str(project.parent)}
    script = [shutil.which("sh") or "sh", "scripts/setup.sh"]
    return subprocess.run(script, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_everything_missing_is_named_with_how_to_get_it_and_nothing_is_made(project: Path) -> None:
    done = setup(project)
    assert done.returncode == 1
    assert done.stdout == ""
    for words in ("missing: Python 3.13", "uv python install 3.13", "missing: Node 20", "missing: npm"):
        assert words in done.stderr
    assert not (project / ".venv").exists()


def test_an_old_node_is_named_with_its_version(project: Path) -> None:
    (project.parent / "bin" / "python3.13").symlink_to(sys.executable)
    fake(project, "npm", "exit 0")
    fake(project, "node", '[ "$1" = -p ] && echo 18 || echo v18.1.0')
    done = setup(project)
    assert done.returncode == 1
    assert "missing: Node 20 or newer (this is v18.1.0)" in done.stderr
    assert "Python" not in done.stderr


def test_a_python_that_only_uv_can_fetch_is_fetched(project: Path) -> None:
    """A pretended uv finds nothing until told to install; as npm is missing, the script goes no further."""
    fetched = project.parent / "fetched"
    find = f"[ -f {fetched} ] && echo {sys.executable} || exit 2"
    fake(project, "uv", f'case "$2" in find) {find};; install) touch {fetched};; esac')
    fake(project, "node", "echo 20")
    done = setup(project)
    assert fetched.exists()
    assert "Python" not in done.stderr
    assert "missing: npm" in done.stderr


def test_what_was_set_up_is_not_set_up_again_until_a_pin_changes(project: Path) -> None:
    for folder, names in ((".venv", FILES[1:3] + FILES[:1]), ("node_modules", FILES[3:])):
        (project / folder).mkdir()
        content = b"".join((project / name).read_bytes() for name in names)
        stamp = subprocess.run(["cksum"], input=content, capture_output=True, check=True).stdout
        (project / folder / ".stamp").write_bytes(stamp)
    assert setup(project).returncode == 0
    with (project / "requirements.txt").open("a") as pins:
        pins.write("something==1\n")
    assert setup(project).returncode == 1


def test_no_committed_pin_names_an_address() -> None:
    for name in FILES[1:]:
        text = (ROOT / name).read_text()
        naming = [line for line in text.splitlines() if "://" in line and '"license"' not in line]
        assert naming == []
    pins = (ROOT / "requirements.txt").read_text() + (ROOT / "requirements-dev.txt").read_text()
    loose = [line for line in pins.splitlines() if line and line[0] not in "#-" and "==" not in line]
    assert loose == []

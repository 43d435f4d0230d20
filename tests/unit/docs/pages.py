"""Reading our own Markdown: pages, links, fenced blocks, tables and headings, for the tests of the docs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"

_ELSEWHERE = {"node_modules", "__pycache__"}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_MENTION = re.compile(r"\[[\w/.]+\.py\]\(([^)#\s]+)\)(?:: ((?:`[^`]+`(?:, | and )?)+))?")


def pages() -> list[Path]:
    """Return every Markdown file of the project, none of what is installed or generated."""
    places = [
        path for path in ROOT.iterdir() if not path.name.startswith(".") and path.name not in _ELSEWHERE
    ]
    folders = (path for path in places if path.is_dir())
    return sorted([*(p for p in places if p.suffix == ".md"), *(f for d in folders for f in d.rglob("*.md"))])


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """Return a page without its fenced blocks, on one line."""
    return " ".join(_FENCE.sub("", page.read_text()).split())


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return [body for kind, body in _FENCE.findall(page.read_text()) if kind == language]


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Walk the relative links of a page: the file meant, and the heading in it or ""."""
    for target in _LINK.findall(_FENCE.sub("", page.read_text())):
        if "://" not in target and not target.startswith("mailto:"):
            path, _, anchor = target.partition("#")
            yield ((page.parent / path).resolve() if path else page), anchor


def mentions(page: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Walk the modules that a page links to, each with the names that it says are in there."""
    for target, names in _MENTION.findall(prose(page)):
        yield (page.parent / target).resolve(), tuple(re.findall(r"`([^`]+)`", names))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def section(page: Path, heading: str) -> str:
    """Return what stands under a heading, down to the next one."""
    _, found, rest = page.read_text().partition(f"\n{heading}\n")
    assert found, f"{name_of(page)} has no heading {heading}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def table(page: Path, heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading, its head left out, cells stripped."""
    lines = [line for line in section(page, heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def code(cell: str) -> str:
    """Return what stands in the first backticks of a cell."""
    found = re.search(r"`([^`]+)`", cell)
    return found[1] if found else ""


@cache
def names_in(module: Path) -> frozenset[str]:
    """Return what a module defines: functions, classes, constants, types, and "Class.member"."""
    return frozenset(_names(ast.parse(module.read_text()).body))


def _names(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name
            case ast.ClassDef(name=name, body=inner):
                yield prefix + name
                yield from _names(inner, f"{prefix}{name}.")
            case ast.Assign(targets=targets):
                yield from (prefix + target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.TypeAlias(name=ast.Name(id=name)):
                yield prefix + name

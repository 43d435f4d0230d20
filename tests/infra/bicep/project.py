"""The Bicep files of a folder as one thing: by path, with what each module and import leads to."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

from tests.infra.bicep.parsing import File, parse, resources
from tests.infra.bicep.syntax import Declaration, Declared, Func, Import, Module, Output, Param, Resource, Var
from tests.infra.bicep.walking import Inside, everything


class Project(Struct, frozen=True):
    """`texts`: the text of every file below the folder, by its path from there; Bicep or not."""

    texts: Mapping[str, str]

    @property
    def files(self) -> dict[str, File]:
        """The files of Bicep."""
        return {path: parse(text) for path, text in self.texts.items() if path.endswith(".bicep")}

    @property
    def parameter_files(self) -> dict[str, File]:
        """The files of parameters."""
        return {path: parse(text) for path, text in self.texts.items() if path.endswith(".bicepparam")}

    def file(self, path: str) -> File | None:
        """Return one file of Bicep, if it is there."""
        return parse(self.texts[path]) if path in self.texts else None

    def walked(self, path: str) -> Walked:
        """Return the declarations of a file, each with every expression in it."""
        return _walked(self.texts[path])

    def scope(self, path: str) -> Scope:
        """Return what is declared in a file."""
        return _scope(self.texts[path])


type Walked = tuple[tuple[Declaration, tuple[Inside, ...]], ...]
"""The declarations of a file, each with every expression in it."""


class Scope(Struct, frozen=True):
    """What is declared in one file, by name. `imports`: own name → the import, and the name there."""

    params: dict[str, Param]
    vars: dict[str, Var]
    resources: dict[str, Resource]
    modules: dict[str, Module]
    outputs: dict[str, Output]
    funcs: dict[str, Func]
    types: dict[str, Declared]
    imports: dict[str, tuple[Import, str]]

    @property
    def values(self) -> frozenset[str]:
        """The names that may stand in an expression."""
        return frozenset({*self.params, *self.vars, *self.resources, *self.modules, *self.imports})


@cache
def _scope(text: str) -> Scope:
    file = parse(text)
    return Scope(
        params={each.name: each for each in file.all(Param)},
        vars={each.name: each for each in file.all(Var)},
        resources={each.name: each for each in resources(file)},
        modules={each.name: each for each in file.all(Module)},
        outputs={each.name: each for each in file.all(Output)},
        funcs={each.name: each for each in file.all(Func)},
        types={each.name: each for each in file.all(Declared)},
        imports={own: (each, there) for each in file.all(Import) for own, there in each.names},
    )


@cache
def _walked(text: str) -> Walked:
    return tuple((each, tuple(everything(each))) for each in parse(text).declarations)


def beside(path: str, other: str) -> str:
    """Return the path from the folder that `other` means in the file at `path`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), other))


def read_project(folder: Path) -> Project:
    """Read all files below a folder that are text of ours."""
    kinds = {".bicep", ".bicepparam", ".kql", ".json"}
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in kinds)
    return Project({path.relative_to(folder).as_posix(): path.read_text() for path in found})

"""Small projects of Bicep, written in tests."""

from __future__ import annotations

from tests.infra.bicep.project import Project


def project_of(main: str, **others: str) -> Project:
    """Return a project with a main file, and others by their names without ".bicep"."""
    files = {f"{name}.bicep": f"{text.strip()}\n" for name, text in {"main": main, **others}.items()}
    return Project(files)

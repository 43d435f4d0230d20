"""Which deployment a command works on: the environment's, or the one that a settings file describes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from shared.config import Remote, Settings, remote, settings
from shared.errors import Invalid, Problem

SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", help="A local.settings.json; what it holds beats the environment."),
]


def chosen(path: Path | None) -> Settings:
    """Read the settings. Raises Invalid naming all that is wrong, OSError where there is no such file."""
    return settings() if path is None else settings({**os.environ, **_values(path)})


def chosen_remote(path: Path | None) -> Remote:
    """Read where the admin API is. Raises Invalid, OSError where there is no such file."""
    return remote() if path is None else remote({**os.environ, **_values(path)})


def _values(path: Path) -> dict[str, str]:
    try:
        values = json.loads(path.read_text("utf-8"))["Values"]
        return {str(name): str(value) for name, value in values.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Invalid((Problem(str(path), "is no settings file", 'JSON with "Values"'),)) from None

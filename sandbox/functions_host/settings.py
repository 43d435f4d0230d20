"""App settings: local.settings.json into the environment, and `%NAME%` in bindings out of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path

_SETTING = re.compile(r"%([^%]+)%")


class MissingSetting(ValueError):
    """A binding names an app setting that is not there."""


def expand(text: str, environ: Mapping[str, str]) -> str:
    """Replace every `%NAME%` by that app setting, as Azure does in bindings. Raises MissingSetting."""
    return _SETTING.sub(lambda match: require(match[1], environ), text)


def require(name: str, environ: Mapping[str, str]) -> str:
    """Return an app setting. Raises MissingSetting."""
    value = environ.get(name, environ.get(f"AzureWebJobs{name}"))
    if not value:
        raise MissingSetting(f"app setting {name!r} is not set")
    return value


def apply_settings_file(path: Path, environ: MutableMapping[str, str]) -> None:
    """Put the `Values` of a local.settings.json into `environ`; what is set already stays."""
    values = json.loads(path.read_text("utf-8")).get("Values", {})
    for name, value in values.items():
        environ.setdefault(name, str(value))

"""YAML as authors mean it: the core schema of YAML 1.2, and a key that stands twice is a mistake.

PyYAML reads YAML 1.1, in which `yes`, `no` and `on` are booleans, 10:00 is the number 600 and an instant is
no text: traps for who writes answers and times of day (https://yaml.org/spec/1.2.2/#103-core-schema).
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from shared.errors import Invalid, Problem


class _Core(yaml.SafeLoader):
    """Booleans are true and false, numbers are decimal; everything else is text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's way: none of those of YAML 1.1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Read a mapping. Raises ConstructorError where a key stands twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value} stands twice", key.start_mark
                )
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else "")
        return super().construct_mapping(node, deep=deep)


_RESOLVERS = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
)
for _tag, _pattern, _first in _RESOLVERS:
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})\\Z"), list(_first))  # type: ignore[no-untyped-call] # the stubs say nothing of it
_Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"\Z"), [""])  # type: ignore[no-untyped-call] # the stubs say nothing of it


def _decimal(loader: _Core, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


_Core.add_constructor("tag:yaml.org,2002:int", _decimal)


def load_yaml(text: str) -> Any:
    """Read YAML. Raises yaml.YAMLError."""
    return yaml.load(text, _Core)  # noqa: S506 - derived from SafeLoader


def read_document(
    file: Path,
    what: str = "a definition",
    wanted: str = "a mapping of names to values",
    where: str = "",
) -> dict[str, Any]:
    """Read a file that holds one mapping. Raises Invalid for what is no YAML or JSON, or none; OSError."""
    try:
        text = file.read_text(encoding="utf-8")
        document = json.loads(text) if file.suffix == ".json" else load_yaml(text)
    except (yaml.YAMLError, ValueError) as error:
        said = " ".join(str(error).split())
        raise Invalid((Problem(where or str(file), f"cannot be read: {said}", "YAML or JSON"),)) from None
    if not isinstance(document, dict):
        raise Invalid((Problem(where or str(file), f"is not {what}", wanted),))
    return document

"""YAML as authors mean it: what YAML 1.1 would make of their words stays their words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cli.yaml_files import load_yaml, read_document
from shared.errors import Invalid


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("[yes, no, on, off, y, n]", ["yes", "no", "on", "off", "y", "n"]),
        ("[true, False, null, ~]", [True, False, None, None]),
        ("at: 10:00", {"at": "10:00"}),
        ("until: 2027-01-01T00:00:00Z", {"until": "2027-01-01T00:00:00Z"}),
        ("day: 2027-01-01", {"day": "2027-01-01"}),
        ("[1, -2, +3, 007, 1_000, 0x1F]", [1, -2, 3, 7, "1_000", "0x1F"]),
        ("[1.5, .5, 1e3, 1.2.3]", [1.5, 0.5, 1000.0, "1.2.3"]),
        ("on: {a: 1}", {"on": {"a": 1}}),
        ("a:\nb: ''", {"a": None, "b": ""}),
    ],
)
def test_only_what_is_plainly_no_text_is_none(text: str, meant: object) -> None:
    assert load_yaml(text) == meant


words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Z", "S"]), max_size=9)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=10,
)


@given(_json)
def test_json_is_read_as_it_is(value: object) -> None:
    assert load_yaml(json.dumps(value, ensure_ascii=False)) == value


def test_a_key_that_stands_twice_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text("a: 1\nb: {c: 1, c: 2}\n")
    with pytest.raises(Invalid, match=r"c stands twice.*line 2"):
        read_document(file)
    with pytest.raises(yaml.YAMLError):
        load_yaml("a: 1\na: 2")


@pytest.mark.parametrize("text", ["[1, 2]", "words", "", "a: [", "\x00"])
def test_what_is_no_document_is_told_with_its_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rubbish.yaml"
    file.write_text(text)
    with pytest.raises(Invalid, match=r"rubbish\.yaml"):
        read_document(file)

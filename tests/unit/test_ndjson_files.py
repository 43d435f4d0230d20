"""Populations in files: of any shape, gzipped or not, and what is wrong in them by file and line."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest

from cli.ndjson_files import read_file, read_resources

ANA = {"resourceType": "Patient", "id": "ana"}
BEN = {"resourceType": "Patient", "id": "ben"}
LINE = orjson.dumps(ANA) + b"\n"


def read(path: Path) -> tuple[list[object], list[str]]:
    problems: list[str] = []
    return [each["id"] for each in read_resources(path, problems.append)], problems


def test_every_file_of_a_folder_by_name_and_nothing_else(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1.ndjson").write_bytes(LINE)
    (tmp_path / "a.json").write_bytes(orjson.dumps(BEN, option=orjson.OPT_INDENT_2))
    (tmp_path / "notes.txt").write_text("rubbish")
    assert read(tmp_path) == (["ben", "ana"], [])


def test_gzipped_by_what_it_is_not_by_its_name(tmp_path):
    for name in ("1.ndjson.gz", "2.ndjson"):
        (tmp_path / name).write_bytes(gzip.compress(LINE * 2))
    (tmp_path / "3.ndjson.gz").write_bytes(LINE)
    assert read(tmp_path) == (["ana"] * 5, [])


def test_rubbish_is_named_by_file_and_line_and_the_rest_is_read(tmp_path):
    path = tmp_path / "p.ndjson"
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": "Patient"}}, {"resource": BEN}],
    }
    path.write_bytes(b"\n".join([b"", b"{secret", orjson.dumps(ANA), b"[]7", orjson.dumps(bundle)]))
    assert read(path) == (
        ["ana", "ben"],
        [f"{path}:2: not JSON", f"{path}:4: not JSON", f"{path}:5: a resource without a type or an id"],
    )


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path):
    path = tmp_path / "p.ndjson.gz"
    path.write_bytes(gzip.compress(LINE * 20_000)[:-40])
    found, problems = read(path)
    assert found
    assert set(found) == {"ana"}
    assert problems == [f"{path}:{len(found) + 1}: cannot be read any further (EOFError)"]


def test_lines_in_a_file_that_is_called_a_document(tmp_path):
    (tmp_path / "p.json").write_bytes(LINE * 2)
    assert read(tmp_path) == (["ana", "ana"], [])


def test_how_far_it_is(tmp_path):
    path, heard = tmp_path / "p.ndjson", list[int]()
    path.write_bytes(LINE * 3)
    assert len(list(read_file(path, print, heard.append))) == 3
    assert heard == [len(LINE), 2 * len(LINE), 3 * len(LINE), 3 * len(LINE)]


def test_a_folder_without_data_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no \.ndjson"):
        list(read_resources(tmp_path))

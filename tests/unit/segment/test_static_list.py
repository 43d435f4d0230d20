"""Static lists: CSVs of every shape that people save, and what names nobody."""

from __future__ import annotations

import pytest

from shared.errors import Invalid
from shared.segment.static_list import StaticLists, parse_csv, parse_list
from tests.unit.segment.making import ADA

HEAD = "# url: https://example.org/l\n# version: 1\n# title: Pilot\n"


def read(rows: str) -> frozenset[str]:
    found = parse_list(parse_csv(HEAD + rows, "l.csv"), "l.csv")
    assert (found.url, found.version, found.title) == ("https://example.org/l", "1", "Pilot")
    return found.patients | found.identifiers


@pytest.mark.parametrize(
    ("rows", "members"),
    [
        ("a1\nPatient/b2\n", {"a1", "b2"}),
        ("patient\na1\n", {"a1"}),
        ("urn:mrn|7\na1", {"urn:mrn|7", "a1"}),
        ("urn:mrn,7\n", {"urn:mrn|7"}),
        ('value,system\n"7","urn:mrn"\n', {"urn:mrn|7"}),
        ("identifier\nurn:mrn|7\nurn:mrn|7\n", {"urn:mrn|7"}),
        ("\n# a remark\n a1 \r\n", {"a1"}),
        ("", set()),
    ],
)
def test_rows(rows: str, members: set[str]):
    assert read(rows) == members


def test_a_byte_order_mark_is_no_part_of_a_name():
    assert parse_csv("\ufeff" + HEAD + "a1", "l.csv")["url"] == "https://example.org/l"


def test_every_row_that_names_nobody_is_told():
    with pytest.raises(Invalid) as caught:
        parse_csv(HEAD + "a1\nJane Doe\nurn:mrn|\n", "l.csv")
    assert [problem.where for problem in caught.value.problems] == ["l.csv:5", "l.csv:6"]
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [{}, {"url": "u", "version": "1"}, {"url": "u", "version": "1", "members": [1]}]
)
def test_what_is_no_list(body: dict[str, object]):
    with pytest.raises(Invalid):
        parse_list(body, "l.json")


def test_who_is_on_it_and_which_version_counts():
    old = parse_list({"url": "u", "version": "1.9", "members": ["someone"]}, "l")
    new = parse_list({"url": "u", "version": "1.10", "members": ["ada"]}, "l")
    lists = StaticLists([new, old])
    latest, pinned = lists.get("u"), lists.get("u|1.9")
    assert latest is not None
    assert latest.holds(ADA)
    assert pinned is not None
    assert not pinned.holds(ADA)
    assert lists.get("v") is None
    assert lists.urls == ("u",)

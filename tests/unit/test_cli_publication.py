"""What the commands of publications make of the API's answers, and how what is too large is sent."""

from __future__ import annotations

import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli.population import show_run
from cli.publish import batches
from shared.catalogue import Document

_RUN: dict[str, Any] = {
    "publication": "2-0123456789abcdef",
    "status": "finished",
    "shards": 1,
    "shards_done": 1,
    "looked_at": 40,
    "committed": 30,
    "started": "2026-03-02T09:00:00Z",
    "finished": "2026-03-02T09:00:09Z",
    "segments": [{"segment": "0", "url": "urn:s", "members": 30, "entered": None, "left": 0}],
}
_DOCUMENTS = st.lists(
    st.builds(
        lambda kind, size: Document(kind, "x", {"text": "a" * size}),
        st.sampled_from(["segment", "valueset", "list", "journey"]),
        st.integers(0, 400),
    ),
    min_size=1,
)


@given(_DOCUMENTS, st.integers(300, 2000))
def test_what_is_too_large_goes_in_parts_and_nothing_before_what_it_leans_on(
    documents: list[Document], most: int
) -> None:
    parts = [list(part) for part in batches(documents, most)]
    assert sorted(map(id, documents)) == sorted(id(each) for part in parts for each in part)
    for part in parts[:-1]:
        assert {each.kind for each in part} <= {"valueset", "list"}


def test_a_count_of_few_is_said_without_a_number() -> None:
    text = _shown(_RUN)
    assert "few entered and 0 left a segment" in text
    assert "1 of 1 shards done" in text


def test_a_run_that_has_not_begun_says_so() -> None:
    assert _shown({**_RUN, "status": "waiting"}).endswith("not begun yet\n")
    assert "nobody need be looked at" in _shown({**_RUN, "status": "none"})


def _shown(run: dict[str, Any]) -> str:
    out = io.StringIO()
    show_run(Console(file=out, width=200), run)
    return out.getvalue()

"""Entries of the audit trail fit into their rows whatever they are made of, and keep to their bounds."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.access.chain import LANES, Link, Mark, Sealer, lane_of
from shared.fhir.instants import Instant
from shared.ports.trail import AuditEntry, bounded, decode_entry, encode_entry, entry_of

TEXT = st.text(max_size=800) | st.text("\x00\n\u202e\ud800'\"\\👋", min_size=400, max_size=800)


@st.composite
def entries(draw: st.DrawFn) -> AuditEntry:
    """Make entries of any text: what looks like data, and what is no text at all."""
    texts = {
        name: draw(TEXT) for name in ("request", "operation", "by", "patient", "why", "address", "after")
    }
    about, roles = draw(st.lists(TEXT, max_size=60)), draw(st.lists(TEXT, max_size=30))
    at = Instant(draw(st.integers(0, 4 * 10**15)))
    return AuditEntry(at, kind="read", outcome="done", about=tuple(about), roles=tuple(roles), **texts)


@given(entries())
def test_every_entry_fits_into_a_property_of_a_row_and_is_read_back(entry: AuditEntry) -> None:
    made = bounded(entry)
    body = encode_entry(made)
    assert len(body) < 64 * 1024
    assert decode_entry(body) == made


@given(entries())
def test_texts_are_cut_and_printable(entry: AuditEntry) -> None:
    made = bounded(entry)
    texts = (made.request, made.operation, made.by, made.patient, made.address, made.after)
    assert all(len(text) <= 301 for text in (*texts, *made.about, *made.roles))
    assert len(made.why) <= 501
    assert (len(made.about) <= 20, len(made.roles) <= 20) == (True, True)
    assert all(text.isprintable() for text in (*texts, made.why, *made.about))


@given(entries())
def test_what_is_short_and_printable_stays_as_it_is_and_cutting_again_cuts_no_more(entry: AuditEntry) -> None:
    short = all(len(text) <= 300 and text.isprintable() for text in (entry.by, entry.why, *entry.about))
    made = bounded(entry)
    if short and len(entry.about) <= 20:
        assert (made.by, made.why, made.about) == (entry.by, entry.why, entry.about)
    once = msgspec.structs.replace(entry, about=entry.about[:3])
    if all(len(text) <= 300 for text in (once.request, once.by, once.why, *once.about)):
        assert bounded(bounded(once)).about == bounded(once).about


@given(st.binary(max_size=200))
def test_what_was_written_over_an_entry_is_read_as_none_or_as_an_entry(body: bytes) -> None:
    found = entry_of(Link(0, 1, 1, "", "", "", body))
    assert found is None or isinstance(found, AuditEntry)


@given(st.text(max_size=100))
def test_requests_are_in_one_lane_always(request: str) -> None:
    assert 0 <= lane_of(request) < LANES
    assert lane_of(request) == lane_of(request)


@given(
    body=st.binary(max_size=100),
    stamp=st.integers(0, 10**17),
    number=st.integers(0, 10**6),
    secrets=st.lists(st.binary(min_size=32, max_size=40), max_size=3, unique=True),
)
def test_a_digest_holds_for_what_it_was_made_of_and_for_nothing_else(
    body: bytes, stamp: int, number: int, secrets: list[bytes]
) -> None:
    sealer = Sealer(secrets)
    link = sealer.link(Mark(3, number, stamp, "a" * 64), stamp, body)
    assert sealer.is_link(link)
    assert (link.number, link.stamp > stamp) == (number + 1, True)
    changes = {"lane": 4, "number": number, "stamp": stamp, "previous": "b" * 64, "body": body + b" "}
    for name, value in changes.items():
        assert not sealer.is_link(msgspec.structs.replace(link, **{name: value})), name
    head = sealer.mark("head", link)
    assert (sealer.is_mark("head", head), sealer.is_mark("foot", head)) == (True, False)
    assert not sealer.is_mark("head", msgspec.structs.replace(head, number=head.number - 1))

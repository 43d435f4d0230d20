"""Links: the same render, the same token; other messages, others; nothing guessed or changed is ever ours."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from shared.errors import AuthorFault
from shared.fhir.instants import DAY, Instant, parse_instant
from shared.message.links import TOKEN_LENGTH, Linker, LinkKind, make_token, may_lead_to, verify
from shared.message.policy import Keys, Policy

NOW = parse_instant("2026-03-02T15:00:00Z")
SECRET, OLD = b"0123456789abcdef0123456789abcdef", b"fedcba9876543210fedcba9876543210"
POLICY = Policy(
    public_url="https://links.example/api", keys=Keys((SECRET,)), website="https://clinic.example"
)
ALPHABET = string.ascii_letters + string.digits + "-_"
KINDS: tuple[LinkKind, ...] = ("click", "preferences", "unsubscribe", "survey")
tokens = st.text(ALPHABET, min_size=TOKEN_LENGTH, max_size=TOKEN_LENGTH)


class Mail(Struct, frozen=True):
    """What a link knows of its message."""

    message_id: str = "m1"
    party: str = ""
    channel: str = "email"
    purpose: str = "marketing"
    language: str = "es"


def linker(message: Mail = Mail(), policy: Policy = POLICY, now: Instant = NOW) -> Linker:  # noqa: B008
    return Linker("key", message, policy, now)


def token(url: str) -> str:
    return url.rpartition("/")[2]


@pytest.mark.parametrize(("kind", "place"), list(zip(KINDS, "lpus", strict=True)))
def test_a_link_says_where_and_nothing_of_whom(kind: LinkKind, place: str) -> None:
    url = linker().url(kind, "https://clinic.example/plan")
    assert url == f"https://links.example/api/{place}/{token(url)}"
    assert len(token(url)) == TOKEN_LENGTH == len(token(url).encode())
    assert set(token(url)) <= set(ALPHABET)
    assert verify(token(url), POLICY)


def test_rendered_again_it_is_the_same_and_its_row_too() -> None:
    one, other = linker(), linker()
    target = "https://clinic.example/plan"
    assert one.url("click", target) == one.url("click", target) == other.url("click", target)
    assert one.made == other.made
    (row,) = one.made
    assert (row.kind, row.target, row.message_id) == ("click", target, "m1")
    assert (row.channel, row.purpose, row.language, row.party) == ("email", "marketing", "es", "")


def test_how_long_they_work() -> None:
    made = linker()
    ends = Instant(NOW + 3 * DAY)
    made.url("click", "https://clinic.example")
    made.url("unsubscribe")
    made.url("survey", "e1|ask", expires=ends)
    expiries = {row.kind: row.expires for row in made.made}
    days = {kind: None if at is None else (at - NOW) // DAY for kind, at in expiries.items()}
    assert days == {"click": 400, "preferences": 60, "unsubscribe": None, "survey": 3}


def test_an_unsubscribe_link_brings_the_preferences_that_its_page_leads_to() -> None:
    made = linker()
    url = made.url("unsubscribe")
    rows = {row.kind: row for row in made.made}
    assert rows["unsubscribe"].token == token(url)
    assert rows["unsubscribe"].target == rows["preferences"].token == token(made.url("preferences"))
    assert len(made.made) == 2


@pytest.mark.parametrize("policy", [replace(POLICY, public_url=""), replace(POLICY, keys=Keys())])
def test_where_links_lead_nowhere_there_are_none(policy: Policy) -> None:
    made = linker(policy=policy)
    assert [made.url(kind) for kind in KINDS] == [""] * 4
    assert made.made == ()


@pytest.mark.parametrize(
    "target",
    ["", "javascript:alert(1)", "//x", "https://", "http://a b", "https://x\r\nSet-Cookie: a=b", "/p/x"],
)
def test_a_click_leads_to_the_web_and_nowhere_else(target: str) -> None:
    with pytest.raises(AuthorFault):
        linker().url("click", target)


def test_where_messages_may_link_to() -> None:
    policy = replace(POLICY, hosts=frozenset({"maps.example"}), website="www.clinic.example/en")
    allowed = ["https://maps.example/x", "https://www.clinic.example", "https://links.example/api/l/x"]
    others = [
        "https://clinic.example",
        "https://maps.example.evil.example",
        "ftp://maps.example",
        "maps.example",
    ]
    assert [may_lead_to(each, policy) for each in (*allowed, *others)] == [True] * 3 + [False] * 4
    assert not may_lead_to("https://nobody.example", Policy())


def test_an_old_secret_is_accepted_as_long_as_it_is_kept() -> None:
    before = replace(POLICY, keys=Keys((OLD,)))
    made = make_token(before, "click", "k", "m", "x")
    assert verify(made, replace(POLICY, keys=Keys((SECRET, OLD))))
    assert not verify(made, POLICY)
    assert not verify(made, Policy())


@given(st.lists(st.tuples(st.sampled_from(KINDS), *[st.text(max_size=20)] * 3), unique=True, max_size=50))
def test_what_differs_in_anything_has_another_token(parts: list[tuple[str, str, str, str]]) -> None:
    clean = list(dict.fromkeys(tuple(p.replace("\x1f", "") for p in each) for each in parts))
    assert len({make_token(POLICY, *each) for each in clean}) == len(clean)


@given(st.text(max_size=40), st.integers(0, TOKEN_LENGTH - 1), st.sampled_from(ALPHABET))
def test_a_changed_character_never_verifies(message: str, place: int, other: str) -> None:
    """Nor does another way to write the same bytes: the last character has four bits that mean nothing."""
    made = make_token(POLICY, "preferences", "k", message, "")
    changed = made[:place] + other + made[place + 1 :]
    assert verify(changed, POLICY) == (changed == made)


@given(st.one_of(tokens, st.text(max_size=30)))
def test_a_guess_never_verifies_and_never_raises(guess: str) -> None:
    assert not verify(guess, POLICY)


def test_a_repr_gives_no_secret_away() -> None:
    assert "0123" not in repr(POLICY)

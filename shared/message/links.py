"""Links in messages: short addresses that only their holder can know, and that say nothing of who that is.

Made while a message is rendered; the rows (`made`) are written by the outbox before the message goes out, and
shared.usecases.public finds by them what a link leads to.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal, Protocol
from urllib.parse import urlsplit

from msgspec.structs import replace

from shared.effects import IndexLink
from shared.errors import AuthorFault
from shared.fhir.instants import DAY, Instant
from shared.message.policy import Policy

type LinkKind = Literal["click", "preferences", "unsubscribe", "survey"]

TOKEN_LENGTH = 22
"""Characters of a token: 16 bytes as base64url (RFC 4648, section 5)."""

CLICK_DAYS = 400
PREFERENCES_DAYS = 60
"""Every message brings a link of its own, so who is written to always has one that works."""

_PLACES = {"click": "l", "preferences": "p", "unsubscribe": "u", "survey": "s"}
_OWN, _SIGNATURE = 11, 5
"""Bytes of a token that name the link, and those that prove that we made it."""


class Sent(Protocol):
    """What a link needs to know of its message; a Message is this."""

    @property
    def message_id(self) -> str:
        """Return its id."""
        ...

    @property
    def party(self) -> str:
        """Return whom it goes to."""
        ...

    @property
    def channel(self) -> str:
        """Return by which way."""
        ...

    @property
    def purpose(self) -> str:
        """Return what it is for."""
        ...

    @property
    def language(self) -> str:
        """Return the language of its words."""
        ...


class Linker:
    """Makes the links of one message; rendered again they are the same."""

    def __init__(self, record_key: str, message: Sent, policy: Policy, now: Instant) -> None:
        self._key = record_key
        self._message = message
        self._policy = policy
        self._now = now
        self._made: dict[str, IndexLink] = {}

    @property
    def made(self) -> tuple[IndexLink, ...]:
        """Return the rows without which the links lead nowhere."""
        return tuple(self._made.values())

    def url(self, kind: LinkKind, target: str = "", *, expires: Instant | None = None) -> str:
        """Return a link's address, or "" where links lead nowhere: no HEARTHLINE_PUBLIC_URL.

        `target` is where a click leads (http or https), or what a survey is asked by ("ENROLMENT|step");
        `expires` is for a survey. Raises AuthorFault for a click that leads to anything else.
        """
        if not (self._policy.public_url and self._policy.keys.secrets):
            return ""
        if kind == "click" and not _is_web(target):
            raise AuthorFault("a link must lead to an http or https address")
        link = self._link(kind, target, expires)
        if kind == "unsubscribe":  # its page leads on to the preferences, by their own link
            preferences = self._link("preferences", "", None)
            self._keep(preferences)
            link = replace(link, target=preferences.token)
        self._keep(link)
        return f"{self._policy.public_url}/{_PLACES[kind]}/{link.token}"

    def _keep(self, link: IndexLink) -> None:
        self._made[link.token] = link

    def _link(self, kind: LinkKind, target: str, expires: Instant | None) -> IndexLink:
        message = self._message
        return IndexLink(
            token=make_token(self._policy, kind, self._key, message.message_id, target),
            kind=kind,
            message_id=message.message_id,
            target=target,
            party=message.party,
            channel=message.channel,
            purpose=message.purpose,
            language=message.language,
            expires=self._expiry(kind) if expires is None else expires,
        )

    def _expiry(self, kind: LinkKind) -> Instant | None:
        """Say until when it works; an unsubscribe link always does, as its message may lie in an inbox."""
        days = {"click": CLICK_DAYS, "preferences": PREFERENCES_DAYS}.get(kind)
        return None if days is None else Instant(self._now + days * DAY)


def make_token(policy: Policy, *parts: str) -> str:
    """Derive the token of what `parts` name: the same parts, the same token, while the secret is the same."""
    secret = policy.keys.secrets[0]
    own = _keyed(secret, "link", "\x1f".join(parts).encode())[:_OWN]
    return urlsafe_b64encode(own + _signature(secret, own)).decode().rstrip("=")


def verify(token: str, policy: Policy) -> bool:
    """Say whether we may have made a token: what is guessed is refused before anything is looked up."""
    raw = _decoded(token)
    own, signature = raw[:_OWN], raw[_OWN:]
    verdicts = [hmac.compare_digest(_signature(secret, own), signature) for secret in policy.keys.secrets]
    return len(raw) == _OWN + _SIGNATURE and any(verdicts)


def may_lead_to(target: str, policy: Policy) -> bool:
    """Say whether messages may link there: to the organisation's website, its own pages, or a named host."""
    own = {_host(policy.website), _host(policy.public_url)} - {""}
    return _is_web(target) and _host(target) in policy.hosts | own


def _is_web(target: str) -> bool:
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    clean = target.isascii() and target.isprintable() and " " not in target
    return clean and parts.scheme in ("http", "https") and bool(parts.hostname)


def _host(url: str) -> str:
    try:
        return urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""


def _decoded(token: str) -> bytes:
    """Read a token; b"" for what cannot be one, also where it is only written otherwise than we do."""
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return b""
    try:
        raw = urlsafe_b64decode(f"{token}==")
    except ValueError:
        return b""
    return raw if urlsafe_b64encode(raw).decode().rstrip("=") == token else b""


def _signature(secret: bytes, own: bytes) -> bytes:
    return _keyed(secret, "link-signature", own)[:_SIGNATURE]


def _keyed(secret: bytes, use: str, content: bytes) -> bytes:
    """Return a keyed digest; `use` keeps apart what the same secret is used for."""
    return hmac.digest(secret, use.encode() + b"\x00" + content, "sha256")

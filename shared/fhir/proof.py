"""Whether a request proved where it comes from, and what may be used of it if it did not.

Runs before the body is parsed: functions/notifications.py proves, parses, then keeps what `believe` leaves.
All comparisons with secrets take constant time.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode
from collections.abc import Iterable, Mapping

import msgspec
from pydantic import SecretStr

from shared.errors import Rejected, Unauthenticated
from shared.fhir.notification import Heard, Notification, Parsed, Recover, Request, ResourceChange
from shared.fhir.sources import EntraBearer, FunctionKey, Hmac, ProofRule, SharedSecret, Source


class Claims(msgspec.Struct, frozen=True):
    """What a verified Entra token says: audience, calling application, tenant."""

    audience: str
    app_id: str
    tenant: str = ""


class Evidence(msgspec.Struct, frozen=True):
    """What was checked outside of the pure core: did the host check a function key, is there a valid token.

    `claims` is None where no token came; for a token that is not valid the adapter raises Unauthenticated.
    """

    function_key: bool = False
    claims: Claims | None = None


class Proof(msgspec.Struct, frozen=True):
    """The outcome: `trusted` is whether bodies, versions and counters may be used, not just references."""

    trusted: bool


def bearer_token(headers: Mapping[str, str]) -> str | None:
    """Find the token for the adapter to verify."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def prove(source: Source, request: Request, evidence: Evidence) -> Proof:
    """Check all proofs that the source has to give.

    Raises Unauthenticated where one is wrong, also if none is required; where one is missing, only if it is.
    """
    outcomes = [_check(rule, request, evidence) for rule in source.proofs]
    if False in outcomes:
        raise Unauthenticated("the proof of where this comes from is wrong")
    if None in outcomes and source.required:
        raise Unauthenticated("a proof of where this comes from is missing")
    return Proof(trusted=source.trusts_body and None not in outcomes)


def believe(source: Source, proof: Proof, parsed: Parsed) -> Parsed:
    """Keep of a parsed request what may be used of it.

    Raises Rejected for a format that the source does not send. Without a proof only references are left: no
    bodies, and neither versions, times nor counters, with which a stranger could make us skip a change.
    """
    if not isinstance(parsed, Heard):
        return parsed
    if any(told.format not in source.formats for told in parsed.notifications):
        raise Rejected("not a format that this source sends", "unexpected-format")
    if proof.trusted:
        return parsed
    return Heard(tuple(map(_reference_only, parsed.notifications)), parsed.ignored)


def _reference_only(told: Notification) -> Notification:
    return Notification(
        kind=told.kind,
        format=told.format,
        subscription=told.subscription,
        changes=tuple(ResourceChange(change.key) for change in told.changes),
        recover=None if told.recover is None else Recover(told.recover.reason, types=told.recover.types),
    )


def _check(rule: ProofRule, request: Request, evidence: Evidence) -> bool | None:
    """Say whether a proof is right, or None where it is not there."""
    match rule:
        case FunctionKey():
            return evidence.function_key or None
        case SharedSecret():
            return _shared_secret(rule, request.headers.get(rule.header))
        case Hmac():
            return _signature(rule, request.headers.get(rule.header), request.body)
        case EntraBearer():
            return None if evidence.claims is None else _claims(rule, evidence.claims)


def _shared_secret(rule: SharedSecret, sent: str | None) -> bool | None:
    if sent is None:
        return None
    given = sent.encode(errors="surrogatepass")
    return _is_one_of(given, _keys(rule.secret, rule.previous))


def _signature(rule: Hmac, sent: str | None, body: bytes) -> bool | None:
    if sent is None:
        return None
    given = _decode(rule, sent.strip())
    digests = [hmac.digest(key, body, rule.algorithm) for key in _keys(rule.secret, rule.previous)]
    return _is_one_of(given, digests)


def _is_one_of(given: bytes, wanted: Iterable[bytes]) -> bool:
    """Compare with all of them, so that the time does not tell which secret it was."""
    right = False
    for each in wanted:
        right |= hmac.compare_digest(given, each)
    return right


def _decode(rule: Hmac, sent: str) -> bytes:
    """Decode a signature; what cannot be decoded is of the right length and wrong."""
    try:
        if not sent.startswith(rule.prefix):
            raise ValueError
        text = sent.removeprefix(rule.prefix)
        return bytes.fromhex(text) if rule.encoding == "hex" else b64decode(text, validate=True)
    except ValueError:
        return bytes(hashlib.new(rule.algorithm).digest_size)


def _keys(secret: SecretStr, previous: SecretStr | None) -> list[bytes]:
    return [each.get_secret_value().encode() for each in (secret, previous) if each is not None]


def _claims(rule: EntraBearer, claims: Claims) -> bool:
    return (
        claims.audience in rule.audiences
        and claims.app_id in rule.app_ids
        and (not rule.tenants or claims.tenant in rule.tenants)
    )

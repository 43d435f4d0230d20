"""Secrets sealed at rest: AES-256-GCM under keys of the settings; the first seals, all open.

A sealed text is "1." and base64url of nonce and ciphertext. What it is about goes along as additional data,
so that one cannot be put into the place of another. https://csrc.nist.gov/pubs/sp/800/38/d/final: with random
nonces of 96 bits a key may seal 2^32 times; sources are rotated a few times a year.
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from shared.errors import Invalid, Problem

_VERSION = "1."
_NONCE = 12
_LABEL = b"hearthline seal 1"


class SettingSeals:
    """Seals under the secrets of HEARTHLINE_SEAL_SECRETS, of which there is at least one."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [hmac.digest(secret.encode(), _LABEL, "sha256") for secret in secrets]

    def seal(self, secret: str, about: str) -> str:
        """See Seals.seal."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # slow to import, and seldom needed

        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self._keys[0]).encrypt(nonce, secret.encode(), about.encode())
        return _VERSION + urlsafe_b64encode(nonce + sealed).decode()

    def unseal(self, sealed: str, about: str) -> str:
        """See Seals.unseal."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        for key in self._keys:
            try:
                held = urlsafe_b64decode(sealed.removeprefix(_VERSION))
                return AESGCM(key).decrypt(held[:_NONCE], held[_NONCE:], about.encode()).decode()
            except (InvalidTag, ValueError):
                continue
        raise Invalid(
            (Problem("HEARTHLINE_SEAL_SECRETS", f"no secret of it opens what is sealed of {about}"),)
        )

"""Programs of others against ours: jose from npm takes our tokens and key set, and forges some."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from nacl.secret import SecretBox
from nacl.signing import SigningKey

from nodes import node

SIGNING_SEAL = 4  # number of the key derived from the secret, in cgi-bin/auth/auth.h


def derive(secret, number):
    """crypto_kdf_derive_from_key(number, "moa-auth")."""
    return hashlib.blake2b(key=secret, salt=number.to_bytes(16, "little"), person=b"moa-auth", digest_size=32).digest()


@pytest.fixture(scope="module")
def signing_key(system, postgres, secret):
    """The private JWK of the key in use, opened as only auth can."""
    [(kid, sealed)] = postgres.query(
        "SELECT kid, sealed_seed FROM auth.signing_key WHERE retired_at IS NULL AND active_from <= now()"
        " ORDER BY active_from DESC LIMIT 1")
    box = SecretBox(derive(bytes.fromhex(Path(secret).read_text().strip()), SIGNING_SEAL))
    seed = box.decrypt(bytes(sealed))
    public = bytes(SigningKey(seed).verify_key)

    def text(octets):
        return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "d": text(seed), "x": text(public)}


def test_jose(system, signing_key):
    printed = node("node", "--test", "--test-reporter=tap", "jose.test.mjs",
                   env={"MOA_URL": system.url, "MOA_SIGNING_KEY": json.dumps(signing_key)})
    assert "# fail 0" in printed and "# skipped 0" in printed, printed

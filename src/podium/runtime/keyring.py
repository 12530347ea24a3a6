"""Keyring: the keys of this installation, which make what is secret unreadable in the database.

AES-256-GCM. The first key encrypts, every key decrypts. A sealed value names the key that it needs, and is bound to what it is about:
moved to another name it cannot be opened.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from podium.errors import LostKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"  # of the form below
_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_HEAD: Final = len(_VERSION) + _ID_BYTES + _NONCE_BYTES


class Key:
    """One key. Its id tells keys apart and says nothing about them."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.id = hashlib.sha256(b"podium key\0" + raw).digest()[:_ID_BYTES]

    @cached_property
    def cipher(self) -> AESGCM:
        """The cipher; its library is loaded when there is something to encrypt or decrypt."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self.raw)

    @property
    def text(self) -> str:
        """How people write it down: 44 characters."""
        return base64.urlsafe_b64encode(self.raw).decode()


class Keyring:
    """At least one key."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)
        self._by_id = {key.id: key for key in keys}

    def seal(self, value: bytes, about: str) -> bytes:
        """`value`, encrypted under the first key and bound to `about`."""
        key, nonce = self.keys[0], os.urandom(_NONCE_BYTES)
        head = _VERSION + key.id + nonce
        return head + key.cipher.encrypt(nonce, value, _bound(head, about))

    def open(self, sealed: bytes, about: str) -> bytes:
        """What was sealed. Raises LostKey when its key is not here, or when it was changed or moved."""
        from cryptography.exceptions import InvalidTag

        head = sealed[:_HEAD]
        key = self._by_id.get(key_id(sealed))
        if not sealed.startswith(_VERSION) or key is None:
            raise LostKey(f"{about} is encrypted with the key {key_id(sealed).hex()}, which is not among the keys of this server")
        try:
            return key.cipher.decrypt(head[-_NONCE_BYTES:], sealed[_HEAD:], _bound(head, about))
        except InvalidTag as error:
            raise LostKey(f"{about} was changed in the database, or belongs to another name: it cannot be decrypted") from error

    def newest(self, sealed: bytes) -> bool:
        """Whether it is encrypted under the first key."""
        return key_id(sealed) == self.keys[0].id


def key_id(sealed: bytes) -> bytes:
    """Which key a sealed value needs."""
    return sealed[len(_VERSION) : len(_VERSION) + _ID_BYTES]


def new_key() -> Key:
    """A key that nobody has seen."""
    return Key(os.urandom(KEY_BYTES))


def read_key(text: str, where: str) -> Key:
    """A key from its 44 characters. Raises LostKey, which names the place and does not show what stands there."""
    try:
        raw = base64.b64decode(text.strip().encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise LostKey(f"{where}: expected a key of 32 bytes in base64 (44 characters), as `podium secrets new-key` prints it")
    return Key(raw)


def _bound(head: bytes, about: str) -> bytes:
    return head + about.encode()

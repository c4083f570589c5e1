"""RSA keys. They are generated in advance, because a 2048-bit pair takes longer than a call should."""

import base64
import json
import os
import queue
import secrets
import threading
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kbq_tui.sandbox.resources import Account, Key
from kbq_tui.sandbox.world import Kind, World

JSON = dict[str, Any]
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
NEW_KEY: tuple[Kind, ...] = ("key", "key_get", "key_list")
"""The uses of a new key that become possible with a delay, each with its own."""
PAIR = "KBQ_TEST_SANDBOX_PAIR"
"""For tests: the path of a PEM file. Every key is then this pair (with different ids), so that leaks can be searched
for."""


class KeyMaker:
    """Generates RSA pairs and keeps a few ready; pairs that one sandbox did not use are left for the next one."""

    _stock: ClassVar[queue.Queue[rsa.RSAPrivateKey]] = queue.Queue(maxsize=2)

    def __init__(self) -> None:
        named = os.environ.get(PAIR)
        self._only = load(Path(named)) if named else None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._fill, name="sandbox-keys", daemon=True)

    def start(self) -> None:
        """Begin to generate pairs in the background."""
        if self._only is None:
            self._thread.start()

    def stop(self) -> None:
        """Stop generating pairs."""
        self._stop.set()

    def _fill(self) -> None:
        while not self._stop.wait(0.1):
            if not self._stock.full():
                with suppress(queue.Full):
                    self._stock.put_nowait(generate())

    def pair(self) -> rsa.RSAPrivateKey:
        """Give a pair, from the prepared ones if there is one."""
        if self._only is not None:
            return self._only
        try:
            return self._stock.get_nowait()
        except queue.Empty:
            return generate()


def generate() -> rsa.RSAPrivateKey:
    """A new 2048-bit pair, which is Google's default."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def load(path: Path) -> rsa.RSAPrivateKey:
    """The pair from a PEM file."""
    pair = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(pair, rsa.RSAPrivateKey):
        raise ValueError(f"{path} has no RSA key")
    return pair


def pem_of(pair: rsa.RSAPrivateKey) -> str:
    """The private key in PEM, as in key files."""
    return pair.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def add_key(
    world: World, account: Account, pair: rsa.RSAPrivateKey, url: str, expires: float = NEVER
) -> tuple[Key, JSON]:
    """Give an account a key.

    Args:
        world: for the clock and the propagation.
        account: the key's account.
        pair: a fresh RSA pair.
        url: the sandbox's address, for ``token_uri``.
        expires: epoch seconds.

    Returns:
        What the world keeps (the public key), and the JSON key file, which it does not keep.
    """
    public = pair.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    key = Key(secrets.token_hex(20), public, float(int(world.clock())), expires)
    account.keys[key.id] = key
    for kind in NEW_KEY:
        world.changed(kind, key.id)
    file = {
        "type": "service_account",
        "project_id": account.project_id,
        "private_key_id": key.id,
        "private_key": pem_of(pair),
        "client_email": account.email,
        "client_id": account.unique_id,
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": f"{url}/token",
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/" + quote(account.email, safe=""),
        "universe_domain": "googleapis.com",
    }
    return key, file


def encoded(file: JSON) -> str:
    """The key file as keys.create returns it: base64 of the JSON."""
    return base64.b64encode(json.dumps(file, indent=2).encode() + b"\n").decode()

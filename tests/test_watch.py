"""The watch over the whole suite sees what it is there to see."""

import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conftest import shows_a_key, strays


def test_a_key_is_seen_in_text_and_in_files_but_not_in_its_own(tmp_path: Path) -> None:
    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = json.dumps({"type": "service_account", "private_key": pem.decode()})
    assert shows_a_key(pem)
    assert shows_a_key(f"boom {key}")
    assert not shows_a_key("Access Denied: Project p")
    own, log = tmp_path / "key.json", tmp_path / "log"
    own.write_text(key)
    log.write_text("said: " + key)
    assert list(strays(tmp_path)) == [log]
    log.unlink()

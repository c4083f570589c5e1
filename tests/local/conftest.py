"""Shared by the tests of this machine: a recognisable key, and stores without a keyring."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kbq_tui.local.keys.key_files import KeyFiles
from kbq_tui.local.keys.keyring_copy import KeyringCopy
from kbq_tui.local.keys.keyring_entries import PlainEntries
from kbq_tui.model.secret import Secret

PROJECT = "acme-prod"
EMAIL = "klaviyo-data-transfer-user@acme-prod.iam.gserviceaccount.com"
CANARY = "CANARYc4n4ryCANARY"


def key_json(email: str = EMAIL, key_id: str | None = None) -> bytes:
    body = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": key_id or secrets.token_hex(20),
        "private_key": f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n",
        "client_email": email,
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return json.dumps(body, indent=2).encode()


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.time + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> bool:
        self.seconds += seconds
        return False


class FakeKeyring:
    """A keyring in memory. `limit` is the longest value it stores."""

    def __init__(self, limit: int | None = None) -> None:
        self.values: dict[tuple[str, str], str] = {}
        self.limit = limit

    def get_password(self, service: str, username: str) -> str | None:
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.values[service, username] = password[: self.limit]

    def delete_password(self, service: str, username: str) -> None:
        del self.values[service, username]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def backend() -> FakeKeyring:
    return FakeKeyring()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys"


@pytest.fixture
def store(folder: Path) -> KeyFiles:
    """Keys without a keyring."""
    return KeyFiles(folder, KeyringCopy({"KBQ_TUI_KEYRING": "off"}))


@pytest.fixture
def ringed(folder: Path, backend: FakeKeyring) -> KeyFiles:
    """Keys with a keyring that works."""
    return KeyFiles(folder, KeyringCopy({}, find=lambda: [PlainEntries(backend)]))


@pytest.fixture
def key() -> Secret:
    return Secret(key_json())

"""A home folder, a project, and the program between them."""

import json
from pathlib import Path
from typing import Any

from tests.faults.field import ProjectPool
from tests.faults.zygote import Ran, Zygote
from tests.support import canary


class ProjectMachine:
    """One project, and a home folder from which it is set up."""

    def __init__(self, field: ProjectPool, zygote: Zygote, folder: Path) -> None:
        self.spot = field.spot(folder)
        self.zygote = zygote
        self.home = self.spot.home
        self.env = {
            **field.sandbox.env(),
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "KBQ_TUI_KEYRING": "off",
            "GOOGLE_CLOUD_PROJECT": self.spot.project,
            canary.PAIR: str(canary.path()),
        }

    def start(self, *args: str, **more: str) -> tuple[int, Path]:
        return self.zygote.start(*args, env={**self.env, **more}, cwd=self.home.parent)

    def run(self, *args: str, **more: str) -> Ran:
        return self.zygote.finish(self.start(*args, **more))

    def apply(self, **more: str) -> Ran:
        return self.run("apply", "--yes", "--location", "EU", **more)

    @property
    def key_file(self) -> Path:
        return self.home / "data" / "kbq-tui" / "keys" / self.spot.project / f"{self.spot.spec.account_id}.json"

    @property
    def journal(self) -> Path:
        return self.home / "state" / "kbq-tui" / "connections" / "default" / "journal.jsonl"

    def remote_keys(self) -> set[str]:
        account = self.spot.world.service_accounts.get(self.spot.spec.account_email)
        return set(account.keys) if account else set()

    def held(self) -> str:
        return json.loads(self.key_file.read_text())["private_key_id"] if self.key_file.exists() else ""

    def sweep(self) -> int:
        """Find unheld keys with `key list`, delete them with `key delete`; returns their number."""
        listed = self.run("key", "list", "--json").json["keys"]
        assert {k["id"] for k in listed} == self.remote_keys()
        assert [k["id"] for k in listed if k["held_by"] == "here"] == [self.held()]
        unheld = [k["id"] for k in listed if k["held_by"] is None]
        for key_id in unheld:
            assert self.run("key", "delete", key_id, "--yes").status == 0
        return len(unheld)

    def come_right(self, known: dict[str, Any]) -> int:
        """Apply once more: the result is that of a set-up without faults. Returns the number of unheld keys."""
        again = self.apply()
        assert again.status == 0, again.err
        assert "Traceback" not in again.err
        assert self.held() in self.remote_keys(), "we hold no key that Google knows"
        unheld = self.sweep() if len(self.remote_keys()) > 1 else 0
        assert self.remote_keys() == {self.held()}
        assert self.spot.state() == known
        return unheld

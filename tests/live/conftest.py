"""Where the contract tests run: on the sandbox (`make test`), or on a real project (`make test-live PROJECT=ID`).

A real project can only be named by an option of the command line, so that no environment can turn the ordinary tests
into live ones.
"""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kbq_tui.engine.ports import Cloud, Ports
from kbq_tui.gcp.cloud import GoogleCloud, KeyImpersonator
from kbq_tui.gcp.credentials import CredentialOptions
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.local.clock import SystemClock
from kbq_tui.local.journal import FileJournal
from kbq_tui.local.keys.key_files import KeyFiles
from kbq_tui.local.keys.keyring_copy import KeyringCopy
from kbq_tui.model.problem import Kind, ProblemError
from kbq_tui.model.spec import JOB_USER, ConnectionSpec
from kbq_tui.sandbox.server import Sandbox
from kbq_tui.shell.sql import PROBE_PREFIX
from tests.live.beliefs import beliefs


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--live-project", default="", help="Run against this real project, as you are signed in.")
    parser.addoption("--live-location", default="US", help="Where the datasets are made.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report each belief, if Google itself was asked."""
    if not terminalreporter.config.getoption("--live-project", ""):
        return
    how = {"passed": "holds", "failed": "DOES NOT HOLD", "error": "not tried: error", "skipped": "not tried: skipped"}
    seen = {
        str(value): words
        for kind, words in how.items()
        for report in terminalreporter.stats.get(kind, [])
        for name, value in getattr(report, "user_properties", [])
        if name == "belief"
    }
    terminalreporter.section("what the sandbox believes of Google")
    for belief in beliefs():
        default = f"not tried: {belief.untried}" if belief.untried else "not tried"
        terminalreporter.write_line(f"{belief.id:26}{seen.get(belief.id, default):22} {belief.says}")


@dataclass
class LiveProject:
    """A project for tests.

    Attributes:
        spec: a connection whose datasets and account have unused names.
        env: determines Google's addresses, and who is signed in.
        live: whether it is a real project.
        patience: the most seconds until a change takes effect.
        scratch: tables created by tests, by dataset; the clean-up drops them.
    """

    spec: ConnectionSpec
    env: Mapping[str, str]
    folder: Path
    live: bool
    scratch: list[tuple[str, str]] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """Prefix of the names of all datasets created here."""
        return self.spec.import_dataset.removesuffix("import")

    @property
    def patience(self) -> float:
        return 600.0 if self.live else 10.0

    async def until(self, ready: Callable[[], Awaitable[bool]]) -> None:
        """Ask until the condition holds, as long as a change may not have taken effect: IAM may answer with an older
        state.

        Source: https://cloud.google.com/iam/docs/reference/rest (reads are eventually consistent, writes are not).
        """
        async with asyncio.timeout(self.patience):
            while not await ready():
                await asyncio.sleep(5.0 if self.live else 0.05)

    @contextmanager
    def ports(self) -> Iterator[Ports]:
        """Everything as the program has it; created again for each event loop."""
        endpoints, clock = Endpoints.from_env(self.env), SystemClock()
        cloud = GoogleCloud.for_operator(CredentialOptions(env=self.env), endpoints)
        keys = KeyFiles(self.folder / "keys", KeyringCopy({"KBQ_TUI_KEYRING": "off"}))
        journal = FileJournal(self.folder / "journal.jsonl", clock)
        yield Ports(cloud, KeyImpersonator(endpoints), keys, journal, clock)

    async def clean(self) -> list[str]:
        """Delete everything with our names; what cannot be deleted is listed."""
        left: list[str] = []
        spec = self.spec
        with self.ports() as ports:
            cloud = ports.cloud

            async def gone(what: str, work: object) -> None:
                try:
                    await work  # type: ignore[misc]
                except ProblemError as error:
                    if error.problem.kind is not Kind.NOT_FOUND:
                        left.append(f"{what}: {error.problem.title}")

            scratch, self.scratch = self.scratch, []
            for dataset, table in scratch:
                statement = f"DROP TABLE IF EXISTS `{spec.project}.{dataset}.{table}`"
                if table.endswith("view"):
                    statement = statement.replace("TABLE", "VIEW")
                await gone(f"{dataset}.{table}", cloud.query(spec.project, statement, spec.location or ""))
            # Bindings go before the account, or they stay behind as tombstones.
            for role in sorted(await self.roles(cloud)):
                await gone(f"binding {role}", cloud.remove_project_binding(spec.project, role, spec.member))
            for name in (*(w.name for w in spec.datasets()), f"{spec.import_dataset}_other"):
                await gone(f"probes in {name}", self._sweep(cloud, name))
                await gone(f"dataset {name}", cloud.delete_dataset(spec.project, name))
            await gone(f"account {spec.account_email}", cloud.delete_account(spec.project, spec.account_email))
            await cloud.close()
        return left

    async def _sweep(self, cloud: Cloud, dataset: str) -> None:
        """Drop what an interrupted verification left: a dataset can only be deleted when it is empty."""
        spec = self.spec
        for table in await cloud.tables(spec.project, dataset):
            if table.name.startswith(PROBE_PREFIX):
                statement = f"DROP TABLE IF EXISTS `{spec.project}.{dataset}.{table.name}`"
                await cloud.query(spec.project, statement, spec.location or "")

    async def roles(self, cloud: Cloud) -> set[str]:
        """The account's roles on the project."""
        try:
            bindings = await cloud.project_bindings(self.spec.project)
        except ProblemError:
            return {JOB_USER}
        return {b.role for b in bindings if self.spec.member in b.members}

    async def nothing(self) -> bool:
        """Whether nothing of ours is left."""
        return await self.traces() == []

    async def traces(self) -> list[str]:
        """What there is of ours in the project."""
        spec = self.spec
        with self.ports() as ports:
            found = [
                n for n, _ in await ports.cloud.dataset_names(spec.project) if n in {w.name for w in spec.datasets()}
            ]
            if await ports.cloud.account(spec.project, spec.account_email) is not None:
                found.append(spec.account_email)
            bindings = await ports.cloud.project_bindings(spec.project)
            found += [b.role for b in bindings for m in b.members if spec.account_email in m]
            await ports.cloud.close()
        return found


@pytest.fixture(scope="session")
def ground(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveProject]:
    """Names with a random suffix; whatever happens, everything with them is deleted at the end."""
    yield from _made(request, tmp_path_factory)


@pytest.fixture(scope="session")
def other_ground(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveProject]:
    """The same with other names."""
    yield from _made(request, tmp_path_factory)


def _made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveProject]:
    folder = tmp_path_factory.mktemp("live")
    folder.chmod(0o700)
    project = request.config.getoption("--live-project", "")
    suffix = secrets.token_hex(4)
    names: dict[str, Any] = {
        "import_dataset": f"kbq_live_{suffix}_import",
        "staging_dataset": f"kbq_live_{suffix}_staging",
        "account_id": f"kbq-live-{suffix}",
        "key_file": str(folder / "key.json"),
    }
    if project:
        spec = ConnectionSpec(project, location=request.config.getoption("--live-location"), **names)
        yield from _cleaned(LiveProject(spec, dict(os.environ), folder, live=True))
    else:
        with Sandbox("partial") as sandbox:
            spec = ConnectionSpec(sandbox.project, location="EU", **names)
            yield from _cleaned(LiveProject(spec, sandbox.env(), folder, live=False))


def _cleaned(ground: LiveProject) -> Iterator[LiveProject]:
    try:
        yield ground
    finally:
        left = asyncio.run(ground.clean())
        assert left == [], "Left behind, to be taken away by hand: " + "; ".join(left)
        asyncio.run(ground.until(ground.nothing))

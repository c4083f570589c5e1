"""What each command needs at Google, derived from its calls to the sandbox: `permissions.json` of
`kbq_tui/cli/commands/permissions`.

`python -m tests.tools.permissions [COMMAND…]` brings the file up to date. Each command runs as an operator who holds
every permission; every permission that the sandbox checks meanwhile may be needed. Those without which the command
succeeds are left out.
"""

import io
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from threading import local
from typing import Any
from unittest.mock import patch

import kbq_tui
from kbq_tui.cli.click_app import main
from kbq_tui.diagnosis.permissions import PERMISSIONS
from kbq_tui.engine.waiting import Wait
from kbq_tui.local.log import stop_log
from kbq_tui.sandbox import roles
from kbq_tui.sandbox.audit_log import SignedCall
from kbq_tui.sandbox.authz import Authz
from kbq_tui.sandbox.context import Call, SandboxContext
from kbq_tui.sandbox.resources import Account, Principal
from kbq_tui.sandbox.server import Sandbox
from tests.support.program import ProgramResult

P = "acme-klaviyo-demo"
DATA = Path(kbq_tui.__file__).parent / "cli" / "commands" / "permissions" / "permissions.json"
EVERYTHING = frozenset().union(*roles.ROLES.values()) | set(PERMISSIONS)
Calls = dict[str, set[str]]
"""By method, such as `iam.serviceAccounts.create`: the permissions."""
_APPLY = ("apply", "--yes", "--json")
_SETUP = ("setup", "--json", "--answers")


def program(*arguments: str) -> ProgramResult:
    """Call the program in this process, without a terminal."""
    out, err = io.StringIO(), io.StringIO()
    status: object = None
    with patch.object(sys, "stdin", io.StringIO()), redirect_stdout(out), redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as left:
            status = left.code
        finally:
            stop_log()
    assert isinstance(status, int)
    return ProgramResult(status, out.getvalue(), err.getvalue())


def as_it_is(sandbox: Sandbox, folder: Path) -> tuple[str, ...]:
    """Change nothing; the scenario's key file is the connection's."""
    key = os.environ.get("KBQ_TUI_SANDBOX_KEY")
    return ("--key-file", key) if key else ()


def applied(sandbox: Sandbox, folder: Path) -> tuple[str, ...]:
    """The owner has set up everything."""
    ended = program(*_APPLY)
    assert ended.status == 0, ended.err
    return ()


def without_key(sandbox: Sandbox, folder: Path) -> tuple[str, ...]:
    """The same, and the key does not exist any more, here and at Google."""
    applied(sandbox, folder)
    _account(sandbox).keys.clear()
    for path in (folder / "DATA").rglob("*.json"):
        path.unlink()
    return ()


def key_elsewhere(sandbox: Sandbox, folder: Path) -> tuple[str, ...]:
    """Somebody who set it up elsewhere has the key; here there is none."""
    return ()


def first_key(sandbox: Sandbox, folder: Path) -> tuple[str, ...]:
    """One of the account's keys is named."""
    return (next(iter(_account(sandbox).keys)),)


def answered(sandbox: Sandbox, folder: Path) -> tuple[str, ...]:
    """There is an answers file."""
    path = folder / "answers.toml"
    path.write_text("apply = true\nreport = false\nconnected = true\n")
    return (str(path),)


def klaviyo_has_the_new_key(sandbox: Sandbox, folder: Path) -> tuple[str, ...]:
    """The owner has begun to replace the key, and Klaviyo has called with the new one."""
    options = as_it_is(sandbox, folder)
    ended = program("key", "rotate", "--yes", "--wait", "0", *options)
    assert ended.status == 6, ended.err
    account = _account(sandbox)
    *_, new = account.keys
    at = sandbox.world.clock()
    sandbox.context.key_uses.note(
        SignedCall(
            "bigquery.jobs.query", account.email, new, account.unique_id, P, P, "52.206.71.52", "klaviyo", 200, at
        )
    )
    return options


def old_key_is_disabled(sandbox: Sandbox, folder: Path) -> tuple[str, ...]:
    """The same, and the old key is disabled."""
    options = klaviyo_has_the_new_key(sandbox, folder)
    ended = program("key", "rotate", "--yes", *options)
    assert ended.status == 0, ended.err
    return options


def _account(sandbox: Sandbox) -> Account:
    (account,) = sandbox.world.projects[P].service_accounts.values()
    return account


@dataclass(frozen=True)
class CommandRun:
    """One way to call a command.

    Attributes:
        scenario: the initial world.
        arguments: the command line.
        prepare: what the project's owner does before; returns further arguments.
        status: the exit status of success.
    """

    scenario: str
    arguments: tuple[str, ...]
    prepare: Callable[[Sandbox, Path], tuple[str, ...]] = as_it_is
    status: int = 0


RUNS: Mapping[str, tuple[CommandRun, ...]] = {
    "setup": (
        CommandRun("fresh", _SETUP, answered),
        CommandRun("apis-off", _SETUP, answered),
        CommandRun("partial", ("setup", "--location", "EU", *_SETUP[1:]), answered),
        CommandRun("fine-grained-acls", _SETUP, answered),
    ),
    "plan": (CommandRun("fresh", ("plan", "--json")), CommandRun("fine-grained-acls", ("plan", "--json"))),
    "apply": (
        CommandRun("fresh", _APPLY),
        CommandRun("apis-off", _APPLY),
        CommandRun("partial", (*_APPLY, "--location", "EU")),
        CommandRun("fine-grained-acls", _APPLY),
        CommandRun("existing", _APPLY, key_elsewhere),
    ),
    "verify": (
        CommandRun("existing", ("verify", "--json")),
        CommandRun("row-policies", ("verify", "--json"), applied, 6),
    ),
    "status": (CommandRun("existing", ("status", "--json")), CommandRun("sync-healthy", ("status", "--json"))),
    "key list": (CommandRun("existing", ("key", "list", "--json")),),
    "key create": (CommandRun("fresh", ("key", "create"), without_key),),
    "key delete": (CommandRun("ten-keys", ("key", "delete", "--yes"), first_key),),
    "key rotate": (
        CommandRun("klaviyo-never-changes", ("key", "rotate", "--yes", "--wait", "0"), status=6),
        CommandRun("existing", ("key", "rotate", "--yes", "--grace", "0", "--wait", "0"), klaviyo_has_the_new_key),
        CommandRun("existing", ("key", "rotate", "--yes", "--rollback"), old_key_is_disabled),
    ),
    "teardown": (CommandRun("fresh", ("teardown", "--yes", "--json"), applied),),
    "activity": (CommandRun("sync-healthy", ("activity", "--json")),),
    "source": (CommandRun("source-good", ("source", "--json")),),
    "export": (CommandRun("fresh", ("export", "gcloud")),),
}
LOCAL = (
    "completion",
    "connections",
    "demo",
    "doctor",
    "explain",
    "key mend",
    "key shred",
    "keys",
    "permissions",
    "sandbox",
    "schema",
    "values",
)
"""Commands that call Google for nothing that needs a permission."""


class PermissionRecorder:
    """The permissions that were checked for an operator's calls.

    Args:
        operator: their e-mail.
    """

    def __init__(self, operator: str) -> None:
        self.operator = operator
        self.calls: Calls = defaultdict(set)
        self._here = local()

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Observe each call of the sandboxes in this process, and each decision."""
        run, allowed = SandboxContext.run, Authz.allowed

        def recorded(context: SandboxContext, call: Call, handler: Any) -> Any:
            self._here.call = call
            try:
                answer = run(context, call, handler)
                if call.method.endswith("testIamPermissions") and call.principal.email == self.operator:
                    self.calls[call.method] |= set(answer.get("permissions", ()))
                return answer
            finally:
                if call.principal.email == self.operator:
                    self.calls[call.method] |= set()
                self._here.call = None

        def decided(authz: Authz, principal: Principal, permission: str, resource: Any) -> bool:
            if principal.email == self.operator:
                self.calls[self._here.call.method].add(permission)
            return allowed(authz, principal, permission, resource)

        with patch.object(SandboxContext, "run", recorded), patch.object(Authz, "allowed", decided):
            yield


async def _final(*_: object) -> bool:
    """Nothing needs time to take effect here: a refusal is one."""
    return False


@contextmanager
def machine(run: CommandRun) -> Iterator[tuple[Sandbox, tuple[str, ...]]]:
    """A separate machine and cloud: the sandbox, and the options for it."""
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="kbq-test-") as folder, patch.object(Wait, "again", _final):
        try:
            for name in [n for n in os.environ if n.startswith(("GOOGLE_", "CLOUDSDK_"))]:
                del os.environ[name]
            os.environ |= {f"XDG_{kind}_HOME": f"{folder}/{kind}" for kind in ("CONFIG", "STATE", "DATA")}
            os.environ |= {"HOME": folder, "KBQ_TUI_KEYRING": "off", "NO_GCE_CHECK": "true", "TERM": "xterm"}
            with Sandbox(run.scenario, key_dir=Path(folder)) as sandbox:
                os.environ |= sandbox.env()
                yield sandbox, (*run.arguments, *run.prepare(sandbox, Path(folder)))
        finally:
            os.environ.clear()
            os.environ |= kept


def hold(sandbox: Sandbox, permissions: frozenset[str]) -> None:
    """Give the operator exactly these permissions, on the project."""
    project = sandbox.world.projects[P]
    member = f"serviceAccount:{sandbox.operator}"
    project.roles["operator"] = permissions
    others = [binding for binding in project.policy.bindings if member not in binding["members"]]
    project.policy.bindings = [*others, {"role": f"projects/{P}/roles/operator", "members": [member]}]
    for dataset in project.datasets.values():  # whoever creates one owns it
        dataset.access = [entry for entry in dataset.access if entry.get("userByEmail") != sandbox.operator]
        if not any(entry.get("role") == "OWNER" for entry in dataset.access):
            dataset.access.append({"role": "OWNER", "userByEmail": "owner@acme.example"})


def attempt(run: CommandRun, permissions: frozenset[str]) -> tuple[ProgramResult, Calls]:
    """Call a command as an operator with these permissions, and return what was checked meanwhile."""
    with machine(run) as (sandbox, typed):
        hold(sandbox, permissions)
        recorder = PermissionRecorder(sandbox.operator)
        with recorder.recording():
            ended = program(*typed)
    return ended, {method: asked for method, asked in recorder.calls.items() if not method.startswith("oauth2.")}


def succeeds(ended: ProgramResult, whole: ProgramResult) -> bool:
    """Whether a call succeeded with nothing missing, and reported no other problem."""
    return ended.status == whole.status and ended.codes <= whole.codes


def needs(runs: tuple[CommandRun, ...]) -> dict[str, list[str]]:
    """Return the calls of a command, and the permissions without which it does not succeed."""
    whole = [attempt(run, EVERYTHING) for run in runs]
    for run, (ended, _) in zip(runs, whole, strict=True):
        assert ended.status == run.status, (run, ended)
    asked = [frozenset[str]().union(*calls.values()) for _, calls in whole]
    needed = frozenset[str]().union(*asked)
    for permission in sorted(needed):
        less = needed - {permission}
        concerned = [at for at, found in enumerate(asked) if permission in found]
        if all(succeeds(attempt(runs[at], less)[0], whole[at][0]) for at in concerned):
            needed = less
    return summed_up([calls for _, calls in whole], needed)


def summed_up(found: list[Calls], needed: frozenset[str]) -> dict[str, list[str]]:
    """Return each call with the needed permissions that it requires.

    Permissions that are only tested are listed with the call that tests them.
    """
    calls: Calls = defaultdict(set)
    for one in found:
        for method, asked in one.items():
            calls[method] |= asked & needed
    used = set[str]().union(*(asked for method, asked in calls.items() if not method.endswith("testIamPermissions")))
    return {
        method: sorted(asked - used if method.endswith("testIamPermissions") else asked)
        for method, asked in sorted(calls.items())
    }


def main_(names: list[str]) -> None:
    """Write the file: for the named commands, or for all."""
    known = json.loads(DATA.read_text("utf-8"))
    made = {name: needs(RUNS[name]) if not names or name in names else known[name] for name in RUNS}
    DATA.write_text(json.dumps(made, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main_(sys.argv[1:])

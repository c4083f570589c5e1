"""`kbq-tui demo`: the whole set-up on a sandbox started for it, in separate folders; nothing of the operator's is
used."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import click

from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions, UsageError
from kbq_tui.cli.commands.demo import DemoOptions
from kbq_tui.cli.context import CommandContext, console_of, run_screens, terminal
from kbq_tui.cli.sandbox_extra import need_sandbox
from kbq_tui.i18n.messages import Message, message, translate

READY_WITHIN = 180.0
"""The most seconds that a sandbox may take to start. The slowest scenario takes five of CPU time, and a busy
machine may need ten times as long. Ctrl+C ends the wait."""

_FOREIGN = ("GOOGLE_", "CLOUDSDK_", "KBQ_TUI_", "XDG_CONFIG", "XDG_STATE", "XDG_DATA", "XDG_CACHE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "GRPC_PROXY")


def demo_command(options: DemoOptions) -> int:
    """Set up a connection on a sandbox: on the screens, or without a terminal automatically."""
    need_sandbox()
    output = options.output
    if options.list_:
        return _list(output)
    found = terminal(output)
    screens = found.usable and found.stdout_tty and not output.as_json
    with (
        _folder(options.keep) as folder,
        _env_file() as ready,
        _sandbox(options.scenario, folder, ready) as made,
        _environment(folder, made),
    ):
        logged = replace(output, log_file=output.log_file or str(folder / "demo.log"))
        connection = ConnectionOptions(key_file=made.get("KBQ_TUI_SANDBOX_KEY"))
        with CommandContext.of(logged, connection, screens=screens) as here:
            if screens:
                status = run_screens(here.adapters.services, logged, found, "setup")
            else:
                from kbq_tui.cli.commands.demo.unattended import whole_command

                status = whole_command(here.runner, here.spec(), as_json=output.as_json)
        if options.keep is None:
            console_of(output).say(
                translate(
                    "This was a demo: its project was made up, and the key file goes away now (--keep DIR keeps it)."
                )
            )
    return status


def _list(output: OutputOptions) -> int:
    from kbq_tui.sandbox.scenario import load, names

    console = console_of(output)
    found = {name: load(name).description for name in names()}
    if output.as_json:
        console.json({"schema": "kbq-tui/scenarios/v1", "scenarios": found})
    else:
        for name, description in found.items():
            console.result(f"{name:<24} {translate(description)}")
    return 0


@contextmanager
def _folder(keep: str | None) -> Iterator[Path]:
    if keep is not None:
        folder = Path(keep)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            taken = next(folder.iterdir(), None)
        except OSError as error:
            from kbq_tui.local.os_errors import words_of

            raise _unfit(message("{path}: {why}.", path=keep, why=words_of(error))) from None
        if taken is not None:
            # The sandbox of an earlier demo no longer exists, so its connection and key are useless.
            raise _unfit(
                message(
                    "{path} is not empty: {name} is there. Name a new folder, or an empty one; each demo begins anew.",
                    path=keep,
                    name=taken.name,
                )
            )
        yield folder
        return
    folder = Path(tempfile.mkdtemp(prefix="kbq-tui-demo-"))  # 0700
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unfit(reason: Message) -> UsageError:
    return UsageError(message("Invalid value for '{option}': {reason}", option="--keep", reason=reason))


@contextmanager
def _env_file() -> Iterator[Path]:
    """Yield a path for the sandbox's env file in a private folder, which has nothing of the operator's."""
    with tempfile.TemporaryDirectory(prefix="kbq-tui-demo-") as folder:
        yield Path(folder) / "sandbox.env"


def _open_log(path: Path) -> BinaryIO:
    """Open the sandbox's log, emptied. Raises UsageError if the path is in use by something else."""
    from kbq_tui.local.files import FileKind, open_ours
    from kbq_tui.local.os_errors import words_of

    kind = FileKind(message("a sandbox's log"), lambda data: data.startswith((b"sandbox ", b"kbq-tui sandbox: ")))
    try:
        fd, _ = open_ours(path, kind)
        os.ftruncate(fd, 0)
    except OSError as error:
        reason = message("{path}: {why}.", path=path, why=words_of(error))
        raise _unfit(reason) from None
    return os.fdopen(fd, "wb")


def _cwd_or(folder: Path) -> Path:
    """Return the working directory, or another folder if it no longer exists."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return folder


@contextmanager
def _sandbox(scenario: str, folder: Path, ready: Path) -> Iterator[dict[str, str]]:
    """Run a sandbox as a child process; yields the environment in which it stands for Google.

    It ends when its standard input does, so it never outlives this process, however that ends.
    """
    command = [sys.executable, "-m", "kbq_tui.sandbox", "--exit-with-parent", "--env-file", str(ready)]
    command += ["--key-dir", str(folder)]
    with _open_log(folder / "sandbox.log") as log:
        child = subprocess.Popen(  # noqa: S603  our own interpreter and module, no shell
            [*command, "--scenario", scenario],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=_without_foreign(os.environ),
            cwd=_cwd_or(folder),
            start_new_session=True,  # Ctrl+C is for us; the child must run until we have finished
        )
    try:
        until = time.monotonic() + READY_WITHIN
        while not ready.exists():
            if (status := child.poll()) is not None:
                last = (folder / "sandbox.log").read_text("utf-8", errors="replace").strip()[-500:]
                if status == 2:
                    reason = last.removeprefix("kbq-tui sandbox: ")
                    raise UsageError(
                        message("Invalid value for '{option}': {reason}", option="--scenario", reason=reason)
                    )
                why = last or translate("exit status {status}", status=status)
                raise click.ClickException(translate("The sandbox did not start: {why}", why=why))
            if time.monotonic() > until:
                raise click.ClickException(
                    translate("The sandbox did not start within {limit:.0f} s.", limit=READY_WITHIN)
                )
            time.sleep(0.02)
        yield _read_exports(ready)
    finally:
        if child.stdin is not None:
            child.stdin.close()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _read_exports(path: Path) -> dict[str, str]:
    """Read the shell lines `export NAME='value'`."""
    words = [shlex.split(line) for line in path.read_text("utf-8").splitlines()]
    return {n: v for w in words if len(w) == 2 and w[0] == "export" for n, _, v in [w[1].partition("=")]}


def _without_foreign(env: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the operator's own credentials, settings and proxies."""
    return {k: v for k, v in env.items() if not k.startswith(_FOREIGN) and k.upper() not in _PROXIES}


@contextmanager
def _environment(folder: Path, made: Mapping[str, str]) -> Iterator[None]:
    """Make the sandbox stand for Google in this process, because libraries read the environment themselves."""
    before = dict(os.environ)
    wanted = _without_foreign(before) | dict(made)
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        wanted[f"XDG_{kind}_HOME"] = str(folder / kind.lower())
    wanted["KBQ_TUI_KEYRING"] = "off"
    if clipboard := before.get("KBQ_TUI_CLIPBOARD"):
        wanted["KBQ_TUI_CLIPBOARD"] = clipboard
    wanted.setdefault("CLOUDSDK_CONFIG", str(folder / "gcloud"))
    _replace(wanted)
    try:
        yield
    finally:
        _replace(before)


def _replace(wanted: Mapping[str, str]) -> None:
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    os.environ.update(wanted)

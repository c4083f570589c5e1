"""The whole set-up on a sandbox of our own, in folders of its own: nothing of the operator's is read or written."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from kbq_tui.cli.bootstrap import UsageError
from kbq_tui.i18n.messages import message, translate

READY_WITHIN = 30.0
"""Seconds that a sandbox may take to start before it is given up."""

_NEEDED = ("starlette", "uvicorn", "grpc", "duckdb", "sqlglot", "jwt")
_FOREIGN = ("GOOGLE_", "CLOUDSDK_", "KBQ_TUI_", "XDG_CONFIG", "XDG_STATE", "XDG_DATA", "XDG_CACHE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "GRPC_PROXY")


def need_sandbox() -> None:
    """Say what to install where the sandbox cannot run. Raises: click.ClickException."""
    from importlib.util import find_spec

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise click.ClickException(
            translate(
                "The sandbox needs packages that are not installed ({names}): pip install 'kbq-tui[sandbox]'",
                names=", ".join(missing),
            )
        )


def sandbox_command(*, scenario: str, port: int, env_file: str | None, latency_ms: float | None) -> int:
    """Serve a sandbox until a signal ends it."""
    need_sandbox()
    from kbq_tui.sandbox.__main__ import run

    return run(scenario=scenario, port=port, env_file=Path(env_file) if env_file else None, latency_ms=latency_ms)


def demo_command(scenario: str, options: Mapping[str, Any], *, only_list: bool, keep: str | None) -> int:
    """Set up a connection on a sandbox: on the screens, or without a terminal by itself.

    Args:
        scenario: what there is at the start.
        options: output options as typed.
        only_list: list the scenarios instead.
        keep: a folder in which the files stay; None for one that goes away at the end.
    """
    need_sandbox()
    if only_list:
        return _list(options)
    from kbq_tui.cli.context import console_of, run_screens, terminal

    found = terminal(options)
    screens = found.usable and found.stdout_tty and not options.get("as_json")
    console = console_of(options)
    with (
        _folder(keep) as folder,
        _env_file() as ready,
        _sandbox(scenario, folder, ready) as made,
        _environment(folder, made),
    ):
        from kbq_tui.cli.context import CommandContext

        log = options.get("log_file") or str(folder / "demo.log")
        typed = {**options, "key_file": made.get("KBQ_TUI_SANDBOX_KEY"), "log_file": log, "screens": screens}
        with CommandContext.of(typed) as here:
            status = run_screens(here.place.services, typed, found, "setup") if screens else _by_itself(here, options)
        if keep is None:
            console.say(
                translate(
                    "This was a demo: its project was made up, and the key file goes away now (--keep DIR keeps it)."
                )
            )
    return status


def _by_itself(here: Any, options: Mapping[str, Any]) -> int:
    from kbq_tui.cli.unattended import whole_command

    return whole_command(here.runner, here.spec(), as_json=bool(options.get("as_json")))


def _list(options: Mapping[str, Any]) -> int:
    from kbq_tui.cli.context import console_of
    from kbq_tui.sandbox.scenario import load, names

    console = console_of(options)
    found = {name: load(name).description for name in names()}
    if options.get("as_json"):
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
        except OSError as error:
            from kbq_tui.local.os_errors import words_of

            reason = message("{path}: {why}.", path=keep, why=words_of(error))
            raise UsageError(
                message("Invalid value for '{option}': {reason}", option="--keep", reason=reason)
            ) from None
        yield folder
        return
    folder = Path(tempfile.mkdtemp(prefix="kbq-tui-demo-"))  # 0700
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _env_file() -> Iterator[Path]:
    """Give a name for the sandbox's env file in a private folder, where nothing of the operator's can be."""
    with tempfile.TemporaryDirectory(prefix="kbq-tui-demo-") as folder:
        yield Path(folder) / "sandbox.env"


def _open_log(path: Path) -> BinaryIO:
    """Open the sandbox's log, empty. Raises: UsageError where something else is there."""
    from kbq_tui.local.files import FileKind, open_ours
    from kbq_tui.local.os_errors import words_of

    kind = FileKind(message("a sandbox's log"), lambda data: data.startswith((b"sandbox ", b"kbq-tui sandbox: ")))
    try:
        fd, _ = open_ours(path, kind)
        os.ftruncate(fd, 0)
    except OSError as error:
        reason = message("{path}: {why}.", path=path, why=words_of(error))
        raise UsageError(message("Invalid value for '{option}': {reason}", option="--keep", reason=reason)) from None
    return os.fdopen(fd, "wb")


def _cwd_or(folder: Path) -> Path:
    """Return the working directory, or a folder to work in where it is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return folder


@contextmanager
def _sandbox(scenario: str, folder: Path, ready: Path) -> Iterator[dict[str, str]]:
    """Run a sandbox as a child process; gives the environment in which it is Google.

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
            start_new_session=True,  # Ctrl+C is for us; the child must live until we have finished
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
    """Let this process believe in the sandbox: libraries read the environment themselves."""
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

"""`kbq-tui doctor`: what a bug report needs, without secrets: terminal, credentials, reachability, versions, folders,
log."""

import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from kbq_tui import __version__
from kbq_tui.cli import debug_switches
from kbq_tui.cli.commands.doctor import DoctorOptions
from kbq_tui.cli.console import Console
from kbq_tui.cli.context import CommandContext, terminal
from kbq_tui.engine.daemon_threads import start_daemon
from kbq_tui.gcp import environment
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.i18n import language
from kbq_tui.i18n.messages import N_, Message, as_message, joined, message, render, translate, verbatim
from kbq_tui.local.connection_file import Connections
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.secret import scrub
from kbq_tui.model.text import inert

_REACHABILITY = N_("Reachability")
REACH_SECONDS = 8.0
"""The most seconds that an API may take to answer."""

_PACKAGES = (
    "textual",
    "click",
    "google-auth",
    "google-cloud-bigquery",
    "google-cloud-iam",
    "grpcio",
    "requests",
    "keyring",
    "duckdb",
    "sqlglot",
)
_APIS = ("bigquery", "iam", "iamcredentials", "resourcemanager", "serviceusage", "orgpolicy", "billing")
_VARIABLES = (
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_QUOTA_PROJECT",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_DATA_HOME",
    "KBQ_TUI_KEYRING",
    "KBQ_TUI_CLIPBOARD",
    language.VARIABLE,
)
_SPOKEN = {"en": "English", "de": "Deutsch"}
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line, in English, to be rendered. `ok` is None if there is nothing to judge.

    A name from outside, as of a package or a connection, is a message: it is not translated, even if it is a word of
    ours, as `keyring` is.
    """

    section: str
    name: str | Message
    text: str | Message
    ok: bool | None = None

    def to_json(self) -> dict[str, object]:
        """Return the finding in the form of `doctor --json`, in English."""
        return {"section": self.section, "name": str(self.name), "text": _clean(str(self.text)), "ok": self.ok}


def doctor_command(options: DoctorOptions, here: CommandContext) -> int:
    """Print every finding. Exit status 0, or that of the credentials' problem, or 5 if an API cannot be reached."""
    found = [*_versions(), *_terminal(here), *_language(), *_folders(here), *_environment(os.environ)]
    credentials, status = _credentials(here)
    reached = _reach(here.adapters.endpoints)
    found += [*credentials, *reached]
    status = status or (5 if any(f.ok is False for f in reached) else 0)
    if options.output.as_json:
        here.runner.console.json({"schema": "kbq-tui/doctor/v1", "findings": [f.to_json() for f in found]})
    else:
        _print(found, here.runner.console)
    return status


def _print(found: list[Finding], console: Console) -> None:
    section = ""
    for finding in found:
        if finding.section != section:
            section = finding.section
            console.result(translate(section))
        judged = "" if finding.ok is None else console.mark("pass" if finding.ok else "fail", result=True) + "  "
        # The environment's values are shown as they are: "off" is a value there, not a word to translate.
        text = render(as_message(finding.text))
        name = render(finding.name) if isinstance(finding.name, Message) else translate(finding.name)
        console.result(f"  {name:<34} {judged}{_clean(text)}")


def _clean(text: str) -> str:
    return inert(scrub(text), 300)


def _versions() -> list[Finding]:
    title = N_("Versions")
    out = [
        Finding(title, "kbq-tui", __version__),
        Finding(
            title,
            "Python",
            message(
                "{version} on {system} {machine}",
                version=platform.python_version(),
                system=platform.system(),
                machine=platform.machine(),
            ),
        ),
    ]
    for name in _PACKAGES:
        try:
            out.append(Finding(title, verbatim(name), version(name)))
        except PackageNotFoundError:
            out.append(Finding(title, verbatim(name), message("not installed")))
    return out


def _terminal(here: CommandContext) -> list[Finding]:
    return [Finding(N_("Terminal"), name, text) for name, text in terminal(here.output, here.connection).findings()]


def _language() -> list[Finding]:
    code, source = language.chosen(sys.argv[1:], os.environ)
    because = message("because of {source}", source=source) if source else message("because nothing says otherwise")
    found = [Finding(N_("Language"), N_("spoken"), joined(", ", _SPOKEN[code], because))]
    if tag := language.unheard(os.environ):
        text = message("{tag} is none of {words}, and passed over", tag=tag, words=", ".join(language.LANGUAGES))
        found.append(Finding(N_("Language"), language.VARIABLE, text, False))
    return found


def _folders(here: CommandContext) -> list[Finding]:
    paths = here.adapters.paths
    title = N_("Files")
    named = ((N_("Configuration"), paths.config), (N_("State"), paths.state), (N_("Data"), paths.data))
    out = [Finding(title, name, str(path), _writable(path)) for name, path in named]
    out += _connections(here)
    out.append(Finding(title, N_("Log"), here.adapters.services.log_path))
    return out


def _connections(here: CommandContext) -> list[Finding]:
    """Return the number of connections, and a line for each whose file or journal cannot be used."""
    title, config = N_("Files"), here.connection.config
    connections = Connections(here.adapters.paths.connections, Path(config) if config else None)
    try:
        names = connections.names()
    except ProblemError as error:
        return [Finding(title, N_("Connections"), error.problem.cause, False)]
    out = [Finding(title, N_("Connections"), ", ".join(names) or message("none"))]
    for name in names:
        try:
            connections.read(name)
            here.adapters.services.store.journal(name).changes()
        except ProblemError as error:
            out.append(Finding(title, verbatim(inert(name, 60)), error.problem.cause, False))
    return out


def _writable(path: Path) -> bool:
    """Return whether a folder can be written, or could be created."""
    while not os.path.exists(path) and path != path.parent:  # noqa: PTH110  which raises no PermissionError
        path = path.parent
    return os.access(path, os.W_OK)


def _environment(env: Mapping[str, str]) -> list[Finding]:
    title = N_("Environment")
    out = [Finding(title, name, env[name]) for name in _VARIABLES if env.get(name)]
    out += [Finding(title, name, reason, False) for name, reason in environment.faults(env)]
    for name in environment.UNREAD:
        if env.get(name) and (reason := environment.certificates_fault(env[name])):
            text = message("{reason} Other programs need it, this one does not.", reason=reason)
            out.append(Finding(title, name, text, False))
    if taken := debug_switches.taken_out():
        text = message("{names}: they would have libraries write down keys and tokens", names=", ".join(taken))
        out.append(Finding(title, N_("taken out"), text))
    # A proxy's address may contain a password.
    return out + [Finding(title, n, _without_password(env[n])) for n in _PROXIES if env.get(n)]


def _without_password(address: str) -> str:
    return address.rpartition("@")[2] if "@" in address else address


def _credentials(here: CommandContext) -> tuple[list[Finding], int]:
    title = N_("Credentials")
    out: list[Finding] = []
    for key in ("project", "credentials", "impersonate", "quota_project"):
        if (setting := here.adapters.settings.get(key)) is not None:
            out.append(
                Finding(title, key, message("{value} (from {source})", value=setting.value, source=setting.source))
            )

    async def signed_in() -> Message:
        cloud = await here.adapters.services.sign_in()
        try:
            who = await cloud.identity()
            await cloud.authenticate()
        finally:
            await cloud.close()
        return joined(" ", who.principal or message("somebody"), joined("", "(", who.source, ")"))

    signed = N_("signed in")
    try:
        out.append(Finding(title, signed, here.loop.run(signed_in()), True))
    except ProblemError as error:
        problem = error.problem
        why = message("no: {title} [{code}]. {cause}", title=problem.title, code=problem.code, cause=problem.cause)
        out.append(Finding(title, signed, why, False))
        return out, problem.exit_code
    return out, 0


def _reach(endpoints: Endpoints) -> list[Finding]:
    """Send each API a request without credentials: any answer shows that it can be reached."""
    out: list[Finding | None] = [None] * len(_APIS)

    def ask(number: int, name: str) -> None:
        url = getattr(endpoints, name)
        out[number] = _answer(name, url, time.monotonic)
        answered.release()

    answered = threading.Semaphore(0)
    for number, name in enumerate(_APIS):
        start_daemon(partial(ask, number, name), "reach")
    until = time.monotonic() + REACH_SECONDS + 2
    for _ in _APIS:
        answered.acquire(timeout=max(0.0, until - time.monotonic()))
    late = message("no answer in time")
    return [f or Finding(_REACHABILITY, n, late, False) for f, n in zip(out, _APIS, strict=True)]


def _answer(name: str, url: str, now: Callable[[], float]) -> Finding:
    import requests

    host = urlsplit(url).netloc.rpartition("@")[2]
    began = now()
    try:
        # "auth" prevents requests from looking for a password in ~/.netrc.
        answer = requests.get(
            url, timeout=REACH_SECONDS, allow_redirects=False, stream=True, auth=lambda request: request
        )
        answer.close()
    except requests.RequestException as error:
        return Finding(_REACHABILITY, name, f"{host}: {type(error).__name__}", False)
    if 300 <= answer.status_code < 400:
        text = message(
            "{host}: HTTP {status}, a redirect: a login page of the network's", host=host, status=answer.status_code
        )
        return Finding(_REACHABILITY, name, text, False)
    text = message(
        "{host}: HTTP {status} in {seconds:.2f} s", host=host, status=answer.status_code, seconds=now() - began
    )
    return Finding(_REACHABILITY, name, text, True)

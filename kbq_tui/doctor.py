"""What a bug report needs, and no secret: terminal, credentials, reachability, versions, folders, log."""

import os
import platform
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from kbq_tui import __version__
from kbq_tui.at_work import AtWork, terminal
from kbq_tui.core.problems import ProblemError
from kbq_tui.core.secret import scrub
from kbq_tui.core.text import inert
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.headless.paper import Paper

REACH_SECONDS = 8.0
"""How long an API may take to answer."""

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
)
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `ok` is None where there is nothing to judge."""

    section: str
    name: str
    text: str
    ok: bool | None = None

    def to_json(self) -> dict[str, object]:
        return {"section": self.section, "name": self.name, "text": self.text, "ok": self.ok}


def doctor_command(here: AtWork, *, as_json: bool) -> int:
    """Print every finding. Exit status 0, or that of the credentials' problem, or 5 where an API cannot be reached."""
    found = [*_versions(), *_terminal(here), *_folders(here), *_environment(os.environ)]
    credentials, status = _credentials(here)
    reached = _reach(here.place.endpoints)
    found += [*credentials, *reached]
    status = status or (5 if any(f.ok is False for f in reached) else 0)
    found = [Finding(f.section, f.name, inert(scrub(f.text), 300), f.ok) for f in found]
    if as_json:
        here.face.paper.json({"schema": "kbq-tui/doctor/v1", "findings": [f.to_json() for f in found]})
    else:
        _print(found, here.face.paper)
    return status


def _print(found: list[Finding], paper: Paper) -> None:
    section = ""
    for finding in found:
        if finding.section != section:
            section = finding.section
            paper.result(section)
        mark = "" if finding.ok is None else paper.mark("pass" if finding.ok else "fail", result=True) + "  "
        paper.result(f"  {finding.name:<34} {mark}{finding.text}")


def _versions() -> list[Finding]:
    out = [
        Finding("Versions", "kbq-tui", __version__),
        Finding("Versions", "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
    ]
    for name in _PACKAGES:
        try:
            out.append(Finding("Versions", name, version(name)))
        except PackageNotFoundError:
            out.append(Finding("Versions", name, "not installed"))
    return out


def _terminal(here: AtWork) -> list[Finding]:
    lines = [line.partition(": ") for line in terminal(here.options).lines()]
    return [Finding("Terminal", name, text) for name, _, text in lines]


def _folders(here: AtWork) -> list[Finding]:
    paths = here.place.paths
    named = (("Configuration", paths.config), ("State", paths.state), ("Data", paths.data))
    out = [Finding("Files", name, str(path), _writable(path)) for name, path in named]
    names = here.place.desk.store.names()
    out.append(Finding("Files", "Connections", ", ".join(names) or "none"))
    out.append(Finding("Files", "Log", here.place.desk.log_path))
    return out


def _writable(path: Path) -> bool:
    """Return whether a folder can be written, or could be made."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return os.access(path, os.W_OK)


def _environment(env: Mapping[str, str]) -> list[Finding]:
    out = [Finding("Environment", name, env[name]) for name in _VARIABLES if env.get(name)]
    # A proxy's address may hold a password.
    return out + [Finding("Environment", n, _without_password(env[n])) for n in _PROXIES if env.get(n)]


def _without_password(address: str) -> str:
    return address.rpartition("@")[2] if "@" in address else address


def _credentials(here: AtWork) -> tuple[list[Finding], int]:
    title = "Credentials"
    out: list[Finding] = []
    for key in ("project", "credentials", "impersonate", "quota_project"):
        if (believed := here.place.beliefs.get(key)) is not None:
            out.append(Finding(title, key, f"{believed.value} (from {believed.source})"))

    async def signed_in() -> str:
        cloud = await here.place.desk.sign_in()
        try:
            who = await cloud.identity()
            await cloud.authenticate()
        finally:
            await cloud.close()
        return f"{who.principal or 'somebody'} ({who.source})"

    try:
        out.append(Finding(title, "signed in", here.loop.run(signed_in()), True))
    except ProblemError as error:
        problem = error.problem
        out.append(Finding(title, "signed in", f"no: {problem.title} [{problem.code}]. {problem.cause}", False))
        return out, problem.exit_code
    return out, 0


def _reach(endpoints: Endpoints) -> list[Finding]:
    """Ask each API for anything, without credentials: whatever it answers, it can be reached."""
    out: list[Finding | None] = [None] * len(_APIS)

    def ask(number: int, name: str) -> None:
        url = getattr(endpoints, name)
        out[number] = _answer(name, url, time.monotonic)

    threads = [threading.Thread(target=ask, args=(n, name), daemon=True) for n, name in enumerate(_APIS)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + REACH_SECONDS + 2
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = "no answer in time"
    return [f or Finding("Reachability", n, late, False) for f, n in zip(out, _APIS, strict=True)]


def _answer(name: str, url: str, now: Callable[[], float]) -> Finding:
    import requests

    host = urlsplit(url).netloc.rpartition("@")[2]
    began = now()
    try:
        # "auth" keeps requests from looking for a password in ~/.netrc.
        answer = requests.get(
            url, timeout=REACH_SECONDS, allow_redirects=False, stream=True, auth=lambda request: request
        )
        answer.close()
    except requests.RequestException as error:
        return Finding("Reachability", name, f"{host}: {type(error).__name__}", False)
    return Finding("Reachability", name, f"{host}: HTTP {answer.status_code} in {now() - began:.2f} s", True)

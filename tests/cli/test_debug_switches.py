"""Environment variables that make libraries log their data have no effect here."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from kbq_tui.cli import debug_switches
from tests.support.outputs import output
from tests.support.polling import PATIENCE

# How a library reads a variable by a literal name, itself or through a helper such as Textual's `_get_environ_bool`.
ASKED = re.compile(
    r"""(?:environ(?:ment)?(?:\.get|\.pop|\.setdefault)?|getenv|get_environ\w*)\s*[\(\[]\s*["'](?P<name>\w+)["']"""
)
# How it may assign a name before reading it.
NAMED = re.compile(r"""["'](?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|SSLKEYLOGFILE)["']""")
# How gRPC's core reads one.
IN_BINARY = re.compile(rb"(?<![A-Z0-9_])(?P<name>GRPC_[A-Z0-9_]{3,60}|SSLKEYLOGFILE)(?![A-Z0-9_])")
SUSPECT = re.compile(
    r"DEBUG|TRACE|TRACING|LOG|VERBOS|DUMP|RECORD|PROFIL|SCREENSHOT|DEVTOOLS|CAPTURE|_PRESS$|_SHOW_|EXPORTER"
)

HARMLESS = {
    "ALLUSERSPROFILE": "a folder of Windows",
    "CURLOPT_VERBOSE": "a word that a lexer of Pygments knows",
    "DEFAULT_TRACE_OPTIONS": "a constant of OpenTelemetry's",
    "DEFAULT_TRACE_STATE": "a constant of OpenTelemetry's",
    "INCORRECT_CONF_FOR_PROFILE": "a name in DuckDB's Spark interface",
    "INVALID_TRACE_ID": "a constant of OpenTelemetry's",
    "MISSING_LIBRARY_FOR_PROFILER": "a name in DuckDB's Spark interface",
    "OTEL_METRICS_EXPORTER": "read by OpenTelemetry's SDK, which does not come with us",
    "OTEL_LOGS_EXPORTER": "read by OpenTelemetry's SDK, which does not come with us",
    "OTEL_TRACES_EXPORTER": "read by OpenTelemetry's SDK, which does not come with us",
    "TEST_SHOW_ALL": "a word that a lexer of Pygments knows",
    "TEST_SHOW_FAILED": "a word that a lexer of Pygments knows",
    "VSCODE_VERBOSE_LOGGING": "an example in a docstring of Rich's",
    "GRPC_CHANNELZ_CALL_TRACER": "an experiment that counts calls",
    "GRPC_EXPERIMENTAL_XDS_RBAC_AUDIT_LOGGING": "servers with xDS only",
    "GRPC_THREAD_POOL_VERBOSE_FAILURES": "stack traces of gRPC's own threads, without values",
}
"""Names that look like such a variable, and why they are not."""


def installed() -> Iterator[str]:
    """The names of the packages that kbq-tui and its sandbox need, and of their dependencies."""
    todo, seen = ["kbq-tui"], set[str]()
    while todo:
        name = todo.pop()
        for wanted in distribution(name).requires or ():
            found = re.match(r"[\w.-]+", wanted)
            assert found is not None
            extra = re.search(r"extra\s*==\s*['\"](\w+)['\"]", wanted)
            other = found[0].lower().replace("_", "-")
            if other in seen or (extra and not (name == "kbq-tui" and extra[1] == "sandbox")):
                continue
            seen.add(other)
            try:
                distribution(other)
            except PackageNotFoundError:  # for another system
                continue
            todo.append(other)
            yield other


def switches() -> dict[str, str]:
    """Names that look like a debugging variable, with a file that has it."""
    found: dict[str, str] = {}
    for name in installed():
        for file in distribution(name).files or ():
            path = Path(str(file.locate()))
            if path.suffix == ".py":
                text = path.read_text(encoding="utf-8", errors="replace")
                if "environ" not in text and "getenv" not in text:
                    continue
                names = {m["name"] for pattern in (ASKED, NAMED) for m in pattern.finditer(text)}
            elif path.suffix == ".so":
                names = {m["name"].decode() for m in IN_BINARY.finditer(path.read_bytes())}
            else:
                continue
            found.update((n, f"{name}: {path.name}") for n in names if SUSPECT.search(n))
    return found


def test_every_switch_of_the_installed_libraries_is_known() -> None:
    """A new one has to be looked up: it goes into `debug_switches.TAKEN_OUT`, or into `HARMLESS` with the reason."""
    found = switches()
    unknown = {n: where for n, where in found.items() if n not in debug_switches.TAKEN_OUT and n not in HARMLESS}
    assert unknown == {}
    assert {"TEXTUAL_LOG", "TEXTUAL_SCREENSHOT", "SSLKEYLOGFILE", "GOOGLE_SDK_PYTHON_LOGGING_SCOPE"} <= set(found)
    assert {"GRPC_TRACE", "GRPC_VERBOSITY"} <= set(found)


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    closed = "http://127.0.0.1:9/"
    apis = ("BIGQUERY", "IAM", "IAMCREDENTIALS", "CLOUDRESOURCEMANAGER", "SERVICEUSAGE", "ORGPOLICY", "CLOUDBILLING",
            "LOGGING", "MONITORING", "POLICYANALYZER")  # fmt: skip
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "KBQ_TUI_KEYRING": "off",
        "NO_GCE_CHECK": "true",
        **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": closed for api in apis},
        **more,
    }


def test_they_are_gone_before_anything_is_read_in(tmp_path: Path) -> None:
    code = """
import sys
sys.argv = ["kbq-tui", "--version"]
from kbq_tui.cli import debug_switches, process as ending, main as entry; from kbq_tui.i18n import language
def look(*_, **__):
    import os
    heavy = {"textual", "ssl", "urllib3", "google", "grpc", "asyncio"} & set(sys.modules)
    print(sorted(heavy), sorted(set(debug_switches.TAKEN_OUT) & set(os.environ)), len(debug_switches.taken_out()))
    sys.stdout.flush()
    os._exit(0)
language.speak = look
entry.run()
"""
    env = environment(tmp_path, **dict.fromkeys(debug_switches.TAKEN_OUT, "1"))
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout.strip() == f"[] [] {len(debug_switches.TAKEN_OUT)}", done.stderr


def test_doctor_names_those_that_were_set(tmp_path: Path) -> None:
    log, secrets = tmp_path / "textual.log", tmp_path / "tls.log"
    env = environment(tmp_path, TEXTUAL_LOG=str(log), SSLKEYLOGFILE=str(secrets), GRPC_TRACE="")
    done = subprocess.run(
        [sys.executable, "-m", "kbq_tui", "doctor", "--json"],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    findings = output(done.stdout)["findings"]
    taken = [f for f in findings if f["name"] == "taken out"]
    assert [f["text"].partition(":")[0] for f in taken] == ["TEXTUAL_LOG, SSLKEYLOGFILE"]
    assert not log.exists()
    assert not secrets.exists()


def test_nothing_is_said_where_none_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debug_switches, "_found", [])
    env = {"TEXTUAL_THEME": "nord", "GRPC_TRACE": ""}
    debug_switches.take_out(env)
    assert debug_switches.taken_out() == ()
    assert env == {"TEXTUAL_THEME": "nord"}

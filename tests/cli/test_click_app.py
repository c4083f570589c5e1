"""Options, usage errors, exit statuses, how the program ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import kbq_tui
from tests.support import canary
from tests.support.files import differences, snapshot
from tests.support.outputs import output
from tests.support.polling import PATIENCE


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GOOGLE_", "CLOUDSDK_", "KBQ_TUI_"))}
    folders = {f"XDG_{k}_HOME": str(tmp_path / k.lower()) for k in ("CONFIG", "STATE", "DATA")}
    own = {"HOME": str(tmp_path), "KBQ_TUI_KEYRING": "off", "NO_GCE_CHECK": "true", "TERM": "xterm"}
    return kept | folders | own


def run(env: dict[str, str], *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kbq_tui", *arguments],
        env=env,
        cwd=env["HOME"],
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


NOWHERE = {
    f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": "http://127.0.0.1:9/"
    for api in (
        "BIGQUERY",
        "IAM",
        "IAMCREDENTIALS",
        "CLOUDRESOURCEMANAGER",
        "SERVICEUSAGE",
        "ORGPOLICY",
        "CLOUDBILLING",
        "LOGGING",
        "MONITORING",
        "POLICYANALYZER",
    )
}
"""A port on which nothing listens, for a command that would call Google."""

GOOD = ("--project", "acme-klaviyo-demo")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("plan", "--project", "123456789"), "--project"),
        (("plan", "--project", "My Project"), "--project"),
        (("plan", *GOOD, "--location", "moon"), "--location"),
        (("plan", *GOOD, "--direction", "up"), "--direction"),
        (("plan", *GOOD, "--import-dataset", "a-b"), "--import-dataset"),
        (("plan", *GOOD, "--staging-dataset", "a b"), "--staging-dataset"),
        (("plan", *GOOD, "--export-dataset", "a.b"), "--export-dataset"),
        (("plan", *GOOD, "--staging-dataset", "KLAVIYO_IMPORT_FROM_DWH"), "--staging-dataset"),
        (("plan", *GOOD, "--service-account", "KLAVIYO_DATA_TRANSFER_USER"), "--service-account"),
        (("plan", *GOOD, "--service-account", "klaviyo@other-project.iam.gserviceaccount.com"), "--service-account"),
        (("plan", *GOOD, "--credentials", "missing.json"), "--credentials"),
        (("plan", *GOOD, "--quota-project", "my pröject"), "--quota-project"),
        (("plan", *GOOD, "--quota-project", " "), "--quota-project"),
        (("plan", *GOOD, "--impersonate", "x/../y?z#"), "--impersonate"),
        (("plan", *GOOD, "--impersonate", "ü@x"), "--impersonate"),
        (("plan", *GOOD, "--impersonate", "a@b.c\nX-Header: y"), "--impersonate"),
        (("plan", *GOOD, "--timeout", "0"), "--timeout"),
        (("plan", "bad/name"), "NAME"),
        (("plan",), "--project"),
        (("apply", *GOOD), "--yes"),
        (("apply", *GOOD, "--json"), "--yes"),
        (("verify", *GOOD, "--report", "x.pdf"), "--report"),
        (("status", "nothere"), "nothere"),
        (("key", "delete", "abc", *GOOD), "--yes"),
        (("key", "delete", "", *GOOD, "--yes"), "KEY_ID"),
        (("key", "delete", " ", *GOOD, "--yes"), "KEY_ID"),
        (("key", "shred", *GOOD), "--yes"),
        (("export", "cobol"), "gcloud|sql|terraform"),
        (("setup", *GOOD), "--plain"),
        ((), "--plain"),
        (("demo", "--scenario", "nothere"), "--scenario"),
        (("demo", "--keep", "/proc/nothere"), "--keep"),
        (("sandbox", "--port", "99999"), "--port"),
        (("explain",), "text"),
        (("nonsense",), "nonsense"),
    ],
)
def test_what_cannot_be_right_exits_with_2_names_itself_and_prints_no_result(env, arguments, named):
    ended = run(env, *arguments)
    assert ended.returncode == 2, ended.stderr
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_a_line_of_a_key_that_begins_as_a_path_does_is_refused(env):
    line = "/" + "aZ9" * 21
    for arguments in (("plan", "--key-file", line), ("sandbox", f"--scenario={line}")):
        ended = run(env, *arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "looks like a secret" in ended.stderr
        assert line not in ended.stderr


@pytest.mark.parametrize("value", ["\u00fc", " ", "a\nb", "\udcff", "x" * 10_000])
def test_a_quota_project_that_cannot_be_one_names_its_variable(env, value: str):
    """Google's clients put it into a header, and the resulting failure looks like one of Google's."""
    ended = run(env | {"GOOGLE_CLOUD_QUOTA_PROJECT": value}, "plan", *GOOD)
    assert ended.returncode == 2, ended.stderr
    assert "GOOGLE_CLOUD_QUOTA_PROJECT" in ended.stderr


@pytest.mark.parametrize("arguments", [("status",), ("status", "--all"), ("status", "--json")])
def test_nothing_set_up_is_said_with_its_status(env, arguments):
    ended = run(env, *arguments)
    assert (ended.returncode, ended.stdout) == (6, "")
    assert "There is no connection yet: kbq-tui setup" in ended.stderr


def test_a_wrong_environment_is_named(env):
    ended = run(env | {"GOOGLE_CLOUD_PROJECT": "My Project"}, "plan")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "GOOGLE_CLOUD_PROJECT" in ended.stderr


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("KBQ_TUI_CLIPBOARD", "auto, osc52, tmux, native, off"),
        ("KBQ_TUI_KEYRING", "on, off, 0, no, false, 1, yes, true"),
    ],
)
def test_a_variable_that_takes_one_of_a_few_words_is_named_with_them(env, variable: str, words: str):
    from kbq_tui.cli.bootstrap import build
    from kbq_tui.cli.command_options import CliOptions, UsageError

    with pytest.raises(UsageError) as caught:
        build(CliOptions(), env | {variable: "sometimes"})
    assert str(caught.value) == f"Invalid value from {variable}: it takes {words}."
    for word in ("", " OFF "):
        build(CliOptions(), env | {variable: word})


def test_plain_http_to_another_machine_is_refused(env):
    wrong = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_BIGQUERY": "http://bigquery.example.com/"}
    ended = run(env | wrong, "plan", *GOOD)
    assert ended.returncode == 2
    assert "CLOUDSDK_API_ENDPOINT_OVERRIDES_BIGQUERY" in ended.stderr


def test_a_wrong_clipboard_is_bad_input(env):
    ended = run(env | {"KBQ_TUI_CLIPBOARD": "always"}, "plan", *GOOD)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "KBQ_TUI_CLIPBOARD" in ended.stderr


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('colour = "red"', "colour"),
        ('direction = "sideways"', "direction"),
        ('location = "US', "syntax"),
        ("import_dataset = 7", "import_dataset"),
    ],
)
def test_a_mistake_in_a_connection_file_is_bad_input_and_named_with_its_line(
    env, tmp_path: Path, line: str, named: str
):
    file = tmp_path / "mine.toml"
    file.write_text(f'project = "acme-klaviyo-demo"\n{line}\n')
    ended = run(env, "plan", "--config", str(file))
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: ")
    assert f"line 2, {named}" in ended.stderr
    assert ended.stdout == ""


def test_typed_beats_environment_beats_file(env, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from kbq_tui.cli.bootstrap import build
    from kbq_tui.cli.command_options import CliOptions

    file = tmp_path / "mine.toml"
    file.write_text('project = "from-the-file"\nlocation = "EU"\n')
    environment = env | {"GOOGLE_CLOUD_PROJECT": "from-environment", "CLOUDSDK_CORE_PROJECT": "from-gcloud"}

    def project(environment: dict[str, str], config: Path | None, **typed: str) -> str:
        return build(CliOptions(values=typed, config=config), environment).spec().project

    assert project(environment, file, project="from-options") == "from-options"
    assert project(environment, file) == "from-environment"
    del environment["GOOGLE_CLOUD_PROJECT"]
    assert project(environment, file) == "from-the-file"
    assert project(environment, None) == "from-gcloud"
    assert build(CliOptions(config=file), environment).spec().location == "EU"


def test_version_and_help(env):
    assert run(env, "--version").stdout == f"kbq-tui {kbq_tui.__version__}\n"
    shown = run(env, "--help").stdout
    for command in [
        "setup",
        "plan",
        "apply",
        "verify",
        "status",
        "demo",
        "sandbox",
        "key",
        "export",
        "explain",
        "doctor",
        "completion",
    ]:
        assert f"  {command}" in shown


def test_version_imports_nothing_heavy(env):
    code = (
        "import sys\n"
        "from kbq_tui.cli.click_app import main\n"
        "try:\n    main(['--version'])\nexcept SystemExit:\n    pass\n"
        "heavy = ('google', 'textual', 'grpc', 'requests', 'tomlkit', 'keyring', 'asyncio', 'duckdb',"
        " 'kbq_tui.model.spec', 'kbq_tui.engine')\n"
        "print([m for m in heavy if m in sys.modules])\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.stdout.splitlines()[-1] == "[]"


_BASH = """\
eval "$(cat)"
COMP_WORDS=(kbq-tui $1); COMP_CWORD=${#COMP_WORDS[@]}; COMP_WORDS+=("$2")
_kbq_tui_completion kbq-tui
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(("shell", "register"), [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete --")])
def test_completion_is_printed_and_completes(env, shell: str, register: str):
    script = run(env, "completion", shell).stdout
    assert f"_KBQ_TUI_COMPLETE={shell}_complete" in script
    assert register in script
    # each shell's script passes the typed words in its own way; fish passes the word alone
    word = "ver" if shell == "fish" else "1"
    asked = {"_KBQ_TUI_COMPLETE": f"{shell}_complete", "COMP_WORDS": "kbq-tui ver", "COMP_CWORD": word}
    assert "verify" in run(env | asked).stdout


@pytest.mark.parametrize(
    ("before", "word", "offered"),
    [("", "ver", {"verify"}), ("plan", "--dir", {"--direction"}), ("export", "", {"gcloud", "sql", "terraform"})],
)
def test_bash_completes_with_what_is_printed(env, tmp_path: Path, before: str, word: str, offered: set[str]):
    program = tmp_path / "kbq-tui"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kbq_tui "$@"\n')
    program.chmod(0o755)
    ended = subprocess.run(
        ["bash", "--norc", "-c", _BASH, "bash", before, word],
        env=env | {"PATH": f"{tmp_path}{os.pathsep}{env['PATH']}"},
        input=run(env, "completion", "bash").stdout,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert set(ended.stdout.split()) == offered, ended.stderr


def test_an_error_is_explained_as_json(env):
    text = "Access Denied: Project p: User does not have bigquery.jobs.create permission in project acme-klaviyo-demo."

    body = output(run(env, "explain", text, "--json").stdout)
    assert body["schema"] == "kbq-tui/explain/v1"
    assert body["code"].startswith("KBQ-")
    assert body["remedy"]
    unknown = output(run(env, "explain", "-", "--json", typed="what a strange day").stdout)
    assert unknown["code"] is None


@pytest.mark.filterwarnings("ignore")
def test_an_unexpected_error_is_one_message_with_the_log_and_no_traceback(env, tmp_path: Path):
    code = (
        "import kbq_tui.cli.bootstrap, kbq_tui.cli.click_app\n"
        "def broken(*a, **k):\n    secret = 'ya29.' + 'a' * 40\n    raise RuntimeError('boom ' + secret)\n"
        "kbq_tui.cli.bootstrap.read_gcloud = broken\n"
        "kbq_tui.cli.click_app.main(['plan', '--project', 'acme-klaviyo-demo'])\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "boom" not in ended.stderr
    log = tmp_path / "state/kbq-tui/kbq-tui.log"
    assert str(log) in ended.stderr
    assert "boom [secret]" in log.read_text()
    assert "ya29" not in log.read_text()


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)],
    ids=["int", "term", "hup", "quit"],
)
def test_a_signal_ends_a_hanging_call_long_before_its_deadline_with_its_status(env, number: int, status: int):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, never answers
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        names = ("BIGQUERY", "IAM", "CLOUDRESOURCEMANAGER", "SERVICEUSAGE", "ORGPOLICY", "CLOUDBILLING")
        hanging = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{n}": address for n in names}
        key = Path(env["HOME"]) / "key.json"
        key.write_text(operator_key(address))
        child = subprocess.Popen(
            [sys.executable, "-m", "kbq_tui", "plan", *GOOD, "--credentials", str(key), "--timeout", "3600"],
            env=env | hanging | {"CLOUDSDK_AUTH_TOKEN_HOST": address + "/token"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        silent.settimeout(PATIENCE)
        connection, _ = silent.accept()  # the call has begun
        child.send_signal(number)
        out, err = child.communicate(timeout=PATIENCE)
        connection.close()
    assert child.returncode == status, err
    assert out == b""
    assert b"Traceback" not in err


def operator_key(address: str) -> str:

    return json.dumps(
        {
            "type": "service_account",
            "project_id": "ops-project",
            "private_key_id": "a" * 40,
            "private_key": canary.pem(),
            "client_email": "operator@ops-project.iam.gserviceaccount.com",
            "token_uri": address + "/token",
        }
    )


def test_a_reader_that_goes_away_is_no_drama(env):
    command = f"{sys.executable} -m kbq_tui doctor --json | true"
    ended = subprocess.run(["sh", "-c", command], env=env | NOWHERE, capture_output=True, text=True, timeout=PATIENCE)
    assert "Traceback" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr


def test_the_demo_without_a_terminal_runs_to_the_summary_and_leaves_nothing(env, tmp_path: Path):
    ended = run(
        env | {"TMPDIR": str(tmp_path), "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "missing.json")}, "demo"
    )
    assert ended.returncode == 0, ended.stderr
    assert "Project ID                  acme-klaviyo-demo" in ended.stdout
    assert "Dataset                     KLAVIYO_IMPORT_FROM_DWH" in ended.stdout
    assert "goes away" in ended.stderr
    assert [p.name for p in tmp_path.iterdir()] == []  # no folder, no connection, no log of ours is left


def test_the_demo_keeps_its_files_in_a_new_or_an_empty_folder_only(env, tmp_path: Path):
    kept = tmp_path / "kept"
    assert run(env, "demo", "--keep", str(kept)).returncode == 0
    before = snapshot(kept)
    again = run(env, "demo", "--keep", str(kept))
    assert again.returncode == 2
    assert "--keep" in again.stderr
    assert "is not empty" in again.stderr
    assert differences(before, snapshot(kept)) == []
    foreign = tmp_path / "foreign"
    file = foreign / "config/kbq-tui/connections/default.toml"
    file.parent.mkdir(parents=True)
    file.write_text('project = "acme-production"\n')
    before = snapshot(foreign)
    ended = run(env, "demo", "--keep", str(foreign))
    assert ended.returncode == 2
    assert f"{foreign} is not empty: config is there" in ended.stderr
    assert differences(before, snapshot(foreign)) == []


def test_the_demo_can_keep_its_files_and_speak_json(env, tmp_path: Path):

    ended = run(env, "demo", "--json", "--keep", str(tmp_path / "kept"), "--scenario", "partial")
    assert ended.returncode == 0, ended.stderr
    body = output(ended.stdout)
    assert (body["schema"], body["location"]) == ("kbq-tui/summary/v1", "EU")
    assert Path(body["key_path"]).is_relative_to(tmp_path / "kept")
    assert Path(body["key_path"]).exists()


def test_the_demo_writes_its_log_where_it_was_told(env, tmp_path: Path):
    log = tmp_path / "mine.log"
    assert run(env, "-v", "demo", "--log-file", str(log)).returncode == 0
    told = log.read_text()
    assert "DEBUG" in told  # because -v was given before the command
    assert "account finished: Service account klaviyo-data-transfer-user@" in told
    assert "query.run pass: SELECT 1 answered 1" in told


def test_the_demo_on_a_blocked_key_exits_with_its_status(env):
    ended = run(env, "demo", "--scenario", "key-creation-blocked")
    assert ended.returncode == 4
    assert "iam.disableServiceAccountKeyCreation" in ended.stderr
    assert ended.stdout == ""


def test_the_demo_lists_its_scenarios(env):
    shown = run(env, "demo", "--list").stdout
    assert {"fresh", "existing", "partial", "no-permission"} <= {line.split()[0] for line in shown.splitlines()}


def test_what_the_screens_look_like_may_be_typed_before_a_command_and_alone(env):
    for arguments in (("--ascii", "doctor", "--json"), ("doctor", "--ascii", "--json")):
        findings = output(run(env | NOWHERE, *arguments).stdout)["findings"]
        assert [f["text"] for f in findings if f["name"] == "Glyphs"] == ["ASCII"]
    for command in ((), ("setup",), ("status",), ("demo",)):
        told = run(env, *command, "--help").stdout
        for option in ("--mono", "--no-color", "--ascii", "--log-file", "--verbose"):
            assert option in told
        assert ("--mouse" in told) == (command != ("status",)), "only where there is a screen"

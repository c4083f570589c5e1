"""The catalogue: codes are stable, every entry says what to do, and no field is left unfilled."""

import re
import shlex
import subprocess
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbq_tui.diagnosis import catalogue, entries
from kbq_tui.diagnosis.all_entries import CODES, ENTRIES
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import placeholder
from kbq_tui.model.problem import Context, Kind, Retry
from kbq_tui.model.refs import DatasetRef, ProjectRef, TableRef
from kbq_tui.model.spec import ACCOUNT_DISPLAY_NAME, ConnectionSpec
from kbq_tui.planning.diff_problems import named
from kbq_tui.shell import commands as cmd
from tests.support.codes import made_up

P = "acme-prod-123"
A = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
FULL = Context(P, A, "KLAVIYO_TMP", "EU", "jo@example.com")

# People search for these and scripts test them: a code may be added, never renamed or given another meaning.
GOLDEN = [
    "KBQ-ACCESS-ENTRY",
    "KBQ-ACCESS-LIST-DENIED",
    "KBQ-ACCESS-UNREAD",
    "KBQ-ACCOUNT-CREATION-BLOCKED",
    "KBQ-ACCOUNT-DISABLED",
    "KBQ-ACCOUNT-GONE",
    "KBQ-ACCOUNT-ID-INVALID",
    "KBQ-ACCOUNT-NOT-VISIBLE",
    "KBQ-ALREADY-EXISTS",
    "KBQ-API-DISABLED",
    "KBQ-BILLING-OFF",
    "KBQ-CAPTIVE-PORTAL",
    "KBQ-CLOCK-SKEW",
    "KBQ-CLOCK-UNUSABLE",
    "KBQ-CMEK-KEY",
    "KBQ-CMEK-KEY-OFF",
    "KBQ-CMEK-REQUIRED",
    "KBQ-COLUMNS-DUPLICATE",
    "KBQ-CONCURRENT-CHANGE",
    "KBQ-CONDITIONAL-GRANT",
    "KBQ-CONFIG-INVALID",
    "KBQ-CONFIG-UNREADABLE",
    "KBQ-CONNECTION-LOST",
    "KBQ-CONNECTION-REFUSED",
    "KBQ-CREDENTIALS-FILE",
    "KBQ-CREDENTIALS-KIND",
    "KBQ-DATA-CONNECTION-DENIED",
    "KBQ-DATA-CONNECTION-MISSING",
    "KBQ-DATA-CONVERSION",
    "KBQ-DATASET-CREATE-DENIED",
    "KBQ-DATASET-GRANT-DENIED",
    "KBQ-DATASET-ID-INVALID",
    "KBQ-DATASET-NOT-EMPTY",
    "KBQ-DATASET-NOT-FOUND",
    "KBQ-DATASET-NOT-VISIBLE",
    "KBQ-DATASET-TWIN",
    "KBQ-DEADLINE",
    "KBQ-DENY-POLICY",
    "KBQ-DISK-FULL",
    "KBQ-DNS",
    "KBQ-DOMAIN-RESTRICTED",
    "KBQ-DRIVE",
    "KBQ-ENDPOINT-REFUSED",
    "KBQ-EXTERNAL-DATA",
    "KBQ-FEDERATED",
    "KBQ-FILE-NOT-OURS",
    "KBQ-GCLOUD-CONDITION",
    "KBQ-GCLOUD-DATASET-FLAG",
    "KBQ-GCLOUD-MISSING",
    "KBQ-GOOGLE-AGENT",
    "KBQ-GOOGLE-UNAVAILABLE",
    "KBQ-GRANT-BLOCKED",
    "KBQ-GRANT-MISSING",
    "KBQ-IMPERSONATION-DENIED",
    "KBQ-IMPERSONATION-INVALID",
    "KBQ-INHERITED-ACCESS",
    "KBQ-JOB-NOT-FOUND",
    "KBQ-JOB-USER-MISSING",
    "KBQ-JOURNAL-DAMAGED",
    "KBQ-JOURNAL-NEWER",
    "KBQ-JOURNAL-UNWRITABLE",
    "KBQ-KEY-ALREADY-HERE",
    "KBQ-KEY-CREATE-DENIED",
    "KBQ-KEY-CREATION-BLOCKED",
    "KBQ-KEY-DAMAGED",
    "KBQ-KEY-DEAD",
    "KBQ-KEY-DISABLED",
    "KBQ-KEY-ENDS",
    "KBQ-KEY-EXPIRY-POLICY",
    "KBQ-KEY-EXPOSURE-POLICY",
    "KBQ-KEY-FILE-BUSY",
    "KBQ-KEY-FILE-ENCODING",
    "KBQ-KEY-FILE-INVALID",
    "KBQ-KEY-FILE-LINKS",
    "KBQ-KEY-FILE-MISSING",
    "KBQ-KEY-FILE-MODE",
    "KBQ-KEY-FILE-OTHER-ACCOUNT",
    "KBQ-KEY-FILE-OWNER",
    "KBQ-KEY-FILE-SYMLINK",
    "KBQ-KEY-FILE-TAKEN",
    "KBQ-KEY-FILE-UNREADABLE",
    "KBQ-KEY-FILE-UNWRITABLE",
    "KBQ-KEY-FOLDER",
    "KBQ-KEY-HANDED-OVER",
    "KBQ-KEY-IDLE",
    "KBQ-KEY-IN-GIT",
    "KBQ-KEY-IN-USE",
    "KBQ-KEY-NOT-FOUND",
    "KBQ-KEY-OLD",
    "KBQ-KEY-OUTCOME-UNKNOWN",
    "KBQ-KEY-REJECTED",
    "KBQ-KEY-SECOND",
    "KBQ-KEY-UNHELD",
    "KBQ-KEYRING",
    "KBQ-KLAVIYO-ERRORED",
    "KBQ-KLAVIYO-FAILED",
    "KBQ-KLAVIYO-FORMAT",
    "KBQ-KLAVIYO-STOPPED",
    "KBQ-KLAVIYO-TRANSFER",
    "KBQ-LAST-OWNER",
    "KBQ-LEGACY-SQL",
    "KBQ-LIST-INVALID",
    "KBQ-LOCATION-FIXED",
    "KBQ-LOCATION-FORBIDDEN",
    "KBQ-LOCATION-UNDECIDED",
    "KBQ-LOCATION-UNSUPPORTED",
    "KBQ-LOCK-HELD",
    "KBQ-LOGIN-EXPIRED",
    "KBQ-MACHINE-SETTING",
    "KBQ-MALFORMED-ANSWER",
    "KBQ-NETWORK-UNREACHABLE",
    "KBQ-NO-CREDENTIALS",
    "KBQ-NO-HOME",
    "KBQ-NO-THREADS",
    "KBQ-NOT-IN-LOCATION",
    "KBQ-NOT-PERMITTED",
    "KBQ-NOT-SEARCHED",
    "KBQ-OMNI",
    "KBQ-ORG-POLICY",
    "KBQ-OTHER-OPERATOR",
    "KBQ-OVER-GRANT",
    "KBQ-PARTITION-FILTER",
    "KBQ-PARTITIONS-EXPIRE",
    "KBQ-PERMISSION-MISSING",
    "KBQ-PLAN-FILE",
    "KBQ-POLICY-TAG",
    "KBQ-PRINCIPAL-TYPE",
    "KBQ-PROJECT-NOT-FOUND",
    "KBQ-PROJECT-SUSPENDED",
    "KBQ-PROXY",
    "KBQ-PUBLIC-DATASET",
    "KBQ-QUERY-INVALID",
    "KBQ-QUERY-TOO-BIG",
    "KBQ-QUOTA-EXCEEDED",
    "KBQ-QUOTA-PROJECT",
    "KBQ-RATE-LIMITED",
    "KBQ-READ-ONLY",
    "KBQ-READ-SESSION-DENIED",
    "KBQ-REGION-VIEW",
    "KBQ-REPLICA-READ-ONLY",
    "KBQ-ROLE-LEVEL",
    "KBQ-ROTATION-FILE-GONE",
    "KBQ-ROTATION-NEW-GONE",
    "KBQ-ROTATION-NONE",
    "KBQ-ROTATION-OLD-UNKNOWN",
    "KBQ-ROTATION-OPEN",
    "KBQ-ROTATION-OTHER-KEY",
    "KBQ-ROTATION-TAKEN-OVER",
    "KBQ-ROTATION-UNCONFIRMED",
    "KBQ-ROUTINE-DENIED",
    "KBQ-ROW-POLICY",
    "KBQ-SCOPES",
    "KBQ-SHARED-NEEDS",
    "KBQ-STALE-PLAN",
    "KBQ-STATE-UNKNOWN",
    "KBQ-STATE-UNWRITABLE",
    "KBQ-STAYS",
    "KBQ-TABLE-NAME",
    "KBQ-TABLE-NOT-FOUND",
    "KBQ-TABLE-READ-DENIED",
    "KBQ-TABLE-STALE",
    "KBQ-TABLE-UNQUALIFIED",
    "KBQ-TABLE-WRITE-DENIED",
    "KBQ-TABLES-EXPIRE",
    "KBQ-TERRAFORM-OWNED",
    "KBQ-TLS",
    "KBQ-TOMBSTONE",
    "KBQ-TOO-MANY-COLUMNS",
    "KBQ-TOO-MANY-KEYS",
    "KBQ-TWO-LOCATIONS",
    "KBQ-UNAUTHENTICATED",
    "KBQ-UNEXPECTED",
    "KBQ-UNIVERSE",
    "KBQ-VALUE-INVALID",
    "KBQ-VIEW-BROKEN",
    "KBQ-VIEW-SOURCE",
    "KBQ-VPC-SC",
    "KBQ-WORKLOAD-IDENTITY",
]


def test_no_code_was_renamed_or_lost() -> None:
    assert sorted(CODES) == GOLDEN


def test_every_entry_of_every_module_is_in_the_catalogue_once() -> None:
    modules = [import_module(f"{entries.__name__}.{found.name}") for found in iter_modules(entries.__path__)]
    codes = [entry.code for module in modules for entry in getattr(module, "ENTRIES", ())]
    assert sorted(codes) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("context", [FULL, Context()], ids=["known", "unknown"])
def test_an_entry_is_complete(code: Code, context: Context) -> None:
    assert re.fullmatch(r"KBQ(-[A-Z]+)+", code)
    problem = catalogue.problem(code, context)
    assert problem.code == code
    assert 3 < len(str(problem.title)) <= 78
    assert not str(problem.title).endswith(".")
    assert problem.cause
    assert problem.remedy
    assert all(str(step).strip() for step in problem.remedy)
    assert problem.who
    assert re.fullmatch(r"https://[a-z0-9.-]+/\S*", problem.link)
    told = "\n".join((str(problem.title), str(problem.cause), *map(str, problem.remedy), str(problem.who)))
    assert not re.search(r"[{}]", told.replace("${EDITOR:-vi}", ""))
    passes = code in ("KBQ-RATE-LIMITED", "KBQ-GOOGLE-UNAVAILABLE")
    assert (problem.wait > 0) == (passes or problem.retry is Retry.NOT_YET)


@pytest.mark.parametrize("code", CODES)
def test_what_is_known_is_filled_in_and_what_is_not_stays_visible(code: Code) -> None:
    known = "\n".join(map(str, catalogue.problem(code, FULL).remedy))
    unknown = "\n".join(map(str, catalogue.problem(code, Context()).remedy))
    assert "PROJECT_ID" not in known
    assert "SERVICE_ACCOUNT_EMAIL" not in known
    assert P not in unknown
    if P in known:
        assert "PROJECT_ID" in unknown or "PROJECT_NUMBER" in unknown or "SERVICE_ACCOUNT_EMAIL" in unknown


_BLANKS = {blank for entry in ENTRIES.values() for blank in re.findall(r"\{([a-z_]+)\}", repr(entry))}
_NAMES = {placeholder(blank) for blank in _BLANKS}
# The number of a perimeter's project has to be looked up: the first step has the command.
_OPEN = sorted(name for name in _NAMES - {"PROJECT_NUMBER", ACCOUNT_DISPLAY_NAME} if re.search("[A-Z]{3}", name))
_CONNECTIONS = {
    "the connection alone": Context(P, A, location="EU"),
    "its operator, too": Context(P, A, location="EU", operator="jo@acme.example"),
    "all of it": FULL,
    "the project alone, as a call knows it": Context(P),
}


@pytest.mark.parametrize("context", _CONNECTIONS.values(), ids=_CONNECTIONS)
@pytest.mark.parametrize("code", CODES)
def test_no_entry_shows_a_blank_of_a_connection_that_is_known(code: Code, context: Context) -> None:
    problem = catalogue.problem(code, context)
    if not context.account:  # the plan and the checks know it
        problem = named(problem, ConnectionSpec("default", P))
    shown = "\n".join(map(str, (problem.title, problem.cause, *problem.remedy, problem.who)))
    literal = repr(ENTRIES[code])
    assert [blank for blank in _OPEN if re.search(rf"\b{re.escape(blank)}\b", shown) and blank not in literal] == []
    assert problem.remedy


@pytest.mark.parametrize("permission", catalogue.PERMISSIONS)
@pytest.mark.parametrize("context", _CONNECTIONS.values(), ids=_CONNECTIONS)
def test_no_missing_permission_shows_a_blank_of_a_connection_that_is_known(permission: str, context: Context) -> None:
    problem = named(catalogue.permission_missing(permission, context), ConnectionSpec("default", P))
    shown = "\n".join(map(str, (problem.title, problem.cause, *problem.remedy, problem.who)))
    assert [blank for blank in _OPEN if re.search(rf"\b{re.escape(blank)}\b", shown)] == []
    assert str(problem.remedy[0]).startswith("Ask ")


def test_what_takes_an_expiry_off_is_named_by_verify_where_billing_is_off() -> None:
    problem = catalogue.problem(Code.BILLING_OFF, Context(P, A, location="EU"))
    assert problem.remedy[-1].lines == ("kbq-tui verify",)


@pytest.mark.parametrize("code", CODES)
def test_a_command_is_a_line_that_a_shell_can_read(code: Code) -> None:
    for step in catalogue.problem(code, FULL, path="/home/jo/a b.json", key_id="0123456789abcdef").remedy:
        for command in str(step).split("\n")[1:]:
            assert shlex.split(command), command
            assert command == command.strip()


def test_placeholders_are_those_of_the_manual() -> None:
    problem = catalogue.problem(Code.JOB_USER_MISSING, Context())
    assert str(problem.remedy[0]).split("\n")[1] == (
        "gcloud projects add-iam-policy-binding PROJECT_ID --member=serviceAccount:SERVICE_ACCOUNT_EMAIL "
        "--role=roles/bigquery.jobUser --condition=None"
    )


def test_the_grant_on_a_dataset_is_the_sql_that_works() -> None:
    problem = catalogue.problem(Code.GRANT_MISSING, FULL, role="roles/bigquery.dataEditor")
    assert str(problem.remedy[0]).split("\n")[1] == (
        f"bq --project_id={P} --location=EU query --use_legacy_sql=false "
        f"'GRANT `roles/bigquery.dataEditor` ON SCHEMA `{P}.KLAVIYO_TMP` TO \"serviceAccount:{A}\"'"
    )


def test_an_over_grant_is_taken_away_where_it_is_held() -> None:
    role = "roles/bigquery.dataEditor"
    on_project = catalogue.problem(Code.OVER_GRANT, FULL, role=role, resource=ProjectRef(P)).remedy
    assert any(
        f"remove-iam-policy-binding {P} --member=serviceAccount:{A} --role={role}" in str(step) for step in on_project
    )
    assert not any("REVOKE" in str(step) for step in on_project)
    on_dataset = catalogue.problem(Code.OVER_GRANT, FULL, role=role, resource=DatasetRef(P, "OTHER")).remedy
    assert any(f"REVOKE `{role}` ON SCHEMA `{P}.OTHER`" in str(step) for step in on_dataset)
    assert not any("remove-iam-policy-binding" in str(step) for step in on_dataset)


def test_what_an_error_names_goes_before_what_is_known() -> None:
    problem = catalogue.problem(Code.DATASET_NOT_FOUND, FULL, dataset="OTHER")
    assert "OTHER" in str(problem.cause)
    assert "KLAVIYO_TMP" not in "\n".join(map(str, problem.remedy))


def test_details_are_scrubbed_and_inert_and_empty_ones_dropped() -> None:
    problem = catalogue.problem(
        Code.KEY_FILE_INVALID, FULL, path="/tmp/\x1b[31mk.json", reason='"private_key": "abc"', owner="", line=7
    )
    assert "\x1b" not in f"{problem.details['path']}{problem.cause}"
    assert "abc" not in str(problem.detail("reason"))
    assert "owner" not in problem.details
    assert problem.detail("line") == "7"


@pytest.mark.parametrize(
    ("code", "kind", "exit_code"),
    [
        ("KBQ-KEY-CREATION-BLOCKED", Kind.NOT_PERMITTED, 4),
        ("KBQ-JOB-USER-MISSING", Kind.NOT_PERMITTED, 4),
        ("KBQ-NO-CREDENTIALS", Kind.CREDENTIALS, 3),
        ("KBQ-KEY-DEAD", Kind.CREDENTIALS, 3),
        ("KBQ-DEADLINE", Kind.NETWORK, 5),
        ("KBQ-TOO-MANY-KEYS", Kind.FAILED, 1),
        ("KBQ-DATASET-NOT-FOUND", Kind.NOT_FOUND, 1),
        ("KBQ-STALE-PLAN", Kind.CONFLICT, 1),
        ("KBQ-CONFIG-INVALID", Kind.USAGE, 2),
        ("KBQ-CONFIG-UNREADABLE", Kind.FAILED, 1),
    ],
)
def test_the_kind_decides_the_exit_code(code: Code, kind: Kind, exit_code: int) -> None:
    problem = catalogue.problem(code, FULL)
    assert (problem.kind, problem.exit_code) == (kind, exit_code)


@pytest.mark.parametrize("permission", catalogue.PERMISSIONS)
def test_a_missing_permission_names_the_role_who_grants_it_and_the_command(permission: str) -> None:
    row = catalogue.PERMISSIONS[permission]
    problem = catalogue.permission_missing(permission, FULL)
    assert problem.kind is Kind.NOT_PERMITTED
    assert permission in str(problem.cause)
    assert permission in str(problem.who)
    assert row.role in str(problem.who)
    assert row.purpose in str(problem.title)
    assert problem.detail("permission") == permission
    assert f"--role={row.role}" in str(problem.remedy[0]) or f"`{row.role}`" in str(problem.remedy[0])
    assert "user:jo@example.com" in str(problem.remedy[0])
    assert not re.search(r"[{}]", "\n".join(map(str, problem.remedy)))


def test_who_may_lift_a_policy_sits_at_the_organization() -> None:
    problem = catalogue.permission_missing("orgpolicy.policy.set", FULL)
    assert "organization" in str(problem.who)
    assert "gcloud organizations add-iam-policy-binding" in str(problem.remedy[0])


def test_a_permission_without_a_row_is_reported_without_a_role() -> None:
    problem = catalogue.permission_missing("bigquery.models.export", FULL)
    assert problem.code == "KBQ-PERMISSION-MISSING"
    assert "bigquery.models.export" in str(problem.cause)
    assert "role" not in problem.details


def test_a_service_account_as_operator_is_granted_to_as_one() -> None:
    context = Context(P, A, operator=f"deployer@{P}.iam.gserviceaccount.com")
    step = catalogue.permission_missing("iam.serviceAccountKeys.create", context).remedy[0]
    assert f"--member=serviceAccount:deployer@{P}.iam.gserviceaccount.com" in str(step)


def test_an_unknown_code_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        catalogue.problem(made_up("KBQ-NO-SUCH"), FULL)


_BLANK_NAMES = [
    "project",
    "account",
    "dataset",
    "location",
    "permission",
    "role",
    "constraint",
    "service",
    "key_id",
    "path",
]


@given(st.sampled_from(CODES), st.dictionaries(st.sampled_from(_BLANK_NAMES), st.text(max_size=40)))
def test_no_detail_can_break_out_of_a_command(code: Code, details: dict[str, str]) -> None:
    told = catalogue.problem(code, Context(), **details)
    plain = catalogue.problem(code, Context(), **dict.fromkeys(details, "x"))
    for step, other in zip(told.remedy, plain.remedy, strict=True):
        words, others = (str(text).split("\n")[1:] for text in (step, other))
        # The same commands, with the same words, whatever the details are.
        assert [len(shlex.split(line)) for line in words] == [len(shlex.split(line)) for line in others]


@given(
    st.dictionaries(st.sampled_from(["project", "account", "dataset", "location", "operator"]), st.text(max_size=40))
)
def test_any_context_gives_printable_text(fields: dict[str, str]) -> None:
    problem = catalogue.problem(Code.GRANT_MISSING, Context(**fields))
    assert all(c.isprintable() or c == "\n" for c in str(problem.cause) + "".join(map(str, problem.remedy)))


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ("salaries", "salaries"),
        ("gehälter 2024", "gehälter 2024"),
        ("नमस्ते", "नमस्ते"),
        ("x' $(id) '", "TABLE"),
        ("a`b", "TABLE"),
        ("a;b", "TABLE"),
    ],
)
def test_a_tables_name_is_one_word_of_a_command_and_the_same_inside_of_sql(table: str, word: str) -> None:
    problem = catalogue.problem(
        Code.OVER_GRANT, FULL, role="roles/bigquery.dataViewer", resource=TableRef(P, "pay", table)
    )
    if word == "TABLE":  # it cannot be part of a command, so there is none
        assert not [step for step in problem.remedy if step.commands]
    else:
        assert shlex.split(problem.remedy[-1].lines[-1])[-1] == f"{P}:pay.{word}"
    query = str(cmd.CREATE_VIEW.changed(project=P, dataset="pay", table=table, location="EU"))
    assert shlex.split(query)[-1].endswith(f"`{P}.pay.{word}`")


@pytest.mark.parametrize(
    ("code", "permissions"),
    [
        ("KBQ-ACCESS-LIST-DENIED", "bigquery.datasets.get,bigquery.datasets.getIamPolicy"),
        ("KBQ-DATASET-GRANT-DENIED", "bigquery.datasets.update,bigquery.datasets.setIamPolicy"),
    ],
)
def test_a_custom_role_gets_both_permissions_where_access_lists_are_fine_grained(code: Code, permissions: str) -> None:
    remedy = "\n".join(map(str, ENTRIES[code].steps))
    assert f"--add-permissions={permissions}" in remedy
    assert all(name in remedy.replace("--add-permissions", "") for name in permissions.split(","))


@pytest.mark.parametrize(
    ("editor", "opened"), [(None, "vi /tmp/a.toml"), ("vi", "vi /tmp/a.toml"), ("vi -n", "vi -n /tmp/a.toml")]
)
def test_the_editor_may_have_options_or_be_unset(tmp_path: Path, editor: str | None, opened: str) -> None:
    """On a fresh server nothing sets EDITOR."""
    (tmp_path / "vi").write_text('#!/bin/sh\necho vi "$@"\n')
    (tmp_path / "vi").chmod(0o700)
    (command,) = catalogue.problem(Code.CONFIG_INVALID, FULL, path="/tmp/a.toml").remedy[0].commands
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"} | ({"EDITOR": editor} if editor else {})
    run = subprocess.run(["/bin/sh", "-c", str(command)], env=environment, capture_output=True, text=True, check=False)
    assert (run.stdout.strip(), run.stderr) == (opened, "")

"""Every refusal of Google's is recognised in every form in which an operator meets it."""

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbq_tui.diagnosis.all_entries import CODES, ENTRIES
from kbq_tui.diagnosis.entry import Stage
from kbq_tui.diagnosis.matchers import ORDER, tried_in
from kbq_tui.diagnosis.recognise import recognise, recognise_text
from kbq_tui.diagnosis.settling import settling
from kbq_tui.model.problem import Context, Fault, Kind, Problem, Retry
from tests.diagnosis.google_says import KEY_POLICY, SAID, A, P, Said, forms
from tests.support.polling import PATIENCE

NOWHERE = Context()
HERE = Context(P, A, "KLAVIYO_TMP", "EU", "jo@example.com")
EVERY_FORM = [pytest.param(said, text, id=f"{said.row}-{name}") for said in SAID for name, text in forms(said)]


def shown(problem: Problem) -> str:
    """All of a problem that a person may see."""
    return "\n".join(
        (
            str(problem.title),
            str(problem.cause),
            *map(str, problem.remedy),
            str(problem.who),
            *map(str, problem.details.values()),
            str(problem.original),
        )
    )


@pytest.mark.parametrize(("said", "text"), EVERY_FORM)
def test_every_row_is_recognised_in_every_form(said: Said, text: str) -> None:
    problem = recognise_text(text, NOWHERE)
    assert problem.code == said.code
    assert {name: problem.details.get(name) for name in said.lifted} == dict(said.lifted)
    if said.violation in text:
        assert problem.detail("constraint") == (said.violation or said.lifted.get("constraint", ""))


@pytest.mark.parametrize("said", SAID, ids=lambda s: s.row)
def test_every_row_is_recognised_as_it_comes_from_the_libraries(said: Said) -> None:
    fault = Fault(
        said.message,
        said.http,
        said.status or None,
        said.info or said.reason,
        (said.violation,) if said.violation else (),
        said.metadata,
    )
    assert recognise(fault, HERE).code == said.code


ROWS = {str(n) for n in range(1, 32)}
WITHOUT_WORDS = {"22": "KBQ-ROW-POLICY", "23": "KBQ-VIEW-SOURCE"}
"""Rows for which Google has no text: a check finds them."""


def test_no_row_is_forgotten() -> None:
    assert {s.row.split()[0] for s in SAID} | WITHOUT_WORDS.keys() >= ROWS
    assert set(WITHOUT_WORDS.values()) <= set(CODES)


def test_the_structured_reason_goes_before_the_words() -> None:
    fault = Fault("The caller does not have permission", 403, "PERMISSION_DENIED", "SERVICE_DISABLED")
    assert recognise(fault, HERE).code == "KBQ-API-DISABLED"
    fault = Fault("Precondition check failed.", 400, "FAILED_PRECONDITION", violations=(KEY_POLICY,))
    assert recognise(fault, HERE).code == "KBQ-KEY-CREATION-BLOCKED"


def test_an_error_info_names_the_permission_and_the_consumer() -> None:
    fault = Fault("Denied", 403, None, "IAM_PERMISSION_DENIED", metadata={"permission": "iam.serviceAccounts.create"})
    problem = recognise(fault, HERE)
    assert problem.detail("permission") == "iam.serviceAccounts.create"
    assert "roles/iam.serviceAccountCreator" in shown(problem)
    fault = Fault(
        "off",
        403,
        None,
        "SERVICE_DISABLED",
        metadata={"consumer": "projects/42424242", "service": "iam.googleapis.com"},
    )
    problem = recognise(fault, HERE)
    assert "gcloud services enable iam.googleapis.com --project=42424242" in shown(problem)


@pytest.mark.parametrize(
    ("fault", "code", "retry"),
    [
        (Fault("x", 500), "KBQ-GOOGLE-UNAVAILABLE", Retry.BACKOFF),
        (Fault("x", 502), "KBQ-GOOGLE-UNAVAILABLE", Retry.BACKOFF),
        (Fault("<html>bad gateway</html>", 502), "KBQ-GOOGLE-UNAVAILABLE", Retry.BACKOFF),
        (Fault("x", 503), "KBQ-GOOGLE-UNAVAILABLE", Retry.BACKOFF),
        (Fault("x", None, "UNAVAILABLE"), "KBQ-GOOGLE-UNAVAILABLE", Retry.BACKOFF),
        (Fault("x", 408), "KBQ-DEADLINE", Retry.BACKOFF),
        (Fault("x", None, "DEADLINE_EXCEEDED"), "KBQ-DEADLINE", Retry.BACKOFF),
        (Fault("x", 429), "KBQ-RATE-LIMITED", Retry.BACKOFF),
        (Fault("x", None, "RESOURCE_EXHAUSTED"), "KBQ-RATE-LIMITED", Retry.BACKOFF),
        (Fault("x", 409, "ABORTED"), "KBQ-CONCURRENT-CHANGE", Retry.REDO),
        (Fault("Precondition Failed", 412, None, "conditionNotMet"), "KBQ-CONCURRENT-CHANGE", Retry.REDO),
        (Fault("x", 401), "KBQ-UNAUTHENTICATED", Retry.NEVER),
        (Fault("x", None, "UNAUTHENTICATED"), "KBQ-UNAUTHENTICATED", Retry.NEVER),
        (Fault("Already Exists: Dataset a:b", 409, None, "duplicate"), "KBQ-ALREADY-EXISTS", Retry.NEVER),
        (Fault("Maximum number of keys on account reached", 429), "KBQ-TOO-MANY-KEYS", Retry.NEVER),
    ],
)
def test_a_status_alone_says_whether_to_try_again(fault: Fault, code: str, retry: Retry) -> None:
    problem = recognise(fault, HERE)
    assert (problem.code, problem.retry) == (code, retry)


def test_a_401_is_a_matter_of_credentials() -> None:
    assert recognise(Fault("x", 401), HERE).kind is Kind.CREDENTIALS


def test_the_server_s_retry_after_is_told() -> None:
    assert recognise(Fault("x", 429, retry_after=6.2), HERE).wait == 7


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("HTTPSConnectionPool(host='x', port=443): Max retries exceeded (Caused by NewConnectionError('Failed to establish "  # noqa: E501
         "a new connection: [Errno 111] Connection refused'))", "KBQ-CONNECTION-REFUSED"),
        ("failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Connection refused", "KBQ-CONNECTION-REFUSED"),  # noqa: E501
        ("<_InactiveRpcError\n status = StatusCode.UNAVAILABLE\n details = \"DNS resolution failed for iam.googleapis.com\">", "KBQ-DNS"),  # noqa: E501
        ("NameResolutionError: Failed to resolve 'oauth2.googleapis.com' ([Errno -2] Name or service not known)", "KBQ-DNS"),  # noqa: E501
        ("('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))", "KBQ-CONNECTION-LOST"),
        ("('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))", "KBQ-CONNECTION-LOST"),  # noqa: E501
        ("[Errno 101] Network is unreachable", "KBQ-NETWORK-UNREACHABLE"),
        ("ProxyError('Unable to connect to proxy', NewConnectionError('[Errno 111] Connection refused'))", "KBQ-PROXY"),
        ("OSError: Tunnel connection failed: 407 Proxy Authentication Required", "KBQ-PROXY"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed'))", "KBQ-TLS"),  # noqa: E501
        ("Timeout of 30.0s exceeded, last exception: 503", "KBQ-DEADLINE"),
        ("HTTPSConnectionPool(host='bigquery.googleapis.com', port=443): Read timed out. (read timeout=10)", "KBQ-DEADLINE"),  # noqa: E501
        ("json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)", "KBQ-MALFORMED-ANSWER"),
        (
            "ERROR: (gcloud.auth.activate-service-account) Could not read json file key.json: Expecting value: "
            "line 1 column 1 (char 0)",
            "KBQ-CREDENTIALS-FILE",
        ),
        ("('invalid_grant: Invalid JWT Signature.', {'error': 'invalid_grant', 'error_description': 'Invalid JWT Signature.'})", "KBQ-KEY-REJECTED"),  # noqa: E501
        ('{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}', "KBQ-KEY-REJECTED"),
        ('{"error":"invalid_grant","error_description":"reauth related error (invalid_rapt)"}', "KBQ-LOGIN-EXPIRED"),
        ("google.auth.exceptions.DefaultCredentialsError: File /home/jo/k.json was not found.", "KBQ-CREDENTIALS-FILE"),
        ("ERROR: gcloud.py: error: (gcloud.projects.add-iam-policy-binding) unrecognized arguments: --dataset=KLAVIYO_TMP", "KBQ-GCLOUD-DATASET-FLAG"),  # noqa: E501
        ("google.auth.exceptions.RefreshError: ('Unable to acquire impersonated credentials', '{}')", "KBQ-IMPERSONATION-DENIED"),  # noqa: E501
        (f"ERROR: (gcloud.projects.describe) User [jo@example.com] does not have permission to access projects instance [{P}] (or it may not exist)", "KBQ-PROJECT-NOT-FOUND"),  # noqa: E501
        ("googleapi: Error 403: something new, rateLimitExceeded", "KBQ-RATE-LIMITED"),
        ("BigQuery error in mk operation: Dataset 'acme:KLAVIYO_TMP' already exists.", "KBQ-ALREADY-EXISTS"),
        ("14 UNAVAILABLE: The service is currently unavailable.", "KBQ-GOOGLE-UNAVAILABLE"),
        ("Error: getaddrinfo ENOTFOUND bigquery.googleapis.com", "KBQ-DNS"),
        ("FAILED_PRECONDITION: Billing must be enabled for activation of service(s) 'x'", "KBQ-BILLING-OFF"),
        ("argument NAME: Bad value [KLAVIYO]: Service account name must be between 6 and 30 characters (inclusive)", "KBQ-ACCOUNT-ID-INVALID"),  # noqa: E501
        ('"account_id" ("KLAVIYO_TMP") doesn\'t match regexp "^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])$"', "KBQ-ACCOUNT-ID-INVALID"),  # noqa: E501
        ("ConnectionRefusedError: [Errno 111] Verbindungsaufbau abgelehnt", "KBQ-CONNECTION-REFUSED"),
        ("what is KBQ-DATASET-TWIN?", "KBQ-DATASET-TWIN"),
    ],
)  # fmt: skip
def test_what_libraries_and_tools_print_is_recognised(words: str, code: str) -> None:
    assert recognise_text(words, NOWHERE).code == code


_NO_ACCESS = f"User [jo@example.com] does not have permission to access projects instance [{P}] (or it may not exist): "
_MANAGED = "constraints/iam.managed.disableServiceAccountKeyCreation"
_ASIDE = (
    "UserWarning: Your application has authenticated using end user credentials from Google Cloud SDK without a quota "
    'project. You might receive a "quota exceeded" or "API not enabled" error.\n'
)


@pytest.mark.parametrize(
    ("words", "code", "lifted"),
    [
        (f"Operation denied by org policy on resource 'projects/{P}': [\"{_MANAGED}\": \"Blocks keys.\"].",
         "KBQ-KEY-CREATION-BLOCKED", {"constraint": _MANAGED, "project": P}),
        ("IAM setPolicy failed for Dataset acme:DS: Operation denied by org policy on resource 'projects/x': "
         '["constraints/iam.managed.allowedPolicyMembers": "Who"]', "KBQ-DOMAIN-RESTRICTED", {}),
        (f"FAILED_PRECONDITION: Operation denied by custom org policy on resource 'projects/{P}': "
         '["customConstraints/custom.noFridays": "No."]', "KBQ-ORG-POLICY",
         {"constraint": "constraints/custom.noFridays"}),
        ("Operation denied by org policy on resource.", "KBQ-ORG-POLICY", {}),
        ("The 'Domain Restricted Sharing' organization policy is enforced.", "KBQ-DOMAIN-RESTRICTED", {}),
        (f"ERROR: (gcloud.iam.service-accounts.create) {_NO_ACCESS}Permission iam.serviceAccounts.create is required "
         f"to perform this operation on project projects/{P}.", "KBQ-PERMISSION-MISSING",
         {"permission": "iam.serviceAccounts.create", "project": P}),
        (f"ERROR: (gcloud.iam.service-accounts.keys.create) {_NO_ACCESS}Permission 'iam.serviceAccountKeys.create' "
         "denied on resource (or it may not exist).", "KBQ-KEY-CREATE-DENIED", {"project": P}),
        (f"{_NO_ACCESS}The caller does not have permission", "KBQ-PROJECT-NOT-FOUND", {"project": P}),
        (_NO_ACCESS.replace(f"[{P}]", f"[{P}:setIamPolicy]") + "Policy update access denied.",
         "KBQ-PERMISSION-MISSING", {"permission": "resourcemanager.projects.setIamPolicy", "project": P}),
        ("ERROR: (gcloud.services.enable) PERMISSION_DENIED: Permission denied to enable service "
         "[iam.googleapis.com]", "KBQ-PERMISSION-MISSING",
         {"permission": "serviceusage.services.enable", "service": "iam.googleapis.com"}),
        ("Permission denied to list services for consumer container [projects/987654321098]",
         "KBQ-PERMISSION-MISSING", {"permission": "serviceusage.services.list"}),
        (f"BigQuery API has not been used in project {P} before or it is disabled.", "KBQ-API-DISABLED",
         {"consumer": P}),
        (_ASIDE, "KBQ-QUOTA-PROJECT", {}),
        (_ASIDE + "google.api_core.exceptions.Forbidden: 403 The caller does not have permission",
         "KBQ-NOT-PERMITTED", {}),
        ('Access Denied: BigQuery BigQuery: User does not have permission to access policy tag "PII : high" on column '
         "p.DS.people.email.", "KBQ-POLICY-TAG", {"policy_tag": "PII : high"}),
        ("Error: Attempted to load application default credentials since neither `credentials` nor `access_token` was "
         "set in the provider block.  No credentials loaded.", "KBQ-NO-CREDENTIALS", {}),
        ("google: could not find default credentials. See https://cloud.google.com/docs", "KBQ-NO-CREDENTIALS", {}),
        ("Error: Could not load the default credentials. Browse to https://cloud.google.com/docs",
         "KBQ-NO-CREDENTIALS", {}),
        ("Your current active account [jo@example.com] does not have any valid credentials", "KBQ-LOGIN-EXPIRED", {}),
        (
            "google.auth.exceptions.RefreshError: ('invalid_grant: Bad Request', {'error': 'invalid_grant', "
            "'error_description': 'Bad Request'})",
            "KBQ-LOGIN-EXPIRED",
            {},
        ),
        ('{"error": "invalid_grant", "error_description": "Bad Request"}', "KBQ-LOGIN-EXPIRED", {}),
        ("BadRequest: 409 reason: duplicate, message: Already Exists: Job p:US.x", "KBQ-ALREADY-EXISTS", {}),
        ("ValueError: ('Could not deserialize key data. The data may be in an incorrect format', [<OpenSSLError(code=5"
         "03841036, lib=60)>])", "KBQ-KEY-DAMAGED", {}),
        ("MalformedError: Service account info was not in the expected format, missing fields token_uri.",
         "KBQ-CREDENTIALS-FILE", {}),
        ("('invalid_grant: Account has been deleted', {'error': 'invalid_grant'})", "KBQ-ACCOUNT-GONE", {}),
        ("Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other "
         "valid authentication credential.", "KBQ-UNAUTHENTICATED", {}),
        ("BigQuery error in ls operation: Invalid Credentials", "KBQ-UNAUTHENTICATED", {}),
        ("BigQuery error in query operation: Could not connect with BigQuery server.\nHttp response status: 503\n"
         "Http response content:\nb'Service Unavailable'", "KBQ-GOOGLE-UNAVAILABLE", {}),
        ("IAM setPolicy failed for Dataset acme:DS: The member deleted:user:jo@example.com?uid=12345 is of an unknown "
         "type.", "KBQ-TOMBSTONE", {"uid": "12345"}),
        ("Quota exceeded: Your project exceeded quota for free query bytes scanned.", "KBQ-QUOTA-EXCEEDED", {}),
        ("Please enable billing in project settings. This API method requires billing to be enabled.",
         "KBQ-BILLING-OFF", {"project": None}),
    ],
)  # fmt: skip
def test_what_operators_paste_is_recognised_and_names_what_it_is_about(
    words: str, code: str, lifted: dict[str, str | None]
) -> None:
    problem = recognise_text(words, NOWHERE)
    assert problem.code == code
    assert {name: problem.details.get(name) for name in lifted} == lifted


_POOL = "HTTPSConnectionPool(host='oauth2.googleapis.com', port=443): Max retries exceeded (Caused by "
_REFRESHING = "ERROR: (gcloud.projects.list) There was a problem refreshing your current auth tokens: "
_ADVICE = "\nPlease run:\n\n  $ gcloud auth login\n\nto obtain new credentials.\n"


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("Unable to find the server at oauth2.googleapis.com", "KBQ-DNS"),
        (f"{_POOL}NameResolutionError('Failed to resolve: Temporary failure in name resolution'))", "KBQ-DNS"),
        (f"{_POOL}NewConnectionError('[Errno 111] Connection refused'))", "KBQ-CONNECTION-REFUSED"),
        (f"{_POOL}SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate'))", "KBQ-TLS"),
        (f"{_POOL}ProxyError(OSError('Tunnel connection failed: 403 Forbidden')))", "KBQ-PROXY"),
        ("('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))", "KBQ-CONNECTION-LOST"),
        ("('invalid_grant: Bad Request', {'error': 'invalid_grant'})", "KBQ-LOGIN-EXPIRED"),
        ("Error code unknown_error", "KBQ-LOGIN-EXPIRED"),
    ],
)
def test_what_kept_gcloud_from_refreshing_a_login_goes_before_the_login(why: str, code: str) -> None:
    """gcloud advises to sign in again whatever the reason; without a network that fails, too.

    Source: gcloud, run against an address that refuses connections; `TokenRefreshError` in its credentials/store.py.
    """
    for text in (_REFRESHING + why, _REFRESHING + why + _ADVICE):
        assert recognise_text(text, Context(P)).code == code


def test_an_api_that_is_off_in_a_project_named_by_its_id_is_turned_on_there() -> None:
    problem = recognise_text(f"BigQuery API has not been used in project {P} before or it is disabled.", NOWHERE)
    assert f"gcloud services enable bigquery.googleapis.com --project={P}" in shown(problem)


def test_the_table_of_a_protected_column_stands_in_the_commands() -> None:
    text = f"User has neither fine-grained reader nor masked get permission on column {P}.DS.people.email."
    problem = recognise_text(text, NOWHERE)
    assert problem.detail("column") == f"{P}.DS.people.email"
    assert f"bq show --schema --format=prettyjson {P}:DS.people" in shown(problem)


def test_no_project_of_google_s_own_is_taken_for_the_operator_s() -> None:
    text = "Service account service-987654321098@gcp-sa-bigquerydatatransfer.iam.gserviceaccount.com does not exist."
    assert "--project=PROJECT_ID" in shown(recognise_text(text, NOWHERE))


def test_an_error_info_of_a_policy_names_its_constraint() -> None:
    fault = Fault("No.", 400, None, "CUSTOM_ORG_POLICY_VIOLATION", metadata={"customConstraints": _MANAGED})
    problem = recognise(fault, HERE)
    assert (problem.code, problem.detail("constraint")) == ("KBQ-KEY-CREATION-BLOCKED", _MANAGED)


def test_a_missing_permission_on_a_constraint_is_not_the_constraint() -> None:
    name = "orgpolicy.googleapis.com/projects/p/policies/iam.disableServiceAccountKeyCreation"
    text = f"Permission 'orgpolicy.policy.set' denied on resource '//{name}' (or it may not exist)."
    problem = recognise_text(text, NOWHERE)
    assert (problem.code, problem.detail("permission")) == ("KBQ-PERMISSION-MISSING", "orgpolicy.policy.set")


def test_a_failed_job_s_json_is_recognised() -> None:
    text = '{"id": "p:EU.bquxjob_1", "status": {"errorResult": {"reason": "invalidQuery", "message": "x"}}}'
    assert recognise_text(text, NOWHERE).code == "KBQ-QUERY-INVALID"


@pytest.mark.parametrize("code", CODES)
def test_a_code_of_our_own_is_taken_as_it_is(code: str) -> None:
    assert recognise(Fault("whatever", reason=code), HERE).code == code


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("quux", 403), Kind.NOT_PERMITTED),
        (Fault("quux", 404), Kind.NOT_FOUND),
        (Fault("quux", 409), Kind.CONFLICT),
        (Fault("quux", 400), Kind.FAILED),
        (Fault("quux"), Kind.FAILED),
    ],
)
def test_what_is_not_known_is_called_so_and_shown(fault: Fault, kind: Kind) -> None:
    problem = recognise(fault, HERE)
    assert problem.code is None
    assert str(problem.title) == "Unrecognised error"
    assert problem.original == "quux"
    assert problem.kind is kind
    assert problem.remedy
    assert problem.retry is Retry.NEVER


UNRELATED = """
order 17 rejected, reason: duplicate
sudo: reauthentication required for jo
Project #42 has been deleted from Jira
Invalid JWT: exp claim expired (Auth0)
bash: kbq: command not found
ModuleNotFoundError: No module named 'foo'
TypeError: unsupported operand type(s) for +: 'int' and 'str'
psql: error: connection to server failed: FATAL: database "x" does not exist
MySQL: Access denied for user 'x'@'localhost' (using password: YES)
ORA-00942: table or view does not exist
Snowflake: SQL compilation error: Object 'FOO' does not exist or not authorized.
An error occurred (NoSuchBucket) when calling the ListObjects operation: The specified bucket does not exist
AccessDenied: User: arn:aws:iam::123:user/jo is not authorized to perform: s3:GetObject
AADSTS50057: The user account is disabled.
Account disabled. Contact your bank.
Permission denied (publickey).
error: failed to push some refs to 'github.com:x/y.git'
fatal: a branch named 'x' already exists
fatal: unable to access 'https://github.com/': Could not resolve host: github.com
curl: (7) Failed to connect to example.com port 80: Connection refused
requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://api.github.com/user
axios: Request failed with status code 429 https://api.stripe.com/v1
GitHub API rate limit exceeded for user ID 123.
HTTP 503 from shop.example.com
503 Service Temporarily Unavailable nginx
500 people came
Job ABORTED by user
redis: maximum number of keys reached
OSError: [Errno 122] Disk quota exceeded
bash: syntax error: unexpected end of file
config.json is not a valid json file
could not automatically determine the encoding
mkdir: cannot create directory 'x': File exists
User already exists in the address book
The service account password has been changed. Windows service not found on this server.
the role of the project manager has been deleted from the plan
Table not found: reservation at 8 pm
Error from server (NotFound): pods "x" not found
ERROR: (gcloud.run.deploy) NOT_FOUND: Image not found
ERROR: (gcloud.compute.instances.create) Could not fetch resource: The resource 'projects/foo/zones/x' was not found
Error from server (Forbidden): pods "web" is forbidden: exceeded quota: compute-resources, requested: cpu=2, used: cpu=8
552 5.2.2 Mailbox size limit exceeded; quota exceeded
Maximum number of deploy keys on this GitHub account reached
You have reached the maximum number of API keys on your Mailgun account
train.py: error: unrecognized arguments: --dataset imagenet
sqlite3.OperationalError: table people already exists
The dataset customers already exists in DVC
Dataset 'iris' is still in use by notebook 3
service account Jenkins is disabled
Windows could not start: The service account svc-sql was not found
Unknown service account plan
IAM setPolicy failed for Dataset acme:DS: User jo@example.com does not exist.
psycopg2.OperationalError: connection to server at "10.0.0.5", port 5432 failed: Connection refused
redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.
npm ERR! code ECONNRESET
error: request to https://registry.npmjs.org/foo failed, reason: read ECONNRESET
ssh: Could not resolve hostname prod: Name or service not known
Klaviyo: the account is paused
Ihr Projekt wurde gespeichert
""".strip().splitlines()


@pytest.mark.parametrize(
    ("http", "command"), [(403, f"gcloud projects get-iam-policy {P}"), (404, f"gcloud projects describe {P}")]
)
def test_what_is_not_known_comes_with_where_to_look(http: int, command: str) -> None:
    problem = recognise(Fault("quux", http), HERE)
    assert command in shown(problem).splitlines()


@pytest.mark.parametrize("text", UNRELATED)
def test_what_others_say_is_not_taken_for_google_s(text: str) -> None:
    assert recognise_text(text, NOWHERE).code is None


def test_lines_that_only_follow_each_other_are_not_read_as_one() -> None:
    text = (
        "2026-11-23 10:00:00 INFO using service account\n2026-11-23 10:00:01 INFO sync-2 does not exist yet, making it"
    )
    assert recognise_text(text, NOWHERE).code is None


@pytest.mark.parametrize("text", ["", "  \n ", "Have a nice day", "projects/acme-prod-123", "permission", "404"])
def test_innocent_text_is_not_taken_for_an_error(text: str) -> None:
    assert recognise_text(text, NOWHERE).code is None


@pytest.mark.parametrize("row", ["6", "7", "25"])
def test_rows_that_a_change_of_ours_explains_say_not_yet(row: str) -> None:
    said = next(s for s in SAID if s.row == row)
    problem = recognise(Fault(said.message, said.http, said.status), HERE)
    assert problem.retry is Retry.NOT_YET
    assert problem.wait >= 60


@pytest.mark.parametrize("row", ["10", "20 query", "20 create", "27", "unnamed"])
def test_a_403_is_final_unless_something_was_granted_a_moment_ago(row: str) -> None:
    said = next(s for s in SAID if s.row == row)
    fault = Fault(said.message, said.http, said.status, said.reason)
    before, after = recognise(fault, HERE), recognise(fault, HERE, changed_recently=True)
    assert before.retry is Retry.NEVER
    assert after.retry is Retry.NOT_YET
    assert after.wait == 420
    assert before.code == after.code
    assert settling(settling(before)) == after


@pytest.mark.parametrize(
    "row", ["1 legacy", "3", "4", "5 deny", "8", "9", "12", "14", "15", "16", "17 insert", "19", "26"]
)
def test_no_change_of_ours_makes_a_final_no_pass(row: str) -> None:
    said = next(s for s in SAID if s.row == row)
    problem = recognise(Fault(said.message, said.http, said.status, said.reason), HERE, changed_recently=True)
    assert problem.retry is Retry.NEVER


def test_a_refusal_of_the_service_account_may_be_a_grant_under_way() -> None:
    context = Context(P, A, acting_as="service-account")
    message = f"User does not have bigquery.jobs.create permission in project {P}"
    assert recognise(Fault(message, 403), context).retry is Retry.NOT_YET


def test_commands_go_where_the_dataset_is_and_not_where_google_looked() -> None:
    said = next(s for s in SAID if s.row == "20 query")
    problem = recognise(Fault(said.message.replace("location EU", "location US"), 403), HERE)
    assert problem.detail("location") == "US"
    assert "--location=EU" in shown(problem)
    assert "--location=US" not in shown(problem)


def test_the_project_of_an_account_is_known_by_its_e_mail() -> None:
    problem = recognise_text("Service account klaviyo@shop.acme.com.iam.gserviceaccount.com does not exist.", NOWHERE)
    assert problem.code == "KBQ-ACCOUNT-NOT-VISIBLE"
    problem = recognise_text(f"Service account {A} does not exist.", NOWHERE)
    assert f"--project={P}" in shown(problem)


HOSTILE = "\x1b[31m\x07\u202e[b]bold[/b]\x00\x9b2J"


def controls(problem: Problem) -> set[str]:
    """Characters that a terminal might act on. Line ends between a step and its commands are ours."""
    lines = [line for step in problem.remedy for line in str(step).split("\n")]
    rest = (problem.title, problem.cause, *lines, problem.who, *problem.details.values(), problem.original)
    return {c for text in rest for c in str(text) if not c.isprintable()}


@pytest.mark.parametrize(("said", "text"), EVERY_FORM)
def test_hostile_words_come_out_inert(said: Said, text: str) -> None:
    assert controls(recognise_text(f"{HOSTILE}{text}{HOSTILE}\\u001b[2J\\n\\u202e", HERE)) == set()


def test_escapes_inside_of_json_come_out_inert() -> None:
    text = '{"error": {"code": 403, "message": "Service account \\u001b]0;x\\u0007 does not exist"}}'
    assert controls(recognise_text(text, HERE)) == set()


def test_a_made_up_name_does_not_get_into_a_command() -> None:
    text = "Permission 'iam.serviceAccountKeys.create' denied on project '$(reboot)'. projects/acme-prod-123;reboot"
    problem = recognise_text(text, Context(project="x`reboot`", account="a;reboot@b", dataset="d'$(reboot)"))
    commands = "\n".join(line for step in problem.remedy for line in str(step).split("\n")[1:])
    assert commands
    assert "reboot" not in commands


def test_no_key_is_kept() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqh" + "A" * 200 + "\n-----END PRIVATE KEY-----\n"
    for text in (pem, "x\n" * 30_000 + pem, pem + "x\n" * 30_000, "-----BEGIN PRIVATE KEY-----\n" + "QUJD\n" * 40_000):
        problem = recognise_text(text + "403 Forbidden", HERE)
        assert "MIIEvQ" not in shown(problem)
        assert "QUJD" not in shown(problem)


@pytest.mark.parametrize(
    "unit",
    ["x", "{", "[{", '{"error":', "projects/", "eyJ-", "a@", "a.", "Table a:b.", "iam.", "\\", "'", "-", "\n", "é",
     "-----BEGIN ", "service account ", "dataset p:", "x \n", "aaaa-\nbbbb ", "│ ", "https://a.b ",
     "not found: table x"]
)  # fmt: skip
def test_five_megabytes_are_read_in_bounded_time(unit: str) -> None:
    text = unit * (5_000_000 // len(unit))
    began = time.process_time()
    recognise_text(text, HERE)
    recognise(Fault(text, 403), HERE)
    assert time.process_time() - began < PATIENCE  # of this process alone; quadratic work would take days


def test_the_end_of_a_long_traceback_is_read() -> None:
    text = "Traceback (most recent call last):\n" + "  File x\n" * 100_000
    text += "google.api_core.exceptions.Forbidden: 403 Permission 'iam.serviceAccountKeys.create' denied on resource\n"
    assert recognise_text(text, HERE).code == "KBQ-KEY-CREATE-DENIED"


@settings(max_examples=150)
@given(
    st.text() | st.builds("{0}{1}{2}".format, st.text(), st.sampled_from([t.values[1] for t in EVERY_FORM]), st.text())
)
def test_anything_can_be_pasted(text: str) -> None:
    problem = recognise_text(text, HERE)
    assert controls(problem) == set()
    assert problem.code is None or problem.code in CODES
    assert problem.remedy


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["error", "code", "status", "message", "details", "reason", "@type", "violations", "metadata"]),
        inner,
        max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150)
@given(_JSON)
def test_json_of_any_shape_can_be_pasted(value: object) -> None:
    import json

    assert controls(recognise_text(json.dumps({"error": value}), HERE)) == set()


def test_every_entry_with_matchers_is_tried_once_in_their_stage_and_the_ordered_ones_first() -> None:
    for stage in Stage:
        with_matchers = [code for code, entry in ENTRIES.items() if stage in dict(entry.matchers)]
        assert sorted(tried_in(stage)) == sorted(with_matchers)
        assert tried_in(stage)[: len(ORDER.get(stage, ()))] == ORDER.get(stage, ())


def test_no_two_entries_claim_the_same_reason_constraint_or_permission() -> None:
    for name in ("reasons", "late_reasons", "constraints", "permissions"):
        claimed = Counter(key for entry in ENTRIES.values() for key in getattr(entry, name))
        assert not [key for key, times in claimed.items() if times > 1], name

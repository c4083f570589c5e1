"""Google's error texts, row by row, and the forms in which an operator meets them. Test data only."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

P = "acme-prod-123"
A = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
KEY_POLICY = "constraints/iam.disableServiceAccountKeyCreation"


@dataclass(frozen=True)
class Said:
    """One error text: the code it must be recognised as, and the values that must be extracted from it."""

    row: str
    code: str
    message: str
    http: int = 403
    status: str = "PERMISSION_DENIED"
    reason: str = "accessDenied"
    lifted: Mapping[str, str] = field(default_factory=dict)
    violation: str = ""
    info: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


BAD = (400, "INVALID_ARGUMENT", "invalid")
PRE = (400, "FAILED_PRECONDITION", "failedPrecondition")
GONE = (404, "NOT_FOUND", "notFound")

SAID = (
    Said(
        "K18 another type of principal",
        "KBQ-PRINCIPAL-TYPE",
        f'Principal {A} is of type "serviceAccount". The principal should appear as "serviceAccount:{A}". '
        "See https://cloud.google.com/iam/help/members/types for additional documentation.",
        *BAD,
    ),
    Said(
        "K18 no type of principal",
        "KBQ-PRINCIPAL-TYPE",
        f"The member {A} is of an unknown type. Please set a valid type prefix for the member.",
        *BAD,
    ),
    Said(
        "K18 project suspended",
        "KBQ-PROJECT-SUSPENDED",
        f"Permission denied: Consumer 'project:{P}' has been suspended.",
        reason="forbidden",
        info="CONSUMER_SUSPENDED",
    ),
    Said(
        "K18 no billing account",
        "KBQ-BILLING-OFF",
        "The project to be billed is associated with an absent billing account.",
        reason="accountDisabled",
    ),
    Said(
        "1 legacy",
        "KBQ-KEY-CREATION-BLOCKED",
        "Key creation is not allowed on this service account.",
        *PRE,
        violation=KEY_POLICY,
    ),
    Said(
        "1 managed",
        "KBQ-KEY-CREATION-BLOCKED",
        'Operation denied by org policy: ["constraints/iam.managed.disableServiceAccountKeyCreation"]',
        *PRE,
        lifted={"constraint": "constraints/iam.managed.disableServiceAccountKeyCreation"},
    ),
    Said(
        "2",
        "KBQ-ACCOUNT-CREATION-BLOCKED",
        "Service account creation is not allowed on this project.",
        *PRE,
        violation="constraints/iam.disableServiceAccountCreation",
    ),
    Said(
        "3",
        "KBQ-ACCOUNT-ID-INVALID",
        'The account ID "abc" does not have a length between 6 and 30.',
        *BAD,
        lifted={"given_id": "abc"},
    ),
    Said(
        "4",
        "KBQ-TOO-MANY-KEYS",
        "Maximum number of keys on account reached.",
        429,
        "RESOURCE_EXHAUSTED",
        "rateLimitExceeded",
    ),
    Said("4 other", "KBQ-TOO-MANY-KEYS", "Maximum number of keys on account reached.", *PRE),
    Said(
        "5",
        "KBQ-KEY-CREATE-DENIED",
        f"Permission 'iam.serviceAccountKeys.create' denied on resource '//iam.googleapis.com/projects/{P}/"
        f"serviceAccounts/{A}' (or it may not exist).",
        lifted={"permission": "iam.serviceAccountKeys.create", "account": A, "project": P},
        info="IAM_PERMISSION_DENIED",
        metadata={"permission": "iam.serviceAccountKeys.create"},
    ),
    Said(
        "5 deny",
        "KBQ-DENY-POLICY",
        "Permission 'iam.serviceAccountKeys.create' denied on resource (or it may not exist) due to an IAM deny "
        "policy.",
        lifted={"permission": "iam.serviceAccountKeys.create"},
    ),
    Said("6", "KBQ-ACCOUNT-NOT-VISIBLE", f"Service account {A} does not exist.", *BAD, lifted={"account": A}),
    Said(
        "7",
        "KBQ-ACCOUNT-NOT-VISIBLE",
        f"IAM setPolicy failed for Dataset {P}:KLAVIYO_TMP: Service account {A} does not exist.",
        *BAD,
        lifted={"account": A, "project": P, "dataset": "KLAVIYO_TMP"},
    ),
    Said(
        "8",
        "KBQ-TOMBSTONE",
        f"IAM setPolicy failed for Dataset {P}:KLAVIYO_TMP: The member "
        f"deleted:serviceaccount:{A}?uid=1234567890 is of an "
        "unknown type. Please set a valid type prefix for the member.",
        *BAD,
        lifted={"account": A, "uid": "1234567890", "dataset": "KLAVIYO_TMP"},
    ),
    Said("last owner", "KBQ-LAST-OWNER", "Cannot remove all owners from a dataset.", *BAD),
    Said(
        "9",
        "KBQ-GRANT-BLOCKED",
        "IAM setPolicy failed for Dataset KLAVIYO_TMP: Operation denied by org policy on resource.",
        *BAD,
        lifted={"dataset": "KLAVIYO_TMP"},
    ),
    Said(
        "10",
        "KBQ-JOB-USER-MISSING",
        f"Access Denied: Project {P}: User does not have bigquery.jobs.create permission in project {P}.",
        lifted={"project": P, "permission": "bigquery.jobs.create"},
    ),
    Said(
        "11",
        "KBQ-API-DISABLED",
        "BigQuery API has not been used in project 123456789012 before or it is disabled. Enable it by visiting "
        "https://console.developers.google.com/apis/api/bigquery.googleapis.com/overview?project=123456789012 "
        "then retry. "
        "If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.",
        reason="accessNotConfigured",
        lifted={"project_number": "123456789012", "service": "bigquery.googleapis.com"},
        info="SERVICE_DISABLED",
        metadata={"consumer": "projects/123456789012", "service": "bigquery.googleapis.com"},
    ),
    Said(
        "12",
        "KBQ-VPC-SC",
        "VPC Service Controls: Request is prohibited by organization's policy. "
        "vpcServiceControlsUniqueIdentifier: AbC-dEf_123456",
        lifted={"vpc_sc_id": "AbC-dEf_123456"},
    ),
    Said(
        "13",
        "KBQ-NOT-IN-LOCATION",
        f"Not found: Dataset {P}:KLAVIYO_TMP was not found in location US",
        *GONE,
        lifted={"project": P, "dataset": "KLAVIYO_TMP", "location": "US"},
    ),
    Said(
        "14",
        "KBQ-TWO-LOCATIONS",
        "Cannot read and write in different locations: source: EU, destination: US",
        *BAD,
        lifted={"source_location": "EU", "destination_location": "US"},
    ),
    Said(
        "15",
        "KBQ-LOCATION-FORBIDDEN",
        f"'us' violates constraint constraints/gcp.resourceLocations on the resource projects/{P}",
        412,
        "FAILED_PRECONDITION",
        "conditionNotMet",
        lifted={"constraint": "constraints/gcp.resourceLocations", "project": P},
    ),
    Said(
        "16",
        "KBQ-DOMAIN-RESTRICTED",
        "One or more users named in the policy do not belong to a permitted customer, perhaps due to an "
        "organization policy",
        *PRE,
    ),
    Said(
        "17 insert",
        "KBQ-BILLING-OFF",
        "Billing has not been enabled for this project. Enable billing at https://console.cloud.google.com/billing. "
        "DML queries are not allowed in the free tier. Set up a billing account to remove this restriction.",
        reason="billingNotEnabled",
    ),
    Said(
        "17 expiry",
        "KBQ-BILLING-OFF",
        "Billing has not been enabled for this project. The default table expiration time must be less than 60 days, "
        "billingNotEnabled",
    ),
    Said(
        "18",
        "KBQ-CONCURRENT-CHANGE",
        "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
        409,
        "ABORTED",
        "aborted",
    ),
    Said(
        "19",
        "KBQ-ROLE-LEVEL",
        "Role roles/bigquery.jobUser is not supported for this resource.",
        *BAD,
        lifted={"role": "roles/bigquery.jobUser"},
    ),
    Said(
        "20 query",
        "KBQ-TABLE-READ-DENIED",
        f"Access Denied: Table {P}:KLAVIYO_IMPORT_FROM_DWH.people: User does not have permission to query table "
        f"{P}:KLAVIYO_IMPORT_FROM_DWH.people, or perhaps it does not exist in location EU.",
        lifted={"project": P, "dataset": "KLAVIYO_IMPORT_FROM_DWH", "table": "people", "location": "EU"},
    ),
    Said(
        "20 getData",
        "KBQ-TABLE-READ-DENIED",
        f"Access Denied: Table {P}:DS.people: Permission bigquery.tables.getData denied on table {P}:DS.people "
        "(or it may not exist).",
        lifted={"permission": "bigquery.tables.getData", "dataset": "DS", "table": "people"},
    ),
    Said(
        "20 create",
        "KBQ-TABLE-WRITE-DENIED",
        f"Access Denied: Dataset {P}:KLAVIYO_TMP: Permission bigquery.tables.create denied on dataset {P}:KLAVIYO_TMP "
        "(or it may not exist).",
        lifted={"permission": "bigquery.tables.create", "dataset": "KLAVIYO_TMP"},
    ),
    Said(
        "20 update",
        "KBQ-TABLE-WRITE-DENIED",
        f"Access Denied: Table {P}:KLAVIYO_IMPORT_FROM_DWH.t: Permission bigquery.tables.updateData denied on table "
        f"{P}:KLAVIYO_IMPORT_FROM_DWH.t (or it may not exist).",
        lifted={"permission": "bigquery.tables.updateData", "table": "t"},
    ),
    Said(
        "21",
        "KBQ-POLICY-TAG",
        "Access Denied: BigQuery BigQuery: User has neither fine-grained reader nor masked get permission to get data "
        f"protected by policy tag 'PII : email' on column {P}.DS.people.email.",
        lifted={"policy_tag": "PII : email", "column": f"{P}.DS.people.email"},
    ),
    Said(
        "24",
        "KBQ-DRIVE",
        "Access Denied: BigQuery BigQuery: Permission denied while getting Drive credentials.",
    ),
    Said("25", "KBQ-KEY-REJECTED", "invalid_grant: Invalid JWT Signature.", 400, "INVALID_ARGUMENT", "invalid_grant"),
    Said(
        "25 gone",
        "KBQ-ACCOUNT-GONE",
        "invalid_grant: Invalid grant: account not found",
        400,
        "INVALID_ARGUMENT",
        "invalid_grant",
    ),
    Said(
        "25 clock",
        "KBQ-CLOCK-SKEW",
        "invalid_grant: Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
        "timeframe. Check "
        "your iat and exp values in the JWT claim.",
        400,
        "INVALID_ARGUMENT",
        "invalid_grant",
    ),
    Said(
        "26",
        "KBQ-SCOPES",
        "Request had insufficient authentication scopes.",
        reason="insufficientPermissions",
        info="ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    ),
    Said(
        "27",
        "KBQ-DATASET-CREATE-DENIED",
        f"Access Denied: Project {P}: User does not have bigquery.datasets.create permission in project {P}.",
        lifted={"permission": "bigquery.datasets.create", "project": P},
    ),
    Said(
        "28",
        "KBQ-LOGIN-EXPIRED",
        "Reauthentication is needed. Please run `gcloud auth application-default login` to reauthenticate.",
        401,
        "UNAUTHENTICATED",
        "authError",
    ),
    Said(
        "29",
        "KBQ-NO-CREDENTIALS",
        "google.auth.exceptions.DefaultCredentialsError: Your default credentials were not found. To set up "
        "Application "
        "Default Credentials, see https://cloud.google.com/docs/authentication/external/set-up-adc for more "
        "information.",
        401,
        "UNAUTHENTICATED",
        "required",
    ),
    Said(
        "30 rate",
        "KBQ-RATE-LIMITED",
        "Exceeded rate limits: too many api requests per user per method for this user_method. rateLimitExceeded",
        403,
        "PERMISSION_DENIED",
        "rateLimitExceeded",
    ),
    Said(
        "30 jobs", "KBQ-RATE-LIMITED", "Job exceeded rate limits: jobRateLimitExceeded", 403, "", "jobRateLimitExceeded"
    ),
    Said(
        "30 backend",
        "KBQ-GOOGLE-UNAVAILABLE",
        "Error encountered during execution. Retrying may solve the problem. HTTP 503",
        503,
        "UNAVAILABLE",
        "backendError",
    ),
    Said(
        "31",
        "KBQ-KEY-EXPIRY-POLICY",
        f"Operation denied: constraints/iam.serviceAccountKeyExpiryHours is in force on projects/{P}",
        *PRE,
        violation="constraints/iam.serviceAccountKeyExpiryHours",
    ),
    Said(
        "no table",
        "KBQ-TABLE-NOT-FOUND",
        f"Not found: Table {P}:DS.gone was not found in location EU",
        *GONE,
        lifted={"table": "gone"},
    ),
    Said("no dataset", "KBQ-DATASET-NOT-FOUND", f"Not found: Dataset {P}:DS", *GONE, lifted={"dataset": "DS"}),
    Said("no project", "KBQ-PROJECT-NOT-FOUND", f"Not found: Project {P}", *GONE, lifted={"project": P}),
    Said(
        "other policy",
        "KBQ-ORG-POLICY",
        "Operation refused: constraints/custom.nothingOnFridays is violated",
        *PRE,
        lifted={"constraint": "constraints/custom.nothingOnFridays"},
    ),
    Said(
        "column gone", "KBQ-QUERY-INVALID", "Unrecognized name: emial at [1:8]", 400, "INVALID_ARGUMENT", "invalidQuery"
    ),
    Said("in use", "KBQ-DATASET-NOT-EMPTY", f"Dataset {P}:KLAVIYO_TMP is still in use", 400, "", "resourceInUse"),
    Said(
        "quota",
        "KBQ-QUOTA-EXCEEDED",
        "Custom quota exceeded: Your usage exceeded the custom quota for QueryUsagePerDay",
        403,
        "PERMISSION_DENIED",
        "quotaExceeded",
    ),
    Said(
        "quota project",
        "KBQ-QUOTA-PROJECT",
        f"Caller does not have required permission to use project {P}. Grant the "
        "caller the roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use "
        "permission",
        info="USER_PROJECT_DENIED",
        lifted={"consumer": P},
    ),
    Said(
        "no project in BigQuery",
        "KBQ-PROJECT-NOT-FOUND",
        f"Project {P} is not found. Make sure it references valid GCP "
        f"project that hasn't been deleted.; Project id: {P}",
        *GONE,
        lifted={"project": P},
    ),
    Said("no key", "KBQ-KEY-NOT-FOUND", "Service account key 0123456789abcdef does not exist.", *GONE),
    Said("no account", "KBQ-ACCOUNT-NOT-VISIBLE", f"Unknown service account: {A}", *GONE, lifted={"account": A}),
    Said("disabled", "KBQ-ACCOUNT-DISABLED", "Service account is disabled.", *PRE),
    Said("unnamed", "KBQ-NOT-PERMITTED", "The caller does not have permission"),
    Said(
        "key of the customer's",
        "KBQ-CMEK-KEY",
        "Access Denied: BigQuery BigQuery: Cloud KMS Error: Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' "
        "denied on resource 'projects/acme-sec-001/locations/us/keyRings/kr/cryptoKeys/k' (or it may not exist). "
        "Please grant Cloud KMS CryptoKey Encrypter/Decrypter role to BigQuery service account: "
        "bq-123456789012@bigquery-encryption.iam.gserviceaccount.com",
        status="",
        lifted={"agent": "bq-123456789012@bigquery-encryption.iam.gserviceaccount.com"},
    ),
    Said(
        "key of the customer's demanded",
        "KBQ-CMEK-REQUIRED",
        f"Your administrator requires that you specify an encryption key for queries in project {P}. See "
        "https://cloud.google.com/bigquery/docs/customer-managed-encryption#services_constraint for more info.",
        412,
        "",
        "conditionNotMet",
        lifted={"project": P},
    ),
    Said(
        "agent of Google's",
        "KBQ-GOOGLE-AGENT",
        "Service account bq-123456789012@bigquery-encryption.iam.gserviceaccount.com does not exist.",
        *BAD,
    ),
    Said(
        "partition filter",
        "KBQ-PARTITION-FILTER",
        f"Cannot query over table '{P}.crm.events' without a filter over column(s) 'ts' that can be used for partition "
        "elimination",
        400,
        "",
        "invalidQuery",
    ),
    Said(
        "outside",
        "KBQ-EXTERNAL-DATA",
        "Access Denied: BigQuery BigQuery: Permission denied while globbing file pattern.",
    ),
    Said(
        "data connection",
        "KBQ-DATA-CONNECTION-DENIED",
        f"Access Denied: Connection {P}.us.lake: User does not have bigquery.connections.use permission for connection "
        f"{P}.us.lake.",
        status="",
        lifted={"data_connection": f"{P}.us.lake"},
    ),
    Said(
        "read session",
        "KBQ-READ-SESSION-DENIED",
        f"request failed: the user does not have 'bigquery.readsessions.create' permission for 'projects/{P}'",
        lifted={"project": P},
    ),
    Said(
        "view of a region",
        "KBQ-REGION-VIEW",
        f"Access Denied: Table {P}:region-US.INFORMATION_SCHEMA.COLUMNS: User does not have permission to query table "
        f"{P}:region-US.INFORMATION_SCHEMA.COLUMNS, or perhaps it does not exist in location US.",
        status="",
    ),
    Said(
        "unqualified",
        "KBQ-TABLE-UNQUALIFIED",
        'Table "people" must be qualified with a dataset (e.g. dataset.table).',
        400,
        "",
        "invalid",
    ),
    Said(
        "legacy",
        "KBQ-LEGACY-SQL",
        f"Invalid table name: `{P}.KLAVIYO_TMP.people` [Try using standard SQL "
        "(https://cloud.google.com/bigquery/docs/reference/standard-sql/enabling-standard-sql)].",
        400,
        "",
        "invalid",
    ),
    Said(
        "columns",
        "KBQ-TOO-MANY-COLUMNS",
        "Too many columns (10067) in schema. Only 10000 columns are allowed.",
        400,
        "",
        "invalid",
    ),
    Said(
        "routine",
        "KBQ-ROUTINE-DENIED",
        f"Access Denied: Routine {P}:crm.clean_phone: User does not have permission to invoke routine "
        f"{P}.crm.clean_phone.",
        lifted={"project": P, "dataset": "crm", "routine": "clean_phone"},
    ),
    Said(  # in the form of the refusals of tables; not recorded for a routine
        "routine by its permission",
        "KBQ-ROUTINE-DENIED",
        f"Access Denied: Routine {P}:crm.clean_phone: Permission bigquery.routines.get denied on routine "
        f"{P}:crm.clean_phone (or it may not exist).",
        lifted={"permission": "bigquery.routines.get", "dataset": "crm", "routine": "clean_phone"},
    ),
    Said(
        "replica",
        "KBQ-REPLICA-READ-ONLY",
        f"The dataset replica of the cross region dataset '{P}:KLAVIYO_TMP' in region 'US' is read-only because it's "
        "not the primary replica.",
        400,
        "",
        "invalid",
    ),
)


def forms(said: Said) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of each form of the same error."""
    details: list[dict[str, object]] = []
    if said.violation:
        kind = "type.googleapis.com/google.rpc.PreconditionFailure"
        details.append({"@type": kind, "violations": [{"type": said.violation, "subject": f"projects/{P}"}]})
    if said.info:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        details.append({"@type": kind, "reason": said.info, "domain": "googleapis.com", "metadata": said.metadata})
    error: dict[str, object] = {"code": said.http, "message": said.message}
    legacy = {**error, "errors": [{"message": said.message, "domain": "global", "reason": said.reason}]}
    yield "REST", json.dumps({"error": {**error, "status": said.status, "details": details}}, indent=2)
    yield "REST in one line with noise", "body=" + json.dumps({"error": {**legacy, "details": details}}) + " (end)"
    yield "BigQuery REST", json.dumps({"error": legacy})
    words = said.message + (f" [violation type: {said.violation}]" if said.violation else "")
    quoted = words.replace('"', '\\"')
    if said.status:
        yield (
            "gRPC",
            "<_InactiveRpcError of RPC that terminated with:\n"
            f'\tstatus = StatusCode.{said.status}\n\tdetails = "{quoted}"\n'
            f'\tdebug_error_string = "UNKNOWN:Error received from peer {{grpc_message:\\"{quoted}\\"}}"\n>',
        )
        yield "gcloud", f"ERROR: (gcloud.iam.service-accounts.keys.create) {said.status}: {words}"
    yield "api_core", f"{said.http} POST https://bigquery.googleapis.com/bigquery/v2/p/jobs?prettyPrint=false: {words}"
    yield (
        "traceback",
        'Traceback (most recent call last):\n  File "/usr/lib/python3/dist-packages/x.py", line 3, in run\n    go()\n'
        f"google.api_core.exceptions.ClientError: {said.http} {words}",
    )
    yield "gcloud http", f"ERROR: (gcloud.projects.add-iam-policy-binding) HTTPError {said.http}: {words}"
    yield "bq", f"BigQuery error in query operation: {words}"
    yield "bq in a terminal", "\n".join(textwrap.wrap(f"BigQuery error in query operation: {words}", 80))
    yield "bq in a narrow one", "\n".join(textwrap.wrap(f"Error in query string: {words}", 41, break_long_words=False))
    yield "bq, a further failure", textwrap.fill(words, initial_indent=" - ", subsequent_indent="   ")
    yield "bq, copied from the middle of a line", "\n".join(textwrap.wrap("x" * 60 + " " + words, 80))[61:]
    bordered = textwrap.wrap(
        f"Error: Error applying IAM policy: {words}", 76, break_on_hyphens=False, break_long_words=False
    )
    yield "Terraform", "\n".join(["╷", *(f"│ {line}" for line in bordered), "│ ", "│   with google_x.y,", "╵"])
    yield "German and coloured", f"Fehler beim Ausführen der Abfrage:\r\n\x1b[1;31m{words}\x1b[0m\r\n\x1b[KAbgebrochen."
    yield "log", f"2026-11-23T18:00:00.123Z WARN sync[4711] job failed: {words}"
    yield "Klaviyo", f"Summary\tSync failed\nCode\t{said.reason}\nExternal message\t{words}\nDate\tNov 23, 2026"

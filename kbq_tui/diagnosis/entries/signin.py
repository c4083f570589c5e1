"""Credentials that are not what they should be: damaged keys, other kinds of files, other ways to sign in."""

from typing import Final

from kbq_tui.diagnosis.entry import Entry
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

_CLOUD: Final = "https://cloud.google.com/"
_YOU: Final = "You."

ENTRIES: Final = (
    Entry(
        "KBQ-KEY-DAMAGED",
        "The private key in the file is damaged",
        "The private key is not complete or not as Google gave it: as a rule its line ends were lost or doubled when "
        "the file was copied, pasted or put into an environment variable.",
        (
            "Use the JSON file that Google gave, as it is; do not copy the key out of it by hand.",
            "If it has to be in a variable, keep the line ends: in the JSON each is one backslash and an n, and the "
            "text begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.",
            "See whether openssl can read it, without showing it:\n"
            "python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[\"private_key\"])' KEY_FILE "
            "| openssl pkey -noout && echo complete",
            "If the original is lost, create a new key: Google gives a key's secret only once.",
        ),
        "You; for a new key whoever may make one: role Service Account Key Admin (roles/iam.serviceAccountKeyAdmin).",
        _CLOUD + "iam/docs/keys-create-delete",
        Kind.CREDENTIALS,
    ),
    Entry(
        "KBQ-KEY-FILE-ENCODING",
        "The key file is saved in an encoding that Klaviyo may refuse",
        "{path} begins with a byte order mark, which Google's file does not have: an editor or a shell on Windows adds "
        "it. Some parsers of JSON refuse such a file (Node's and Python's among them), so nothing is tried with it.",
        (
            "Make a copy in plain UTF-8, readable by you only, and use that:\n" + cmd.PLAIN_COPY,
            "Give Klaviyo that copy, and name it here with --key-file.",
        ),
        "You, on this machine.",
        "https://www.rfc-editor.org/rfc/rfc8259#section-8.1",
        Kind.CREDENTIALS,
    ),
    Entry(
        "KBQ-CREDENTIALS-KIND",
        "The file of credentials is of another kind",
        "A service account's key is wanted, and the file is {file_kind}.",
        (
            "See what the file is, without showing the key; it has to be service_account:\n"
            "python3 -c 'import json,sys; print(json.load(open(sys.argv[1])).get(\"type\"))' FILE",
            "Name the JSON key of the service account: Klaviyo takes that kind and no other.",
            f"If there is none, create one:\n{cmd.CREATE_KEY}",
        ),
        "You; for a new key whoever may make one: role Service Account Key Admin (roles/iam.serviceAccountKeyAdmin).",
        _CLOUD + "docs/authentication/application-default-credentials",
        Kind.CREDENTIALS,
    ),
    Entry(
        "KBQ-IMPERSONATION-INVALID",
        "The account to act as is not named rightly",
        "Google did not take the request to act as {account}: the address, or the request itself, is wrong. No role is "
        "missing.",
        (
            f"Check the address; it is a service account's e-mail:\n{cmd.SHOW_ACCOUNT}",
            "See what gcloud is set to, and take it away if you do not want it:\n"
            "gcloud config get-value auth/impersonate_service_account\n"
            "gcloud config unset auth/impersonate_service_account",
            "Name the account with --impersonate, or go without it.",
        ),
        _YOU,
        _CLOUD + "iam/docs/service-account-impersonation",
        Kind.CREDENTIALS,
    ),
    Entry(
        "KBQ-WORKLOAD-IDENTITY",
        "Workload identity federation refuses the login",
        "Google's token service did not take the login of another identity provider: the pool or provider does not "
        "exist or is disabled, its name is wrong, or its conditions do not fit.",
        (
            "Check the provider's full name; it holds the project's number, not its ID:\n"
            "gcloud iam workload-identity-pools providers describe PROVIDER_ID --workload-identity-pool=POOL_ID "
            "--location=global --project={project} --format='value(name, state, attributeCondition)'",
            "The name is //iam.googleapis.com/projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/POOL_ID/"
            "providers/PROVIDER_ID.",
            "Klaviyo cannot sign in this way: it needs the JSON key of a service account. For yourself sign in "
            f"directly:\n{cmd.LOGIN} --no-launch-browser",
        ),
        "You; for the pool a workload identity administrator: iam.workloadIdentityPools.update, role IAM Workload "
        "Identity Pool Admin "
        "(roles/iam.workloadIdentityPoolAdmin) on the project.",
        _CLOUD + "iam/docs/troubleshooting-workload-identity-federation",
        Kind.CREDENTIALS,
    ),
    Entry(
        "KBQ-UNIVERSE",
        "The credentials are for another Google Cloud",
        "The program speaks to {configured_universe}, and the credentials are for {credentials_universe}: two separate "
        "clouds (universes) of Google's.",
        (
            "Klaviyo works with googleapis.com only: use credentials and a project of that one.",
            "See whether a universe is set, and take it away:\n"
            "printenv GOOGLE_CLOUD_UNIVERSE_DOMAIN\n"
            "unset GOOGLE_CLOUD_UNIVERSE_DOMAIN\n"
            "gcloud config get-value core/universe_domain",
            "A key file names its own in universe_domain; do not change it there, name another file.",
        ),
        _YOU,
        "https://google.aip.dev/auth/4117",
        Kind.CREDENTIALS,
    ),
)

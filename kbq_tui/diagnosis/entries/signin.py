"""Unusable credentials: damaged keys, other kinds of files, other ways to sign in."""

from typing import Final

from kbq_tui.diagnosis.entries.who import CLOUD, YOU
from kbq_tui.diagnosis.entry import Entry, Stage, look, step
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Kind
from kbq_tui.shell import commands as cmd

_PEM: Final = (
    r"\bPEM routines:|ERR_OSSL_(?:PEM|UNSUPPORTED|ASN1)|could not deserialize key data|unable to load PEM file|"
    r"MalformedFraming|begin/end markers expected in a PEM|\bno key could be detected\b|PEM_read_bio|"
    r"private key should be a PEM|unexpected exception reading PKCS|invalid PKCS ?#?8|InvalidKeySpecException|"
    r"asn1: (?:structure|syntax) error|asn1 encoding routines|DECODER routines::unsupported|bad base64 decode|"
    r"failed to parse private key"
)
"""The errors of OpenSSL, Python's cryptography, Node, Java and Go about a damaged private key."""
_TYPES: Final = r"(?:authorized_user|external_account(?:_authorized_user)?|(?:impersonated_|gdch_)?service_account)"

ENTRIES: Final = (
    Entry(
        Code.KEY_DAMAGED,
        "The private key in the file is damaged",
        "The private key is not complete or not as Google gave it: as a rule its line ends were lost or doubled when "
        "the file was copied, pasted or put into an environment variable.",
        (
            "Use the JSON file that Google gave, as it is; do not copy the key out of it by hand.",
            "If it has to be in a variable, keep the line ends: in the JSON each is one backslash and an n, and "
            "the text begins and ends with five dashes.",
            look(
                "See whether openssl can read it, without showing it:",
                Command(
                    "python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[\"private_key\"])' KEY_FILE | "
                    "openssl pkey -noout && echo complete"
                ),
            ),
            "If the original is lost, create a new key: Google gives a key's secret only once.",
        ),
        "You; for a new key whoever may make one: role Service Account Key Admin (roles/iam.serviceAccountKeyAdmin).",
        CLOUD + "iam/docs/keys-create-delete",
        Kind.CREDENTIALS,
        matchers=((Stage.KINDS, _PEM),),
    ),
    Entry(
        Code.KEY_FILE_ENCODING,
        "The key file is saved in an encoding that Klaviyo may refuse",
        "{path} is not plain UTF-8 as Google's file is (it begins with a byte order mark, or is UTF-16): an editor or "
        "a shell on Windows saves files so. Some parsers of JSON refuse such a file (Node's and Python's among them), "
        "so nothing is tried with it.",
        (
            step("Make a copy in plain UTF-8, readable by you only, and use that:", cmd.PLAIN_COPY),
            "Give Klaviyo that copy, and name it here with --key-file.",
        ),
        "You, on this machine.",
        "https://www.rfc-editor.org/rfc/rfc8259#section-8.1",
        Kind.CREDENTIALS,
    ),
    Entry(
        Code.CREDENTIALS_KIND,
        "The file of credentials is of another kind",
        "A service account's key is wanted, and the file is {file_kind}.",
        (
            look(
                "See what the file is, without showing the key; it has to be service_account:",
                Command("python3 -c 'import json,sys; print(json.load(open(sys.argv[1])).get(\"type\"))' FILE"),
            ),
            "Name the JSON key of the service account: Klaviyo takes that kind and no other.",
            step("If there is none, create one:", cmd.CREATE_KEY),
        ),
        "You; for a new key whoever may make one: role Service Account Key Admin (roles/iam.serviceAccountKeyAdmin).",
        CLOUD + "docs/authentication/application-default-credentials",
        Kind.CREDENTIALS,
        matchers=(
            (
                Stage.KINDS,
                rf"'type' value '?\w{{1,60}}'? not recognized|'type' field (?:not specified|is .{{1,60}}expected)|"
                rf"unexpected credentials type|type is \S{{1,60}}, expected one of|does not have a valid type\.|"
                rf"(?:unknown|unsupported|invalid|unexpected) credentials? type\b|"
                rf"json object does not contain a client_email field|{_TYPES}[`'\"]? (?:credentials? )?(?:is|"
                rf"are) not supported",
            ),
        ),
    ),
    Entry(
        Code.IMPERSONATION_INVALID,
        "The account to act as is not named correctly",
        "Google did not take the request to act as {account}: the address, or the request itself, is wrong. No role is "
        "missing.",
        (
            look("Check the address; it is a service account's e-mail:", cmd.SHOW_ACCOUNT),
            look(
                "See what gcloud is set to, and take it away if you do not want it:",
                cmd.SHOW_IMPERSONATION,
                cmd.UNSET_IMPERSONATION,
            ),
            "Name the account with --impersonate, or go without it.",
        ),
        YOU,
        CLOUD + "iam/docs/service-account-impersonation",
        Kind.CREDENTIALS,
    ),
    Entry(
        Code.WORKLOAD_IDENTITY,
        "Workload identity federation refuses the login",
        "Google's token service did not take the login of another identity provider: the pool or provider does not "
        "exist or is disabled, its name is wrong, or its conditions do not fit.",
        (
            look("Check the provider's full name; it holds the project's number, not its ID:", cmd.SHOW_PROVIDER),
            "The name is "
            "//iam.googleapis.com/projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/POOL_ID/providers/PROVIDER_ID.",
            step(
                "Klaviyo cannot sign in this way: it needs the JSON key of a service account. For yourself sign in "
                "directly:",
                cmd.LOGIN,
            ),
        ),
        "You; for the pool a workload identity administrator: iam.workloadIdentityPools.update, role IAM Workload "
        "Identity Pool Admin "
        "(roles/iam.workloadIdentityPoolAdmin) on the project.",
        CLOUD + "iam/docs/troubleshooting-workload-identity-federation",
        Kind.CREDENTIALS,
        matchers=(
            (
                Stage.KINDS,
                r"\binvalid_target\b|google cloud federated token|error code (?:invalid_request|unauthorized_client|"
                r"invalid_grant): "
                r"(?:invalid value for|the given credential|id token|error connecting)|unable to retrieve (?:oidc|"
                r"subject) token|"
                r"rejected by the attribute condition|the audience in (?:the )?id token|"
                r"value should be the full resource name of the identity provider",
            ),
        ),
    ),
    Entry(
        Code.OTHER_OPERATOR,
        "Another login than the connection's operator",
        "Signed in is {signed_in}; the file of connection {connection} names {operator} as its operator.",
        (
            look("See who is signed in:", cmd.SHOW_LOGIN),
            step("Sign in as the operator:", cmd.LOGIN),
            "Or run it on a terminal, where you are asked, or change operator in the connection's file.",
        ),
        YOU,
        CLOUD + "docs/authentication/application-default-credentials",
        Kind.CREDENTIALS,
    ),
    Entry(
        Code.UNIVERSE,
        "The credentials are for another Google Cloud",
        "The program speaks to {configured_universe}, and the credentials are for {credentials_universe}: two separate "
        "clouds (universes) of Google's.",
        (
            "Klaviyo works with googleapis.com only: use credentials and a project of that one.",
            look(
                "See whether a universe is set, and take it away:",
                Command("printenv GOOGLE_CLOUD_UNIVERSE_DOMAIN"),
                Command("unset GOOGLE_CLOUD_UNIVERSE_DOMAIN"),
                cmd.SHOW_UNIVERSE,
            ),
            "A key file names its own in universe_domain; do not change it there, name another file.",
        ),
        YOU,
        "https://google.aip.dev/auth/4117",
        Kind.CREDENTIALS,
        matchers=((Stage.KINDS, r"universe domain .{0,120}?does not match|universe[ _]?(?:domain )?mismatch"),),
    ),
)

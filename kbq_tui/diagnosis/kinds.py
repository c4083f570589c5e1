"""More words of Google's, Klaviyo's and of their libraries, and which entry of the catalogue each means.

These name one kind of failure each, so they are asked before the general words of `rules`.
Sources: the texts in tests/corpus, and https://cloud.google.com/bigquery/docs/error-messages.
"""

from typing import Final

from kbq_tui.diagnosis.extract import AGENT
from kbq_tui.diagnosis.rules import Rules
from kbq_tui.model.codes import ProblemCode as Code

_INFORMATION_SCHEMA: Final = (
    r"permission to query (?:table|view) [`'\"]?"
    r"(?:(?:[a-z][\w.-]{1,60}[:.])?[`]?region-[\w-]{2,40}[`.]{1,3}|[a-z][\w.-]{1,60}:)?[`]?INFORMATION_SCHEMA\b(?!\W{1,3}OBJECT_PRIVILEGES)"
)
"""A view without a dataset before it; with one, the role on the dataset opens it."""
_PEM: Final = (
    r"\bPEM routines:|ERR_OSSL_(?:PEM|UNSUPPORTED|ASN1)|could not deserialize key data|unable to load PEM file|"
    r"MalformedFraming|\bno key could be detected\b|PEM_read_bio|"
    r"private key should be a PEM|unexpected exception reading PKCS|invalid PKCS ?#?8|InvalidKeySpecException|"
    r"asn1: (?:structure|syntax) error|asn1 encoding routines|DECODER routines::unsupported|bad base64 decode|"
    r"failed to parse private key"
)
"""What OpenSSL, Python's cryptography, Node, Java and Go say of a private key that is not whole."""
_TYPES: Final = r"(?:authorized_user|external_account(?:_authorized_user)?|(?:impersonated_|gdch_)?service_account)"

KINDS: Final[Rules] = (
    (Code.CMEK_KEY_OFF, r"\bis not enabled, current state is:? (?:DISABLED|DESTROY|PENDING)"),
    (
        Code.CMEK_KEY,
        r"cloud kms error|\bcloudkms\.cryptoKeyVersions\.useTo|CryptoKey Encrypter/Decrypter role to|"
        r"permission on KMS key\b",
    ),
    (
        Code.GOOGLE_AGENT,
        rf"service account {AGENT} (?:does not exist|(?:was |is )?not found)|(?:gaia id not found for|"
        rf"not found:) email "
        rf"{AGENT}|unable to retrieve P4SA|data transfer service account is not found|"
        rf"service agent .{{0,200}}does not exist",
    ),
    (Code.ACCOUNT_NOT_VISIBLE, r"gaia id not found for email|not found: email \S{1,200}gserviceaccount\.com"),
    (
        Code.PARTITION_FILTER,
        r"cannot query over table .{1,1300}? without a filter\b.{1,500}?(?:partition elimination|\Z)",
    ),
    (Code.VIEW_BROKEN, r"failed to parse view\b|\bview .{1,1200}? (?:is invalid|has an invalid|is no longer valid)\b"),
    (
        Code.FEDERATED,
        r"failed to (?:fetch row|get query schema) from \w{3,20} server|invalid table-valued function EXTERNAL_QUERY|"
        r"failed to connect to (?:mysql|postgresql) (?:database|server).{0,200}EXTERNAL_QUERY|"
        r"\bEXTERNAL_QUERY\b.{0,80}?failed to",
    ),
    (Code.DATA_CONNECTION_MISSING, r"not found: connection\b"),
    (
        Code.READ_SESSION_DENIED,
        r"require storage read api to be enabled|'?bigquery\.readsessions\.\w{3,20}'? permission",
    ),
    (
        Code.EXTERNAL_DATA,
        r"globbing file pattern|does not have storage\.objects\.\w{3,10} access|access denied: file \S{0,3}gs://|"
        r"getting metadata for external code resource",
    ),
    (Code.TABLE_NOT_FOUND, r"[\w-]{1,300}[:.][\w-]{0,300}\*\W{0,3} does not match any table"),
    (Code.REGION_VIEW, _INFORMATION_SCHEMA),
    (Code.TABLE_UNQUALIFIED, r"must be qualified with a dataset|missing dataset while no default dataset"),
    (Code.COLUMNS_DUPLICATE, r"duplicate column names in the result|columns with duplicate name\b"),
    (
        Code.TOO_MANY_COLUMNS,
        r"too many columns \(\d|too many total leaf fields|too many fields: \d{4}|only 10,?000 columns are allowed",
    ),
    (Code.TABLE_STALE, r"un-?applied upsert data|to meet table's max_staleness"),
    (Code.REPLICA_READ_ONLY, r"not the primary replica|dataset replica of the cross[- ]region dataset"),
    (
        Code.OMNI,
        r"\bbigquery omni\b|\b(?:region|location)s? [`'\"]?(?:aws|azure)-[a-z0-9-]{4,30}[`'\"]?(?! violates)"
        r"(?=.{0,120}(?:not support|unsupported|not allowed|cannot))",
    ),
    (
        Code.LOCATION_UNSUPPORTED,
        r"\blocation \S{1,60} (?:does not support this operation|is not (?:supported|available|a valid\b))|"
        r"invalid value for location\b",
    ),
    (
        Code.DATASET_ID_INVALID,
        r"invalid dataset id\b|dataset ids must be alphanumeric|(?:table|dataset)_id must be a fully-qualified id|"
        r"not found: dataset [a-z][a-z0-9-]{4,28}[a-z0-9]:[\w-]{1,300}\.\w|"
        r"too many parts in (?:dataset|table)_id|dataset [`'\"]?([a-z][a-z0-9-]{4,28}[a-z0-9])[:.]\1[.:]\w",
    ),
    (Code.PROJECT_NOT_FOUND, r"invalid project id\b"),
    (Code.KEY_DAMAGED, _PEM),
    (
        Code.CREDENTIALS_KIND,
        rf"'type' value '?\w{{1,60}}'? not recognized|'type' field (?:not specified|is .{{1,60}}expected)|"
        rf"unexpected credentials type|type is \S{{1,60}}, expected one of|does not have a valid type\.|"
        rf"(?:unknown|unsupported|invalid|unexpected) credentials? type\b|"
        rf"json object does not contain a client_email field|{_TYPES}[`'\"]? (?:credentials? )?(?:is|"
        rf"are) not supported",
    ),
    (
        Code.WORKLOAD_IDENTITY,
        r"\binvalid_target\b|google cloud federated token|error code (?:invalid_request|unauthorized_client|"
        r"invalid_grant): "
        r"(?:invalid value for|the given credential|id token|error connecting)|unable to retrieve (?:oidc|"
        r"subject) token|"
        r"rejected by the attribute condition|the audience in (?:the )?id token|"
        r"value should be the full resource name of the identity provider",
    ),
    (Code.UNIVERSE, r"universe domain .{0,120}?does not match|universe[ _]?(?:domain )?mismatch"),
    (Code.MACHINE_SETTING, r"suitable TLS CA certificate bundle, invalid path|universe domain cannot be an empty"),
    (Code.MACHINE_SETTING, r"ignoring extra certs from"),
    (Code.SCOPES, r"\binsufficient permission\b(?! to)"),
    (Code.API_DISABLED, r"the project \S{1,120} has not enabled \w"),
    (Code.QUERY_TOO_BIG, r"response too large to return"),
    (
        Code.RATE_LIMITED,
        r"exceeded quota for .{0,120}?per second|too many (?:concurrent queries|table update operations)",
    ),
    (
        Code.GOOGLE_UNAVAILABLE,
        r"job encountered an internal error|an internal error occurred and the request could not|"
        r"retrying the job may solve|retrying may solve the problem|policy checks are unavailable",
    ),
    (Code.NOT_IN_LOCATION, r"not found: (?:dataset\b|\*).{0,1300}?was not found in location"),
    (
        Code.QUERY_INVALID,
        r"\binvalidQuery: |column name \S{1,300} is ambiguous at \[|"
        r"syntax error: unclosed (?:identifier|string|triple)|syntax error: expected .{1,2000}? but got|"
        r"invalid field name .{1,400}?fields must contain only letters",
    ),
)

_ALONE: Final = r"\A\W{{0,5}}(?:(?:sync|status|state|summary)\W{{1,5}}){{0,2}}{}\W{{0,5}}\Z"
KLAVIYOS: Final[Rules] = (
    (
        Code.KLAVIYO_FORMAT,
        r"(?:\A|\n|error: |message\W{1,4})\W{0,5}(?:error: )?invalid (?:(?:e-?mail|phone(?: number)?|boolean|number|"
        r"list) "
        r"format|consent channels?)\W{0,3}(?:\Z|\n)",
    ),
    (Code.KLAVIYO_TRANSFER, r"data transfer service for klaviyo|\bklaviyo (?:data )?transfers?\b"),
    (Code.KLAVIYO_ERRORED, _ALONE.format("errored")),
    (Code.KLAVIYO_FAILED, _ALONE.format("failed")),
    (Code.KLAVIYO_STOPPED, _ALONE.format("(?:paused|disabled)")),
)
"""Asked last: a state says less than the message beside it."""

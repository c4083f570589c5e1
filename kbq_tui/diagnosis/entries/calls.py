"""Signing in, and reaching Google: credentials, network, overload. Rows 25, 26, 28-30."""

from typing import Final

from kbq_tui.diagnosis.entries.who import CLOUD, YOU
from kbq_tui.diagnosis.entry import (
    GRANT,
    GRANT_WAIT,
    LOOK,
    NEW_ACCOUNT_WAIT,
    PACE_WAIT,
    REVOKE,
    Entry,
    Stage,
    back,
    look,
    shared,
    step,
    wait,
)
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Kind, Retry
from kbq_tui.shell import commands as cmd

_ADC: Final = CLOUD + "docs/authentication/provide-credentials-adc"
_PROXY: Final = CLOUD + "sdk/docs/proxy-settings"
_REACH: Final = Command("curl -sSI https://bigquery.googleapis.com/")
_NETWORK: Final = "You, or whoever runs the network of this machine."

ENTRIES: Final = (
    Entry(
        Code.NO_CREDENTIALS,
        "Nobody is signed in",
        "No Google credentials were found: neither a key file, nor application default credentials.",
        (
            step("Sign in; on a machine without a browser it shows a link to open elsewhere:", cmd.LOGIN),
            step("Or name a service account's key file:", Command("export GOOGLE_APPLICATION_CREDENTIALS=KEY_FILE")),
        ),
        YOU,
        _ADC,
        Kind.CREDENTIALS,
        matchers=(
            (
                Stage.WORDS,
                r"DefaultCredentialsError|default credentials were not found|automatically determine credentials",
            ),
            (Stage.WORDS, r"not currently have an active account selected|no credentialed accounts"),
            (Stage.WORDS, r"could not (?:find|load(?: the)?) default credentials|load application default credentials"),
            (Stage.WORDS, r"application default credentials are not available"),
        ),
    ),
    Entry(
        Code.LOGIN_EXPIRED,
        "Your login has expired",
        "Google wants you to sign in anew; companies set how long a login lasts.",
        (step("Sign in again:", cmd.LOGIN), step("For gcloud's own login:", cmd.GCLOUD_LOGIN)),
        YOU,
        CLOUD + "docs/authentication/reauthentication",
        Kind.CREDENTIALS,
        matchers=(
            (
                Stage.WORDS,
                r"reauthentication (?:is needed|is required|failed|required(?! for))|invalid_rapt|rapt_required",
            ),
            (Stage.WORDS, r"invalid_grant: bad request|['\"]invalid_grant['\"].{0,80}['\"]bad request"),
            (Stage.WORDS, r"has been expired or revoked|ReauthFail"),
            (Stage.WORDS, r"\bdeleted_client\b|the oauth client was (?:deleted|not found)"),
            (Stage.WORDS, r"active account \[[^\]\n]{1,100}\] does not have any valid credentials"),
            (Stage.LAST, r"refreshing your current auth tokens"),  # what follows may be a fault of the network
        ),
    ),
    Entry(
        Code.UNAUTHENTICATED,
        "Google does not know who is asking",
        "The credentials of this call were missing, expired or not accepted.",
        (
            look("See who is signed in:", cmd.SHOW_LOGIN),
            step("If it was your own login, sign in again:", cmd.LOGIN),
            look("If it was the service account's, see whether its key still exists:", cmd.LIST_KEYS),
        ),
        YOU,
        CLOUD + "docs/authentication/troubleshoot-adc",
        Kind.CREDENTIALS,
        settle=NEW_ACCOUNT_WAIT,
        matchers=(
            (Stage.WORDS, r"missing required authentication credential|invalid authentication credentials"),
            (Stage.WORDS, r"reason: .required.,\s{0,40}message: .Login Required|\breturned .Invalid Credentials\b"),
            (Stage.WORDS, r"BigQuery error in .{1,40} operation: Invalid Credentials"),
        ),
        late_reasons=(
            "access_token_expired",
            "access_token_type_unsupported",
            "credentials_missing",
            "autherror",
        ),
    ),
    Entry(
        Code.SCOPES,
        "The login covers too little",
        "The access token was made for a narrower purpose (scopes) than this call; permissions are another matter.",
        (
            step("Sign in again with the scope for all of Google Cloud:", cmd.LOGIN_SCOPES),
            "On a virtual machine of Google's, its access scopes decide: sign in as yourself, or set them to "
            "cloud-platform while it is stopped.",
        ),
        YOU,
        CLOUD + "docs/authentication/troubleshoot-adc",
        Kind.CREDENTIALS,
        matchers=(
            (Stage.KINDS, r"\binsufficient permission\b(?! to)"),
            (Stage.WORDS, r"insufficient authentication scopes|ACCESS_TOKEN_SCOPE_INSUFFICIENT|insufficient_scope"),
        ),
        reasons=(
            "access_token_scope_insufficient",
            "insufficientpermissions",
        ),
    ),
    Entry(
        Code.IMPERSONATION_DENIED,
        "You may not act as that account",
        "Acting as {account} needs iam.serviceAccounts.getAccessToken on it, which is missing.",
        (
            "Ask for the role Service Account Token Creator on that account.",
            *shared(
                look(LOOK, cmd.SHOW_ACCOUNT_POLICY),
                step(GRANT, cmd.GRANT_TOKEN_CREATOR),
                back(REVOKE, cmd.GRANT_TOKEN_CREATOR),
            ),
            "Or go without --impersonate.",
        ),
        "Whoever may set policies on the account: iam.serviceAccounts.setIamPolicy, role Service Account Admin "
        "(roles/iam.serviceAccountAdmin).",
        CLOUD + "iam/docs/service-account-impersonation",
        Kind.CREDENTIALS,
        settle=GRANT_WAIT,
        permissions=("iam.serviceAccounts.getAccessToken",),
    ),
    Entry(
        Code.CREDENTIALS_FILE,
        "The credentials file cannot be used",
        "The file of credentials does not exist, is not JSON, or is of a kind that is not supported.",
        (
            look("See what it points to:", Command('printf "%s\\n" "$GOOGLE_APPLICATION_CREDENTIALS"')),
            step("Name a right one with --credentials, or sign in:", cmd.LOGIN),
        ),
        YOU,
        _ADC,
        Kind.CREDENTIALS,
        matchers=(
            (Stage.WORDS, r"DefaultCredentialsError.{0,40}File .{1,400}? was not found"),
            (Stage.WORDS, r"\bfile \S{1,400} (?:is not a valid json file)"),
            (
                Stage.WORDS,
                r"could not read json file \S|error (?:reading credential file|deserializing json credential)",
            ),
            (Stage.WORDS, r"service account (?:info was not in the expected format|private key should be valid json)"),
        ),
    ),
    Entry(
        Code.RATE_LIMITED,
        "Too many calls in a short time",
        "Google asks for a slower pace; the call itself is in order.",
        (wait("Wait a minute or two, and try again. If it stays, something else makes many calls in this project."),),
        YOU,
        CLOUD + "bigquery/docs/troubleshoot-quotas",
        retry=Retry.BACKOFF,
        wait=PACE_WAIT,
        matchers=(
            (
                Stage.KINDS,
                r"exceeded quota for .{0,120}?per second|too many (?:concurrent queries|table update operations)",
            ),
            (Stage.WORDS, r"rate_?limit_?exceeded|(?<!api )rate limits? exceeded|exceeded rate limits"),
            (Stage.WORDS, r"quota exceeded for quota metric .{0,200}per (?:minute|second|100 seconds)"),
        ),
        reasons=(
            "rate_limit_exceeded",
            "ratelimitexceeded",
            "userratelimitexceeded",
            "jobratelimitexceeded",
        ),
    ),
    Entry(
        Code.GOOGLE_UNAVAILABLE,
        "Google has a temporary fault",
        "Google's service answered that it cannot do this just now; the call itself is in order.",
        (
            "Try again in a minute or two.",
            "If it stays, see whether there is an incident: https://status.cloud.google.com",
        ),
        "You: wait.",
        CLOUD + "bigquery/docs/error-messages#backendError",
        Kind.NETWORK,
        Retry.BACKOFF,
        wait=PACE_WAIT,
        matchers=(
            (
                Stage.KINDS,
                r"job encountered an internal error|an internal error occurred and the request could not|"
                r"retrying the job may solve|retrying may solve the problem|policy checks are unavailable",
            ),
        ),
        reasons=(
            "backenderror",
            "internalerror",
            "jobbackenderror",
            "jobinternalerror",
        ),
    ),
    Entry(
        Code.CONNECTION_REFUSED,
        "The connection was refused",
        "Nothing answers at the address that was called.",
        (
            look("See whether Google can be reached from here:", _REACH),
            step(
                "If an address of your own is set, see that its server is running:",
                Command("env | grep -E 'CLOUDSDK_API_ENDPOINT_OVERRIDES|KBQ_TUI|_PROXY|_proxy'"),
            ),
        ),
        _NETWORK,
        _PROXY,
        Kind.NETWORK,
        Retry.BACKOFF,
        matchers=((Stage.NETWORK, r"connection ?refused|econnrefused|actively refused"),),
    ),
    Entry(
        Code.CONNECTION_LOST,
        "The connection broke off",
        "The connection ended before the answer was complete, so it is not known whether the call was carried out.",
        ("Try again: what is there is looked at anew before anything is changed.",),
        _NETWORK,
        _PROXY,
        Kind.NETWORK,
        Retry.BACKOFF,
        matchers=(
            (Stage.NETWORK_FIRST, r"unexpected_eof|eof occurred"),
            (Stage.NETWORK, r"connection ?reset|econnreset|connection aborted|RemoteDisconnected|remote end closed"),
            (Stage.NETWORK, r"socket closed|broken pipe|IncompleteRead|connection broken|server disconnected|goaway"),
        ),
    ),
    Entry(
        Code.NETWORK_UNREACHABLE,
        "The network cannot be reached",
        "This machine has no way to Google's addresses.",
        (
            look("See whether Google can be reached from here:", _REACH),
            step("Connect the machine, or name the proxy of your company:", cmd.SET_PROXY),
        ),
        _NETWORK,
        _PROXY,
        Kind.NETWORK,
        Retry.BACKOFF,
        matchers=((Stage.NETWORK, r"network (?:is )?unreachable|no route to host|host is unreachable"),),
    ),
    Entry(
        Code.DNS,
        "The name cannot be resolved",
        "This machine cannot find the address that belongs to Google's host name.",
        (
            step("Ask for the name yourself:", Command("getent hosts bigquery.googleapis.com")),
            step("Behind a proxy, name it:", cmd.SET_PROXY),
        ),
        _NETWORK,
        _PROXY,
        Kind.NETWORK,
        Retry.BACKOFF,
        matchers=(
            (
                Stage.NETWORK,
                r"name or service not known|failure in name resolution|nodename nor servname|"
                r"failed to resolve ['\"]?[\w-]+\.\w",
            ),
            (Stage.NETWORK, r"dns resolution failed|getaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)|NameResolutionError"),
            (Stage.NETWORK, r"could not resolve|unable to find the server"),
            (Stage.NETWORK, r"UnknownHostException:? \S{0,80}?google(?:apis)?\.com\b"),
            (Stage.NETWORK, r"\blookup \S{0,80}?google(?:apis)?\.com\b.{0,80}?: (?:no such host|server misbehaving)"),
        ),
    ),
    Entry(
        Code.PROXY,
        "The proxy does not let the call through",
        "The proxy between this machine and Google cannot be reached, wants a login, or refuses the address.",
        (
            look("See which proxy is set:", Command("env | grep -i _proxy")),
            step("Set it right; with a login it is http://USER:PASSWORD@PROXY:PORT:", cmd.SET_PROXY),
            "Ask for access to *.googleapis.com on port 443.",
        ),
        _NETWORK,
        _PROXY,
        Kind.NETWORK,
        matchers=(
            (
                Stage.NETWORK_FIRST,
                r"ProxyError|connect to proxy|tunnel connection failed|proxy authentication required|proxy returned",
            ),
        ),
    ),
    Entry(
        Code.TLS,
        "The secure connection failed",
        "The certificate of the other side was not accepted; often a company's proxy opens the traffic and "
        "signs it itself.",
        (
            look(
                "See who signed it:", Command("openssl s_client -connect bigquery.googleapis.com:443 -brief </dev/null")
            ),
            step(
                "If it is your company's, name its certificate authority; never switch the check off:",
                Command("export REQUESTS_CA_BUNDLE=CA_FILE GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=CA_FILE"),
            ),
            "If the dates do not fit, set this machine's clock right.",
        ),
        _NETWORK,
        _PROXY,
        Kind.NETWORK,
        matchers=(
            (
                Stage.NETWORK,
                r"certificate[_ ]verify[_ ]failed|(?<!Open)SSLError|SSLCertVerification|ssl_error_ssl|"
                r"wrong_version_number",
            ),
            (
                Stage.NETWORK,
                r"PKIX path|unable to find valid certification path|SSLHandshakeException|\bx509: |"
                r"tls: failed to verify|"
                r"UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED_CERT|CERT_HAS_EXPIRED|SSL certificate problem|"
                r"unable to (?:get local issuer|verify the first) certificate",
            ),
            (Stage.NETWORK, r"handshake failure|ssl handshake|tlsv1 alert|self[- ]signed certificate"),
        ),
    ),
    Entry(
        Code.DEADLINE,
        "No answer in time",
        "The answer did not come within the time that was set, so it is not known whether the call was carried out.",
        (
            "Try again: what is there is looked at anew before anything is changed.",
            "On a slow line give more time with --timeout.",
            look("See whether Google can be reached from here:", _REACH),
        ),
        _NETWORK,
        _PROXY,
        Kind.NETWORK,
        Retry.BACKOFF,
        matchers=(
            (Stage.NETWORK, r"deadline[_ ]?exceeded|timed out|TimeoutError|(?:read|connect) ?timeout|etimedout"),
            (Stage.NETWORK, r"timeout of .{1,40} exceeded"),
        ),
    ),
    Entry(
        Code.CAPTIVE_PORTAL,
        "A login page answers in Google's place",
        "A web page came back, or a redirect to one, which Google's interfaces never give: as a rule the network (a "
        "hotel's, a company's) or its proxy wants a sign-in first.",
        (
            "Open any page in a browser on this network, and sign in there.",
            look("See what answers:", _REACH),
            step("Or take another network, or name the proxy of your company:", cmd.SET_PROXY),
        ),
        _NETWORK,
        _PROXY,
        Kind.NETWORK,
        matchers=((Stage.MALFORMED, r"content.?type:? text/html|<!doctype html|<html\b"),),
    ),
    Entry(
        Code.MALFORMED_ANSWER,
        "The answer makes no sense",
        "What came back is not what Google's interface gives: cut off, or not JSON.",
        (
            look("See what answers:", _REACH),
            "Behind a login page of a network (a hotel's, a company's), sign in there first.",
            step("If it stays, write a bug report with the output of:", cmd.ours("doctor")),
        ),
        _NETWORK,
        _PROXY,
        Kind.NETWORK,
        Retry.BACKOFF,
        matchers=(
            (Stage.MALFORMED, r"JSONDecodeError|expecting value: line|extra data: line|unterminated string starting"),
            (Stage.MALFORMED_LATE, r"not valid json|unexpected content.?type"),
        ),
    ),
)

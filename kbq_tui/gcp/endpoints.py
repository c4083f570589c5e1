"""The addresses of Google's APIs. Overrides exist for private endpoints and for the sandbox."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Final
from urllib.parse import urlsplit

from kbq_tui.i18n.messages import message
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.spec import InvalidValueError

_PREFIX: Final = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
_REST: Final = {
    "bigquery": (_PREFIX + "BIGQUERY", "https://bigquery.googleapis.com"),
    "iam": (_PREFIX + "IAM", "https://iam.googleapis.com"),
    "iamcredentials": (_PREFIX + "IAMCREDENTIALS", "https://iamcredentials.googleapis.com"),
    "resourcemanager": (_PREFIX + "CLOUDRESOURCEMANAGER", "https://cloudresourcemanager.googleapis.com"),
    "serviceusage": (_PREFIX + "SERVICEUSAGE", "https://serviceusage.googleapis.com"),
    "orgpolicy": (_PREFIX + "ORGPOLICY", "https://orgpolicy.googleapis.com"),
    "billing": (_PREFIX + "CLOUDBILLING", "https://cloudbilling.googleapis.com"),
    "logging": (_PREFIX + "LOGGING", "https://logging.googleapis.com"),
    "monitoring": (_PREFIX + "MONITORING", "https://monitoring.googleapis.com"),
    "policyanalyzer": (_PREFIX + "POLICYANALYZER", "https://policyanalyzer.googleapis.com"),
}
_GRPC_VARIABLE: Final = "KBQ_TUI_IAM_GRPC"
_TOKEN_VARIABLE: Final = "CLOUDSDK_AUTH_TOKEN_HOST"  # noqa: S105  a name
_LOOPBACK: Final = pattern(r"localhost|::1|127(?:\.(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}")
"""Complete IP addresses only: something similar, such as 127.999.1.1, is a name, for which a resolver is asked."""
_GOOGLE: Final = ("googleapis.com", "google.com")
_API_HOSTS: Final = {
    api: pattern(
        rf"(?:[a-z0-9-]+-)?{own.removeprefix('https://').removesuffix('.googleapis.com')}"
        r"(?:\.[a-z0-9-]+\.rep)?(?:\.mtls)?\.googleapis\.com"
    )
    for api, (_, own) in _REST.items()
}
"""The hosts of an API: the global one, the regional ones, and their counterparts for client certificates."""
_TOKEN_HOSTS: Final = frozenset(
    {"oauth2.googleapis.com", "oauth2.mtls.googleapis.com", "accounts.google.com", "www.googleapis.com"}
)
_TOKEN_PATH: Final = pattern(r"(?:/o)?(?:/oauth2)?(?:/v[0-9])?/token")
"""The paths that token endpoints have had on these hosts, such as `/token`, `/o/oauth2/token`, `/oauth2/v4/token`."""
_METADATA: Final = frozenset({"metadata.google.internal", "169.254.169.254"})


_PLAIN: Final = pattern(r"(?i:https?)://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?(?:[/?][!-\[\]-~]*)?")
"""A URL in which every parser finds the same host. In the part before a backslash or an @, urlsplit finds a user name,
and the code that makes the connection finds the host."""

_TARGET: Final = pattern(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]+")
"""A host and its port; none of gRPC's other forms of addresses, such as name resolvers and lists."""


def is_loopback(host: str | None) -> bool:
    """Return whether a host name can only be this machine."""
    return host is not None and _LOOPBACK.fullmatch(host) is not None


def is_google(host: str | None) -> bool:
    """Return whether a host belongs to Google's API domains."""
    return host is not None and any(host == own or host.endswith("." + own) for own in _GOOGLE)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The address of each API, without a trailing slash.

    Attributes:
        bigquery, iam, iamcredentials, resourcemanager, serviceusage, orgpolicy, billing, logging, monitoring,
            policyanalyzer: base URLs for REST.
        iam_grpc: `host:port` for IAM over gRPC.
        token: the OAuth token endpoint in gcloud's own variable, or empty for Google's.
        overridden: a line for each address that is not Google's own, to be shown on screen.
        trusted: host names that may receive credentials although they are not Google's: those of overrides.
        replaced: the APIs whose address is overridden, by the names of the attributes above.
    """

    bigquery: str = _REST["bigquery"][1]
    iam: str = _REST["iam"][1]
    iamcredentials: str = _REST["iamcredentials"][1]
    resourcemanager: str = _REST["resourcemanager"][1]
    serviceusage: str = _REST["serviceusage"][1]
    orgpolicy: str = _REST["orgpolicy"][1]
    billing: str = _REST["billing"][1]
    logging: str = _REST["logging"][1]
    monitoring: str = _REST["monitoring"][1]
    policyanalyzer: str = _REST["policyanalyzer"][1]
    iam_grpc: str = "iam.googleapis.com:443"
    token: str = ""
    overridden: tuple[str, ...] = ()
    trusted: frozenset[str] = field(default_factory=frozenset)
    replaced: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Endpoints":
        """Read the overrides: gcloud's own variables, and KBQ_TUI_IAM_GRPC for the gRPC address.

        IAM has two addresses; if only one of them is overridden, the other uses the same host and port.

        Args:
            env: the environment.

        Raises:
            InvalidValueError: an address is not a URL, or would send credentials over plain http to another machine.
                `field` is the variable's name.
        """
        found: dict[str, str] = {}
        shown: list[str] = []
        hosts: set[str] = set()
        for name, variable in [(name, variable) for name, (variable, _) in _REST.items()] + [
            ("token", _TOKEN_VARIABLE)
        ]:
            value = env.get(variable, "").strip()
            if not value:
                continue
            hosts.add(_check_url(variable, value))
            found[name] = value.rstrip("/")
            shown.append(f"{name}: {found[name]}")
        grpc = env.get(_GRPC_VARIABLE, "").strip()
        if grpc:
            hosts.add(_check_target(grpc))
            shown.append(f"iam (gRPC): {grpc}")
            found["iam_grpc"] = grpc
            found.setdefault("iam", f"https://{grpc}")
        elif "iam" in found:
            found["iam_grpc"] = _target_of(found["iam"])
        moved = frozenset(found) - {"iam_grpc"}
        return replace(cls(), overridden=tuple(shown), trusted=frozenset(hosts), replaced=moved, **found)

    @property
    def iam_grpc_is_local(self) -> bool:
        """Whether IAM's gRPC address is on this machine, in which case it is used without TLS."""
        return is_loopback(_host_of(self.iam_grpc))

    def settled(self, url: str) -> str:
        """Return the address for a request to `url`: Google's addresses of an API are replaced by the API's endpoint.

        Libraries use Google's addresses whatever they were configured with: google-cloud-bigquery with
        GOOGLE_API_USE_MTLS_ENDPOINT=always (an address for client certificates, of which we have none), impersonation,
        and token endpoints in a credentials file.
        """
        if not _PLAIN.fullmatch(url):
            return url
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.port not in (None, 443):
            return url
        if self.token and parts.hostname in _TOKEN_HOSTS:
            return self.token if _TOKEN_PATH.fullmatch(parts.path) and not parts.query else url
        api = _api_of(parts.hostname)
        if api is None or _is_under(url, base := str(getattr(self, api))):
            return url
        return base + url[url.index(parts.netloc) + len(parts.netloc) :]

    def allows(self, url: str) -> bool:
        """Return whether credentials may be sent to `url`: Google over https, or a named override.

        An override on this machine allows all its ports, because a sandbox has several. The host that an override
        replaces is not allowed any more.
        """
        if not _PLAIN.fullmatch(url):
            return False
        parts = urlsplit(url)
        api = "token" if parts.hostname in _TOKEN_HOSTS else _api_of(parts.hostname)
        if api in self.replaced and not _is_under(url, str(getattr(self, api))):
            return False
        if parts.hostname in _METADATA:
            return True  # it gives credentials, and gets none
        if is_loopback(parts.hostname):
            return any(map(is_loopback, self.trusted))
        return parts.scheme == "https" and (is_google(parts.hostname) or parts.hostname in self.trusted)

    def allows_grpc(self, service_url: str) -> bool:
        """Return whether credentials may be sent over gRPC to the service at `service_url`, as gRPC names it.

        Args:
            service_url: `https://HOST[:PORT]/SERVICE`; without `https` if there is no TLS.
        """
        target = service_url.partition("://")[2].partition("/")[0]
        return self.iam_grpc in (target, f"{target}:443")


def _api_of(host: str | None) -> str | None:
    """Return the API that a Google host name is for; None for others."""
    return next((api for api, hosts in _API_HOSTS.items() if hosts.fullmatch(host or "")), None)


def _is_under(url: str, base: str) -> bool:
    return url == base or url.startswith((f"{base}/", f"{base}?"))


def _target_of(base: str) -> str:
    """Return `host:port` of a base URL that was checked."""
    parts = urlsplit(base)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _check_url(variable: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidValueError(variable, message("{variable} is not a URL.", variable=variable)) from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        text = message("{variable} must be a URL such as https://bigquery.example.com/", variable=variable)
        raise InvalidValueError(variable, text)
    if parts.username is not None or parts.password is not None:
        text = message("{variable} must not hold a user name or password.", variable=variable)
        raise InvalidValueError(variable, text)
    if not _PLAIN.fullmatch(value):
        text = message("{variable} must be a URL such as https://bigquery.example.com/", variable=variable)
        raise InvalidValueError(variable, text)
    if parts.scheme == "http" and not is_loopback(host):
        text = message(
            "{variable} would send credentials unencrypted to {host}. Use https, or an address on loopback.",
            variable=variable,
            host=host,
        )
        raise InvalidValueError(variable, text)
    return host


def _check_target(value: str) -> str:
    host = _host_of(value)
    port = value.rpartition(":")[2]
    if not _TARGET.fullmatch(value) or not port.isascii() or not port.isdigit():
        text = message("{variable} must be host:port, such as 127.0.0.1:8081.", variable=_GRPC_VARIABLE)
        raise InvalidValueError(_GRPC_VARIABLE, text)
    return host


def _host_of(target: str) -> str:
    return target.rpartition(":")[0].strip("[]")

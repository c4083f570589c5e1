"""Finds the operator's Google credentials on this machine."""

import json
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from kbq_tui.gcp.deferred_import import import_when_used
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import Identity
from kbq_tui.model.secret import Secret, scrub

SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
_MAX_FILE: Final = 1024 * 1024
_GCLOUD_SECONDS: Final = 20
_GCLOUD_TOKEN_LIFE: Final = timedelta(minutes=9)


class CredentialsFileError(Exception):
    """A credentials file that cannot be used; the message says why, without quoting it."""


class KeyUnusableError(CredentialsFileError):
    """A service account key that cannot be used; the message says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class CredentialOptions:
    """The operator's options for credentials.

    Attributes:
        credentials_file: a key or ADC file (`--credentials`), or None to look in the usual places.
        impersonate: e-mail of a service account to act as, or None.
        quota_project: project that calls are charged to, or None for the credentials' own.
        allow_gcloud: the operator agreed to the use of gcloud's own login if there are no application default
            credentials.
        env: the environment.
    """

    credentials_file: str | None = None
    impersonate: str | None = None
    quota_project: str | None = None
    allow_gcloud: bool = False
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """Credentials, and their owner.

    Attributes:
        credentials: google.auth's; no token has been requested yet.
        identity: with an empty principal if only Google can say (through `tokeninfo`, later).
    """

    credentials: Any = field(repr=False)
    identity: Identity


def gcloud_program(env: Mapping[str, str]) -> str | None:
    """Return the path of the installed gcloud, or None. Cheap: starts nothing."""
    return shutil.which("gcloud", path=env.get("PATH"))


def gcloud_available(env: Mapping[str, str]) -> bool:
    """Return whether gcloud is installed and signed in. Cheap: starts nothing."""
    return gcloud_program(env) is not None and not _absent(_gcloud_folder(env) / "credentials.db")


def check_credentials_file(path: str) -> Message | None:
    """Return why a file cannot be credentials, or None. Reads it, but does not call Google."""
    try:
        _read_info(Path(path).expanduser())
    except CredentialsFileError as error:
        reason: Message = error.args[0]
        return reason
    return None


def find(options: CredentialOptions) -> Found:
    """Find the operator's credentials; reads files and may start gcloud, but does not call Google.

    The order is that of Application Default Credentials: the file named by the operator or by
    GOOGLE_APPLICATION_CREDENTIALS, gcloud's ADC file, the metadata server of a machine at Google; and after
    these, with the operator's consent, gcloud's own login.
    Source: https://cloud.google.com/docs/authentication/application-default-credentials

    Args:
        options: the operator's options.

    Raises:
        CredentialsFileError: a file exists and cannot be used.
        google.auth.exceptions.DefaultCredentialsError: there are no credentials.
    """
    found = _source(options)
    quota = options.quota_project or options.env.get("GOOGLE_CLOUD_QUOTA_PROJECT", "")
    credentials, identity = found.credentials, found.identity
    if options.impersonate:
        from google.auth import impersonated_credentials

        target = options.impersonate
        by = identity.principal or identity.source
        credentials = impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
            source_credentials=credentials,
            target_principal=target,
            target_scopes=list(SCOPES),
        )
        identity = Identity(target, message("impersonation by {principal}", principal=by), identity.quota_project)
    if quota and hasattr(credentials, "with_quota_project"):
        credentials = credentials.with_quota_project(quota)
    return Found(credentials, Identity(identity.principal, identity.source, credentials.quota_project_id or ""))


def from_key(key: Secret) -> Found:
    """Return the credentials of a service account's own key, as Klaviyo will use it.

    Raises:
        KeyUnusableError: it is not such a key.
    """
    try:
        info = _parse(key.reveal(), message("The key"))
        if info.get("type") != "service_account":
            raise KeyUnusableError(message("it is a credentials file of another kind."))
        return _from_info(info, message("the service account's key"))
    except CredentialsFileError as error:
        raise KeyUnusableError(error.args[0]) from None


def _source(options: CredentialOptions) -> Found:
    env = options.env
    named = options.credentials_file or env.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return _from_file(Path(named).expanduser(), None)
    stored = _gcloud_folder(env) / "application_default_credentials.json"
    if not _absent(stored):
        return _from_file(stored, message("gcloud application default login"))
    if _at_google(env):
        from google.auth import compute_engine

        credentials = compute_engine.Credentials(scopes=list(SCOPES))  # type: ignore[no-untyped-call]
        return Found(credentials, Identity("", message("metadata server of this machine")))
    if options.allow_gcloud and gcloud_available(env):
        return _from_gcloud(env)
    from google.auth.exceptions import DefaultCredentialsError

    raise DefaultCredentialsError("Your default credentials were not found.")  # type: ignore[no-untyped-call]


def _absent(path: Path) -> bool:
    """Return whether there is certainly no such file. One that cannot be looked at is reported when it is read, because
    other credentials than the operator's own must not be taken in its place."""
    try:
        path.stat()  # Path.exists raises an error of the system before Python 3.14, and is False from there on
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _from_file(path: Path, source: Message | None) -> Found:
    info = _read_info(path)
    if source is None:
        is_key = info.get("type") == "service_account"
        source = message("service account key {path}" if is_key else "credentials file {path}", path=path)
    return _from_info(info, source)


def _read_info(path: Path) -> dict[str, Any]:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe or device would block every call
            raise CredentialsFileError(message("{path} is not a file: it is a pipe, a device or a folder.", path=path))
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise CredentialsFileError(message("File {path} cannot be read: {why}.", path=path, why=why)) from None
    return _parse(data, message("File {path}", path=path))


def _parse(data: bytes, what: Message) -> dict[str, Any]:
    try:
        info = json.loads(data) if len(data) <= _MAX_FILE else None
    except (ValueError, RecursionError):
        info = None
    if not isinstance(info, dict):
        # Without the parser's text, which would quote the file, and the file contains a private key.
        text = message("{what} is not a credentials file: it is not a JSON object.", what=what)
        raise CredentialsFileError(text)
    return info


def _from_info(info: dict[str, Any], source: Message) -> Found:
    # google.auth imports it for public keys that come as certificates: 23 ms, and none of ours does.
    import_when_used("cryptography.x509")
    import google.auth
    from google.auth.credentials import with_scopes_if_required
    from google.auth.exceptions import GoogleAuthError

    try:
        # Scopes are added later: with scopes, some kinds of credentials would ask Google for their project at once.
        credentials, _ = google.auth.load_credentials_from_dict(info)  # type: ignore[no-untyped-call]
    except (GoogleAuthError, ValueError, TypeError, KeyError, AttributeError) as error:
        text = message("The credentials from {source} are damaged ({kind}).", source=source, kind=type(error).__name__)
        raise CredentialsFileError(text) from None
    credentials = with_scopes_if_required(credentials, list(SCOPES))  # type: ignore[no-untyped-call]
    principal = getattr(credentials, "service_account_email", None) or info.get("account") or ""
    return Found(credentials, Identity(str(principal), source, credentials.quota_project_id or ""))


def _from_gcloud(env: Mapping[str, str]) -> Found:
    from google.oauth2.credentials import Credentials

    def refresh(request: object, scopes: object = None) -> tuple[str, datetime]:
        # gcloud renews its own token shortly before it expires, so ask again well before the shortest rest of its
        # validity.
        return _gcloud_token(env), (datetime.now(UTC) + _GCLOUD_TOKEN_LIFE).replace(tzinfo=None)

    credentials = Credentials(token=None, refresh_handler=refresh)  # type: ignore[no-untyped-call]
    return Found(credentials, Identity("", message("gcloud's own login")))


def _gcloud_token(env: Mapping[str, str]) -> str:
    from google.auth.exceptions import RefreshError

    program = gcloud_program(env) or "gcloud"
    try:
        done = subprocess.run(  # noqa: S603  a fixed command, no shell
            [program, "auth", "print-access-token", "--quiet"],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GCLOUD_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RefreshError(f"gcloud auth print-access-token did not answer ({type(error).__name__})") from None  # type: ignore[no-untyped-call]
    token = done.stdout.decode(errors="replace").strip()
    if done.returncode != 0 or not token:
        raise RefreshError(scrub(done.stderr.decode(errors="replace").strip()[-1_000:]) or "gcloud gave no token")  # type: ignore[no-untyped-call]
    return token


def _gcloud_folder(env: Mapping[str, str]) -> Path:
    named = env.get("CLOUDSDK_CONFIG")
    return Path(named) if named else Path(env.get("HOME") or Path.home()) / ".config" / "gcloud"


def _at_google(env: Mapping[str, str]) -> bool:
    """Return whether this machine should have a metadata server. Checking first saves others a wait of seconds.

    Source: https://cloud.google.com/compute/docs/instances/detect-compute-engine
    """
    if env.get("NO_GCE_CHECK", "").lower() == "true":
        return False
    if any(env.get(name) for name in ("GCE_METADATA_HOST", "GCE_METADATA_ROOT", "CLOUD_SHELL", "K_SERVICE")):
        return True
    try:
        product = Path("/sys/class/dmi/id/product_name").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return product.startswith("Google")

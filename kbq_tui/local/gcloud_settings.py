"""gcloud's own settings, read from its files, because running gcloud would take most of a second.

Source: https://cloud.google.com/sdk/docs/configurations and https://cloud.google.com/sdk/docs/properties
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kbq_tui.local.files import read_regular
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.spec import check_project

if TYPE_CHECKING:
    import configparser

_LIMIT = 64 * 1024
_CONFIGURATION = pattern(r"[A-Za-z][-A-Za-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class GcloudSettings:
    """The values that gcloud would use; None if it has none, or one that is not valid.

    Attributes:
        configuration: the active configuration's name.
        project: project id.
        account: the signed-in principal's e-mail.
        impersonate: the service account gcloud acts as.
        quota_project: the project that calls are charged to.
    """

    configuration: str
    project: str | None = None
    account: str | None = None
    impersonate: str | None = None
    quota_project: str | None = None


def read_gcloud(env: Mapping[str, str]) -> GcloudSettings:
    """Read gcloud's settings: `CLOUDSDK_*` variables, then the active configuration. Never raises, because they are a
    hint."""
    folder = Path(env.get("CLOUDSDK_CONFIG") or Path(env.get("HOME") or "/nonexistent") / ".config" / "gcloud")
    name = env.get("CLOUDSDK_ACTIVE_CONFIG_NAME") or _text(folder / "active_config").strip() or "default"
    written = _parsed(_text(folder / "configurations" / f"config_{name}")) if _CONFIGURATION.fullmatch(name) else None

    def setting(section: str, key: str) -> str | None:
        kept = written.get(section, key, fallback=None) if written else None
        return (env.get(f"CLOUDSDK_{section}_{key}".upper()) or kept or "").strip() or None

    def project(section: str, key: str) -> str | None:
        value = setting(section, key)
        return value if value and not check_project(value) else None

    return GcloudSettings(
        configuration=name if _CONFIGURATION.fullmatch(name) else "default",
        project=project("core", "project"),
        account=setting("core", "account"),
        impersonate=setting("auth", "impersonate_service_account"),
        quota_project=project("billing", "quota_project"),
    )


def _text(path: Path) -> str:
    try:
        return read_regular(path, _LIMIT).decode()
    except (OSError, UnicodeDecodeError):
        return ""


def _parsed(text: str) -> "configparser.ConfigParser | None":
    if not text:
        return None
    import configparser  # imported only if there is something to read

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return parser

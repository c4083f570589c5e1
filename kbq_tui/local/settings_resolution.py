"""Decides which value counts if several sources have one: option > environment > connection file > gcloud > default."""

from collections.abc import Mapping
from dataclasses import fields

from kbq_tui.i18n.messages import Message, message
from kbq_tui.local.connection_values import NOT_SETTINGS, Connection
from kbq_tui.local.gcloud_settings import GcloudSettings
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.spec import ConnectionSpec

ENVIRONMENT = {
    "project": "GOOGLE_CLOUD_PROJECT",
    "credentials": "GOOGLE_APPLICATION_CREDENTIALS",
    "quota_project": "GOOGLE_CLOUD_QUOTA_PROJECT",
}
"""Google's own variables, by setting."""

DEFAULT = message("default")
FROM_FILE = message("connection file")
"""Two of the sources of a value; the others are options, variables and gcloud's configuration."""

_DEFAULTS = {f.name: str(f.default) for f in fields(ConnectionSpec) if isinstance(f.default, str) and f.name != "name"}


@dataclass(frozen=True, slots=True)
class ResolvedSetting:
    """A value and its source, in words (`--project`, `GOOGLE_CLOUD_PROJECT`, `connection file` …)."""

    value: str
    source: str | Message


def resolve_settings(
    typed: Mapping[str, str | None],
    env: Mapping[str, str],
    file: Connection | None = None,
    gcloud: GcloudSettings | None = None,
) -> dict[str, ResolvedSetting]:
    """Decide the value of every setting.

    Args:
        typed: options by the names of the connection file's keys; None or empty if not given.
        env: the environment.
        file: the connection file, if there is one.
        gcloud: gcloud's settings.

    Returns:
        By key, every setting that has a value.
    """
    out = {key: ResolvedSetting(value, DEFAULT) for key, value in _DEFAULTS.items()}
    if gcloud is not None:
        # gcloud's impersonation applies only to gcloud's own login, so it is not used.
        for key, value in (("project", gcloud.project), ("quota_project", gcloud.quota_project)):
            if value:
                source = message("gcloud configuration {name}", name=gcloud.configuration)
                out[key] = ResolvedSetting(value, source)
    if file is not None:
        out |= {key: ResolvedSetting(str(v), FROM_FILE) for key, v in file.values().items() if key not in NOT_SETTINGS}
    for key, variable in ENVIRONMENT.items():
        if env.get(variable):
            out[key] = ResolvedSetting(env[variable], variable)
    for key, typed_value in typed.items():
        if typed_value:
            out[key] = ResolvedSetting(typed_value, "--" + key.replace("_", "-"))
    return out

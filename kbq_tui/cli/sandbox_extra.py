"""The packages of the extra `sandbox`, which `kbq-tui sandbox` and `kbq-tui demo` need."""

from importlib.util import find_spec

import click

from kbq_tui.i18n.messages import translate

NEEDED = (
    "starlette", "uvicorn", "grpc", "grpc_status", "duckdb", "pytz", "sqlglot", "google.cloud.bigquery_storage_v1",
    "nanoarrow", "jwt",
)  # fmt: skip
"""The modules of the extra `sandbox`."""


def need_sandbox() -> None:
    """Say what to install if the sandbox cannot run. Raises click.ClickException."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise click.ClickException(
            translate(
                "The sandbox needs packages that are not installed here, and that the single file does not have "
                "({names}). Where there is a package index: pip install 'kbq-tui[sandbox]'",
                names=", ".join(missing),
            )
        )

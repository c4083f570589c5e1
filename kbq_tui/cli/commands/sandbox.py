"""`kbq-tui sandbox`: a small imitation of Google Cloud on this machine."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from kbq_tui.i18n.messages import translate

NEEDED = (
    "starlette", "uvicorn", "grpc", "grpc_status", "duckdb", "pytz", "sqlglot", "google.cloud.bigquery_storage_v1",
    "nanoarrow", "jwt",
)  # fmt: skip
"""The modules of the extra `sandbox`."""


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """The options of `sandbox`.

    Attributes:
        port: HTTP port; 0 takes a free one.
        env_file: a file that gets `export` lines once the sandbox is ready.
        scenario: the initial state: a name, or a TOML file.
        latency_ms: milliseconds added to every call; None for the scenario's value.
    """

    port: int
    env_file: str | None
    scenario: str
    latency_ms: float | None


def sandbox_command(options: SandboxOptions) -> int:
    """Run a sandbox until a signal ends it."""
    need_sandbox()
    from kbq_tui.sandbox.__main__ import run

    return run(
        scenario=options.scenario,
        port=options.port,
        env_file=Path(options.env_file) if options.env_file else None,
        latency_ms=options.latency_ms,
    )


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

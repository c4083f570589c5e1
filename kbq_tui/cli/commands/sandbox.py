"""`kbq-tui sandbox`: a small imitation of Google Cloud on this machine."""

import click

from kbq_tui.cli.click_options import Amount, findable
from kbq_tui.cli.click_running import command
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


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


@command(
    SandboxOptions,
    help=translate("Run the sandbox alone: a small Google Cloud on this machine, for gcloud, bq and your own tests."),
    examples=(
        ("--env-file ./sandbox.env", N_("then, in another shell: . ./sandbox.env")),
        ("--scenario existing", N_("another situation")),
        ("--port 8085 --latency-ms 50", N_("a fixed port, and slower")),
    ),
    next_step=None,
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help=translate("HTTP port; 0 takes a free one."))
@click.option(
    "--env-file",
    metavar="F",
    type=click.Path(dir_okay=False),
    callback=findable,
    help=translate("Holds 'export' lines once it is ready."),
)
@click.option("--scenario", metavar="S", default="fresh", show_default=True, help=translate("A name, or a TOML file."))
@click.option("--latency-ms", metavar="N", type=Amount(0), help=translate("Added to every call."))
def sandbox(options: SandboxOptions) -> int:
    """Run a sandbox until a signal ends it."""
    from kbq_tui.cli.sandbox_extra import need_sandbox

    need_sandbox()
    from pathlib import Path

    from kbq_tui.sandbox.__main__ import run

    return run(
        scenario=options.scenario,
        port=options.port,
        env_file=Path(options.env_file) if options.env_file else None,
        latency_ms=options.latency_ms,
    )

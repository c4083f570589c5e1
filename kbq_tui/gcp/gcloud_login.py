"""gcloud's login for application default credentials, run on the terminal that we were started on."""

import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from kbq_tui.gcp.credentials import gcloud_program
from kbq_tui.i18n.messages import Message, message
from kbq_tui.shell.commands import LOGIN


def log_in(env: Mapping[str, str]) -> Message | None:
    """Run gcloud's login; it shows a link, and asks for the code that Google shows there.

    Blocks until gcloud ends. Ctrl+C ends gcloud, not this program.

    Args:
        env: the environment.

    Returns:
        Why nobody is signed in; None if gcloud says that somebody is.
    """
    program = gcloud_program(env)
    if program is None:
        return message("gcloud is not installed here.")
    command = [program, *shlex.split(LOGIN.template)[1:]]
    # Somebody is there to answer, whatever is set for scripts. Standard output is only for results.
    asking = {**env, "CLOUDSDK_CORE_DISABLE_PROMPTS": "0"}
    try:
        with _interrupts_ignored():
            shown = sys.__stderr__  # descriptor 2 may be diverted
            status = subprocess.run(command, env=asking, stdout=shown, stderr=shown, check=False).returncode  # noqa: S603
    except OSError as error:
        return message("gcloud cannot be started: {why}.", why=error.strerror or type(error).__name__)
    return None if status == 0 else message("gcloud ended without a login (exit status {status}).", status=status)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let Ctrl+C end only the program in the foreground, as a shell does.

    With a handler, not SIG_IGN, which the started program would inherit.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

"""Signing in from the screens: gcloud's login on the plain terminal, a credentials file, or acting as a service
account."""

from __future__ import annotations

import sys

from textual.app import SuspendNotSupported

from kbq_tui.engine.services import Login
from kbq_tui.i18n.messages import render, translate
from kbq_tui.model.problem import Kind, Problem
from kbq_tui.model.text import inert
from kbq_tui.shell.commands import LOGIN
from kbq_tui.tui.host import Host
from kbq_tui.tui.plain_terminal import enter


def can_mend(problem: Problem | None) -> bool:
    """Return whether a failed sign-in can be solved by signing in, or signing in differently."""
    return problem is not None and problem.kind is Kind.CREDENTIALS


async def log_in(host: Host, login: Login | None = None) -> None:
    """Run gcloud's login on the plain terminal, then sign in and read the project.

    Args:
        host: the app.
        login: whom to act as with that login; None for nobody else.
    """
    host.wizard.use_login(login or Login())
    try:
        with host.suspend():
            _print(translate("This runs {command}; Ctrl+C leaves it.", command=str(LOGIN)))
            failed = host.wizard.services.sign_in.log_in()
            if failed is not None:  # gcloud's own output is above
                await enter(inert(render(failed)))
    except SuspendNotSupported:
        text = translate("This terminal cannot leave the screen; sign in on another.")
        host.wizard.say(text, bad=True)
        return
    if failed is not None:
        host.wizard.say(failed, bad=True)
    else:
        await signed_in(host)


async def sign_in_with(host: Host, login: Login) -> None:
    """Sign in with the chosen credentials; with gcloud's login if none of them can sign in alone."""
    host.wizard.use_login(login)
    if login.credentials or not host.wizard.services.sign_in.can_log_in():
        await signed_in(host)
    elif not await signed_in(host) and can_mend(host.wizard.sign_in_problem):
        await log_in(host, login)


async def signed_in(host: Host) -> bool:
    """Sign in, and read the project if one is named. Returns whether the sign-in succeeded."""
    wizard = host.wizard
    done = await wizard.sign_in()
    if done and wizard.spec() is not None:
        await wizard.look()
    return done


def _print(text: str) -> None:
    """Print a line on the plain terminal. Textual draws on standard error, so this does too."""
    out = sys.__stderr__ or sys.stderr
    out.write(f"\n{text}\n")
    out.flush()

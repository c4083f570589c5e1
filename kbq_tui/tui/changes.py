"""Makes a change for the screens: shows its result, and reads the state again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from kbq_tui.i18n.messages import joined, message, message_n, render, translate
from kbq_tui.model.problem import Problem, ProblemError

if TYPE_CHECKING:
    from kbq_tui.engine.apply import Outcome
    from kbq_tui.tui.host import Host


async def carried_out(host: Host, change: Callable[[], Awaitable[Outcome | None]]) -> Problem | None:
    """Make a change of the session, show the result, and read again. If the login is not the connection's operator, ask
    first.

    Args:
        host: the app.
        change: the session's `apply` or `delete_key`.

    Returns:
        The first failure.
    """
    session = host.wizard
    if not await operator_agreed(host):
        return None
    try:
        outcome = await change()
    except ProblemError as error:
        problem: Problem | None = session.services.named(error.problem, session.draft.name)
        session.say(joined(". ", error.problem.title, error.problem.cause), bad=True)
    else:
        if outcome is None:
            return None
        problem = next(iter(outcome.failed.values()), None)
        if undone := len(outcome.failed) + len(outcome.skipped):
            session.say(message("{done} done, {undone} not.", done=len(outcome.done), undone=undone), bad=True)
        elif outcome.done:
            session.say(message_n("Done.", "{n} done.", len(outcome.done)), done=True)
    note = session.note
    await session.look()
    if session.note is None:
        session.note = note
        session.changed()
    return problem


async def operator_agreed(host: Host) -> bool:
    """Return whether a change may be made with the present login; this is asked once."""
    session = host.wizard
    other = session.other_operator
    if other is None:
        return True
    if not await agreed_to(host, other):
        session.say(message("Nothing was changed."))
        return False
    session.agree_to_operator()
    return True


async def agreed_to(host: Host, other: Problem) -> bool:
    """Ask whether to continue with another login than the connection's operator.

    Args:
        host: the app.
        other: says who is signed in, and who should be.
    """
    from kbq_tui.tui.modals.confirm import Confirm

    asked, lines = translate("Go on with another login?"), [render(other.cause)]
    question = Confirm(asked, lines, yes=translate("Go on"), no=translate("Cancel"), harmless=False)
    return await host.push_screen_wait(question) is True

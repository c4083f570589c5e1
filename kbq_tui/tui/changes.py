"""A change as the screens make it: what came of it is said, and what is there by then is looked up."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from kbq_tui.engine.setup import SetupSession
from kbq_tui.i18n.messages import joined, message, message_n
from kbq_tui.model.problem import Problem, ProblemError

if TYPE_CHECKING:
    from kbq_tui.engine.apply import Outcome


async def carried_out(session: SetupSession, change: Awaitable[Outcome | None]) -> Problem | None:
    """Wait for a change of the session, say what came of it, and look again.

    Args:
        session: the set-up.
        change: its `apply` or `delete_key`.

    Returns:
        The first thing that went wrong.
    """
    try:
        outcome = await change
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
            session.say(message_n("Done.", "{n} done.", len(outcome.done)))
    note = session.note
    await session.look()
    if session.note is None:
        session.note = note
        session.changed()
    return problem

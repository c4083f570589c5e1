"""A view of a table on the screens: requested, shown, created after a confirmation, and checked."""

from kbq_tui.engine.source.session import SourceSession
from kbq_tui.i18n.messages import message, render, translate
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.source import TableReport
from kbq_tui.shell import commands
from kbq_tui.tui.changes import agreed_to
from kbq_tui.tui.host import Host
from kbq_tui.tui.modals.view import NewView, ViewSheet


async def make_view_of(host: Host, session: SourceSession, table: TableReport) -> str | None:
    """Propose a view of a table, create it after a confirmation, and check it. Problems are shown.

    Args:
        host: the app; run this beside its screens (`Host.launch`).
        session: the tables of the connection.
        table: the check's report on the table.

    Returns:
        The view's name once it is created; None if it is not.
    """
    wanted = await host.push_screen_wait(NewView(table, session.tables))
    if wanted is None:
        return None

    async def agreed(other: Problem) -> bool:
        return await agreed_to(host, other)

    name = session.draft.name
    try:
        host.tell(translate("Trying the view as a dry run"))
        view = await session.propose(table, wanted.name, wanted.use)
        values = {"table": table.name, "view": view.name, "use": wanted.use.value}
        command = host.services.meaning(commands.SOURCE_VIEW.filled(values), name)
        held = host.navigation.source_came_from_setup  # by the set-up
        lock = None if held else host.services.guard(name)
        asked = ViewSheet(view, str(command))
        if not await host.push_screen_wait(asked) or not await session.make(view, agreed, lock):
            host.tell(translate("Nothing was made."))
            return None
    except ProblemError as error:
        host.tell("")
        host.open_problem(session.named(error.problem))
        return None
    host.tell(render(message("View {name} was made.", name=view.name)), done=True)
    await session.check_again(view.name)
    return view.name

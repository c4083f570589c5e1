"""A view that Klaviyo can use: proposed from a source check's report, tried, and created on request."""

from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import Cloud, Ports
from kbq_tui.engine.threads import offload
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model import figures
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.problem import Kind, Problem, ProblemError, RemedyStep
from kbq_tui.model.refs import TableRef
from kbq_tui.model.source import Column, TableFacts, TableReport, Use
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of
from kbq_tui.source.view_sql import NoViewError, create_view, kept_properties, view_query

_NAMED: Final = 10
"""How many columns are named in a sentence."""


@dataclass(frozen=True, slots=True)
class ProposedView:
    """A view that does not exist yet.

    Attributes:
        name: its name, in the import dataset.
        query: its query.
        statement: the statement that creates it.
        location: the dataset's location.
        use: what it is for.
        size: bytes that reading all of it takes; None if BigQuery does not say.
        left_out: the table's columns that it does not contain.
    """

    name: str
    query: str
    statement: str
    location: str
    use: Use
    size: int | None
    left_out: tuple[str, ...] = ()


def facts_of(spec: ConnectionSpec, table: TableReport) -> TableFacts:
    """Return a report's information on a table's columns, as facts."""
    columns = tuple(Column(c.name, c.type) for c in table.columns)
    roles = {c.role: c.name for c in table.columns if c.role is not None}
    return TableFacts((spec.project, spec.klaviyo_dataset, table.name), table.kind, columns, roles)


async def propose_view(
    spec: ConnectionSpec,
    cloud: Cloud,
    location: str,
    table: TableReport,
    name: str,
    use: Use | None,
    properties: tuple[str, ...] | None,
) -> ProposedView:
    """Return a view of a table, tried as a dry run.

    Args:
        spec: the connection.
        cloud: Google as the operator sees it.
        location: the dataset's location.
        table: the source check's report on the table.
        name: the view's name.
        use: what it is for; None for what the table is probably meant for.
        properties: its columns without a role; None for all except those that look personal or internal.

    Raises:
        ProblemError: no view can be made from it, or BigQuery refuses its query.
    """
    facts = facts_of(spec, table)
    try:
        kept = kept_properties(facts, properties)
        query = view_query(facts, use or table.likely, kept)
        statement = create_view((spec.project, spec.klaviyo_dataset, name), query)
    except NoViewError as error:
        title = message("No view can be made of {table}", table=table.name)
        cause = message("It has {what}.", what=error.lacks)
        step = RemedyStep(message("Say what a column is for: as its mapping on the screens, or by --map ROLE=COLUMN."))
        raise ProblemError(Problem(None, title, cause, steps=(step,), kind=Kind.USAGE)) from None
    except ValueError:
        context = context_of(spec, location)
        raise ProblemError(
            catalogue.problem(Code.TABLE_NAME, context, dataset=spec.klaviyo_dataset, table=table.name)
        ) from None
    dry = await cloud.dry_run(spec.project, query, location)
    left_out = tuple(c.name for c in facts.properties() if c not in kept)
    return ProposedView(name, query, statement, location, use or table.likely, dry.size, left_out)


def warnings_of(view: ProposedView) -> tuple[Message, ...]:
    """Return what to know before a view is created: what reading it costs, and what it does not contain."""
    size = figures.size(view.size) if view.size is not None else "?"
    lines = [message("Tried as a dry run: reading it whole takes {size}.", size=size)]
    if view.use is Use.EVENTS:
        lines.append(
            message(
                "Rows without an identifier, a change timestamp or an event timestamp are not in it; of each unique id "
                "the first row stays."
            )
        )
    else:
        lines.append(
            message(
                "Rows without an identifier or a change timestamp are not in it; of each identifier the newest row "
                "stays."
            )
        )
    if view.left_out:
        more = "" if len(view.left_out) <= _NAMED else f" … ({len(view.left_out)})"
        lines.append(message("Columns left out: {names}.", names=", ".join(view.left_out[:_NAMED]) + more))
    return tuple(lines)


async def make_view(spec: ConnectionSpec, ports: Ports, view: ProposedView, *, journaled: bool) -> None:
    """Create a view with the operator's login; an existing one is never replaced.

    Args:
        spec: the connection.
        ports: the outside world.
        view: the view.
        journaled: record it in the connection's journal, so that a teardown deletes the view; the connection's lock
            must be held then.

    Raises:
        ProblemError: it exists already, or may not be created.
    """
    ref = TableRef(spec.project, spec.klaviyo_dataset, view.name)
    action, journal, now = ActionKey(ActionKind.VIEW, ref).id, ports.journal, ports.clock.now
    if journaled:
        await offload(lambda: journal.intend(action, ref.name))
    try:
        await ports.cloud.query(spec.project, view.statement, view.location)
    except ProblemError as error:
        if journaled:
            failed = Event(EventKind.FAILED, action, now(), problem=error.problem)
            await offload(lambda: journal.settle(failed))
        raise
    if journaled:
        await offload(lambda: journal.settle(Event(EventKind.FINISHED, action, now())))

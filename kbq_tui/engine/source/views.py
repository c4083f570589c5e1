"""A view that Klaviyo can use: proposed from a source check's report, tried, and created on request."""

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import Cloud, Ports
from kbq_tui.engine.threads import offload
from kbq_tui.i18n.messages import message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.problem import Kind, Problem, ProblemError
from kbq_tui.model.refs import TableRef
from kbq_tui.model.source import Column, TableFacts, TableReport, Use
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of
from kbq_tui.source.view_sql import NoViewError, create_view, kept_properties, view_query


@dataclass(frozen=True, slots=True)
class ProposedView:
    """A view that does not exist yet.

    Attributes:
        name: its name, in the import dataset.
        query: its query.
        statement: the statement that creates it.
        size: bytes that reading all of it takes; None if BigQuery does not say.
    """

    name: str
    query: str
    statement: str
    size: int | None


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
        query = view_query(facts, use or table.likely, kept_properties(facts, properties))
        statement = create_view((spec.project, spec.klaviyo_dataset, name), query)
    except NoViewError as error:
        title = message("No view can be made of {table}", table=table.name)
        cause = message("It has {what}. Say what a column is for: --map ROLE=COLUMN.", what=error.lacks)
        raise ProblemError(Problem(None, title, cause, kind=Kind.USAGE)) from None
    except ValueError:
        context = context_of(spec, location)
        raise ProblemError(
            catalogue.problem(Code.TABLE_NAME, context, dataset=spec.klaviyo_dataset, table=table.name)
        ) from None
    dry = await cloud.dry_run(spec.project, query, location)
    return ProposedView(name, query, statement, dry.size)


async def make_view(spec: ConnectionSpec, ports: Ports, location: str, view: ProposedView, *, journaled: bool) -> None:
    """Create a view with the operator's login; an existing one is never replaced.

    Args:
        spec: the connection.
        ports: the outside world.
        location: the dataset's location.
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
        await ports.cloud.query(spec.project, view.statement, location)
    except ProblemError as error:
        if journaled:
            failed = Event(EventKind.FAILED, action, now(), problem=error.problem)
            await offload(lambda: journal.settle(failed))
        raise
    if journaled:
        await offload(lambda: journal.settle(Event(EventKind.FINISHED, action, now())))

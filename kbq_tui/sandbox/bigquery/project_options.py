"""Options of a project by region: ``ALTER PROJECT ... SET OPTIONS`` and ``PROJECT_OPTIONS``.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#alter_project_set_options_statement
"""

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.datasets import FINE_GRAINED
from kbq_tui.sandbox.bigquery.encryption import DEFAULT_KEY
from kbq_tui.sandbox.bigquery.names import QuerySession, canonical
from kbq_tui.sandbox.bigquery.outcome import StatementResult
from kbq_tui.sandbox.bigquery.own_statements import ProjectOptions

_KINDS: dict[str, type] = {DEFAULT_KEY: str, FINE_GRAINED: bool}


def set_options(session: QuerySession, tree: ProjectOptions) -> StatementResult:
    """Run ``ALTER PROJECT p SET OPTIONS (`region-us.name` = value, ...)``; NULL removes an option.

    Raises:
        ApiError: it is not allowed, or an option does not exist.
    """
    project = session.world.project(".".join(tree.path))
    if project is None:
        raise refusals.unknown_project(".".join(tree.path))
    session.ctx.authz.require(session.principal, "bigquery.config.update", project)
    for path, value in tree.options:
        region, _, name = path.rpartition(".")
        kind = _KINDS.get(name)
        if kind is None or not region.lower().startswith("region-"):
            raise refusals.invalid_query(f"Unknown option: {path}")
        if value is not None and not isinstance(value, kind):
            raise refusals.invalid_query(f"Option {path} must be of type {'BOOL' if kind is bool else 'STRING'}")
        if session.dry_run:
            continue
        options = project.options.setdefault(canonical(region[len("region-") :]).lower(), {})
        if value is None:
            options.pop(name, None)
        else:
            options[name] = value
    return StatementResult("ALTER_PROJECT", operation="ALTER")

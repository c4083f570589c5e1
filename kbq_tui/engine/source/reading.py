"""Reads one table: a dry run that shows what counting would read, then the one query that counts everything."""

from dataclasses import replace

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import Cloud
from kbq_tui.i18n.messages import Message, message, message_n
from kbq_tui.model import figures
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, Kind, Problem, ProblemError
from kbq_tui.model.source import TableFacts
from kbq_tui.shell import sql
from kbq_tui.source.content_sql import ContentQuery, content_query, newest_partitions

_PARTITION_DAYS = (7, 1)
_SAMPLED_KINDS = frozenset({"TABLE", "SNAPSHOT", "CLONE"})
"""Types of tables that TABLESAMPLE accepts. Source: https://cloud.google.com/bigquery/docs/table-sampling"""


async def counted(
    facts: TableFacts, cloud: Cloud, location: str, max_bytes: int | None, context: Context
) -> TableFacts:
    """Return the facts of a table with the counts, or why nothing was counted.

    Args:
        facts: what is known of it, with the roles of its columns; with a problem they are returned unchanged.
        cloud: Google as the service account sees it.
        location: where the table is.
        max_bytes: the most bytes that a query may read; BigQuery refuses more at no cost. None: only say what it would
            read.
        context: fills the fields of remedies.
    """
    if facts.problem is not None:
        return facts
    try:
        query = content_query(facts)
    except ValueError:
        problem = catalogue.problem(Code.TABLE_NAME, context, dataset=facts.path[1], table=facts.name)
        return replace(facts, problem=problem)
    try:
        facts, query, size = await _dry(facts, query, cloud, location)
    except ProblemError as error:
        if error.problem.code == Code.QUERY_INVALID and await _can_be_read(facts, cloud, location):
            return replace(facts, skipped=_not_counted(error.problem))
        return replace(facts, problem=error.problem)
    if max_bytes is None:
        return replace(facts, skipped=_would_read(size))
    part: Message | None = None
    if size is not None and size > max_bytes:
        smaller = await _smaller(facts, cloud, location, max_bytes, size)
        if smaller is None:
            return replace(facts, skipped=_too_large(size, max_bytes))
        query, part = smaller
    try:
        result = await cloud.query(facts.path[0], query.sql, location, max_rows=1, max_bytes=max_bytes)
        content = query.content(result.rows[0])
    except ProblemError as error:
        if error.problem.kind is Kind.NETWORK or error.problem.code is not None:
            return replace(facts, problem=error.problem)
        return replace(facts, skipped=_not_counted(error.problem))
    except (ValueError, IndexError):
        return replace(facts, skipped=message("The answer to the count was not what was asked for."))
    return replace(facts, content=replace(content, part=part))


async def _dry(
    facts: TableFacts, query: ContentQuery, cloud: Cloud, location: str
) -> tuple[TableFacts, ContentQuery, int | None]:
    """Try the query as a dry run, without columns that a policy tag protects.

    Raises:
        ProblemError: the table cannot be read.
    """
    try:
        dry = await cloud.dry_run(facts.path[0], query.sql, location)
    except ProblemError as error:
        tagged = frozenset(c.name for c in facts.columns if c.tagged)
        if error.problem.code != Code.POLICY_TAG or not tagged:
            raise
        facts = replace(facts, closed=tagged)
        query = content_query(facts)
        dry = await cloud.dry_run(facts.path[0], query.sql, location)
    reads = tuple(path for path in dry.tables if path != facts.path)
    return replace(facts, reads=reads, size=dry.size), query, dry.size


async def _can_be_read(facts: TableFacts, cloud: Cloud, location: str) -> bool:
    """Return whether the table can be read, so that our query is the problem: a query for the number of rows alone
    would run."""
    try:
        await cloud.dry_run(facts.path[0], sql.count_rows(*facts.path), location)
    except ProblemError:
        return False
    return True


async def _smaller(
    facts: TableFacts, cloud: Cloud, location: str, max_bytes: int, size: int
) -> tuple[ContentQuery, Message] | None:
    """Return a query that reads less, and which part of the rows that is; None if there is none that may run."""
    for days in _PARTITION_DAYS:
        if where := newest_partitions(facts, days):
            query = content_query(facts, where=where)
            try:
                dry = await cloud.dry_run(facts.path[0], query.sql, location)
            except ProblemError:
                break
            if dry.size is not None and dry.size <= max_bytes:
                part = message_n(
                    "Only the partitions of the last day were counted.",
                    "Only the partitions of the last {n} days were counted.",
                    days,
                )
                return query, part
    if facts.kind in _SAMPLED_KINDS and (percent := int(80 * max_bytes / size)) >= 1:
        # BigQuery bills what a sample reads, and refuses a sample that reads more than allowed.
        return content_query(facts, sample=percent), message("Only a sample of about {n} % was counted.", n=percent)
    return None


def _too_large(size: int, max_bytes: int) -> Message:
    return message(
        "The content was not counted: that would read {size}, more than the limit of {limit} (see --max-bytes).",
        size=figures.size(size),
        limit=figures.size(max_bytes),
    )


def _would_read(size: int | None) -> Message:
    if size is None:
        return message("BigQuery does not say what counting would read.")
    return message("Counting would read {size}.", size=figures.size(size))


def _not_counted(problem: Problem) -> Message:
    return message("The content could not be counted: {why}", why=problem.words)

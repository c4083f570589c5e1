"""Settings of a dataset that matter to Klaviyo: the expiration of its tables, and access for everybody."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.conditions import holds_until
from kbq_tui.diagnosis.entry import filled, values
from kbq_tui.i18n.messages import Message, joined, message, message_n
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import AccessEntry, DatasetInfo, Part, Present
from kbq_tui.model.operations import Action, Change
from kbq_tui.model.problem import Context, Problem, RemedyStep, Who
from kbq_tui.model.refs import DatasetRef, TableRef
from kbq_tui.model.spec import ConnectionSpec, RequiredDataset
from kbq_tui.planning.grants import EVERYBODY, taken_away
from kbq_tui.shell import commands as cmd

TABLES_EXPIRE: Final = Code.TABLES_EXPIRE
PARTITIONS_EXPIRE: Final = Code.PARTITIONS_EXPIRE
PUBLIC: Final = Code.PUBLIC_DATASET
_BY_TERRAFORM: Final = "goog-terraform-provisioned"
_MOST_NAMED: Final = 5
"""The most tables that are listed by name."""

STAGING_LIFE: Final = timedelta(days=1)
"""The least time that tables of the staging dataset must exist. Klaviyo's longest interval between two syncs is a day,
and its own tables there are temporary; how long it needs them is not published."""


def life(of: timedelta) -> Message:
    """Return a lifetime in the largest unit that expresses it exactly, from minutes to days."""
    if of and not of % timedelta(days=1):
        return message_n("{n} day", "{n} days", of // timedelta(days=1))
    if of and not of % timedelta(hours=1):
        return message_n("{n} hour", "{n} hours", of // timedelta(hours=1))
    return message_n("{n} minute", "{n} minutes", max(1, round(of / timedelta(minutes=1))))


def expiring(info: DatasetInfo, context: Context) -> tuple[Problem, ...]:
    """Return a problem for each default expiration of a dataset: for new tables, for new partitions.

    Source: https://cloud.google.com/bigquery/docs/updating-datasets#table-expiration
    """
    both = ((TABLES_EXPIRE, info.table_life), (PARTITIONS_EXPIRE, info.partition_life))
    return tuple(
        catalogue.problem(
            code, context, dataset=info.name, life=life(value), seconds=max(1, round(value.total_seconds()))
        )
        for code, value in both
        if value is not None
    )


def terraformed(
    actions: Iterable[Action], datasets: Mapping[str, Part[DatasetInfo]], context: Context
) -> tuple[Problem, ...]:
    """Return a problem for each dataset that is to be changed and was created by Terraform, which labels what it
    creates.

    Source: https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference
    (add_terraform_attribution_label)

    Args:
        actions: the plan's actions.
        datasets: the present state of the connection's datasets, by name.
        context: what is known of the connection.
    """
    changed = {
        action.resource.dataset
        for action in actions
        if action.change is not Change.NOOP and isinstance(action.resource, DatasetRef | TableRef)
    }
    return tuple(
        catalogue.problem(Code.TERRAFORM_OWNED, context, dataset=name)
        for name, part in datasets.items()
        if name in changed and isinstance(part, Present) and part.value.labels.get(_BY_TERRAFORM) == "true"
    )


def vanishing(ends: Mapping[str, str], dataset: str, context: Context) -> Problem | None:
    """Return the problem of tables with their own expiration, whatever the dataset's default is; None if there are
    none.

    Args:
        ends: by table, when it is deleted, in words; empty if only its partitions are.
        dataset: their dataset.
        context: what is known of the connection.

    Source: https://cloud.google.com/bigquery/docs/managing-tables#updating_a_tables_expiration_time
    """
    if not ends:
        return None
    problem = catalogue.problem(TABLES_EXPIRE, context, dataset=dataset)
    named = list(ends.items())[:_MOST_NAMED]
    parts = [
        message("{table} on {end}", table=name, end=end)
        if end
        else message("{table} partition by partition", table=name)
        for name, end in named
    ]
    steps = [
        RemedyStep(
            message("If {table} is needed, remove its expiration:", table=name),
            filled(
                [cmd.KEEP_TABLE if end else cmd.KEEP_PARTITIONS], values(context, {"table": name, "dataset": dataset})
            ),
            who=Who.EITHER,
        )
        for name, end in named
    ]
    return replace(
        problem,
        title=message("Tables vanish by themselves"),
        cause=message(
            "In dataset {dataset} tables are deleted by themselves: {tables}.",
            dataset=dataset,
            tables=joined(", ", *parts, *(["…"] if len(ends) > len(named) else [])),
        ),
        steps=tuple(steps),
    )


def too_short(wish: RequiredDataset, info: DatasetInfo) -> bool:
    """Return whether tables in a dataset expire while they are still needed."""
    lives = [value for value in (info.table_life, info.partition_life) if value is not None]
    return bool(lives) and (wish.purpose != "staging" or min(lives) < STAGING_LIFE)


ANYBODYS_DOMAINS: Final = frozenset({"domain:gmail.com", "domain:googlemail.com"})
"""Mail domains where everybody can get an address. An entry for a domain gives access to whoever signs in with an
address there (https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets, `access[].domain`)."""


def for_everybody(info: DatasetInfo) -> tuple[AccessEntry, ...]:
    """Return the access entries for everybody, or for everybody with a Google account, whatever the role."""
    return tuple(
        e for e in info.access or () if e.role and (e.member in EVERYBODY or e.member.lower() in ANYBODYS_DOMAINS)
    )


def _is_over(entry: AccessEntry, now: datetime) -> bool:
    end = holds_until(entry.condition) if entry.condition is not None else None
    return end is not None and end <= now


def over(info: DatasetInfo, now: datetime) -> tuple[Message, ...]:
    """Return a sentence for each access entry for everybody whose condition has ended for good."""
    return tuple(
        message(
            "{role} was given to {member} under a condition that has ended; the entry is over.",
            role=entry.role,
            member=entry.member.removeprefix("specialGroup:"),
        )
        for entry in for_everybody(info)
        if _is_over(entry, now)
    )


def public(spec: ConnectionSpec, info: DatasetInfo, context: Context, now: datetime) -> tuple[Problem, ...]:
    """Return a problem for each access entry for everybody, except those whose condition has ended for good.

    Source: https://cloud.google.com/bigquery/docs/control-access-to-resources-iam (allUsers, allAuthenticatedUsers)
    """
    found: list[Problem] = []
    for entry in for_everybody(info):
        if _is_over(entry, now):
            continue
        member = entry.member.removeprefix("specialGroup:")
        problem = catalogue.problem(PUBLIC, context, dataset=info.name, role=entry.role, member=member)
        if entry.condition is not None:
            on = DatasetRef(spec.project, info.name)
            problem = taken_away(problem, spec, entry.role, on, member=entry.member, bound=True)
        found.append(problem)
    return tuple(found)

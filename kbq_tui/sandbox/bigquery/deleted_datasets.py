"""Deleted datasets, which can be restored for seven days.

https://cloud.google.com/bigquery/docs/restore-deleted-datasets
"""

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.engine import engine_of
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.resources import Dataset, DeletedDataset, Principal, Project

_DAYS_MS = 7 * 24 * 3600 * 1000
"""Milliseconds for which a deleted dataset can be restored, and for which a restored one cannot be deleted."""
_MOST_ROWS = 100_000
"""The most rows that a deleted dataset may have to be restored."""
_MOST = 20
"""The most deleted datasets of a project that can be restored."""


def put_aside(ctx: SandboxContext, dataset: Dataset) -> None:
    """Remove a dataset from its project. It can be restored for seven days, unless it is too large.

    Raises:
        ApiError: it was restored recently. That Google refuses this is documented, its exact text is not known.
    """
    now = ctx.world.now_ms()
    if dataset.undeleted_ms is not None and now < dataset.undeleted_ms + _DAYS_MS:
        raise refusals.invalid(f"Dataset {dataset.ref} was undeleted less than 7 days ago and cannot be deleted yet.")
    project, engine = ctx.world.projects[dataset.project_id], engine_of(ctx)
    del project.datasets[dataset.dataset_id]
    if engine.held_rows(dataset) > _MOST_ROWS:
        engine.drop_dataset(dataset)
    else:
        project.deleted.append(DeletedDataset(dataset, now, engine.detach(dataset)))
    while project.deleted and (len(project.deleted) > _MOST or project.deleted[0].at < now - _DAYS_MS):
        oldest = project.deleted.pop(0)
        engine.drop_detached(oldest.rows)


def undelete(ctx: SandboxContext, principal: Principal, project: Project, dataset_id: str) -> Dataset:
    """Restore the dataset of this name that was deleted last, with its tables.

    Raises:
        ApiError: it is not allowed, the name is in use, or it was deleted more than seven days ago.
    """
    if not ctx.authz.allowed(principal, "bigquery.datasets.create", project):
        raise refusals.may_not_create_dataset(project)
    if dataset_id in project.datasets:
        raise refusals.exists("Dataset", f"{project.id}:{dataset_id}")
    now = ctx.world.now_ms()
    candidates = [d for d in project.deleted if d.dataset.dataset_id == dataset_id and d.at >= now - _DAYS_MS]
    if not candidates:
        raise refusals.no_dataset(project.id, dataset_id)
    found = candidates[-1]
    dataset = found.dataset
    ctx.authz.require(principal, "bigquery.datasets.get", dataset)
    project.deleted.remove(found)
    engine_of(ctx).attach(found.rows)
    dataset.undeleted_ms = now
    ctx.world.outdate("dataset_read", dataset.ref, None)
    project.datasets[dataset_id] = dataset
    ctx.world.touch(dataset)
    return dataset

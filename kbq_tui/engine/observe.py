"""Reads everything that a connection consists of, in a single round of parallel calls."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.root_cause import explained, observed_causes
from kbq_tui.diagnosis.settling import settling
from kbq_tui.engine.grant_scan import look_elsewhere
from kbq_tui.engine.ports import Cloud, Ports
from kbq_tui.engine.similar import named_similar
from kbq_tui.engine.threads import offload
from kbq_tui.engine.waiting import own_changes
from kbq_tui.model.changes import ACCOUNT, KEY, OwnChange, concerns_account, last_recent
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Absent, AccountInfo, KeyInfo, LocalKey, Observed, Part, Present, Unknown, value_of
from kbq_tui.model.problem import Kind, Problem, ProblemError, Retry
from kbq_tui.model.rotation import Rotation, rotation_of
from kbq_tui.model.secret import Secret
from kbq_tui.model.spec import REQUIRED_SERVICES, ConnectionSpec
from kbq_tui.planning.diff import context_of
from kbq_tui.planning.requirements import ACCOUNT_CONSTRAINTS, KEY_CONSTRAINTS, PREFLIGHT_PERMISSIONS

T = TypeVar("T")

PartSeen = Callable[[str], None]


async def part_of(read: Awaitable[T | None]) -> Part[T]:
    """Return the result of a read: present, absent for None, unknown with the reason if it raised."""
    try:
        value = await read
    except ProblemError as error:
        return Unknown(error.problem)
    return Absent() if value is None else Present(value)


async def inspect_key(spec: ConnectionSpec, ports: Ports) -> Part[LocalKey]:
    """Inspect the key file, off the event loop: disks and keyrings can be slow."""
    part = await part_of(offload(lambda: ports.keys.inspect(spec.key_file, spec.project, spec.account_email)))
    if isinstance(part, Present) and part.value.warnings:
        return Present(replace(part.value, warnings=tuple(map(ports.named, part.value.warnings))))
    return part


def beside_of(spec: ConnectionSpec, ports: Ports) -> ConnectionSpec:
    """Return the connection with the new key's file, which a rotation stores beside the old one."""
    return replace(spec, key_file=ports.keys.path_beside(spec.key_file, spec.project, spec.account_email))


async def _beside(spec: ConnectionSpec, ports: Ports, rotation: Rotation | None) -> Part[LocalKey]:
    """Inspect the new key's file of a rotation; absent where there is none."""
    if rotation is None or not rotation.new:
        return Absent()
    part = await inspect_key(beside_of(spec, ports), ports)
    return part if not isinstance(part, Present) or part.value.path else Absent()


async def handed_over(spec: ConnectionSpec, ports: Ports) -> Part[tuple[str, ...]]:
    """Return the ids of keys that were shredded here after the hand-over."""
    return await part_of(offload(lambda: ports.keys.handed_over(spec.project, spec.account_email)))


async def stored_key(spec: ConnectionSpec, ports: Ports) -> Secret:
    """Return the account's key as it is stored here.

    Raises:
        ProblemError: it cannot be read, is missing, or was destroyed here after the hand-over.
    """
    try:
        return await offload(lambda: ports.keys.load(spec.key_file, spec.project, spec.account_email))
    except ProblemError as error:
        handed = value_of(await handed_over(spec, ports)) if error.problem.code == Code.KEY_FILE_MISSING else None
        if not handed:
            raise
        over = catalogue.problem(Code.KEY_HANDED_OVER, context_of(spec), key_id=handed[-1])
        raise ProblemError(ports.named(over)) from None


async def observe(
    spec: ConnectionSpec,
    ports: Ports,
    seen: PartSeen | None = None,
    *,
    everywhere: bool = False,
    beside_others: bool = True,
) -> Observed:
    """Read the project, its APIs, billing, policies, datasets, account, keys and grants, all at the same time.

    Args:
        spec: the connection.
        ports: what to read with.
        seen: called with the name of each part when it is read, for a live panel.
        everywhere: also read what the account holds in the rest of the project, in a second round of calls.
        beside_others: also read the other connections of this machine; there can be hundreds.

    Returns:
        What was found; parts that could not be read are unknown, with the failure that explains them.

    Raises:
        ProblemError: the journal of this machine cannot be used.
    """
    cloud = ports.cloud
    project = spec.project
    wishes = [w.name for w in spec.datasets()]
    constraints = (*KEY_CONSTRAINTS, *ACCOUNT_CONSTRAINTS)

    async def named(name: str, read: Awaitable[Part[T]]) -> Part[T]:
        part = await read
        if seen is not None:
            seen(name)
        return part

    at, changes = ports.clock.now(), await own_changes(spec, ports)
    async with asyncio.TaskGroup() as group:
        identity = group.create_task(named("identity", part_of(cloud.identity())))
        info = group.create_task(named("project", part_of(cloud.project(project))))
        services = group.create_task(_services(cloud, project))
        billing = group.create_task(named("billing", part_of(cloud.billing_enabled(project))))
        policies = [
            group.create_task(named(f"policy:{c}", part_of(cloud.policy_enforced(project, c)))) for c in constraints
        ]
        permissions = group.create_task(
            named("permissions", part_of(cloud.test_permissions(project, PREFLIGHT_PERMISSIONS)))
        )
        datasets = [group.create_task(named(f"dataset:{n}", part_of(cloud.dataset(project, n)))) for n in wishes]
        names = group.create_task(named("datasets", part_of(cloud.dataset_names(project))))
        account = group.create_task(named("account", _account(spec, cloud, changes, at)))
        keys = group.create_task(named("keys", _keys(spec, cloud, changes, at)))
        bindings = group.create_task(named("bindings", part_of(cloud.project_bindings(project))))
        key = group.create_task(_after(keys, lambda: named("key", inspect_key(spec, ports))))
        handed = group.create_task(_after(keys, lambda: handed_over(spec, ports)))
    held, holder = keys.result(), account.result()
    if _is_older(held, key.result()):
        held = await _keys(spec, cloud, changes, at)
        if isinstance(holder, Absent):
            holder = await _account(spec, cloud, changes, at)
    rotation = rotation_of(changes, spec)
    elsewhere = await look_elsewhere(spec, cloud, names.result()) if everywhere else None
    observed = Observed(
        at=at,
        identity=identity.result(),
        project=info.result(),
        services=services.result(),
        billing=billing.result(),
        constraints={c: t.result() for c, t in zip(constraints, policies, strict=True)},
        permissions=permissions.result(),
        datasets={n: t.result() for n, t in zip(wishes, datasets, strict=True)},
        names=names.result(),
        account=holder,
        keys=held,
        bindings=bindings.result(),
        key=key.result(),
        beside=await _beside(spec, ports, rotation),
        handed_over=handed.result(),
        elsewhere=elsewhere,
        neighbours=await offload(ports.neighbours) if beside_others else (),
        changes=changes,
        rotation=rotation,
    )
    causes = await named_similar(cloud, project, observed_causes(observed, context_of(spec)))
    return explained(observed, causes)


async def _after(first: "asyncio.Task[Any]", then: Callable[[], Awaitable[T]]) -> T:
    """Await two things one after the other. A key that another process is creating is in Google's list before it is in
    its file: if it is looked for in this order, it is found here, or its place is found reserved, and it is never
    taken for one that is not stored here."""
    await asyncio.wait([first])
    return await then()


def _is_older(keys: Part[tuple[KeyInfo, ...]], key: Part[LocalKey]) -> bool:
    """Whether the list may be older than the local key: another process may have created it in between, and the account
    as well."""
    if not isinstance(key, Present) or isinstance(keys, Unknown):
        return False
    return isinstance(keys, Absent) or key.value.key_id not in {k.id for k in keys.value}


async def _services(cloud: Cloud, project: str) -> Mapping[str, Part[bool]]:
    part = await part_of(cloud.services(project, REQUIRED_SERVICES))
    match part:
        case Present(value=states):
            return {n: Present(states[n]) if n in states else Absent() for n in REQUIRED_SERVICES}
        case Unknown():
            return dict.fromkeys(REQUIRED_SERVICES, part)
        case _:
            return {n: Absent() for n in REQUIRED_SERVICES}


async def _account(
    spec: ConnectionSpec, cloud: Cloud, changes: tuple[OwnChange, ...], now: datetime
) -> Part[AccountInfo]:
    """Read the account. Right after our own creation, a 403 or 404 says nothing: it exists, as we created it.

    If the outcome of the creation is not known, it counts as absent, because creating it again does no harm and shows
    it.
    """
    part = await part_of(cloud.account(spec.project, spec.account_email))
    own = last_recent(changes, now, ACCOUNT)
    if own is None or isinstance(part, Present):
        return part
    if isinstance(part, Unknown) and not _not_yet(part.problem, spec):
        return part
    return Present(AccountInfo(spec.account_email, "")) if own.made else Absent()


async def _keys(
    spec: ConnectionSpec, cloud: Cloud, changes: tuple[OwnChange, ...], now: datetime
) -> Part[tuple[KeyInfo, ...]]:
    """Read the account's keys. Without an account the keys are absent, not unknown, unless we have just created
    either."""
    try:
        return Present(await cloud.keys(spec.project, spec.account_email))
    except ProblemError as error:
        problem = error.problem
    if last_recent(changes, now, ACCOUNT, KEY) is not None and _not_yet(problem, spec):
        return Unknown(settling(problem))
    return Absent() if problem.kind is Kind.NOT_FOUND else Unknown(problem)


def _not_yet(problem: Problem, spec: ConnectionSpec) -> bool:
    """Whether a refusal may pass by itself, because we have just created the account or a key of it."""
    return concerns_account(problem, spec.account_email) and settling(problem).retry is Retry.NOT_YET

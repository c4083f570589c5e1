"""Verification with the very key that Klaviyo will hold: every check of the article, mended, and what it leaves out."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

from kbq_tui.engine.ports import Ports, TableInfo
from kbq_tui.engine.threads import offload
from kbq_tui.engine.verify.causes import causes_of, explained, look_for_cause
from kbq_tui.engine.verify.checking import Held, Told, key_refused, never, refused
from kbq_tui.engine.verify.consequences import followed
from kbq_tui.engine.verify.hidden_rows import hidden_rows
from kbq_tui.engine.verify.isolation import MAX_OTHER_DATASETS, Isolation
from kbq_tui.engine.verify.key_check import handed_over, judge_keys
from kbq_tui.engine.verify.probing import MAX_LISTED, MAX_TRIED, is_probe, of_dataset
from kbq_tui.engine.verify.table_ends import with_ends
from kbq_tui.engine.waiting import NO_PATIENCE, Emit, Patience, own_changes
from kbq_tui.i18n.messages import message, message_n
from kbq_tui.model import checks, judgements
from kbq_tui.model.changes import ACCOUNT, KEY, grant_on
from kbq_tui.model.checks import CheckResult, Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import Judged
from kbq_tui.model.key_file import key_id_of
from kbq_tui.model.observed import DatasetInfo
from kbq_tui.model.problem import Kind, Problem, ProblemError
from kbq_tui.model.refs import ProjectRef
from kbq_tui.model.rotation import rotating_keys
from kbq_tui.model.spec import JOB_USER, ConnectionSpec, RequiredDataset
from kbq_tui.planning.dataset_rules import expiring, over, public, too_short
from kbq_tui.planning.locations import misplaced
from kbq_tui.shell import sql
from kbq_tui.shell.sql import PROBE_PREFIX

__all__ = ["MAX_OTHER_DATASETS", "PROBE_PREFIX", "verify"]

_VIEWS = frozenset({"VIEW", "MATERIALIZED_VIEW"})
_BROKEN_VIEW = frozenset({Code.QUERY_INVALID, Code.TWO_LOCATIONS})
_UNREADABLE = frozenset(
    {Code.PARTITION_FILTER, Code.VIEW_BROKEN, Code.COLUMNS_DUPLICATE, Code.TOO_MANY_COLUMNS, Code.CMEK_REQUIRED}
)
"""What keeps Klaviyo, too, from reading a table or view, until it is changed."""


async def verify(
    spec: ConnectionSpec,
    ports: Ports,
    *,
    told: Told | None = None,
    emit: Emit | None = None,
    patience: Patience = NO_PATIENCE,
    location: str | None = None,
) -> tuple[CheckResult, ...]:
    """Run every check as the service account, with the key as it is stored here.

    Args:
        spec: the connection.
        ports: the operator's cloud serves only for what the account must not be able to ask: its keys, its roles on
            the project, which other datasets and tables there are, and grants and location where it may not read them
            itself.
        told: called with each result as it comes.
        emit: called with events: a check started, waits for a change to arrive.
        patience: how long to wait for our own changes, where the journal has such that may be on their way.
        location: where the datasets have to be; None takes the connection's, else the first dataset's own.

    Returns:
        A result for every check in `checks.expected(spec)`, in that order. Never raises `ProblemError`.
    """
    run = _Verification(spec, ports, told or (lambda _: None), emit or (lambda _: None), patience)
    changes = await own_changes(spec, ports)
    run.waits.add(*changes)
    run.rotating = rotating_keys(changes, spec)
    run.neighbours = await offload(ports.neighbours)
    try:
        return await run.all(location or spec.location or "")
    finally:
        if run.account_cloud is not None:
            await run.account_cloud.close()


class _Verification(Isolation):
    async def all(self, wanted: str) -> tuple[CheckResult, ...]:
        self.wanted = self.location = wanted
        self.used_key = ""
        self.looked: dict[str, DatasetInfo | Problem | None] = {}
        before: tuple[Problem, ...] = ()
        if await self._authenticated():
            await self._with_key()
        else:
            before = await look_for_cause(self.spec, self.ports.cloud)
        await self.check(
            checks.KEYS,
            "iam.serviceAccounts.keys.list",
            lambda: judge_keys(self, self.used_key),
            depends_on=(KEY, ACCOUNT),
        )
        why = message("not tried, because the key does not sign in")
        if checks.handed_over(self.results.values()):
            why = message("not tried, because the key is not on this machine any more")
        for check in checks.expected(self.spec):
            if check.id not in self.results:
                self.record(check, "", Judged(Verdict.SKIPPED, why))
        results = tuple(self.results[c.id] for c in checks.expected(self.spec))
        causes = await causes_of(self.spec, self.ports.cloud, results, before)
        gone = {name for name, info in self.looked.items() if info is None}
        final = followed(self.spec, explained(results, causes), gone)
        return tuple(self.retold(result) for result in final)

    async def _authenticated(self) -> bool:
        async def sign_in() -> Judged:
            spec = self.spec
            try:
                secret = await offload(lambda: self.ports.keys.load(spec.key_file, spec.project, spec.account_email))
            except ProblemError as error:
                if error.problem.code == Code.KEY_FILE_MISSING and (handed := await handed_over(self)):
                    problem = self.problem(checks.HANDED_OVER, key_id=handed[-1])
                    raise ProblemError(self.ports.named(problem)) from None
                raise
            if self.account_cloud is None:
                self.account_cloud = self.ports.impersonate(secret)
                self.used_key = key_id_of(secret)
            await self.cloud.authenticate()
            return Judged(Verdict.PASS, message("an access token for {account}", account=spec.account_email))

        result = await self.check(
            checks.KEY_AUTH,
            message("oauth2 token, JWT bearer grant signed with the key"),
            sign_in,
            fails=key_refused,
            depends_on=(KEY, ACCOUNT),
        )
        return result.verdict is Verdict.PASS

    async def _with_key(self) -> None:
        wishes = self.spec.datasets()
        # Each dataset is asked about where it lies; whether that is where it has to be is a check of its own.
        await self._look_at(wishes)
        self.location = next((at for w in wishes if (at := self.locations.get(w.name))), self.wanted)
        late = [wish for wish in wishes if self.looked[wish.name] is None]
        if late:
            # A dataset that was made a moment ago may not be shown yet: what is asked about it waits until it is.
            await asyncio.gather(*(self._visible(wish) for wish in late))
            await self._look_at(wishes)
            self.location = next((at for w in wishes if (at := self.locations.get(w.name))), self.wanted)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._query_run())
            group.create_task(self._permissions())
            group.create_task(self.isolated())
            for wish in wishes:
                if wish not in late:
                    group.create_task(self._visible(wish))
                group.create_task(self._settings(wish))
                group.create_task(self._granted(wish))
                if wish.purpose == "staging":
                    group.create_task(self._staging(wish))
                elif wish.role.endswith("dataViewer"):
                    group.create_task(self._readable(wish))
                    group.create_task(self._read_only(wish))
                else:
                    group.create_task(self._readable(wish))
                    group.create_task(self._writable(wish))

    async def _look_at(self, wishes: tuple[RequiredDataset, ...]) -> None:
        """Look at each dataset, and note where it lies: as the account sees it whole, else as the operator does."""

        async def look(name: str) -> DatasetInfo | Problem | None:
            seen: DatasetInfo | Problem | None = None
            for cloud in (self.cloud, self.ports.cloud):
                try:
                    info = await cloud.dataset(self.spec.project, name)
                except ProblemError as error:
                    seen = seen or error.problem
                    continue
                if info is None or info.access is not None:
                    return info
                seen = info
            return seen

        found = await asyncio.gather(*(look(wish.name) for wish in wishes))
        self.looked = {wish.name: info for wish, info in zip(wishes, found, strict=True)}
        self.locations = {
            name: info.location
            for name, info in self.looked.items()
            if isinstance(info, DatasetInfo) and sql.is_location(info.location)
        }

    async def _settings(self, wish: RequiredDataset) -> None:
        """Judge what is set on a dataset itself; looked at once, with where it lies."""
        info = self.looked[wish.name]
        context = replace(self.context, location=self.where(wish.name))
        gone = Judged(Verdict.SKIPPED, message("{dataset} does not exist", dataset=wish.name))
        kept, private = gone, gone
        if isinstance(info, DatasetInfo):
            kept = judgements.judge_kept(wish.name, expiring(info, context), too_short=too_short(wish, info))
            now = self.ports.clock.now()
            private = judgements.judge_private(wish.name, public(self.spec, info, context, now), over(info, now))
            if info.access is None:
                unread = self.problem(Code.ACCESS_UNREAD, dataset=wish.name)
                private = Judged(Verdict.UNKNOWN, unread.title, unread)
        elif info is not None:
            kept = private = judgements.judge_error(info, never)
        call = f"bigquery.datasets.get {self.spec.project}:{wish.name}"
        self.record(checks.kept(wish), call, kept)
        self.record(checks.private(wish), call, private)

    async def _query_run(self) -> None:
        async def ask() -> Judged:
            rows = (await self.cloud.query(self.spec.project, sql.probe(), self.location)).rows
            answer = rows[0][0] if rows and rows[0] else message("nothing")
            text = message("SELECT 1 answered {answer}", answer=answer)
            return Judged(Verdict.PASS if rows and rows[0] == ("1",) else Verdict.UNKNOWN, text)

        await self.check(checks.QUERY_RUN, sql.probe(), ask, fails=lambda p: p.code == Code.JOB_USER_MISSING)

    async def _visible(self, wish: RequiredDataset) -> None:
        async def ask() -> Judged:
            info = await self.cloud.dataset(self.spec.project, wish.name)
            missing = self.problem(Code.DATASET_NOT_VISIBLE, dataset=wish.name)
            places = self.locations if info is None else self.locations | {wish.name: info.location}
            elsewhere = misplaced(self.spec, wish.name, self.wanted, places, self.context)
            judged = judgements.judge_visible(wish, info, missing, elsewhere)
            return self.perhaps_not_yet(judged) if info is None else judged

        call = f"bigquery.datasets.get {self.spec.project}:{wish.name}"
        await self.check(checks.visible(wish), call, ask, fails=refused, depends_on=(grant_on(wish.name),))

    async def _granted(self, wish: RequiredDataset) -> None:
        member = self.spec.member
        where = self.where(wish.name)
        statement = sql.privileges(self.spec.project, where, wish.name, member) if where else ""

        async def ask() -> Judged:
            if not statement:
                text = message("where the dataset is could not be found out, so it cannot be asked")
                return Judged(Verdict.UNKNOWN, text)
            try:
                rows, own = (await self.cloud.query(self.spec.project, statement, where)).rows, False
            except ProblemError as error:
                if error.problem.kind is not Kind.NOT_PERMITTED:
                    raise
                # Reading one's own grants is not among the grants; the operator may be able to read them.
                rows = (await self.ports.cloud.query(self.spec.project, statement, where)).rows
                own = True
            missing = self.problem(Code.GRANT_MISSING, dataset=wish.name, role=wish.role)
            judged = judgements.judge_granted(
                wish,
                self.spec.member,
                rows,
                missing,
                lambda roles: self.over_grant([Held(role, self.ref(wish), where) for role in roles]),
            )
            if judged.verdict is Verdict.PASS or judged.problem is missing:
                # OBJECT_PRIVILEGES does not tell of conditions.
                judged = self.bounded(judged, await self.condition(wish), wish.role, self.ref(wish))
            if own:
                text = message("{evidence} (asked with your own login)", evidence=judged.evidence)
                judged = replace(judged, evidence=text)
            return self.perhaps_not_yet(judged) if judged.problem is missing else judged

        await self.check(checks.granted(wish), statement, ask, depends_on=(grant_on(wish.name),))

    async def _permissions(self) -> None:
        asked = (judgements.NEEDED_PERMISSION, *judgements.EXCESS_PERMISSIONS)
        call = f"projects.testIamPermissions {self.spec.project}: {', '.join(asked)}"

        async def effective() -> Judged:
            held = await self.cloud.test_permissions(self.spec.project, asked)
            missing = self.problem(Code.JOB_USER_MISSING, permission=judgements.NEEDED_PERMISSION)
            judged = judgements.judge_effective(held, missing)
            judged = self.bounded(judged, await self.job_user_condition(), JOB_USER, ProjectRef(self.spec.project))
            return self.perhaps_not_yet(judged) if judged.problem is missing else judged

        async def minimal() -> Judged:
            held = await self.cloud.test_permissions(self.spec.project, asked)
            roles, unseen = await self.project_roles()
            named = ", ".join(sorted(held - {judgements.NEEDED_PERMISSION}))
            excess = self.over_grant(roles or (Held(named, ProjectRef(self.spec.project)),))
            return judgements.judge_minimal(held, tuple(dict.fromkeys(r.text for r in roles)), excess, unseen)

        await asyncio.gather(self.check(checks.PERMISSIONS, call, effective), self.check(checks.MINIMAL, call, minimal))

    async def _staging(self, wish: RequiredDataset) -> None:
        with contextlib.suppress(ProblemError):  # what is wrong is said by the check itself
            await self.sweep(wish.name, await self.cloud.tables(self.spec.project, wish.name, MAX_LISTED))
        billing: list[Judged] = []

        async def ask() -> Judged:
            judged, inserted = await self.write_cycle(wish)
            billing[:] = [inserted]
            return self.settled(judged)

        result = await self.check(
            checks.STAGING_WRITE, self.cycle_text(wish), ask, fails=refused, depends_on=(grant_on(wish.name),)
        )
        judged = billing[0] if billing else Judged(Verdict.UNKNOWN, message("no INSERT was reached"), result.problem)
        self.record(checks.BILLING, message("INSERT INTO the probe table"), judged)

    async def _writable(self, wish: RequiredDataset) -> None:
        async def ask() -> Judged:
            return self.settled((await self.write_cycle(wish))[0])

        needed = (grant_on(wish.name),)
        await self.check(checks.writable(wish), self.cycle_text(wish), ask, fails=refused, depends_on=needed)

    async def _read_only(self, wish: RequiredDataset) -> None:
        path = self.probe(wish)
        statement = sql.create_probe(*path).replace(path[2], f"{PROBE_PREFIX}…")
        await self.check(checks.read_only(wish), statement, lambda: self.must_not_write(wish, path))

    async def _readable(self, wish: RequiredDataset) -> None:
        call = message("{sql}, as a dry run", sql=sql.read_one(self.spec.project, wish.name, "…"))

        async def ask() -> Judged:
            found = await self.cloud.tables(self.spec.project, wish.name, MAX_LISTED)
            await self.sweep(wish.name, found)
            tables = tuple(t for t in found if not is_probe(t))
            if not tables:
                return Judged(Verdict.PASS, message("nothing to read yet: the dataset is empty"))
            tried = tables[:MAX_TRIED]
            answers = await self.dry_reads(wish.name, tried)
            if any(why is not None and why.code == Code.TABLE_NOT_FOUND for why in answers):
                # What was dropped since it was listed is not there to be read; a view over what is gone still is.
                there = {t.name for t in await self.cloud.tables(self.spec.project, wish.name, MAX_LISTED)}
                answers = [why for t, why in zip(tried, answers, strict=True) if t.name in there]
                tried = tuple(t for t in tried if t.name in there)
            note = message(" (the first {n} of more)", n=MAX_TRIED) if len(tables) > MAX_TRIED else ""
            bad = [(t, why) for t, why in zip(tried, answers, strict=True) if why is not None]
            if not bad:
                read = message_n(
                    "{n} table or view can be read{note}",
                    "all {n} tables and views can be read{note}",
                    len(tried),
                    note=note,
                )
                seen = await hidden_rows(self, wish.name, tried, Judged(Verdict.PASS, read))
                if len(tables) > MAX_TRIED and seen.verdict is Verdict.PASS:
                    limit = message("{n} tables", n=MAX_TRIED)
                    more = self.problem(Code.NOT_SEARCHED, resource=self.ref(wish), limit=limit)
                    return Judged(Verdict.UNKNOWN, seen.evidence, more)
                return with_ends(self, wish.name, self.looked[wish.name], tables, seen)
            judged = [judgements.judge_error(why, _cannot_read(t)) for t, why in bad]
            worst = next((j for j in judged if j.verdict is Verdict.FAIL), judged[0])
            text = message(
                "{n} of {all} cannot be read{note}: {names}: {why}",
                n=len(bad),
                all=len(tried),
                note=note,
                names=", ".join(t.name for t, _ in bad[:5]),
                why=worst.evidence,
            )
            whole = replace(worst, evidence=text)
            # A grant of ours on its way keeps every table shut; what stands before one table alone is not waited for.
            ours = all(why.code == Code.TABLE_READ_DENIED and of_dataset(why, wish.name) for _, why in bad)
            return self.settled(whole) if ours and len(bad) == len(tried) else whole

        await self.check(checks.readable(wish), call, ask, fails=refused, depends_on=(grant_on(wish.name),))


def _cannot_read(table: TableInfo) -> Callable[[Problem], bool]:
    """Return whether a problem says that Klaviyo cannot read the table or view as it is."""

    def fails(problem: Problem) -> bool:
        broken = table.kind in _VIEWS and problem.code in _BROKEN_VIEW
        return broken or problem.code in _UNREADABLE or refused(problem)

    return fails

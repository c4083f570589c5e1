"""Whether the account is kept out of the datasets that are none of Klaviyo's."""

import asyncio
from dataclasses import dataclass

from kbq_tui.core import checks
from kbq_tui.core.checks import Judged, Verdict
from kbq_tui.core.grants import on_dataset, on_project
from kbq_tui.core.problems import Problem, ProblemError
from kbq_tui.core.words import joined, said, said_many
from kbq_tui.engine.checking import reading_refused, refused
from kbq_tui.engine.ports import TableInfo
from kbq_tui.engine.probing import Prober, of_dataset

MAX_OTHER_DATASETS = 20
"""How many datasets that are none of Klaviyo's are tried for reading; with more in sight nothing is proven."""

OTHER_TABLES = 3
"""How many tables of each are tried."""

_EVERYBODY = frozenset({"specialGroup:allAuthenticatedUsers", "allAuthenticatedUsers", "allUsers"})
"""Members that include every service account there is."""


@dataclass(frozen=True, slots=True)
class _Other:
    """What the account can do in a dataset that is none of Klaviyo's; `problem` is why that is not known."""

    name: str
    location: str = ""
    roles: tuple[str, ...] = ()
    reads: bool = False
    problem: Problem | None = None


class Isolation(Prober):
    """A `Prober` that looks around in the project."""

    async def isolated(self) -> None:
        """Look whether the account can read in a dataset that is none of Klaviyo's."""
        call = said("bigquery.datasets.list, and SELECT as a dry run in each")
        await self.check(checks.ISOLATED, call, self._alone)

    async def _alone(self) -> Judged:
        ours = {w.name for w in self.spec.datasets()}
        held = await self.cloud.test_permissions(self.spec.project, (checks.READ_PERMISSION,))
        if held:
            roles, _ = await self.project_roles()
            project = on_project(self.spec.project)
            excess = self.over_grant([(role, project) for role in roles or (said("read access"),)])
            text = said("{permission} is held on the whole project", permission=checks.READ_PERMISSION)
            return Judged(Verdict.FAIL, text, excess)
        seen = [(n, where) for n, where in await self.cloud.dataset_names(self.spec.project) if n not in ours]
        tried = seen[:MAX_OTHER_DATASETS]
        others = await asyncio.gather(*(self._other(name, where) for name, where in tried))
        if read := [o for o in others if o.reads]:
            grants = [(role, on_dataset(o.name)) for o in read for role in o.roles or (said("read access"),)]
            locations: dict[str, str] = {on_dataset(o.name): o.location for o in read}
            text = said("the account reads in: {names}", names=", ".join(o.name for o in read[:5]))
            return Judged(Verdict.FAIL, text, self.over_grant(grants[:5], locations))
        if unclear := next((o for o in others if o.problem is not None), None):
            assert unclear.problem is not None
            text = joined(": ", unclear.name, unclear.problem.original or unclear.problem.title)
            return Judged(Verdict.UNKNOWN, text, unclear.problem)
        text = said_many("the account sees {n} other dataset", "the account sees {n} other datasets", len(seen))
        if seen:
            text = said("{text}, and can read none of the first {n}", text=text, n=len(others))
        if len(seen) > len(tried):
            # Whoever sees so many has been let in further than needed, if only to look at names.
            excess = self.over_grant([(said("access of some kind"), on_dataset(seen[len(tried)][0]))])
            return Judged(Verdict.UNKNOWN, text, excess)
        return Judged(Verdict.PASS, text)

    async def _other(self, dataset: str, listed_in: str) -> _Other:
        """Find out whether a dataset is open to the account: by a grant of its own, to everybody, or by reading."""
        try:
            info = await self.cloud.dataset(self.spec.project, dataset)
        except ProblemError as error:
            if not refused(error.problem):
                return _Other(dataset, problem=error.problem)
            info = None
        location = (info.location if info is not None else listed_in) or self.location
        if info is not None:
            roles = tuple(sorted({e.role for e in info.access if e.member == self.spec.member}))
            if roles or any(e.member in _EVERYBODY and e.role for e in info.access):
                return _Other(dataset, location, roles, reads=True)
        try:
            tables = await self._tables(dataset)
        except ProblemError as error:
            return _Other(dataset, problem=error.problem)
        unclear = None
        for table in tables:
            why = await self.dry_read(dataset, table, location)
            # A policy tag is asked about only after the table itself has let the reader in.
            if why is None or why.code == "KBQ-POLICY-TAG":
                return _Other(dataset, location, reads=True)
            if not (reading_refused(why) and of_dataset(why, dataset)):
                unclear = why
        return _Other(dataset, problem=unclear)

    async def _tables(self, dataset: str) -> tuple[TableInfo, ...]:
        """Return some tables. Who may not list them may read them all the same: then the operator names them."""
        try:
            return await self.cloud.tables(self.spec.project, dataset, OTHER_TABLES)
        except ProblemError as error:
            if not refused(error.problem):
                raise
        return await self.ports.cloud.tables(self.spec.project, dataset, OTHER_TABLES)

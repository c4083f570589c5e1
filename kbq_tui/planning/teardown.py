"""Removes everything that is ours and nothing that is others'. Pure: same input, same plan.

The journal shows what is ours, and so does the label on each dataset that we create. Accounts have no labels, so only
this machine's journal shows which are ours.
"""

from collections.abc import Mapping

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import Message, joined, message
from kbq_tui.model.changes import is_recent
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Absent, KeyInfo, Observed, Part, Present, Unknown, value_of
from kbq_tui.model.operations import Action, ActionKind
from kbq_tui.model.plan import Blocked, Plan
from kbq_tui.model.problem import Problem
from kbq_tui.model.refs import DatasetRef, ProjectRef, Ref, ServiceRef, TableRef
from kbq_tui.model.spec import LABELS, REQUIRED_SERVICES, ConnectionSpec
from kbq_tui.planning.dataset_rules import terraformed
from kbq_tui.planning.diff import context_of
from kbq_tui.planning.grants import held, needs, sharing, wanted
from kbq_tui.planning.locations import resolve_location
from kbq_tui.planning.removals import account_deletion, dataset_deletion, key_deletion, revocation, view_deletion
from kbq_tui.planning.sharing import needed_by

Views = Mapping[str, Part[Mapping[str, Mapping[str, str]]]]
"""By dataset: its views, each with its labels."""


def teardown(
    spec: ConnectionSpec,
    seen: Observed,
    tables: Mapping[str, Part[int]],
    views: Views | None = None,
    *,
    with_data: bool = False,
) -> Plan:
    """Return the plan that removes what we created: keys first, then roles, then the account, then datasets.

    What existed before, or is not known to be ours, stays; for each such thing, a warning says why. A part that could
    not be read is blocked.

    Args:
        spec: the connection.
        seen: the present state, read everywhere.
        tables: by dataset of ours, the number of its tables and views (one stands for some).
        views: the views in datasets in which we have created some.
        with_data: also delete datasets that are not empty.
    """
    return _Teardown(spec, seen, tables, views or {}, with_data).plan()


class _Teardown:
    def __init__(
        self, spec: ConnectionSpec, seen: Observed, tables: Mapping[str, Part[int]], views: Views, with_data: bool
    ) -> None:
        self.spec, self.seen, self.tables, self.views, self.with_data = spec, seen, tables, views, with_data
        self.context = context_of(spec)
        self.actions: list[Action] = []
        self.blocked: list[Blocked] = []
        self.warnings: list[Problem] = []
        self.others = sharing(spec, seen)

    def plan(self) -> Plan:
        foreign = self._keys()
        self._grants()
        self._account(foreign)
        self._views()
        for wish in self.spec.datasets():
            self._dataset(wish.name)
        for service in REQUIRED_SERVICES:
            on = value_of(self.seen.services.get(service, Absent()))
            if on and self._made(ActionKind.SERVICE, ServiceRef(self.spec.project, service)):
                self._stays(message("API {service}", service=service), message("others may use it by now"))
        self.warnings += terraformed(self.actions, self.seen.datasets, self.context)
        location = resolve_location(self.spec, self.seen)
        return Plan(self.spec.name, tuple(self.actions), tuple(self.blocked), tuple(self.warnings), location)

    def _made(self, kind: ActionKind, ref: Ref | None = None, role: str = "") -> bool:
        """Whether we created something, according to the journal."""
        keys = (change.key for change in self.seen.changes)
        return any(key.kind is kind and (ref is None or key.ref == ref) and key.role == role for key in keys)

    def _stays(self, what: Message, why: Message) -> None:
        self.warnings.append(catalogue.problem(Code.STAYS, self.context, what=what, reason=why))

    def _keys(self) -> tuple[KeyInfo, ...]:
        """Delete the keys that were created here. Returns the others."""
        keys = value_of(self.seen.keys) or ()
        local, handed = value_of(self.seen.key), value_of(self.seen.handed_over) or ()
        known = {*handed, *self.seen.rotating, *((local.key_id,) if local is not None else ())}
        own = [key for key in keys if key.id in known and self._is_ours(key)]
        foreign = tuple(key for key in keys if key not in own)
        if self.others:
            return foreign
        self.actions += [key_deletion(self.spec, key.id) for key in own]
        for key in foreign:
            self._stays(
                message("Key {key} of {account}", key=key.id[:12], account=self.spec.account_email),
                message("it was not made here"),
            )
        return foreign

    def _is_ours(self, key: KeyInfo) -> bool:
        """Whether we created a key, according to the journal. A rotation's old key may come from elsewhere."""
        made = [c for c in self.seen.changes if c.key.kind is ActionKind.KEY]
        new = self.seen.rotation.new if self.seen.rotation is not None else ""
        return key.id == new or any(is_recent(key.created, change.at) for change in made)

    def _grants(self) -> None:
        there = {(g.on, g.role) for g in held(self.spec, self.seen) if g.condition is None}
        for grant in wanted(self.spec):
            on = grant.on
            assert isinstance(on, ProjectRef | DatasetRef)
            action = revocation(self.spec, on, grant.role)
            part = self.seen.datasets.get(on.dataset) if isinstance(on, DatasetRef) else self.seen.bindings
            made = self._made(ActionKind.GRANT, on, grant.role)
            if isinstance(part, Unknown) and made:
                self.blocked.append(Blocked(action, part.problem))
            elif (on, grant.role) in there:
                what = message("{role} on {resource}", role=grant.role, resource=on.words)
                other = self._needed_by(on, grant.role)
                if other is not None:
                    self._stays(what, message("connection {connection} needs it", connection=other.name))
                elif not made:
                    self._stays(what, message("it was not granted here"))
                else:
                    self.actions.append(action)

    def _needed_by(self, on: ProjectRef | DatasetRef, role: str) -> ConnectionSpec | None:
        if isinstance(on, DatasetRef):
            return needed_by(self.spec, self.seen.neighbours, role, on.dataset)
        return self.others[0] if self.others else None

    def _account(self, foreign: tuple[KeyInfo, ...]) -> None:
        before = tuple(action.id for action in self.actions)
        action = account_deletion(self.spec, before)
        account = self.seen.account
        if isinstance(account, Unknown) and self._made(ActionKind.ACCOUNT):
            self.blocked.append(Blocked(action, account.problem))
        if not isinstance(account, Present):
            return
        what = message("Service account {email}", email=self.spec.account_email)
        if self.others:
            name = self.others[0].name
            self._stays(what, message("connection {connection} uses it, too", connection=name))
        elif not self._made(ActionKind.ACCOUNT):
            self._stays(what, message("the journal of this machine does not say that it was made here"))
        elif (unread := self._unread()) is not None:
            self.blocked.append(Blocked(action, unread))
        elif foreign:
            ids = ", ".join(key.id[:12] for key in foreign)
            self._stays(what, message("it has keys that were not made here: {keys}", keys=ids))
        elif left := self._left():
            self._stays(what, message("it has roles that were not granted here: {roles}", roles=joined(", ", *left)))
        else:
            self.actions.append(action)

    def _unread(self) -> Problem | None:
        """Return why it is not known what the account holds; None if it is."""
        seen = self.seen
        parts: tuple[Part[object], ...] = (
            seen.keys,
            seen.bindings,
            *seen.datasets.values(),
            seen.key,
            seen.handed_over,
        )
        problem = next((part.problem for part in parts if isinstance(part, Unknown)), None)
        unseen = seen.elsewhere.unseen if seen.elsewhere is not None else ()
        return problem or next(iter(unseen), None)

    def _left(self) -> list[Message]:
        """Return the roles that the account holds and that are not removed."""
        gone = {(a.key.ref, a.key.role) for a in self.actions if a.key.kind is ActionKind.REVOKE}
        return [
            message("{role} on {resource}", role=grant.role, resource=grant.on.words)
            for grant in held(self.spec, self.seen)
            if grant.condition is not None or (grant.on, grant.role) not in gone
        ]

    def _views(self) -> None:
        """Delete the views that were created here; the label distinguishes them from later ones with the same name."""
        made = [c.key.ref for c in self.seen.changes if c.key.kind is ActionKind.VIEW]
        for ref in made:
            if not isinstance(ref, TableRef):
                continue
            dataset = value_of(self.seen.datasets.get(ref.dataset, Absent()))
            action = view_deletion(self.spec, ref.dataset, ref.table, dataset.location if dataset is not None else "")
            part = self.views.get(ref.dataset)
            what = message("View {view}", view=f"{ref.dataset}.{ref.table}")
            if isinstance(part, Unknown):
                self.blocked.append(Blocked(action, part.problem))
            if not isinstance(part, Present) or ref.table not in part.value:
                continue
            if not _has_label(part.value[ref.table]):
                self._stays(what, message("it has not the label of what was made here"))
            elif (other := self._user_of(ref.dataset)) is not None:
                self._stays(what, message("connection {connection} uses its dataset, too", connection=other.name))
            else:
                self.actions.append(action)

    def _user_of(self, dataset: str) -> ConnectionSpec | None:
        """Return another connection that uses a dataset; None if there is none."""
        return next((o for o in self.seen.neighbours if o.project == self.spec.project and dataset in needs(o)), None)

    def _dataset(self, name: str) -> None:
        part = self.seen.datasets.get(name)
        ref = DatasetRef(self.spec.project, name)
        views = [a.id for a in self.actions if isinstance(a.key.ref, TableRef) and a.key.ref.dataset == name]
        roles = [a.id for a in self.actions if a.key.kind is ActionKind.REVOKE and a.key.ref == ref]
        before = (*roles, *views)
        if isinstance(part, Unknown):
            self.blocked.append(Blocked(dataset_deletion(self.spec, name, 0, before), part.problem))
        if not isinstance(part, Present):
            return
        what = message("Dataset {dataset}", dataset=name)
        other = self._user_of(name)
        count = self.tables.get(name)
        left = count.value - len(views) if isinstance(count, Present) else 0
        if not _has_label(part.value.labels):
            self._stays(what, message("it has not the label of what was made here"))
        elif other is not None:
            self._stays(what, message("connection {connection} uses it, too", connection=other.name))
        elif isinstance(count, Unknown):
            self.blocked.append(Blocked(dataset_deletion(self.spec, name, 0, before), count.problem))
        elif left and not self.with_data:
            self._stays(what, message("it is not empty; --with-data deletes its tables, too"))
        else:
            self.actions.append(dataset_deletion(self.spec, name, left, before))


def _has_label(labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in LABELS.items())

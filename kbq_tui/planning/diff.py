"""The difference between the wanted and the present state. Pure: same input, same plan."""

from dataclasses import replace

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.conditions import only_under
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import MAX_KEYS, Absent, Observed, Present, Unknown, handed_key, unheld_keys
from kbq_tui.model.operations import (
    Action,
    ActionKey,
    ActionKind,
    Change,
    CreateAccount,
    CreateDataset,
    CreateKey,
    EnableService,
    GrantDatasetRole,
    GrantProjectRole,
    Operation,
    RevokeDatasetRole,
    Step,
)
from kbq_tui.model.plan import Blocked, Plan, with_dependents_blocked
from kbq_tui.model.problem import Context, Problem
from kbq_tui.model.refs import AccountRef, DatasetRef, Grantable, ProjectRef, ServiceRef, TableRef
from kbq_tui.model.spec import ACCOUNT_DISPLAY_NAME, JOB_USER, REQUIRED_SERVICES, ConnectionSpec
from kbq_tui.planning.dataset_rules import expiring, public, terraformed
from kbq_tui.planning.diff_problems import in_force, key_unusable, named, too_much
from kbq_tui.planning.grants import Grant, held, over_grants, removal_of, same_account_tombstones
from kbq_tui.planning.locations import misplaced, resolve_location
from kbq_tui.planning.requirements import ACCOUNT_CONSTRAINTS, KEY_CONSTRAINTS
from kbq_tui.planning.sharing import shared
from kbq_tui.shell.operation_rows import row_of


def context_of(spec: ConnectionSpec, location: str | None = None, dataset: str = "") -> Context:
    """Return what is known of the connection, for the fields of a remedy."""
    return Context(
        project=spec.project,
        account=spec.account_email,
        dataset=dataset,
        location=location or spec.location or "",
    )


def diff(spec: ConnectionSpec, observed: Observed, *, remove_over_grants: bool = False) -> Plan:
    """Return what has to be done to get from the observed state to the wanted one.

    A part that is unknown is never written to: what would change it is blocked, with the reason why it is unknown.

    Args:
        spec: the wanted state.
        observed: the present state.
        remove_over_grants: remove what the service account itself holds beyond what it needs, wherever that was seen.
            Grants with a condition are left to whoever made the condition.
    """
    return _Differ(spec, observed).plan(remove_over_grants)


class _Differ:
    def __init__(self, spec: ConnectionSpec, observed: Observed) -> None:
        self.spec = spec
        self.seen = observed
        self.location = resolve_location(spec, observed)
        who = observed.identity.value.principal if isinstance(observed.identity, Present) else ""
        self.context = replace(context_of(spec, self.location), operator=who)
        self.actions: list[Action] = []
        self.blocked: list[Blocked] = []
        self.warnings: list[Problem] = []

    def plan(self, remove_over_grants: bool) -> Plan:
        self._services()
        self._datasets()
        self._account()
        self._key()
        self._project_grant()
        self._dataset_grants()
        self.warnings += shared(self.spec, self.seen, self.context)
        for grant in over_grants(self.spec, self.seen):
            if remove_over_grants and grant.condition is None:
                self._remove(grant)
            else:
                self.warnings.append(too_much(grant, self.spec, self.context))
        ours = self.seen.datasets
        for grant in over_grants(self.spec, self.seen, everybody=True):
            if isinstance(grant.on, TableRef) or grant.dataset not in ours:
                self.warnings.append(too_much(grant, self.spec, self.context))
        for part in ours.values():
            if isinstance(part, Present):
                self.warnings += expiring(part.value, self.context)
                self.warnings += public(self.spec, part.value, self.context, self.seen.at)
        self.warnings += terraformed(self.actions, ours, self.context)
        if remove_over_grants:
            self.warnings += self.seen.elsewhere.unseen if self.seen.elsewhere is not None else ()
        actions, blocked = with_dependents_blocked(self.actions, self.blocked)
        return Plan(
            self.spec.name,
            actions,
            blocked,
            tuple(self.warnings),
            self.location,
            tuple(named(cause, self.spec) for cause in self.seen.causes),
        )

    def _add(
        self,
        key: ActionKey,
        summary: Message,
        step: Step,
        op: Operation,
        *,
        change: Change = Change.CREATE,
        needs: tuple[str, ...] = (),
        problem: Problem | None = None,
    ) -> None:
        """Add an action, or block it if there is a problem or the operator lacks a permission for it."""
        action = Action(key, change, summary, step, op, needs)
        if problem is None and change is not Change.NOOP:
            problem = self._not_permitted(op)
        if problem is None:
            self.actions.append(action)
        else:
            self.blocked.append(Blocked(action, named(problem, self.spec)))

    def _not_permitted(self, op: Operation) -> Problem | None:
        held = self.seen.permissions
        if not isinstance(held, Present):
            return None  # not known: the attempt will show it
        for permission in row_of(op).permissions:
            if permission not in held.value:
                dataset = op.dataset if isinstance(op, CreateDataset) else ""
                return catalogue.permission_missing(permission, replace(self.context, dataset=dataset))
        return None

    def _changed(self, id_: str) -> bool:
        return any(a.id == id_ and a.change is not Change.NOOP for a in self.actions) or any(
            b.id == id_ for b in self.blocked
        )

    def _needs(self, *ids: str) -> tuple[str, ...]:
        return tuple(i for i in ids if self._changed(i))

    def _service(self, name: str) -> str:
        """Return the id of the action that enables an API."""
        return ActionKey(ActionKind.SERVICE, ServiceRef(self.spec.project, f"{name}.googleapis.com")).id

    def _services(self) -> None:
        for service in REQUIRED_SERVICES:
            part = self.seen.services.get(service, Absent())
            op = EnableService(service)
            key = ActionKey(ActionKind.SERVICE, ServiceRef(self.spec.project, service))
            if isinstance(part, Unknown):
                # An API whose state we may not see is no reason to stop: the calls show whether it is enabled.
                continue
            if isinstance(part, Present) and part.value:
                done = message("API {service} is on", service=service)
                self._add(key, done, Step.PROJECT, op, change=Change.NOOP)
            else:
                summary = message("Turn on API {service}", service=service)
                self._add(key, summary, Step.PROJECT, op, change=Change.UPDATE)

    def _datasets(self) -> None:
        wishes = self.spec.datasets()
        parts = {w.name: self.seen.datasets.get(w.name, Absent()) for w in wishes}
        places = {name: part.value.location for name, part in parts.items() if isinstance(part, Present)}
        wanted = self.spec.location or ""
        wrong = [p for name in places if (p := misplaced(self.spec, name, wanted, places, self.context))]
        conflict = next((p for p in wrong if p.code == Code.TWO_LOCATIONS), wrong[0] if wrong else None)
        names = self.seen.names.value if isinstance(self.seen.names, Present) else ()
        for wish in wishes:
            key = ActionKey(ActionKind.DATASET, DatasetRef(self.spec.project, wish.name))
            match parts[wish.name]:
                case Present(value=info):
                    op = CreateDataset(wish.name, info.location, wish.purpose)
                    self._add(
                        key,
                        message("Dataset {dataset} exists in {location}", dataset=wish.name, location=info.location),
                        Step.DATASETS,
                        op,
                        change=Change.NOOP,
                        problem=conflict,
                    )
                case Unknown(problem=problem):
                    op = CreateDataset(wish.name, self.location or "", wish.purpose)
                    summary = message("Dataset {dataset}", dataset=wish.name)
                    self._add(key, summary, Step.DATASETS, op, problem=problem)
                case _:
                    op = CreateDataset(wish.name, self.location or "", wish.purpose)
                    undecided: Problem | None = None
                    if self.location is None:
                        undecided = catalogue.problem(Code.LOCATION_UNDECIDED, self.context, dataset=wish.name)
                    self._add(
                        key,
                        message(
                            "Create dataset {dataset} in {location}",
                            dataset=wish.name,
                            location=self.location or message("a location to be chosen"),
                        ),
                        Step.DATASETS,
                        op,
                        needs=self._needs(self._service("bigquery")),
                        problem=conflict or undecided,
                    )
                    for name, _where in names:
                        if name != wish.name and name.lower() == wish.name.lower():
                            self.warnings.append(
                                catalogue.problem(Code.DATASET_TWIN, self.context, dataset=wish.name, twin=name)
                            )

    def _account(self) -> None:
        email = self.spec.account_email
        key = ActionKey(ActionKind.ACCOUNT, AccountRef(self.spec.project, email))
        op = CreateAccount(self.spec.account_id, ACCOUNT_DISPLAY_NAME)
        match self.seen.account:
            case Present(value=info):
                problem = catalogue.problem(Code.ACCOUNT_DISABLED, self.context) if info.disabled else None
                self._add(
                    key,
                    message("Service account {email} exists", email=email),
                    Step.ACCOUNT,
                    op,
                    change=Change.NOOP,
                    problem=problem,
                )
            case Unknown(problem=problem):
                summary = message("Service account {email}", email=email)
                self._add(key, summary, Step.ACCOUNT, op, problem=problem)
            case _:
                self._add(
                    key,
                    message("Create service account {email}", email=email),
                    Step.ACCOUNT,
                    op,
                    needs=self._needs(self._service("iam")),
                    problem=in_force(
                        self.seen.constraints, ACCOUNT_CONSTRAINTS, Code.ACCOUNT_CREATION_BLOCKED, self.context
                    ),
                )

    def _key(self) -> None:
        """Keep a key that is stored here or was handed over, and that Google has; otherwise create a new one."""
        email = self.spec.account_email
        key = ActionKey(ActionKind.KEY, AccountRef(self.spec.project, email))
        keys = self.seen.keys
        remote = {k.id: k for k in keys.value} if isinstance(keys, Present) else None
        op = CreateKey(email, self.spec.key_file, tuple(sorted(remote or ())))
        account_absent = isinstance(self.seen.account, Absent)
        handed = handed_key(self.seen)
        match self.seen.key:
            case Unknown(problem=problem):
                self._add(key, message("Key file"), Step.ACCOUNT, op, problem=problem)
            case Present(value=local):
                self._add(
                    key,
                    message(
                        "Key {key} is kept in {path}",
                        key=local.key_id[:12],
                        path=local.path or message("the system keyring"),
                    ),
                    Step.ACCOUNT,
                    op,
                    change=Change.NOOP,
                    problem=key_unusable(self.seen, local, self.context),
                )
            case _ if handed is not None and not account_absent:
                off = remote is not None and remote[handed].disabled
                self._add(
                    key,
                    message("Key {key} was handed over (shredded here)", key=handed[:12]),
                    Step.ACCOUNT,
                    op,
                    change=Change.NOOP,
                    problem=catalogue.problem(Code.KEY_DISABLED, self.context, path=message("Klaviyo"), key_id=handed)
                    if off
                    else None,
                )
            case _ if isinstance(self.seen.handed_over, Unknown):
                # It is not known whether Klaviyo has a key already, so nothing is changed.
                self._add(key, message("Key file"), Step.ACCOUNT, op, problem=self.seen.handed_over.problem)
            case _:
                problem_ = in_force(self.seen.constraints, KEY_CONSTRAINTS, Code.KEY_CREATION_BLOCKED, self.context)
                if problem_ is None and remote is not None and len(remote) >= MAX_KEYS:
                    problem_ = catalogue.problem(Code.TOO_MANY_KEYS, self.context)
                if problem_ is None and isinstance(keys, Unknown) and isinstance(self.seen.account, Unknown):
                    problem_ = keys.problem
                self._add(
                    key,
                    message("Create a key for {email}", email=email),
                    Step.ACCOUNT,
                    op,
                    needs=self._needs(ActionKind.ACCOUNT),
                    problem=problem_,
                )
        for id_ in sorted(k.id for k in unheld_keys(self.seen)):
            self.warnings.append(catalogue.problem(Code.KEY_UNHELD, self.context, key_id=id_))

    def _project_grant(self) -> None:
        op = GrantProjectRole(JOB_USER, self.spec.member)
        key = ActionKey(ActionKind.GRANT, ProjectRef(self.spec.project), JOB_USER)
        blanks = {"role": JOB_USER, "project": self.spec.project}
        summary = message("Grant {role} on project {project}", **blanks)
        match self.seen.bindings:
            case Unknown(problem=problem):
                self._add(key, summary, Step.PERMISSIONS, op, problem=problem)
            case Present(value=bindings) if any(
                b.role == JOB_USER and b.condition is None and self.spec.member in b.members for b in bindings
            ) and not isinstance(self.seen.account, Absent):
                self._add(
                    key,
                    message("{role} is granted on project {project}", **blanks),
                    Step.PERMISSIONS,
                    op,
                    change=Change.NOOP,
                )
            case _:
                needs = self._needs(ActionKind.ACCOUNT, self._service("cloudresourcemanager"))
                if self._conditional(JOB_USER, ProjectRef(self.spec.project)):
                    summary = message("Grant {role} on project {project} without its condition", **blanks)
                self._add(key, summary, Step.PERMISSIONS, op, change=Change.UPDATE, needs=needs)

    def _dataset_grants(self) -> None:
        member = self.spec.member
        for wish in self.spec.datasets():
            part = self.seen.datasets.get(wish.name, Absent())
            op = GrantDatasetRole(wish.name, wish.role, member)
            resource = DatasetRef(self.spec.project, wish.name)
            key = ActionKey(ActionKind.GRANT, resource, wish.role)
            blanks = {"role": wish.role, "dataset": wish.name}
            summary = message("Grant {role} on dataset {dataset}", **blanks)
            needs = self._needs(ActionKind.ACCOUNT, ActionKey(ActionKind.DATASET, resource).id)
            match part:
                case Unknown(problem=problem):
                    self._add(key, summary, Step.PERMISSIONS, op, problem=problem)
                case Present(value=info) if info.access is None:
                    self._add(key, summary, Step.PERMISSIONS, op, problem=self._unread(wish.name))
                case Present(value=info) if any(
                    e.role == wish.role and e.member == member and e.condition is None for e in info.access or ()
                ) and not isinstance(self.seen.account, Absent):
                    done = message("{role} is granted on dataset {dataset}", **blanks)
                    self._add(key, done, Step.PERMISSIONS, op, change=Change.NOOP)
                case Present(value=info):
                    dead: list[str] = []
                    for entry in same_account_tombstones(self.spec, info):
                        # Google refuses to write an access list that still has a deleted account.
                        dead_key = ActionKey(ActionKind.REVOKE, resource, entry.role, entry.member)
                        dead.append(dead_key.id)
                        self._add(
                            dead_key,
                            message(
                                "Remove the dead access entry {member} from dataset {dataset}",
                                member=entry.member,
                                dataset=wish.name,
                            ),
                            Step.PERMISSIONS,
                            RevokeDatasetRole(wish.name, entry.role, entry.member),
                            change=Change.DELETE,
                        )
                    needs = (*needs, *self._needs(*dead))
                    if self._conditional(wish.role, resource):
                        summary = message("Grant {role} on dataset {dataset} without its condition", **blanks)
                    self._add(key, summary, Step.PERMISSIONS, op, change=Change.UPDATE, needs=needs)
                case _:
                    self._add(key, summary, Step.PERMISSIONS, op, change=Change.UPDATE, needs=needs)

    def _conditional(self, role: str, on: Grantable) -> bool:
        """Return whether a wanted role is granted under a condition, and add a warning if so."""
        if isinstance(self.seen.account, Absent):
            return False
        found = [g for g in held(self.spec, self.seen) if (g.role, g.on) == (role, on)]
        bound = next((g for g in found if g.condition is not None), None)
        if bound is None or bound.condition is None:
            return False
        context = replace(self.context, account=self.spec.account_email)
        self.warnings.append(only_under(bound.condition, role, on, context, self.seen.at))
        return True

    def _unread(self, dataset: str) -> Problem:
        return catalogue.problem(Code.ACCESS_UNREAD, self.context, dataset=dataset)

    def _remove(self, grant: Grant) -> None:
        """Remove an over-grant; if the least role is still to be granted, only after it, so that there is no gap."""
        op = removal_of(grant, self.spec, self.seen)
        project = ProjectRef(self.spec.project)
        least = DatasetRef(project.project, grant.dataset) if grant.dataset else project
        granted = [a.id for a in self.actions if a.key.kind is ActionKind.GRANT and a.resource == least]
        self._add(
            ActionKey(ActionKind.OVER_GRANT, grant.on, grant.role),
            message(
                "Take {role} away from {account} on {resource}",
                role=grant.role,
                account=self.spec.account_email,
                resource=grant.on.words,
            ),
            Step.PERMISSIONS,
            op,
            change=Change.DELETE,
            needs=self._needs(*granted),
        )

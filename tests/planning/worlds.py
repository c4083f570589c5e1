"""Made-up observed states: every part present, absent or unknown."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from kbq_tui.i18n.messages import verbatim
from kbq_tui.model import spec as s
from kbq_tui.model.observed import (
    Absent,
    AccessEntry,
    AccountInfo,
    DatasetInfo,
    Identity,
    KeyInfo,
    LocalKey,
    Observed,
    Present,
    ProjectInfo,
    RoleBinding,
    Unknown,
)
from kbq_tui.model.operations import (
    CreateAccount,
    CreateDataset,
    CreateKey,
    EnableService,
    GrantDatasetRole,
    GrantProjectRole,
    RevokeDatasetRole,
)
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Problem
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.requirements import ACCOUNT_CONSTRAINTS, KEY_CONSTRAINTS, PREFLIGHT_PERMISSIONS
from tests.support.codes import made_up

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
UNKNOWN = Unknown(Problem(made_up("KBQ-STATE-UNKNOWN"), verbatim("could not be read"), verbatim("The reading failed.")))
SPEC = ConnectionSpec("my-project")


def fresh(spec: ConnectionSpec = SPEC) -> Observed:
    """A project with everything enabled, and nothing in it."""
    return Observed(
        at=AT,
        identity=Present(Identity("me@example.com", verbatim("test"))),
        project=Present(ProjectInfo(spec.project, "1", "My project", "ACTIVE")),
        services={n: Present(True) for n in s.REQUIRED_SERVICES},
        billing=Present(True),
        constraints={c: Present(False) for c in (*KEY_CONSTRAINTS, *ACCOUNT_CONSTRAINTS)},
        permissions=Present(frozenset(PREFLIGHT_PERMISSIONS)),
        datasets={w.name: Absent() for w in spec.datasets()},
        names=Present(()),
        account=Absent(),
        keys=Absent(),
        bindings=Present(()),
        key=Absent(),
    )


def after(spec: ConnectionSpec, observed: Observed, plan: Plan) -> Observed:
    """The state after every change of the plan was made."""
    for action in plan.changes:
        match action.op:
            case EnableService(service=name):
                observed = replace(observed, services={**observed.services, name: Present(True)})
            case CreateDataset(dataset=name, location=location):
                observed = _with_dataset(observed, DatasetInfo(name, location))
            case CreateAccount():
                observed = replace(observed, account=Present(AccountInfo(spec.account_email, "1")), keys=Present(()))
            case CreateKey(email=email):
                assert isinstance(observed.account, Present)
                had = observed.keys.value if isinstance(observed.keys, Present) else ()
                observed = replace(
                    observed,
                    keys=Present((*had, KeyInfo("new", AT))),
                    key=Present(LocalKey("/k.json", "new", email, spec.project)),
                )
            case GrantProjectRole(role=role, member=member):
                assert isinstance(observed.bindings, Present)
                observed = replace(observed, bindings=Present((*observed.bindings.value, RoleBinding(role, (member,)))))
            case GrantDatasetRole(dataset=name, role=role, member=member):
                info = _dataset(observed, name)
                assert info.access is not None, "the access list was not read"
                assert not any(e.member.startswith("deleted:") for e in info.access), "Google refuses tombstones"
                observed = _with_dataset(observed, replace(info, access=(*info.access, AccessEntry(role, member))))
            case RevokeDatasetRole(dataset=name, role=role, member=member):
                info = _dataset(observed, name)
                assert info.access is not None, "the access list was not read"
                kept = tuple(e for e in info.access if (e.role, e.member) != (role, member))
                observed = _with_dataset(observed, replace(info, access=kept))
            case other:
                raise AssertionError(f"a set-up never does this: {other}")
    return observed


def _dataset(observed: Observed, name: str) -> DatasetInfo:
    part = observed.datasets[name]
    assert isinstance(part, Present), f"{name} is granted on before it is there"
    return part.value


def _with_dataset(observed: Observed, info: DatasetInfo) -> Observed:
    return replace(observed, datasets={**observed.datasets, info.name: Present(info)})


_LOCATIONS = st.sampled_from([None, "US", "EU", "europe-west3"])
_DIRECTIONS = st.sampled_from(list(s.Direction))
_EXPORTS = st.sampled_from([None, "KLAVIYO_EXPORT"])


@st.composite
def specs(draw: st.DrawFn) -> ConnectionSpec:
    return ConnectionSpec(
        "my-project",
        location=draw(_LOCATIONS),
        direction=draw(_DIRECTIONS),
        export_dataset=draw(_EXPORTS),
    )


# Created once, because hypothesis spends more time on creating a strategy for each draw than on the plans.
_WHICH = {n: st.integers(0, n - 1) for n in range(1, 6)}
_SOME_ENTRIES = st.none() | st.lists(st.integers(0, 5), max_size=4, unique=True)
_SOME_BINDINGS = st.lists(st.integers(0, 3), max_size=3, unique=True)
_YES_OR_NO = st.booleans()
_KEY_COUNT = st.integers(0, 11)


@st.composite
def observations(draw: st.DrawFn, spec: ConnectionSpec) -> Observed:
    """Any mixture of present, absent and unknown parts, other people's grants, deleted accounts, dead keys and
    policies."""

    def maybe(*values: Any) -> Any:
        return (*values, UNKNOWN)[draw(_WHICH[len(values) + 1])]

    member = spec.member
    entries = [
        AccessEntry(s.DATA_VIEWER, member),
        AccessEntry(s.DATA_EDITOR, member),
        AccessEntry(s.DATA_EDITOR, member, "request.time < timestamp('2026-01-01T00:00:00Z')"),
        AccessEntry(s.DATA_OWNER, "user:someone@example.com"),
        AccessEntry(s.DATA_VIEWER, f"deleted:serviceAccount:{spec.account_email}?uid=7"),
        AccessEntry("", "view:my-project.other.v"),
    ]

    def dataset(name: str) -> DatasetInfo:
        some = draw(_SOME_ENTRIES)
        access = None if some is None else tuple(entries[n] for n in some)
        return DatasetInfo(name, "EU" if draw(_YES_OR_NO) else "US", access)

    datasets = {w.name: maybe(Absent(), Present(dataset(w.name))) for w in spec.datasets()}
    account = maybe(Absent(), Present(AccountInfo(spec.account_email, "1", disabled=draw(_YES_OR_NO))))
    remote = tuple(KeyInfo(f"k{i}", AT, disabled=draw(_YES_OR_NO)) for i in range(draw(_KEY_COUNT)))
    keys = Absent() if isinstance(account, Absent) else maybe(Present(remote))
    bindings = [
        RoleBinding(s.JOB_USER, (member, "user:someone@example.com")),
        RoleBinding(s.JOB_USER, (member,), "false"),
        RoleBinding("roles/owner", ("user:someone@example.com",)),
        RoleBinding("roles/bigquery.dataEditor", (member,)),
    ]
    held = frozenset(PREFLIGHT_PERMISSIONS) if draw(_YES_OR_NO) else frozenset[str]()
    return replace(
        fresh(spec),
        services={n: maybe(Present(True), Present(False), Absent()) for n in s.REQUIRED_SERVICES},
        constraints={c: maybe(Present(True), Present(False)) for c in (*KEY_CONSTRAINTS, *ACCOUNT_CONSTRAINTS)},
        permissions=maybe(Present(held)),
        datasets=datasets,
        names=maybe(Present((("klaviyo_tmp", "US"),))),
        account=account,
        keys=keys,
        bindings=maybe(Present(tuple(bindings[n] for n in draw(_SOME_BINDINGS)))),
        key=maybe(Absent(), Present(LocalKey("/k.json", "k0", spec.account_email, spec.project))),
    )

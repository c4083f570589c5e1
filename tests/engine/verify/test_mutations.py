"""Each check fails if its subject is wrong, is unknown if it could not find out, and hides no other.

A case breaks one thing of a finished set-up and names every verdict that is then not a pass: a check that failed, or
passed, for another one's reason would be noticed.
"""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from kbq_tui.engine.verify import isolation, read_only
from kbq_tui.engine.verify.checks import expected
from kbq_tui.model.spec import IMPORT_DATASET, STAGING_DATASET, ConnectionSpec, Direction
from tests.engine.verify.bench import EXPORT, Bench, Cut, Rule, Spoil, down

IMP, TMP = IMPORT_DATASET, STAGING_DATASET
IMPORT, BOTH = Direction.IMPORT, Direction.BOTH
FAIL, UNKNOWN, SKIPPED = "fail", "unknown", "skipped"

LONE_TABLE = f"CREATE TABLE `P.{IMP}.people` (email STRING)"
VIEW_OVER = (
    "CREATE SCHEMA `P.elsewhere` OPTIONS(location='EU')",
    "CREATE TABLE `P.elsewhere.t` (x INT64)",
    f"CREATE VIEW `P.{IMP}.v` AS SELECT * FROM `P.elsewhere.t`",
)


@dataclass(frozen=True)
class Case:
    """What is broken, and every verdict that is then not a pass."""

    name: str
    spoil: Spoil
    verdicts: dict[str, str]
    direction: Direction = IMPORT


def cut(*words: str) -> Spoil:
    def spoil(bench: Bench) -> None:
        bench.spot.refuse = Cut(*words)  # type: ignore[assignment]

    return spoil


def fail(*rules: Rule) -> Spoil:
    return lambda bench: bench.fail(*rules)


def all_of(*spoils: Spoil) -> Spoil:
    def spoil(bench: Bench) -> None:
        for one in spoils:
            one(bench)

    return spoil


def sql(*statements: str) -> Spoil:
    return lambda bench: bench.sql(*statements)


def delete_key(bench: Bench) -> None:
    account = bench.there.service_accounts[bench.spec.account_email]
    account.keys.clear()


def second_key(bench: Bench) -> None:
    account = bench.there.service_accounts[bench.spec.account_email]
    account.keys["f" * 40] = replace(next(iter(account.keys.values())), id="f" * 40)


def shredded(bench: Bench) -> None:
    with bench.ports() as ports:
        ports.keys.shred(None, bench.project, bench.spec.account_email)  # type: ignore[attr-defined]


def handed_before(bench: Bench) -> None:
    second_key(bench)
    note = bench.key_file.with_name(f"{bench.spec.account_id}.handed")
    note.write_text(json.dumps({"email": bench.spec.account_email, "keys": ["f" * 40]}))


def disable_key(bench: Bench) -> None:
    next(iter(bench.there.service_accounts[bench.spec.account_email].keys.values())).disabled = True


def moved(dataset: str) -> Spoil:
    def spoil(bench: Bench) -> None:
        bench.dataset(dataset).location = "US"

    return spoil


def no_billing(bench: Bench) -> None:
    bench.there.billing = False


def payroll(bench: Bench) -> None:
    bench.sql("CREATE SCHEMA `P.payroll` OPTIONS(location='EU')", "CREATE TABLE `P.payroll.salaries` (x INT64)")
    bench.also("payroll", "READER")


def empty_payroll(bench: Bench) -> None:
    bench.sql("CREATE SCHEMA `P.payroll` OPTIONS(location='EU')")
    bench.also("payroll", "READER")


def tagged_table(bench: Bench) -> None:
    bench.sql(LONE_TABLE)
    bench.traits(IMP, "people", policy_tags={"email": "projects/x/locations/eu/taxonomies/1/policyTags/2"})


def tagged_elsewhere(bench: Bench) -> None:
    payroll(bench)
    bench.open("payroll", None)
    bench.also("payroll", "roles/bigquery.metadataViewer")
    bench.traits("payroll", "salaries", iam_policy={"bindings": []})


def open_to_everybody(bench: Bench) -> None:
    bench.sql("CREATE SCHEMA `P.public` OPTIONS(location='EU')")
    entry = {"role": "READER", "specialGroup": "allAuthenticatedUsers"}
    bench.world.set_access(bench.dataset("public"), [*bench.dataset("public").access, entry])


def on_condition(expression: str) -> Spoil:
    """The grant on the import dataset is under a condition only."""

    def spoil(bench: Bench) -> None:
        entries = [dict(e) for e in bench.dataset(IMP).access]
        for entry in entries:
            if entry.get("userByEmail") == bench.spec.account_email:
                entry["condition"] = {"title": "for a while", "expression": expression}
        bench.world.set_access(bench.dataset(IMP), entries)

    return spoil


def in_capitals(role: str) -> Spoil:
    """The account's entry on the import dataset has its e-mail in capitals, as somebody may have typed it."""

    def spoil(bench: Bench) -> None:
        bench.open(IMP, None)
        email = bench.spec.account_email.replace("klaviyo", "Klaviyo")
        entry = {"role": role, "userByEmail": email}
        bench.world.set_access(bench.dataset(IMP), [*bench.dataset(IMP).access, entry])

    return spoil


def expires(dataset: str, **hours: float) -> Spoil:
    def spoil(bench: Bench) -> None:
        for kind, n in hours.items():
            setattr(bench.dataset(dataset), f"default_{kind}_expiration_ms", int(n * 3_600_000))

    return spoil


def public(dataset: str, role: str = "READER", **member: str) -> Spoil:
    def spoil(bench: Bench) -> None:
        bench.world.set_access(bench.dataset(dataset), [*bench.dataset(dataset).access, {"role": role, **member}])

    return spoil


def hidden(dataset: str) -> Spoil:
    def spoil(bench: Bench) -> None:
        bench.dataset(dataset).traits["hide_access"] = True

    return spoil


def twin(bench: Bench) -> None:
    drop_dataset(TMP)(bench)
    bench.sql(f"CREATE SCHEMA `P.{TMP.lower()}` OPTIONS(location='US')")


def to_its_domain(bench: Bench, dataset: str, role: str) -> None:
    """Give the account access without naming it in the list, as a group would."""
    entry = {"role": role, "domain": bench.spec.account_email.partition("@")[2]}
    bench.world.set_access(bench.dataset(dataset), [*bench.dataset(dataset).access, entry])


def read_by_group(bench: Bench) -> None:
    bench.sql("CREATE SCHEMA `P.payroll` OPTIONS(location='EU')", "CREATE TABLE `P.payroll.salaries` (x INT64)")
    to_its_domain(bench, "payroll", "READER")


def payroll_of(*tables: str, open_: str = "", **traits: Any) -> Spoil:
    """Another dataset, which the account does not see; on one table it may hold a role."""

    def spoil(bench: Bench) -> None:
        bench.sql(
            "CREATE SCHEMA `P.payroll` OPTIONS(location='US')",
            *(f"CREATE TABLE `P.payroll.{t}` (x INT64)" for t in tables),
        )
        if open_:
            grant = {"role": "roles/bigquery.dataViewer", "members": [bench.spec.member]}
            bench.traits("payroll", open_, iam_policy={"bindings": [grant]}, **traits)

    return spoil


def at_most(**bounds: int) -> Spoil:
    def spoil(bench: Bench) -> None:
        for name, bound in bounds.items():
            bench.patch.setattr(isolation if hasattr(isolation, name) else read_only, name, bound)

    return spoil


def operator_holds_on_datasets_alone(bench: Bench) -> None:
    """The operator may read datasets, but not because of a role on the project."""
    authz = bench.spot.field.context.authz
    real = authz.permissions

    def held(principal: Any, of: Any) -> set[str]:
        return real(principal, of) - ({"bigquery.datasets.get"} if of.id == bench.project else set())

    bench.patch.setattr(authz, "permissions", held)


def table_grant(role: str, table: str = "people") -> Spoil:
    def spoil(bench: Bench) -> None:
        bench.traits(IMP, table, iam_policy={"bindings": [{"role": role, "members": [bench.spec.member]}]})

    return spoil


def listing_refused(dataset: str) -> Spoil:
    """The account may not list a dataset's tables; the operator may."""

    def spoil(bench: Bench) -> None:
        authz = bench.spot.field.context.authz
        real = authz.dataset_permissions

        def held(principal: Any, of: Any) -> set[str]:
            ours = (principal.email, of.dataset_id, of.project_id) == (bench.spec.account_email, dataset, bench.project)
            return real(principal, of) - ({"bigquery.tables.list"} if ours else set())

        bench.patch.setattr(authz, "dataset_permissions", held)

    return spoil


def drive_table(bench: Bench) -> None:
    bench.sql(LONE_TABLE)
    bench.traits(IMP, "people", drive={"shared_with": []})


def broken_view(bench: Bench) -> None:
    bench.sql(LONE_TABLE, f"CREATE VIEW `P.{IMP}.v` AS SELECT email FROM `P.{IMP}.people`")
    bench.dataset(IMP).tables["v"].view_query = f"SELECT gone FROM `{bench.project}.{IMP}.people`"


def one_refused_one_lost(bench: Bench) -> None:
    """The first table cannot be tested, the one after it is refused."""
    bench.sql(f"CREATE TABLE `P.{IMP}.a_first` (x INT64)", *VIEW_OVER)
    cut("SELECT", "a_first")(bench)


def drop_dataset(name: str) -> Spoil:
    def spoil(bench: Bench) -> None:
        del bench.there.datasets[name]

    return spoil


def visible(name: str) -> str:
    return f"dataset.visible:{name}"


def settings(name: str, verdict: str) -> dict[str, str]:
    """The checks of a dataset itself."""
    return {f"dataset.kept:{name}": verdict, f"dataset.private:{name}": verdict}


def granted(name: str) -> str:
    return f"grants.direct:{name}"


def rest_skipped(direction: Direction, **known: str) -> dict[str, str]:
    spec = ConnectionSpec("my-project", direction=direction, export_dataset=EXPORT if direction is BOTH else None)
    return {c.id: SKIPPED for c in expected(spec)} | {k.replace("_", "."): v for k, v in known.items()}


# What depends on running a query: if none can be run, nothing is known of these.
NO_QUERY = {"staging.write": UNKNOWN, "billing.dml": UNKNOWN, "import.read": UNKNOWN, "import.readonly": UNKNOWN}

CASES = (
    # -- datasets
    Case(
        "the import dataset is gone",
        drop_dataset(IMP),
        {
            visible(IMP): FAIL,
            granted(IMP): UNKNOWN,
            "import.read": UNKNOWN,
            "import.readonly": UNKNOWN,
            **settings(IMP, SKIPPED),
        },
    ),
    Case(
        "the staging dataset is gone",
        drop_dataset(TMP),
        {
            visible(TMP): FAIL,
            granted(TMP): UNKNOWN,
            "staging.write": UNKNOWN,
            "billing.dml": UNKNOWN,
            **settings(TMP, SKIPPED),
        },
    ),
    Case(
        "the staging dataset is gone, and another one has its name in lower case",
        twin,
        {
            visible(TMP): FAIL,
            granted(TMP): UNKNOWN,
            "staging.write": UNKNOWN,
            "billing.dml": UNKNOWN,
            **settings(TMP, SKIPPED),
        },
    ),
    Case(
        "the export dataset is gone",
        drop_dataset(EXPORT),
        {
            visible(EXPORT): FAIL,
            granted(EXPORT): UNKNOWN,
            "export.read": UNKNOWN,
            "export.write": UNKNOWN,
            **settings(EXPORT, SKIPPED),
        },
        BOTH,
    ),
    Case(
        "the staging dataset is in another location",
        moved(TMP),
        {visible(TMP): FAIL},
    ),
    Case(
        "datasets cannot be looked up",
        fail(down("bigquery.datasets.get")),
        {visible(IMP): UNKNOWN, visible(TMP): UNKNOWN, **settings(IMP, UNKNOWN), **settings(TMP, UNKNOWN)},
    ),
    Case(
        "one dataset cannot be looked up", cut(f"/datasets/{TMP}?"), {visible(TMP): UNKNOWN, **settings(TMP, UNKNOWN)}
    ),
    Case(
        "the export dataset cannot be looked up",
        cut(f"/datasets/{EXPORT}?"),
        {visible(EXPORT): UNKNOWN, **settings(EXPORT, UNKNOWN)},
        BOTH,
    ),
    Case("new tables of the import dataset vanish", expires(IMP, table=60), {f"dataset.kept:{IMP}": FAIL}),
    Case("partitions of the import dataset vanish", expires(IMP, partition=24), {f"dataset.kept:{IMP}": FAIL}),
    Case(
        "new tables of the staging dataset vanish within 72 minutes",
        expires(TMP, table=1.2),
        {f"dataset.kept:{TMP}": FAIL},
    ),
    Case("new tables of the staging dataset vanish after a month", expires(TMP, table=30 * 24), {}),
    Case("new tables of the export dataset vanish", expires(EXPORT, table=24), {f"dataset.kept:{EXPORT}": FAIL}, BOTH),
    Case("the import dataset is open to anybody", public(IMP, iamMember="allUsers"), {f"dataset.private:{IMP}": FAIL}),
    Case(
        "the staging dataset is open to every Google account",
        public(TMP, specialGroup="allAuthenticatedUsers"),
        {f"dataset.private:{TMP}": FAIL},
    ),
    Case(
        "the export dataset shows its tables' names to anybody",
        public(EXPORT, iamMember="allUsers", role="roles/bigquery.metadataViewer"),
        {f"dataset.private:{EXPORT}": FAIL},
        BOTH,
    ),
    Case(
        "the access list of the import dataset is not in the answers", hidden(IMP), {f"dataset.private:{IMP}": UNKNOWN}
    ),
    # -- the key
    Case("the key was deleted", delete_key, rest_skipped(IMPORT, key_auth=UNKNOWN, keys_expected=FAIL)),
    Case("the key is switched off", disable_key, rest_skipped(IMPORT, key_auth=UNKNOWN, keys_expected=FAIL)),
    Case(
        "the key was deleted, and keys cannot be listed",
        all_of(delete_key, fail(down("iam.serviceAccountKeys.list"))),
        rest_skipped(IMPORT, key_auth=FAIL, keys_expected=UNKNOWN),
    ),
    Case(
        "no token is given out",
        fail(down("oauth2.*")),
        rest_skipped(IMPORT, key_auth=UNKNOWN, keys_expected=UNKNOWN),
    ),
    Case("there is a second key", second_key, {"keys.expected": FAIL}),
    Case(
        "the key was handed over and shredded",
        shredded,
        {k: v for k, v in rest_skipped(IMPORT, key_auth=UNKNOWN).items() if k != "keys.expected"},
    ),
    Case(
        "the key was handed over and shredded, and then deleted",
        all_of(shredded, delete_key),
        rest_skipped(IMPORT, key_auth=UNKNOWN, keys_expected=FAIL),
    ),
    Case("a key that was handed over is there besides", handed_before, {"keys.expected": FAIL}),
    Case(
        "keys cannot be listed",
        fail(down("iam.serviceAccountKeys.list")),
        {"keys.expected": UNKNOWN},
    ),
    # -- queries
    Case(
        "Job User was taken away",
        all_of(sql(LONE_TABLE), lambda b: b.bind("roles/bigquery.jobUser", there=False)),
        {"query.run": UNKNOWN, "permissions.effective": FAIL, **NO_QUERY},
    ),
    Case(
        "Job User was taken away, and permissions cannot be tested",
        all_of(
            sql(LONE_TABLE),
            lambda b: b.bind("roles/bigquery.jobUser", there=False),
            fail(down("cloudresourcemanager.projects.testIamPermissions")),
        ),
        {
            "query.run": FAIL,
            "permissions.effective": UNKNOWN,
            "permissions.minimal": UNKNOWN,
            "permissions.isolated": UNKNOWN,
            **NO_QUERY,
        },
    ),
    Case(
        "queries end in 503",
        all_of(sql(LONE_TABLE), fail(down("bigquery.jobs.query"))),
        {"query.run": UNKNOWN, granted(IMP): UNKNOWN, granted(TMP): UNKNOWN, **NO_QUERY},
    ),
    Case("the smallest query is lost", cut("SELECT 1 AS ok"), {"query.run": UNKNOWN}),
    Case(
        "VPC Service Controls refuse queries",
        all_of(
            sql(LONE_TABLE),
            fail(
                Rule(
                    "bigquery.jobs.query",
                    "status",
                    every=1,
                    status=403,
                    reason="accessDenied",
                    message="VPC Service Controls: Request is prohibited by organization's policy. "
                    "vpcServiceControlsUniqueIdentifier: abcdefghijkl",
                )
            ),
        ),
        {"query.run": UNKNOWN, granted(IMP): UNKNOWN, granted(TMP): UNKNOWN, **NO_QUERY},
    ),
    # -- grants
    Case(
        "the grant on the import dataset is gone",
        all_of(sql(LONE_TABLE), lambda b: b.open(IMP, None)),
        {visible(IMP): UNKNOWN, granted(IMP): FAIL, "import.read": UNKNOWN},
    ),
    Case(
        "the grant on the import dataset ends some day",
        on_condition('request.time < timestamp("2999-01-01T00:00:00Z")'),
        {},
    ),
    Case(
        "the grant on the import dataset has ended",
        all_of(sql(LONE_TABLE), on_condition('request.time < timestamp("2020-01-01T00:00:00Z")')),
        {visible(IMP): UNKNOWN, granted(IMP): FAIL, "import.read": UNKNOWN},
    ),
    Case(
        "the grant on the import dataset begins some day",
        all_of(sql(LONE_TABLE), on_condition('request.time > timestamp("2999-01-01T00:00:00Z")')),
        {visible(IMP): UNKNOWN, granted(IMP): FAIL, "import.read": UNKNOWN},
    ),
    Case(
        "the staging dataset may only be read",
        lambda b: b.open(TMP, "READER"),
        {granted(TMP): FAIL, "staging.write": UNKNOWN, "billing.dml": UNKNOWN},
    ),
    Case(
        "the staging dataset may only be read, and its grants cannot be read",
        all_of(lambda b: b.open(TMP, "READER"), cut("OBJECT_PRIVILEGES", TMP)),
        {granted(TMP): UNKNOWN, "staging.write": FAIL, "billing.dml": UNKNOWN},
    ),
    Case(
        "the export dataset may only be read, and its grants cannot be read",
        all_of(lambda b: b.open(EXPORT, "READER"), cut("OBJECT_PRIVILEGES", EXPORT)),
        {granted(EXPORT): UNKNOWN, "export.write": FAIL},
        BOTH,
    ),
    Case(
        "the export dataset may only be read",
        lambda b: b.open(EXPORT, "READER"),
        {granted(EXPORT): FAIL, "export.write": UNKNOWN},
        BOTH,
    ),
    Case("the account's e-mail is spelt with capitals in the access list", in_capitals("READER"), {}),
    Case(
        "the account owns the import dataset, its e-mail spelt with capitals",
        in_capitals("OWNER"),
        {granted(IMP): FAIL, "import.readonly": FAIL},
    ),
    Case("the account owns the staging dataset besides", lambda b: b.also(TMP, "OWNER"), {granted(TMP): FAIL}),
    Case(
        "the account owns the export dataset besides", lambda b: b.also(EXPORT, "OWNER"), {granted(EXPORT): FAIL}, BOTH
    ),
    Case("grants on the import dataset cannot be read", cut("OBJECT_PRIVILEGES", IMP), {granted(IMP): UNKNOWN}),
    Case("grants on the staging dataset cannot be read", cut("OBJECT_PRIVILEGES", TMP), {granted(TMP): UNKNOWN}),
    Case(
        "grants on the export dataset cannot be read",
        cut("OBJECT_PRIVILEGES", EXPORT),
        {granted(EXPORT): UNKNOWN},
        BOTH,
    ),
    # -- the project
    Case(
        "permissions cannot be tested",
        fail(down("cloudresourcemanager.projects.testIamPermissions")),
        {"permissions.effective": UNKNOWN, "permissions.minimal": UNKNOWN, "permissions.isolated": UNKNOWN},
    ),
    Case(
        "a role on the project that has nothing to do with BigQuery",
        lambda b: b.bind("roles/logging.viewer"),
        {"permissions.minimal": FAIL},
    ),
    Case(
        "a role on the project, and the policy may not be read",
        all_of(
            lambda b: b.bind("roles/bigquery.readSessionUser"),
            fail(down("cloudresourcemanager.projects.getIamPolicy", status=403)),
        ),
        {"permissions.minimal": UNKNOWN},
    ),
    Case(
        "a role by way of a group, a folder or the organization, of which the policy shows nothing",
        lambda b: b.bind("roles/iam.serviceAccountViewer", member="allAuthenticatedUsers"),
        {"permissions.minimal": FAIL},
    ),
    Case(
        "a role that every account there is has on the project",
        lambda b: b.bind("roles/bigquery.readSessionUser", member="allAuthenticatedUsers"),
        {"permissions.minimal": FAIL},
    ),
    Case(
        "Job User ends some day",
        lambda b: b.bind_until('request.time < timestamp("2999-01-01T00:00:00Z")', "roles/bigquery.jobUser"),
        {},
    ),
    Case(
        "Data Editor on the whole project, as the article's command grants it without --dataset",
        lambda b: b.bind("roles/bigquery.dataEditor"),
        {"permissions.minimal": FAIL, "permissions.isolated": UNKNOWN, "import.readonly": UNKNOWN},
    ),
    # -- other datasets
    Case("another dataset can be read", payroll, {"permissions.isolated": FAIL}),
    Case("another dataset can be read that is empty today", empty_payroll, {"permissions.isolated": FAIL}),
    Case("another dataset's names can be seen", tagged_elsewhere, {"permissions.isolated": FAIL}),
    Case("another dataset is open to everybody, and is empty today", open_to_everybody, {"permissions.isolated": FAIL}),
    Case(
        "another dataset can be read by way of a group, and its tables may not be listed",
        all_of(read_by_group, listing_refused("payroll")),
        {"permissions.isolated": FAIL},
    ),
    Case(
        "another dataset can be read by way of a group, and is elsewhere",
        all_of(read_by_group, moved("payroll")),
        {"permissions.isolated": FAIL},
    ),
    Case(
        "one table of another dataset can be read, by a grant on that table alone",
        payroll_of("a", "b", "c", "d", "salaries", open_="salaries"),
        {"permissions.isolated": FAIL},
    ),
    Case(
        "one column of one table of another dataset can be read",
        payroll_of(
            "salaries", open_="salaries", policy_tags={"x": "projects/x/locations/eu/taxonomies/1/policyTags/2"}
        ),
        {"permissions.isolated": FAIL},
    ),
    Case(
        "one table of another dataset can be read, another's answer is lost",
        all_of(payroll_of("a", "salaries", open_="salaries"), cut("SELECT", "payroll.a")),
        {"permissions.isolated": FAIL},
    ),
    Case(
        "the answer about one table of another dataset is lost",
        all_of(payroll_of("a", "salaries"), cut("SELECT", "payroll.a")),
        {"permissions.isolated": UNKNOWN},
    ),
    Case(
        "one table of another dataset can be read, and no query of it succeeds",
        all_of(
            payroll_of("salaries", open_="salaries"),
            lambda b: b.dataset("payroll").tables["salaries"].schema.clear(),
        ),
        {"permissions.isolated": FAIL},
    ),
    Case(
        "the tables of another dataset cannot be listed",
        all_of(payroll_of("salaries", open_="salaries"), cut("/datasets/payroll/tables")),
        {"permissions.isolated": UNKNOWN},
    ),
    Case(
        "there are more tables than are tried",
        all_of(payroll_of("a", "b", "salaries", open_="salaries"), at_most(MAX_OTHER_TABLES=2)),
        {"permissions.isolated": UNKNOWN},
    ),
    Case(
        "there are more datasets than are looked into",
        all_of(payroll_of(), sql("CREATE SCHEMA `P.other`"), at_most(MAX_OTHER_DATASETS=1)),
        {"permissions.isolated": UNKNOWN},
    ),
    Case(
        "there may be datasets that the operator does not see",
        operator_holds_on_datasets_alone,
        {"permissions.isolated": UNKNOWN},
    ),
    Case("datasets cannot be listed", fail(down("bigquery.datasets.list")), {"permissions.isolated": UNKNOWN}),
    Case(
        "the operator cannot list datasets",
        fail(down("bigquery.datasets.list", every=0, nth=list(range(2, 20)))),
        {"permissions.isolated": UNKNOWN},
    ),
    # -- writing
    Case("billing is off", no_billing, {"billing.dml": FAIL, "staging.write": UNKNOWN}),
    Case(
        "billing is off, for an export",
        no_billing,
        {"billing.dml": FAIL, "staging.write": UNKNOWN, "export.write": UNKNOWN},
        BOTH,
    ),
    Case("the probe's creation is lost", cut("CREATE TABLE", TMP), {"staging.write": UNKNOWN, "billing.dml": UNKNOWN}),
    Case("the INSERT is lost", cut("INSERT INTO", TMP), {"staging.write": UNKNOWN, "billing.dml": UNKNOWN}),
    Case("reading back is lost", cut("SELECT COUNT", TMP), {"staging.write": UNKNOWN}),
    Case("the DROP is lost", cut("DROP TABLE", TMP), {"staging.write": UNKNOWN}),
    Case("the export probe's INSERT is lost", cut("INSERT INTO", EXPORT), {"export.write": UNKNOWN}, BOTH),
    # -- reading
    Case("a view reads a dataset that the account may not", sql(*VIEW_OVER), {"import.read": FAIL}),
    Case("a column is protected by a policy tag", tagged_table, {"import.read": FAIL}),
    Case("a table lies in Drive", drive_table, {"import.read": FAIL}),
    Case("a view names a column that is gone", broken_view, {"import.read": FAIL}),
    Case("one table is lost, another refused", one_refused_one_lost, {"import.read": FAIL}),
    Case("a table's answer is lost", all_of(sql(LONE_TABLE), cut("SELECT", "people")), {"import.read": UNKNOWN}),
    Case(
        "tables cannot be listed",
        fail(down("bigquery.tables.list")),
        {"import.read": UNKNOWN, "import.readonly": UNKNOWN},
    ),
    Case("tables of the export cannot be listed", cut(f"/datasets/{EXPORT}/tables"), {"export.read": UNKNOWN}, BOTH),
    Case(
        "a view in the export dataset reads what the account may not",
        sql(*(s.replace(IMP, EXPORT) for s in VIEW_OVER)),
        {"export.read": FAIL},
        BOTH,
    ),
    # -- not writing
    Case(
        "the import dataset can be written to",
        lambda b: b.also(IMP, "WRITER"),
        {granted(IMP): FAIL, "import.readonly": UNKNOWN},
    ),
    Case(
        "one table of the import dataset can be written to, by a grant on that table alone",
        all_of(sql(LONE_TABLE), table_grant("roles/bigquery.dataEditor")),
        {"import.readonly": FAIL},
    ),
    Case(
        "a table may be written to, and tables may not be listed",
        all_of(sql(LONE_TABLE), table_grant("roles/bigquery.dataEditor"), listing_refused(IMP)),
        {"import.read": FAIL, "import.readonly": FAIL},
    ),
    Case(
        "one table's permissions are lost, another may be written to",
        all_of(
            sql(LONE_TABLE, f"CREATE TABLE `P.{IMP}.a_first` (x INT64)"),
            table_grant("roles/bigquery.dataEditor"),
            cut("a_first:testIamPermissions"),
        ),
        {"import.readonly": FAIL},
    ),
    Case(
        "a table's permissions are lost",
        all_of(sql(LONE_TABLE), fail(down("bigquery.tables.testIamPermissions"))),
        {"import.readonly": UNKNOWN},
    ),
    Case(
        "one table of very many can be written to",
        all_of(
            sql(*(f"CREATE TABLE `P.{IMP}.t{n:02}` (x INT64)" for n in range(60)), LONE_TABLE.replace("people", "zz")),
            table_grant("roles/bigquery.dataEditor", "zz"),
        ),
        {"import.readonly": FAIL},
    ),
    Case(
        "there are more tables than are asked about",
        all_of(
            sql(LONE_TABLE, LONE_TABLE.replace("people", "zz")),
            table_grant("roles/bigquery.dataEditor", "zz"),
            at_most(MAX_TRIED=1),
        ),
        {"import.readonly": UNKNOWN},
    ),
    Case("the forbidden CREATE is lost", cut("CREATE TABLE", IMP), {"import.readonly": UNKNOWN}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_one_thing_wrong_gives_exactly_its_verdicts(
    case: Case, make: Callable[[Direction], Awaitable[Bench]]
) -> None:
    bench = await make(case.direction)
    case.spoil(bench)
    results = await bench.verify()
    said = {i: (r.verdict.value, r.evidence) for i, r in results.items() if r.verdict != "pass"}
    assert {i: verdict for i, (verdict, _) in said.items()} == case.verdicts, said
    if not isinstance(bench.spot.refuse, Cut):
        assert bench.probes() == []
    for result in results.values():
        assert result.verdict not in ("fail", "unknown") or result.problem is not None, result
        assert result.verdict != "fail" or (result.problem is not None and result.problem.remedy), result
        # A role that is not known cannot be removed: then the command shows who has access.
        assert not any(
            re.search(r"\bROLE\b", str(step)) for step in (result.problem.remedy if result.problem else ())
        ), result


@pytest.mark.parametrize("direction", Direction)
async def test_what_is_right_passes_every_check(
    direction: Direction, make: Callable[[Direction], Awaitable[Bench]]
) -> None:
    bench = await make(direction)
    bench.sql(LONE_TABLE)
    results = await bench.verify()
    assert {i: r.evidence for i, r in results.items() if r.verdict != "pass"} == {}
    assert list(results) == [c.id for c in expected(bench.spec)]
    assert bench.probes() == []


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("verdict", [FAIL, UNKNOWN])
def test_every_check_has_a_case_for_each_verdict(direction: Direction, verdict: str) -> None:
    spec = ConnectionSpec("my-project", direction=direction, export_dataset=EXPORT if direction is not IMPORT else None)
    proven = {check for case in CASES for check, said in case.verdicts.items() if said == verdict}
    assert {c.id for c in expected(spec)} - proven == set()

"""Every port method through Google's libraries against the sandbox: done, done already, not allowed, missing."""

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import AccessEntry, RoleBinding
from kbq_tui.model.problem import Kind, Retry
from kbq_tui.planning.row_policies import RowPolicy
from kbq_tui.sandbox.bigquery import seed
from tests.gcp.conftest import ACCOUNT_ID, EDITOR, JOB_USER, TMP, VIEWER, Play, problem
from tests.support.known import known


async def test_who_is_signed_in_is_read_from_the_key_file_without_asking_google(play: Play) -> None:
    async with play() as ground:
        identity = await ground.cloud.identity()
        assert identity.principal == ground.sandbox.operator
        assert str(identity.source) == f"service account key {ground.sandbox.key_file}"
        assert ground.sandbox.world.calls == []


async def test_a_proxy_is_not_asked_for_what_is_on_this_machine(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "grpc_proxy", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with play("existing") as ground:
        await ground.cloud.project(ground.project)
        assert await ground.cloud.account(ground.project, ground.email) is not None
        await ground.cloud.tables(ground.project, TMP)


async def test_project_and_what_is_on_in_it(play: Play) -> None:
    async with play() as ground:
        cloud, project = ground.cloud, ground.project
        found = await cloud.project(project)
        assert (found.id, found.name, found.state) == (project, "Acme Klaviyo demo", "ACTIVE")
        assert found.number.isdigit()
        assert await cloud.services(project, ["bigquery.googleapis.com"]) == {"bigquery.googleapis.com": True}
        assert await cloud.billing_enabled(project) is True
        assert await cloud.policy_enforced(project, "iam.disableServiceAccountKeyCreation") is False
        held = await cloud.test_permissions(project, ["bigquery.datasets.create", "resourcemanager.projects.get"])
        assert held == {"bigquery.datasets.create", "resourcemanager.projects.get"}


async def test_apis_that_are_off_are_turned_on(play: Play) -> None:
    async with play("apis-off", patient=True) as ground:
        name = "iam.googleapis.com"
        before = await ground.cloud.services(ground.project, [name])
        assert before == {name: False}
        await ground.cloud.enable_services(ground.project, [name])
        assert await ground.cloud.services(ground.project, [name]) == {name: True}


async def test_a_call_to_an_api_that_is_off_says_so(play: Play) -> None:
    async with play("apis-off") as ground:
        with problem(Code.API_DISABLED) as found:
            await ground.cloud.account(ground.project, ground.email)
        assert found[0].detail("service") == "iam.googleapis.com"


async def test_no_billing_account(play: Play) -> None:
    async with play("no-billing") as ground:
        assert await ground.cloud.billing_enabled(ground.project) is False


async def test_a_constraint_in_force_and_what_it_stops(play: Play) -> None:
    async with play("key-creation-blocked") as ground:
        cloud, project = ground.cloud, ground.project
        names = ("iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation")
        assert any([await cloud.policy_enforced(project, name) for name in names])
        await cloud.create_account(project, ACCOUNT_ID, "Klaviyo")
        with problem(Code.KEY_CREATION_BLOCKED):
            await cloud.create_key(project, ground.email)


async def test_projects_are_searched_on_the_server_page_by_page(play: Play) -> None:
    async with play("large") as ground:
        first = await ground.cloud.search_projects("", limit=50)
        assert len(first.projects) == 50
        second = await ground.cloud.search_projects("", first.next_token, limit=50)
        assert not {p.id for p in first.projects} & {p.id for p in second.projects}
        some = await ground.cloud.search_projects("klaviyo")
        assert [p.id for p in some.projects] == [ground.project]


@pytest.mark.parametrize("text", ['"', "a OR b", "(x", "*", "\\", "name:", "'; --", "\N{SNOWMAN}", "x" * 5000])
async def test_whatever_is_typed_into_the_search_is_text_not_syntax(play: Play, text: str) -> None:
    async with play() as ground:
        assert isinstance((await ground.cloud.search_projects(text)).projects, tuple)


async def test_datasets_come_into_being_once_and_stay_where_they_are(play: Play) -> None:
    async with play() as ground:
        cloud, project = ground.cloud, ground.project
        assert await cloud.dataset(project, TMP) is None
        assert await cloud.create_dataset(project, TMP, "europe-west3", "ours", {"made-by": "kbq-tui"}) is True
        assert await cloud.create_dataset(project, TMP, "europe-west3", "other", {}) is False
        with problem(Code.LOCATION_FIXED) as found:
            await cloud.create_dataset(project, TMP, "US", "other", {})
        assert "europe-west3" in str(found[0].cause)
        dataset = await cloud.dataset(project, TMP)
        assert dataset is not None
        assert (dataset.location, dataset.description, dataset.labels) == (
            "europe-west3",
            "ours",
            {"made-by": "kbq-tui"},
        )
        assert dataset.created is not None
        assert AccessEntry("roles/bigquery.dataOwner", "specialGroup:projectOwners") in known(dataset.access)
        assert await cloud.dataset_names(project) == ((TMP, "europe-west3"),)
        assert await cloud.delete_dataset(project, TMP) is True
        assert await cloud.delete_dataset(project, TMP) is False


async def test_names_that_try_to_leave_their_place_in_the_address_stay_there(play: Play) -> None:
    async with play() as ground:
        for name in ("../../x", "a/b?c=d#e", "..", "%2e%2e"):
            with problem():
                await ground.cloud.create_dataset(ground.project, name, "US", "", {})
        assert known(ground.sandbox.world.project(ground.project)).datasets == {}


async def test_a_grant_adds_one_entry_and_keeps_every_field_of_the_others(play: Play) -> None:
    async with play("partial") as ground:
        await ground.cloud.create_account(ground.project, ACCOUNT_ID, "Klaviyo")
        condition = {"expression": "true", "title": "until later", "description": "keep me"}
        dataset = known(ground.sandbox.world.dataset(ground.project, TMP))
        entry = {"role": "READER", "groupByEmail": "b@acme.example", "condition": condition}
        ground.sandbox.world.set_access(dataset, [*dataset.access, entry])
        before = list(ground.access(TMP))
        args = (ground.project, TMP, EDITOR, ground.member)
        assert await ground.cloud.grant_dataset(*args) is True
        assert await ground.cloud.grant_dataset(*args) is False
        after = ground.access(TMP)
        assert [item for item in after if item in before] == before
        assert len(after) == len(before) + 1
        seen = known(known(await ground.cloud.dataset(ground.project, TMP)).access)
        assert AccessEntry(EDITOR, ground.member) in seen
        assert AccessEntry("roles/bigquery.dataViewer", "group:b@acme.example", "true") in seen
        assert await ground.cloud.revoke_dataset(*args) is True
        assert await ground.cloud.revoke_dataset(*args) is False
        assert ground.access(TMP) == before


async def test_an_access_list_is_written_in_its_own_mode_with_conditions_and_the_etag(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with play("partial") as ground:
        await ground.cloud.create_account(ground.project, ACCOUNT_ID, "Klaviyo")
        etag = known(ground.sandbox.world.dataset(ground.project, TMP)).etag
        sent: list[Any] = []
        real = ground.cloud._wire.send

        def send(verb: str, url: str, *more: Any, **named: Any) -> Any:
            sent.append((verb, parse_qs(urlsplit(url).query), named.get("headers")))
            return real(verb, url, *more, **named)

        monkeypatch.setattr(ground.cloud._wire, "send", send)
        await ground.cloud.grant_dataset(ground.project, TMP, EDITOR, ground.member)
        assert sent == [
            ("GET", {"accessPolicyVersion": ["3"]}, None),
            ("PATCH", {"accessPolicyVersion": ["3"], "updateMode": ["UPDATE_ACL"]}, {"If-Match": etag}),
        ]


def _without_list(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "access"}


def _without_owner(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "access": [entry for entry in answer["access"] if entry["role"] != "OWNER"]}


@pytest.mark.parametrize("spoilt", [_without_list, _without_owner])
async def test_an_access_list_that_was_not_in_the_answer_is_not_written(
    play: Play, monkeypatch: pytest.MonkeyPatch, spoilt: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    async with play("partial") as ground:
        cloud = ground.cloud
        await cloud.create_account(ground.project, ACCOUNT_ID, "Klaviyo")
        await cloud.grant_dataset(ground.project, TMP, VIEWER, ground.member)
        before, patched, real = list(ground.access(TMP)), ground.calls("bigquery.datasets.patch"), cloud._wire.send

        def send(verb: str, *more: Any, **named: Any) -> Any:
            return spoilt(real(verb, *more, **named)) if verb == "GET" else real(verb, *more, **named)

        monkeypatch.setattr(cloud._wire, "send", send)
        assert known(await cloud.dataset(ground.project, TMP)).access is None
        with problem(Code.ACCESS_UNREAD):
            await cloud.grant_dataset(ground.project, TMP, EDITOR, ground.member)
        for role in (VIEWER, ""):
            with problem(Code.ACCESS_UNREAD):
                await cloud.revoke_dataset(ground.project, TMP, role, ground.member)
        assert ground.access(TMP) == before
        assert ground.calls("bigquery.datasets.patch") == patched


async def test_the_last_owner_of_a_dataset_is_never_taken_away(play: Play) -> None:
    async with play("partial") as ground:
        cloud = ground.cloud
        await cloud.create_account(ground.project, ACCOUNT_ID, "Klaviyo")
        dataset = known(ground.sandbox.world.dataset(ground.project, TMP))
        condition = {"title": "c", "expression": "true"}
        others: list[dict[str, Any]] = [
            {"role": "READER", "groupByEmail": "b@acme.example"},
            {"role": "OWNER", "groupByEmail": "c@acme.example", "condition": condition},
        ]
        ours: dict[str, Any] = {"role": "OWNER", "userByEmail": ground.email}
        ground.sandbox.world.set_access(dataset, [*others, ours])
        for role in ("roles/bigquery.dataOwner", ""):
            with problem(Code.LAST_OWNER) as found:
                await cloud.revoke_dataset(ground.project, TMP, role, ground.member)
            assert found[0].detail("member") == ground.member
        assert ground.access(TMP) == [*others, ours]
        second = {"role": "OWNER", "specialGroup": "projectOwners"}
        ground.sandbox.world.set_access(dataset, [*others, ours, second])
        assert await cloud.revoke_dataset(ground.project, TMP, "", ground.member) is True
        assert ground.access(TMP) == [*others, second]


async def test_a_role_on_a_single_table_goes_and_what_others_wrote_meanwhile_stays(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with play("existing") as ground:
        cloud, there = ground.cloud, known(ground.sandbox.world.dataset(ground.project, TMP))
        seed(ground.sandbox.context, ground.project, [f"CREATE TABLE `{ground.project}.{TMP}.t` (x INT64)"])
        table, group = there.tables["t"], "group:a@acme.example"
        args = (ground.project, TMP, "t")
        assert await cloud.table_bindings(*args) == ()
        conditional = {"role": EDITOR, "members": [ground.member], "condition": {"title": "c", "expression": "true"}}
        plain = {"role": EDITOR, "members": [group, ground.member]}
        table.traits["iam_policy"] = {"bindings": [plain, conditional]}
        ground.sandbox.world.touch(table)
        assert await cloud.table_bindings(*args) == (
            RoleBinding(EDITOR, (group, ground.member)),
            RoleBinding(EDITOR, (ground.member,), "true"),
        )
        edits: list[str] = []
        real: Any = cloud._wire.send

        def send(verb: str, url: str, *more: object, **named: object) -> object:
            if url.endswith("/tables/t:setIamPolicy") and not edits:
                edits.append(url)
                theirs = {"role": VIEWER, "members": [group]}
                table.traits["iam_policy"] = {"bindings": [plain, conditional, theirs]}
                ground.sandbox.world.touch(table)
            return real(verb, url, *more, **named)

        monkeypatch.setattr(cloud._wire, "send", send)
        assert await cloud.revoke_table(*args, EDITOR, ground.member) is True
        assert ground.calls("bigquery.tables.setIamPolicy") == 2
        assert table.traits["iam_policy"]["bindings"] == [
            {"role": EDITOR, "members": [group]},
            conditional,
            {"role": VIEWER, "members": [group]},
        ]
        assert await cloud.revoke_table(*args, EDITOR, ground.member) is False
        gone = (ground.project, TMP, "no_such")
        assert await cloud.table_bindings(*gone) == ()
        assert await cloud.revoke_table(*gone, EDITOR, ground.member) is False


async def test_row_policies_are_read_with_whom_they_let_through_and_a_views_tables_by_a_dry_run(play: Play) -> None:
    async with play("existing") as ground:
        cloud, there = ground.cloud, known(ground.sandbox.world.dataset(ground.project, TMP))
        path = f"`{ground.project}.{TMP}"
        seed(
            ground.sandbox.context,
            ground.project,
            [f"CREATE TABLE {path}.t` (x INT64)", f"CREATE VIEW {path}.v` AS SELECT x FROM {path}.t`"],
        )
        assert await cloud.row_policies(ground.project, TMP, "t") == ()
        there.tables["t"].traits["row_policies"] = [
            {"id": "one", "grantees": ["group:a@acme.example", ground.member], "filter": "x > 1"},
            {"id": "two", "grantees": ["user:b@acme.example"], "filter": "TRUE"},
        ]
        assert await cloud.row_policies(ground.project, TMP, "t") == (
            RowPolicy("one", "x > 1", ("group:a@acme.example", ground.member)),
            RowPolicy("two", "TRUE", ("user:b@acme.example",)),
        )
        read = await cloud.dry_run(ground.project, f"SELECT * FROM {path}.v`", there.location)
        assert (ground.project, TMP, "t") in read.tables
        assert read.size is not None


async def test_revoking_without_a_role_takes_every_entry_of_the_member(play: Play) -> None:
    async with play("partial") as ground:
        cloud, project = ground.cloud, ground.project
        await cloud.create_account(project, ACCOUNT_ID, "Klaviyo")
        for role in (EDITOR, VIEWER):
            await cloud.grant_dataset(project, TMP, role, ground.member)
        assert await cloud.revoke_dataset(project, TMP, VIEWER, ground.member) is True
        seen = known(known(await cloud.dataset(project, TMP)).access)
        assert [e.role for e in seen if e.member == ground.member] == [EDITOR]
        await cloud.grant_dataset(project, TMP, VIEWER, ground.member)
        assert await cloud.revoke_dataset(project, TMP, "", ground.member) is True
        assert all(e.member != ground.member for e in known(known(await cloud.dataset(project, TMP)).access))
        assert await cloud.revoke_dataset(project, "NO_SUCH", "", ground.member) is False


async def test_granting_to_an_account_that_is_not_there_yet_is_not_yet_rather_than_no(play: Play) -> None:
    async with play("partial") as ground:
        with problem() as found:
            await ground.cloud.grant_dataset(ground.project, TMP, EDITOR, ground.member)
        assert found[0].retry is Retry.NOT_YET
        with problem() as found:
            await ground.cloud.add_project_binding(ground.project, JOB_USER, ground.member)
        assert found[0].retry is Retry.NOT_YET


async def test_the_tombstone_of_a_deleted_account_is_named_and_left_alone(play: Play) -> None:
    async with play("tombstones") as ground:
        cloud, project = ground.cloud, ground.project
        await cloud.create_account(project, ACCOUNT_ID, "Klaviyo")
        before = list(ground.access("KLAVIYO_IMPORT_FROM_DWH"))
        with problem(Code.TOMBSTONE):
            await cloud.grant_dataset(project, "KLAVIYO_IMPORT_FROM_DWH", VIEWER, ground.member)
        assert ground.access("KLAVIYO_IMPORT_FROM_DWH") == before
        access = known(known(await cloud.dataset(project, "KLAVIYO_IMPORT_FROM_DWH")).access)
        dead = [entry.member for entry in access if entry.member.startswith("deleted:")]
        assert len(dead) == 1
        # Removing the deleted account's entry by its own name makes the grant possible.
        assert await cloud.revoke_dataset(project, "KLAVIYO_IMPORT_FROM_DWH", "", dead[0]) is True
        assert await cloud.grant_dataset(project, "KLAVIYO_IMPORT_FROM_DWH", VIEWER, ground.member) is True
        assert await cloud.add_project_binding(project, JOB_USER, ground.member) is True


async def test_a_role_that_a_dataset_cannot_hold_is_refused(play: Play) -> None:
    async with play("partial") as ground:
        await ground.cloud.create_account(ground.project, ACCOUNT_ID, "Klaviyo")
        with problem(Code.ROLE_LEVEL):
            await ground.cloud.grant_dataset(ground.project, TMP, JOB_USER, ground.member)


async def test_the_project_policy_gains_one_member_and_keeps_the_rest(play: Play) -> None:
    async with play("partial") as ground:
        cloud, project = ground.cloud, ground.project
        await cloud.create_account(project, ACCOUNT_ID, "Klaviyo")
        before = await cloud.project_bindings(project)
        assert any(binding.condition for binding in before)
        assert await cloud.add_project_binding(project, JOB_USER, ground.member) is True
        assert await cloud.add_project_binding(project, JOB_USER, ground.member) is False
        expected = tuple(RoleBinding(b.role, (*b.members, ground.member)) if b.role == JOB_USER else b for b in before)
        assert set(await cloud.project_bindings(project)) == set(expected)
        assert await cloud.remove_project_binding(project, JOB_USER, ground.member) is True
        assert await cloud.remove_project_binding(project, JOB_USER, ground.member) is False
        assert set(await cloud.project_bindings(project)) == set(before)


async def test_a_policy_that_was_just_read_is_changed_without_reading_it_again(play: Play) -> None:
    async with play("partial") as ground:
        cloud, project, log = ground.cloud, ground.project, ground.sandbox.world.calls
        await cloud.create_account(project, ACCOUNT_ID, "Klaviyo")
        before = await cloud.project_bindings(project)
        start = len(log)
        assert await cloud.add_project_binding(project, JOB_USER, ground.member) is True
        assert [call.method for call in log[start:]] == ["cloudresourcemanager.projects.setIamPolicy"]
        assert len(await cloud.project_bindings(project)) == len(before)
        start = len(log)
        assert await cloud.add_project_binding(project, JOB_USER, ground.member) is False  # only a fresh read shows it
        assert [call.method for call in log[start:]] == ["cloudresourcemanager.projects.getIamPolicy"]


async def test_what_others_wrote_after_a_policy_was_read_stays(play: Play) -> None:
    async with play("partial") as ground:
        cloud, project, log = ground.cloud, ground.project, ground.sandbox.world.calls
        await cloud.create_account(project, ACCOUNT_ID, "Klaviyo")
        before = await cloud.project_bindings(project)
        there = known(ground.sandbox.world.project(project))
        other = {"role": "roles/viewer", "members": ["group:g@acme.example"]}
        ground.sandbox.world.set_policy(there, [*there.policy.bindings, other], 3)
        start = len(log)
        assert await cloud.add_project_binding(project, JOB_USER, ground.member) is True
        verbs = [(call.method.rpartition(".")[2], call.status) for call in log[start:]]
        assert verbs == [("setIamPolicy", 409), ("getIamPolicy", 200), ("setIamPolicy", 200)]
        ours = {RoleBinding(b.role, (*b.members, ground.member)) if b.role == JOB_USER else b for b in before}
        theirs = RoleBinding("roles/viewer", ("group:g@acme.example",))
        assert set(await cloud.project_bindings(project)) == {*ours, theirs}


async def test_a_dataset_that_was_just_made_or_read_is_granted_without_reading_it_again(play: Play) -> None:
    async with play("partial") as ground:
        cloud, project, log = ground.cloud, ground.project, ground.sandbox.world.calls
        await cloud.create_account(project, ACCOUNT_ID, "Klaviyo")
        assert await cloud.create_dataset(project, "NEW", "US", "", {}) is True
        await cloud.dataset(project, TMP)
        for name in ("NEW", TMP):
            before, start = list(ground.access(name)), len(log)
            assert await cloud.grant_dataset(project, name, EDITOR, ground.member) is True
            assert [call.method for call in log[start:]] == ["bigquery.datasets.patch"]
            assert [entry for entry in ground.access(name) if entry in before] == before
            start = len(log)
            assert await cloud.grant_dataset(project, name, EDITOR, ground.member) is False
            assert [call.method for call in log[start:]] == ["bigquery.datasets.get"]


async def test_what_others_wrote_after_a_dataset_was_made_stays(play: Play) -> None:
    async with play("partial") as ground:
        cloud, project, log = ground.cloud, ground.project, ground.sandbox.world.calls
        await cloud.create_account(project, ACCOUNT_ID, "Klaviyo")
        await cloud.create_dataset(project, "NEW", "US", "", {})
        dataset = known(ground.sandbox.world.dataset(project, "NEW"))
        entry = {"role": "READER", "groupByEmail": "g@acme.example"}
        ground.sandbox.world.set_access(dataset, [*dataset.access, entry])
        start = len(log)
        assert await cloud.grant_dataset(project, "NEW", EDITOR, ground.member) is True
        verbs = [(call.method.rpartition(".")[2], call.status) for call in log[start:]]
        assert verbs == [("patch", 412), ("get", 200), ("patch", 200)]
        assert entry in ground.access("NEW")


async def test_a_dataset_whose_making_did_not_show_its_access_list_is_read(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    from google.cloud.bigquery import Dataset

    async with play("partial") as ground:
        cloud, project, log = ground.cloud, ground.project, ground.sandbox.world.calls
        await cloud.create_account(project, ACCOUNT_ID, "Klaviyo")
        shown = Dataset.to_api_repr
        monkeypatch.setattr(
            Dataset, "to_api_repr", lambda self: {k: v for k, v in shown(self).items() if k != "access"}
        )
        await cloud.create_dataset(project, "NEW", "US", "", {})
        start = len(log)
        assert await cloud.grant_dataset(project, "NEW", EDITOR, ground.member) is True
        assert [call.method.rpartition(".")[2] for call in log[start:]] == ["get", "patch"]


async def test_a_conditional_binding_is_neither_taken_for_the_grant_nor_touched(play: Play) -> None:
    async with play("partial") as ground:
        cloud, project = ground.cloud, ground.project
        auditor = "user:auditor@acme.example"
        held = [b for b in await cloud.project_bindings(project) if auditor in b.members and b.condition]
        role = held[0].role
        assert await cloud.remove_project_binding(project, role, auditor) is False
        assert await cloud.add_project_binding(project, role, auditor) is True
        assert await cloud.remove_project_binding(project, role, auditor) is True
        assert held[0] in await cloud.project_bindings(project)


async def test_accounts_and_keys_live_and_die(play: Play) -> None:
    async with play() as ground:
        cloud, project, email = ground.cloud, ground.project, ground.email
        assert await cloud.account(project, email) is None
        with problem() as found:
            await cloud.keys(project, email)
        assert found[0].kind is Kind.NOT_FOUND
        assert await cloud.create_account(project, ACCOUNT_ID, "KLAVIYO") is True
        assert await cloud.create_account(project, ACCOUNT_ID, "KLAVIYO") is False
        account = await cloud.account(project, email)
        assert account is not None
        assert (account.email, account.display_name, account.disabled) == (email, "KLAVIYO", False)
        assert account.unique_id.isdigit()
        key = await cloud.create_key(project, email)
        info = json.loads(key.reveal())
        assert info["client_email"] == email
        (listed,) = await cloud.keys(project, email)
        assert listed.id == info["private_key_id"]
        assert listed.expires is None
        assert listed.created.tzinfo is not None
        assert await cloud.delete_key(project, email, listed.id) is True
        assert await cloud.delete_key(project, email, listed.id) is False
        assert await cloud.delete_account(project, email) is True
        assert await cloud.delete_account(project, email) is False


async def test_the_private_key_stays_out_of_the_most_talkative_log(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    import google.cloud.iam_admin_v1  # its import sets up loggers, so it goes first

    assert google.cloud.iam_admin_v1
    loggers = [logging.getLogger(name) for name in ("", "google", "google.cloud.iam_admin_v1", "grpc", "urllib3")]
    levels = [(logger, logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.propagate = True
    try:
        async with play() as ground:
            key = json.loads((await ground.key()).reveal())
            async with ground.as_account(await ground.cloud.create_key(ground.project, ground.email)) as own:
                await own.authenticate()
            token = ground.cloud._token.found(1).credentials.token
    finally:
        for logger, level, propagate in levels:
            logger.setLevel(level)
            logger.propagate = propagate
    said = "".join(str(record.__dict__) for record in caplog.records)
    assert said
    assert key["private_key"].splitlines()[3] not in said
    assert token not in said
    # The library passes the answer to the log as a field, in base64.
    assert "private_key_data" not in said
    assert "privateKeyData" not in said


async def test_an_eleventh_key_is_refused_at_once(play: Play) -> None:
    async with play() as ground:
        await ground.cloud.create_account(ground.project, ACCOUNT_ID, "Klaviyo")
        for _ in range(10):
            await ground.cloud.create_key(ground.project, ground.email)
        calls = ground.calls("iam.serviceAccountKeys.create")
        with problem(Code.TOO_MANY_KEYS):
            await ground.cloud.create_key(ground.project, ground.email)
        assert ground.calls("iam.serviceAccountKeys.create") == calls + 1
        keys = await ground.cloud.keys(ground.project, ground.email)
        assert [key.created for key in keys] == sorted(key.created for key in keys)


async def test_an_account_id_google_does_not_take(play: Play) -> None:
    async with play() as ground:
        with problem(Code.ACCOUNT_ID_INVALID):
            await ground.cloud.create_account(ground.project, "short", "x")


async def test_the_account_acts_with_its_own_key_and_has_only_what_it_was_given(play: Play) -> None:
    async with play() as ground:
        cloud, project = ground.cloud, ground.project
        key = await ground.key()
        await cloud.create_dataset(project, TMP, "EU", "", {})
        async with ground.as_account(key) as own:
            await own.authenticate()
            assert (await own.identity()).principal == ground.email
            with problem(Code.JOB_USER_MISSING):
                await own.query(project, "SELECT 1", "EU")
            await cloud.add_project_binding(project, JOB_USER, ground.member)
            assert (await own.query(project, "SELECT 1 AS one", "EU")).rows == (("1",),)
            table = f"`{project}.{TMP}.t`"
            with problem(Code.TABLE_WRITE_DENIED):
                await own.query(project, f"CREATE TABLE {table} AS SELECT 1 AS x", "EU")
            await cloud.grant_dataset(project, TMP, EDITOR, ground.member)
            made = await own.query(project, f"CREATE TABLE {table} AS SELECT 1 AS x", "EU")
            assert made.columns == ()
            await own.query(project, f"INSERT INTO {table} (x) VALUES (2), (3)", "EU")
            result = await own.query(project, f"SELECT x FROM {table} ORDER BY x", "EU", max_rows=2)
            assert (result.columns, result.rows, result.location) == (("x",), (("1",), ("2",)), "EU")
            assert [table.name for table in await own.tables(project, TMP)] == ["t"]
            jobs = await own.recent_jobs(project, ground.email, limit=2)
            assert jobs[0].statement.startswith("SELECT x")
            assert len(jobs) == 2
        assert (await cloud.recent_jobs(project, ground.email))[0] == jobs[0]


async def test_a_dry_run_says_what_a_query_would_read_and_runs_nothing(play: Play) -> None:
    async with play("existing") as ground:
        tables = await ground.cloud.tables(ground.project, "KLAVIYO_IMPORT_FROM_DWH")
        sql = f"SELECT * FROM `{ground.project}.KLAVIYO_IMPORT_FROM_DWH.{tables[0].name}`"
        location = known(await ground.cloud.dataset(ground.project, "KLAVIYO_IMPORT_FROM_DWH")).location
        result = await ground.cloud.query(ground.project, sql, location, dry_run=True)
        assert result.rows == ()
        assert result.columns


async def test_values_of_every_kind_come_as_text(play: Play) -> None:
    async with play() as ground:
        sql = (
            "SELECT 1 AS i, 1.5 AS f, 'a' AS s, TRUE AS b, NULL AS n, DATE '2026-01-02' AS d, "
            "TIMESTAMP '2026-01-02 03:04:05.678901+00' AS t, [1, 2] AS a, STRUCT(1 AS x, 'y' AS z) AS r"
        )
        row = (await ground.cloud.query(ground.project, sql, "US")).rows[0]
        assert row[0] == "1"
        assert row[1] == "1.5"
        assert row[2] == "a"
        assert row[3] == "true"
        assert row[4] is None
        assert row[5] == "2026-01-02"
        assert row[6] == "2026-01-02 03:04:05.678901+00:00"
        assert json.loads(known(row[7])) == ["1", "2"]
        assert json.loads(known(row[8])) == {"x": "1", "z": "y"}


async def test_a_dataset_looked_for_in_the_wrong_location(play: Play) -> None:
    async with play("existing") as ground:
        sql = f"SELECT * FROM `{ground.project}.{TMP}.t`"
        with problem() as found:
            await ground.cloud.query(ground.project, sql, "asia-east1")
        assert found[0].code in ("KBQ-NOT-IN-LOCATION", "KBQ-TABLE-NOT-FOUND", "KBQ-DATASET-NOT-FOUND")


async def test_an_operator_who_may_only_look_is_told_which_permission_is_missing(play: Play) -> None:
    async with play("no-permission") as ground:
        cloud, project = ground.cloud, ground.project
        assert (await cloud.project(project)).id == project
        changes = {
            "bigquery.datasets.create": cloud.create_dataset(project, TMP, "US", "", {}),
            "iam.serviceAccounts.create": cloud.create_account(project, ACCOUNT_ID, "x"),
            "resourcemanager.projects.setIamPolicy": cloud.add_project_binding(
                project, JOB_USER, "user:someone@acme.example"
            ),
        }
        for permission, change in changes.items():
            with problem() as found:
                await change
            assert found[0].kind is Kind.NOT_PERMITTED, permission
            assert found[0].details.get("permission", permission) == permission
        assert ground.sandbox.world.writes() == []


async def test_a_project_that_is_not_there_reads_like_one_that_may_not_be_seen(play: Play) -> None:
    async with play() as ground:
        for call in (
            ground.cloud.project("no-such-project"),
            ground.cloud.project_bindings("no-such-project"),
            ground.cloud.test_permissions("no-such-project", ["resourcemanager.projects.get"]),
            ground.cloud.dataset("no-such-project", TMP),
            ground.cloud.account("no-such-project", "x-y-z-x@no-such-project.iam.gserviceaccount.com"),
            ground.cloud.billing_enabled("no-such-project"),
            ground.cloud.services("no-such-project", ["bigquery.googleapis.com"]),
        ):
            with problem() as found:
                await call
            assert found[0].kind in (Kind.NOT_PERMITTED, Kind.NOT_FOUND)


async def test_a_long_policy_and_a_long_access_list_are_read_whole(play: Play) -> None:
    async with play("large") as ground:
        assert len(await ground.cloud.project_bindings(ground.project)) >= 1_500
        dataset = known(await ground.cloud.dataset(ground.project, "KLAVIYO_IMPORT_FROM_DWH"))
        assert len(known(dataset.access)) >= 2_000


async def test_ten_thousand_datasets_are_listed(play: Play) -> None:
    async with play("fresh") as ground:
        world = ground.sandbox.world
        await ground.cloud.create_dataset(ground.project, "FIRST", "US", "", {})
        project = known(world.project(ground.project))
        for number in range(10_000):
            project.datasets[f"D{number}"] = project.datasets["FIRST"]
        assert len(await ground.cloud.dataset_names(ground.project)) == 10_001


@pytest.mark.parametrize("said", ["always", "auto", "never"])
async def test_the_choice_of_an_endpoint_for_client_certificates_does_not_lead_past_an_override(
    play: Play, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", said)
    async with play() as ground:
        assert await ground.cloud.create_dataset(ground.project, TMP, "US", "", {})
        assert await ground.cloud.create_account(ground.project, "klaviyo", "Klaviyo")
        assert await ground.cloud.delete_dataset(ground.project, TMP)


async def test_what_is_raised_before_anything_is_sent_is_no_answer_of_googles(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choke(*_: object, **__: object) -> None:
        raise KeyError("ours")

    async with play() as ground:
        await ground.cloud.identity()
        monkeypatch.setattr("kbq_tui.gcp.session.Session.request", choke)
        with problem(Code.UNEXPECTED) as found:
            await ground.cloud.project(ground.project)
        assert "KeyError: 'ours'" in str(found[0].cause)


async def test_a_client_that_cannot_be_made_is_no_answer_of_googles(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with play() as ground:
        monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "")
        with problem(Code.UNEXPECTED) as found:
            await ground.cloud.create_account(ground.project, ACCOUNT_ID, "")
        assert "EmptyUniverseError" in str(found[0].cause)


async def test_a_redirected_sign_in_is_a_login_page(play: Play) -> None:
    async with play() as ground:
        ground.fail("oauth2.token", "status", status=302, every=1)
        with problem(Code.CAPTIVE_PORTAL):
            await ground.cloud.project(ground.project)

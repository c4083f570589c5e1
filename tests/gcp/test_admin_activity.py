"""Who changed what: the answers of the Admin Activity audit log, against the sandbox."""

from datetime import UTC, datetime, timedelta

from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef
from tests.gcp.conftest import Play


async def test_each_kind_of_change_is_in_the_log_with_who_made_it(play: Play) -> None:
    async with play("existing") as ground:
        cloud, project, email = ground.cloud, ground.project, ground.email
        since = datetime.fromtimestamp(ground.sandbox.world.clock(), UTC) - timedelta(minutes=1)
        member = f"serviceAccount:{email}"
        await cloud.add_project_binding(project, "roles/bigquery.dataViewer", member)
        await cloud.grant_dataset(project, "KLAVIYO_TMP", "roles/bigquery.dataOwner", member)
        await cloud.create_key(project, email)
        made = (await cloud.keys(project, email))[-1].id
        await cloud.switch_key(project, email, made, on=False)

        (policy,) = await cloud.admin_changes(ProjectRef(project), since=since)
        assert policy.roles == frozenset({("roles/bigquery.dataViewer", member)})
        assert policy.who == ground.sandbox.operator
        (dataset,) = await cloud.admin_changes(DatasetRef(project, "KLAVIYO_TMP"), since=since)
        assert (dataset.roles, dataset.who) == (None, ground.sandbox.operator)
        assert dataset.method == "google.cloud.bigquery.v2.DatasetService.PatchDataset"
        off, on = await cloud.admin_changes(AccountRef(project, email), since=since)
        assert [c.method.rpartition(".")[2] for c in (on, off)] == [
            "CreateServiceAccountKey",
            "DisableServiceAccountKey",
        ]
        assert (on.key_id, off.key_id) == (made, made)
        assert await cloud.admin_changes(ProjectRef(project), since=since + timedelta(hours=1)) == ()

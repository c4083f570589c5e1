"""Who made a difference: what the audit log shows, and what is reported if it shows nothing."""

import asyncio
from datetime import timedelta

import pytest

from kbq_tui.engine.drift import Drift, DriftKind, Item, authors_to_json, drift_from_json, drift_to_json
from kbq_tui.engine.drift_authors import with_authors
from kbq_tui.model.admin_change import ADMIN_LOG_PERMISSION, AdminChange, AuthorSource
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_world import NOW as START
from tests.support.memory_world import PROJECT, SPEC, fault

ROLE = "roles/bigquery.jobUser"
SEEN = START + timedelta(minutes=10)
TAKEN = Drift(Item(DriftKind.GRANT, "", ROLE), "held", None, SEEN, START)
ADDED = Drift(Item(DriftKind.KEY, "", "k" * 40), None, "active", SEEN, START)
LABEL = Drift(Item(DriftKind.LABEL, "D", "team"), "shop", "x", SEEN, START)


def at(minutes: int, who: str, method: str = "SetIamPolicy", **more) -> AdminChange:
    return AdminChange(START + timedelta(minutes=minutes), who, method, **more)


def asked(google: MemoryCloud, *drift: Drift, now=SEEN) -> tuple[Drift, ...]:
    return asyncio.run(with_authors(SPEC, google, drift, now))


@pytest.fixture
def google() -> MemoryCloud:
    found = MemoryCloud()
    mine = frozenset({(ROLE, SPEC.member)})
    found.world.admin_changes = {
        ProjectRef(PROJECT): [
            at(8, "later@x", roles=frozenset({(ROLE, "user:other@x")})),
            at(5, "infra-bot@x", roles=mine),
            at(2, "earlier@x", roles=mine),
        ],
        AccountRef(PROJECT, SPEC.account_email): [
            at(6, "hr@x", "google.iam.admin.v1.CreateServiceAccountKey", key_id="z" * 40),
            at(4, "ops@x", "google.iam.admin.v1.CreateServiceAccountKey", key_id="k" * 40),
        ],
        DatasetRef(PROJECT, "D"): [
            at(7, "b@x", "google.cloud.bigquery.v2.DatasetService.PatchDataset"),
            at(3, "a@x", "google.cloud.bigquery.v2.DatasetService.PatchDataset"),
            at(-60, "old@x", "google.cloud.bigquery.v2.DatasetService.PatchDataset"),
        ],
    }
    return found


def test_what_an_entry_lists_tells_who_made_this_very_change(google: MemoryCloud) -> None:
    role, key = asked(google, TAKEN, ADDED)
    assert (role.author.who, role.author.at) == (("infra-bot@x",), START + timedelta(minutes=5))
    assert (key.author.who, key.author.at) == (("ops@x",), START + timedelta(minutes=4))
    assert str(role.author.text) == f"by infra-bot@x, {role.author.at:%Y-%m-%d %H:%M} UTC"


def test_everybody_who_changed_a_dataset_between_the_two_checks_is_named(google: MemoryCloud) -> None:
    (label,) = asked(google, LABEL)
    assert label.author.who == ("b@x", "a@x")
    assert "by one of b@x, a@x" in str(label.author.text)
    google.world.admin_changes[DatasetRef(PROJECT, "D")].pop(0)
    assert asked(google, LABEL)[0].author.who == ("a@x",)


def test_a_log_without_such_an_entry_is_asked_again_for_an_hour(google: MemoryCloud) -> None:
    google.world.admin_changes = {}
    (found,) = asked(google, TAKEN)
    assert found.author.source is AuthorSource.NO_ENTRY
    google.world.calls.clear()
    assert asked(google, found, now=SEEN + timedelta(hours=2)) == (found,)
    assert google.world.calls == []
    asked(google, found, now=SEEN + timedelta(minutes=2))
    assert "admin_changes" in google.world.calls


def test_who_may_not_read_the_log_is_told_the_role_and_the_log_is_not_asked(google: MemoryCloud) -> None:
    google.world.allowed = frozenset()
    (found,) = asked(google, TAKEN)
    assert found.author.source is AuthorSource.NOT_PERMITTED
    assert ADMIN_LOG_PERMISSION in str(found.author.text)
    assert "roles/logging.viewer" in str(found.author.text)
    assert "admin_changes" not in google.world.calls
    google.world.allowed = None
    assert asked(google, found)[0].author.who == ("infra-bot@x",), "once the role is there, it is looked up"


def test_a_log_that_cannot_be_read_leaves_it_unknown(google: MemoryCloud) -> None:
    google.world.faults["admin_changes"] = [fault("KBQ-API-DISABLED")]
    assert asked(google, TAKEN)[0].author.source is AuthorSource.UNREAD


def test_nothing_is_asked_where_nothing_differs_or_all_is_known(google: MemoryCloud) -> None:
    known = asked(google, TAKEN)
    google.world.calls.clear()
    assert asked(google, *known) == known
    assert asked(google) == ()
    assert google.world.calls == []


def test_an_author_is_kept_beside_the_differences_and_an_older_file_has_none(google: MemoryCloud) -> None:
    found = asked(google, TAKEN, ADDED, LABEL)
    listed, beside = drift_to_json(found), authors_to_json(found)
    assert drift_from_json(listed, beside) == found
    older = drift_from_json(listed)
    assert [d.author.source for d in older] == [AuthorSource.UNREAD] * 3
    assert drift_from_json(listed, [*beside[:2], ["x", "nobody", 1, "y"]])[2].author.source is AuthorSource.UNREAD

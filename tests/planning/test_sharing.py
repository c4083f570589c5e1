"""Two connections that share an account or a dataset with different needs are reported before anything is done."""

from dataclasses import replace

from kbq_tui.model.observed import AccessEntry, DatasetInfo, Observed, Present
from kbq_tui.model.spec import DATA_EDITOR, DATA_OWNER, DATA_VIEWER, ConnectionSpec, Direction
from kbq_tui.planning.diff import diff
from kbq_tui.planning.grants import over_grants
from tests.planning.worlds import SPEC, fresh

EXPORT = ConnectionSpec(SPEC.project, name="shop", direction=Direction.EXPORT, export_dataset="KLAVIYO_EXPORT")
WRITES = ConnectionSpec(SPEC.project, name="shop", direction=Direction.BOTH)


def seen(*others: ConnectionSpec, **roles: str) -> Observed:
    """A project with the account's roles on datasets, and other connections on this machine."""
    name = "KLAVIYO_IMPORT_FROM_DWH"
    info = DatasetInfo(name, "US", tuple(AccessEntry(role, SPEC.member) for role in roles.values()))
    return replace(fresh(), datasets={**fresh().datasets, name: Present(info)}, neighbours=others)


def shared(observed: Observed) -> list[str]:
    return [str(w.cause) for w in diff(SPEC, observed).warnings if w.code == "KBQ-SHARED-NEEDS"]


def test_the_same_account_with_other_needs_names_the_connection_and_both_needs() -> None:
    (cause,) = shared(seen(EXPORT))
    for words in ("Connection shop", SPEC.account_email, "dataEditor on KLAVIYO_EXPORT there"):
        assert words in cause
    assert "dataViewer on KLAVIYO_IMPORT_FROM_DWH here" in cause
    (cause,) = shared(seen(WRITES))
    assert "dataEditor on KLAVIYO_IMPORT_FROM_DWH there, dataViewer on KLAVIYO_IMPORT_FROM_DWH here" in cause


def test_what_the_other_connection_needs_is_not_taken_away() -> None:
    held = seen(WRITES, other=DATA_EDITOR, mine=DATA_VIEWER)
    assert over_grants(SPEC, held) == ()
    assert not [a for a in diff(SPEC, held, remove_over_grants=True).actions if a.is_removal]
    alone = replace(held, neighbours=())
    assert [g.role for g in over_grants(SPEC, alone)] == [DATA_EDITOR]
    assert [a for a in diff(SPEC, alone, remove_over_grants=True).actions if a.is_removal]


def test_what_neither_needs_is_still_too_much() -> None:
    assert [g.role for g in over_grants(SPEC, seen(WRITES, owner=DATA_OWNER))] == [DATA_OWNER]


def test_the_same_needs_and_other_projects_share_nothing() -> None:
    same = replace(SPEC, name="twin")
    elsewhere = replace(WRITES, project="other-project")
    assert shared(seen(same, elsewhere)) == []


def test_a_dataset_that_another_account_uses_for_something_else_is_told() -> None:
    other = replace(SPEC, name="shop", account_id="another-user", staging_dataset="KLAVIYO_IMPORT_FROM_DWH2")
    assert shared(seen(other)) == []
    staging = replace(other, import_dataset="CRM", staging_dataset="KLAVIYO_IMPORT_FROM_DWH")
    (cause,) = shared(seen(staging))
    assert cause == (
        "Connection shop uses dataset KLAVIYO_IMPORT_FROM_DWH, too, but for something else: staging there, import here."
    )

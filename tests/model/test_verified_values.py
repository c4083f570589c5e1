"""A verification is about the values of its time."""

from dataclasses import replace

from kbq_tui.model.spec import ConnectionSpec, Direction
from kbq_tui.model.verified_values import is_about, verified_values

SPEC = ConnectionSpec("acme-prod", location="EU")


def test_it_is_not_about_a_connection_whose_values_were_changed() -> None:
    kept = verified_values(SPEC)
    assert is_about(kept, SPEC)
    assert is_about(kept, replace(SPEC, location="US", key_file="/elsewhere.json"))
    assert not is_about(kept, replace(SPEC, project="acme-test"))
    assert not is_about(kept, replace(SPEC, import_dataset="OTHER"))
    assert not is_about(kept, replace(SPEC, account_id="another-account"))
    assert not is_about(kept, replace(SPEC, direction=Direction.BOTH))


def test_what_an_earlier_version_kept_is_taken_as_it_is() -> None:
    assert is_about({"ok": True}, SPEC)

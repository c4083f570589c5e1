"""`key rotate`, against the sandbox with a simulated Klaviyo."""

import json
from pathlib import Path

import pytest

from kbq_tui.sandbox.scenario import Scenario, load

P = "acme-klaviyo-demo"
EMAIL = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"


def busy(name: str) -> Scenario:
    """A scenario whose callers call each second, and change to a new key at once if they change at all."""
    scenario = load(name)
    for project in scenario.data["projects"]:
        for account in project.get("accounts", []):
            for caller in account.get("callers", []):
                caller |= {"every": 1.0} | ({"changes_after": 0} if "changes_after" in caller else {})
    return scenario


def remote(there) -> dict[str, bool]:
    return {key.id: key.disabled for key in there.sandbox.world.account(EMAIL).keys.values()}


def forget(there) -> None:
    """Make the log empty, as it is after its retention period: nobody has used a key."""
    there.sandbox.context.key_uses._found.clear()


def held(there) -> str:
    return json.loads(Path(there.key_options[1]).read_text())["private_key_id"]


def test_from_the_new_key_to_the_end_of_the_old_one(google, call):
    there = google(busy("klaviyo-changes-over"))
    old = held(there)
    first = call("key", "rotate", "--yes", "--wait", "2", *there.key_options)
    assert first.status == 0, first.err
    new = held(there)
    assert remote(there) == {old: False, new: False}
    path = there.key_options[1].replace(".json", ".next.json")
    assert path in first.out
    assert f":{path} ." in first.err
    assert "scp " in first.err
    assert "Klaviyo called with the new key (Klaviyo (52.206.71.52))" in first.err
    assert "within the last hour" in first.err
    assert "kbq-tui key rotate" in first.err
    assert not Path(path).exists()
    seen = call("status", *there.key_options)
    assert seen.status == 0
    assert "Klaviyo uses the new key, and the old one is not disabled yet" in seen.out
    assert "KBQ-KEY" not in call("plan", "--json", *there.key_options).out
    assert call("verify", *there.key_options).status == 0
    forget(there)
    second = call("key", "rotate", "--yes", *there.key_options)
    assert second.status == 0, second.err
    assert remote(there) == {old: True, new: False}
    assert "can be enabled again" in second.err
    last = call("key", "rotate", "--yes", "--grace", "0", *there.key_options)
    assert last.status == 0, last.err
    assert remote(there) == {new: False}
    assert "Done" in last.err


def test_klaviyo_that_does_not_change_ends_with_6_and_the_way_back(google, call):
    there = google(busy("klaviyo-never-changes"))
    old = held(there)
    waited = call("key", "rotate", "--yes", "--wait", "0", *there.key_options)
    assert waited.status == 6, waited.err
    assert "has not called with it yet; both keys work" in waited.err
    assert list(remote(there)) == [old, *[k for k in remote(there) if k != old]]
    assert len(remote(there)) == 2
    listed = call("key", "list", "--json", *there.key_options).json["keys"]
    assert [k["held_by"] for k in listed] == ["here", "here"]
    values = call("values", *there.key_options)
    assert there.key_options[1].replace(".json", ".next.json") in values.out
    assert "Next: kbq-tui key rotate  (once Klaviyo has the key)" in values.err
    assert call("values", "--json", *there.key_options).json["key_path"].endswith(".next.json")
    assert call("apply", "--yes", "--json", *there.key_options).lines[-1]["key_path"].endswith(".next.json")
    back = call("key", "rotate", "--rollback", "--yes", *there.key_options)
    assert back.status == 0, back.err
    assert call("values", "--json", *there.key_options).json["key_path"] == there.key_options[1]
    assert remote(there) == {old: False}
    assert held(there) == old
    assert "taken back" in back.err
    assert call("key", "rotate", "--rollback", "--yes", *there.key_options).status == 1


def test_another_user_of_the_old_key_is_named(google, call):
    there = google(busy("old-key-still-used"))
    out = call("key", "rotate", "--yes", "--wait", "2", *there.key_options)
    assert out.status in (0, 6), out.err  # the newest call with the old key may still be Klaviyo's
    call("key", "list", *there.key_options)  # by now the log is another second ahead, or will be within this loop
    uses = there.sandbox.context.key_uses
    uses._found = type(uses._found)((u for u in uses.all() if u.address != "52.206.71.52"), maxlen=uses._found.maxlen)
    again = call("key", "rotate", "--yes", *there.key_options)
    assert again.status == 6, again.err
    assert "KBQ-KEY-IN-USE" in again.err
    assert "203.0.113.7 (airflow)" in again.err
    assert not any(remote(there).values())


def test_where_the_log_is_closed_the_operator_confirms(google, call):
    there = google(busy("log-not-readable"))
    old = held(there)
    first = call("key", "rotate", "--yes", *there.key_options)
    assert first.status == 6, first.err
    assert "logging.privateLogEntries.list" in first.err
    assert "kbq-tui key rotate --confirmed" in first.err
    done = call("key", "rotate", "--yes", "--confirmed", "--grace", "0", *there.key_options)
    assert done.status == 0, done.err
    assert list(remote(there)) == [held(there)] != [old]


def test_json_is_a_stream_of_events_as_apply_s_with_a_summary(google, call):
    there = google(busy("klaviyo-never-changes"))
    ended = call("key", "rotate", "--yes", "--json", "--wait", "0", *there.key_options)
    assert ended.status == 6
    assert {line["schema"] for line in ended.lines} == {"kbq-tui/apply/v1"}
    *events, summary = ended.lines
    assert {"started", "finished", "progressed"} <= {line["event"] for line in events}
    assert (summary["event"], summary["ok"]) == ("summary", True)
    assert summary["key_path"].endswith(".next.json")
    rotation = summary["rotation"]
    assert (rotation["next"], rotation["finished"]) == ("hand-over", False)
    assert set(remote(there)) == {rotation["old"], rotation["new"]}


def test_without_a_terminal_to_ask_on_nothing_is_changed(google, call):
    there = google(busy("klaviyo-never-changes"))
    ended = call("key", "rotate", *there.key_options)
    assert ended.status == 2
    assert "--yes" in ended.err
    assert there.writes() == []


def test_at_the_limit_of_ten_nothing_is_made_and_what_can_go_is_named(google, call):
    there = google("ten-keys")
    keys = list(there.sandbox.world.account(EMAIL).keys.values())
    keys[4].disabled = True
    there.sandbox.world.account(EMAIL).keys = {k.id: k for k in keys}
    unknown = call("key", "rotate", "--yes")
    assert unknown.status == 1
    assert "KBQ-ROTATION-OLD-UNKNOWN" in unknown.err
    assert there.writes() == []


@pytest.mark.parametrize("option", [("--grace", "-1"), ("--wait", "x"), ("--grace", "nan")])
def test_what_cannot_be_right_is_refused(call, option):
    ended = call("key", "rotate", "--yes", "--project", P, *option)
    assert ended.status == 2
    assert option[0] in ended.err


def test_a_handed_over_key_is_replaced_too(google, call):
    google("fresh")
    assert call("apply", "--yes").status == 0
    (old,) = call("key", "list", "--json").json["keys"]
    assert call("key", "shred", "--yes").status == 0
    values = call("values")
    assert values.status == 0
    assert "handed over (shredded here)" in values.out
    assert "no key yet" not in values.out + values.err
    assert "shred" not in values.err
    first = call("key", "rotate", "--yes", "--wait", "0")
    assert first.status == 6, first.err
    assert "Location" not in first.out
    done = call("key", "rotate", "--yes", "--confirmed", "--grace", "0")
    assert done.status == 0, done.err
    (new,) = call("key", "list", "--json").json["keys"]
    assert new["id"] != old["id"]
    assert new["held_by"] == "here"

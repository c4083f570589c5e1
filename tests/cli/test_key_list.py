"""`key list`: who has each key, and when it was last used, against the sandbox."""

import json

import pytest

P = "acme-klaviyo-demo"
EMAIL = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"


def listed(call, there, *more: str) -> dict:
    ended = call("key", "list", "--json", *there.key_options, *more)
    assert ended.status == 0, ended.err
    return ended.json


def test_a_key_in_use_by_klaviyo_is_told_as_such(google, call):
    there = google("klaviyo-changes-over")
    found = listed(call, there)
    assert (found["schema"], found["complete"], found["left_out"]) == ("kbq-tui/keys/v2", True, [])
    (key,) = found["keys"]
    assert (key["state"], key["held_by"], key["expires"]) == ("active", "here", None)
    assert (key["last_used_source"], key["last_used_from"]) == ("audit", "52.206.71.52")
    assert key["last_used_by_klaviyo"] is True
    assert key["last_used"]
    assert key["warnings"] == ["older than 90 days: replace it"]
    text = call("key", "list", *there.key_options, "--max-age", "120")
    assert f"{key['id'][:12]}  " in text.out
    assert key["id"] not in text.out
    assert "100 days" in text.out
    assert "by Klaviyo (52.206.71.52)" in text.out
    assert "older than" not in text.err
    assert "audit log" in text.err


def test_without_the_log_the_metric_tells_when_and_the_permission_is_named(google, call):
    there = google("log-not-readable")
    found = listed(call, there)
    (key,) = found["keys"]
    assert (key["last_used_source"], key["last_used_from"], key["last_used_by_klaviyo"]) == ("metric", None, None)
    assert key["last_used"]
    assert found["complete"] is False
    assert "logging.privateLogEntries.list" in json.dumps(found["left_out"])
    text = call("key", "list", *there.key_options)
    assert "roles/logging.privateLogViewer" in text.err
    assert "does not tell from where" in text.err


def test_what_no_source_tells_is_unknown_and_shown_as_such(google, call):
    there = google("log-not-readable")
    bindings = there.sandbox.world.projects[P].policy.bindings
    there.sandbox.world.projects[P].policy.bindings = [b for b in bindings if "monitoring" not in b["role"]]
    found = listed(call, there)
    (key,) = found["keys"]
    assert (key["last_used_source"], key["last_used"]) == ("unknown", None)
    assert len(found["left_out"]) == 3
    text = call("key", "list", *there.key_options)
    assert text.out.splitlines()[1].endswith(" ?")
    assert "not known" in text.err


def test_a_disabled_key_an_expired_one_and_one_without_use(google, call):
    there = google("ten-keys")
    world = there.sandbox.world
    first, second, *_ = world.account(EMAIL).keys.values()
    first.disabled = True
    second.expires = world.clock() - 60
    keys = {k["id"]: k for k in listed(call, there)["keys"]}
    assert keys[first.id]["state"] == "disabled"
    assert keys[second.id]["state"] == "expired"
    assert "expired on" in " ".join(keys[second.id]["warnings"])
    idle = [k for k in keys.values() if any("idle for 30 days" in w for w in k["warnings"])]
    assert len(idle) == 9  # a disabled one may be unused
    assert all(k["held_by"] is None and k["last_used"] is None for k in keys.values())
    assert "not seen" in call("key", "list").out


def test_one_round_of_calls_however_many_keys(google, call):
    there = google("ten-keys")
    listed(call, there)
    methods = [c.method for c in there.sandbox.world.calls]
    assert methods.count("logging.entries.list") == 10
    assert methods.count("cloudresourcemanager.projects.testIamPermissions") == 1


def test_a_key_that_google_does_not_list_yet_counts_and_is_named(google, call, monkeypatch: pytest.MonkeyPatch):
    there = google("fresh")
    monkeypatch.setitem(there.sandbox.world.delays, "key_list", 3600.0)
    assert call("apply", "--yes").status == 0
    body = call("key", "list", "--json").json
    assert (body["keys"], body["complete"]) == ([], False)
    said = call("key", "list").err
    assert "Google does not list it yet" in said
    assert "1 of 10 keys" in said

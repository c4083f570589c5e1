"""A command is a template with values, and has its undo; it is rendered once."""

import shlex

import pytest

from kbq_tui.model.command import Command

GRANT = Command(
    "gcloud projects add-iam-policy-binding {project} --member={role_holder} --role={role} {bindings}",
    ("gcloud projects remove-iam-policy-binding {project} --member={role_holder} --role={role} {bindings}",),
)
KNOWN = {"project": "acme-prod", "role_holder": "user:jo@example.com", "role": "roles/viewer", "dataset": "D"}


def test_a_blank_without_a_value_is_a_placeholder_and_named_as_missing() -> None:
    assert str(GRANT) == (
        "gcloud projects add-iam-policy-binding PROJECT_ID --member=serviceAccount:SERVICE_ACCOUNT_EMAIL --role=ROLE "
        "--condition=None"
    )
    assert GRANT.missing == GRANT.blanks == ("project", "role_holder", "role", "bindings")
    assert GRANT.filled(KNOWN).missing == ("bindings",)


def test_what_takes_it_back_has_the_same_values() -> None:
    (undo,) = GRANT.filled(KNOWN).changed(bindings="--all").undone_by
    assert str(undo) == (
        "gcloud projects remove-iam-policy-binding acme-prod --member=user:jo@example.com --role=roles/viewer --all"
    )
    assert undo.undone_by == ()


def test_values_that_it_has_stay_where_more_become_known() -> None:
    command = GRANT.filled(KNOWN).filled({"project": "other-proj", "bindings": "--all"})
    assert str(command) == (
        "gcloud projects add-iam-policy-binding acme-prod --member=user:jo@example.com --role=roles/viewer --all"
    )
    assert "dataset" not in command.values


def test_a_template_may_stand_in_place_of_a_blank() -> None:
    own = GRANT.using(role_holder="{operator_member}", role="roles/browser")
    assert own.blanks == ("project", "operator_member", "bindings")
    assert own.undone_by[0].blanks == own.blanks


@pytest.mark.parametrize("value", ["a;b", "$(id)", "x y", "a'b", "`id`", "a\nb", '"'])
@pytest.mark.parametrize("name", ["project", "role", "role_holder"])
def test_a_value_that_does_not_fit_leaves_the_placeholder(name: str, value: str) -> None:
    command = GRANT.filled({**KNOWN, name: value})
    assert name in command.missing
    assert value not in str(command)


def test_a_value_is_one_word_for_the_shell() -> None:
    copy = Command("cp {path} {path}.old", values={"path": "/home/jo/my keys/$(id)"})
    assert shlex.split(str(copy)) == ["cp", "/home/jo/my keys/$(id)", "/home/jo/my keys/$(id).old"]
    show = Command("bq show {project}:{dataset}.{table}", values={**KNOWN, "table": "two words"})
    assert shlex.split(str(show)) == ["bq", "show", "acme-prod:D.two words"]


def test_the_statement_stands_alone_and_inside_of_the_line() -> None:
    statement = "SELECT 1 FROM `{project}.{dataset}.{table}`"
    query = Command(f"bq --location={{location}} query '{statement}'", statement=statement).filled(
        {**KNOWN, "table": "two words"}
    )
    assert query.sql == "SELECT 1 FROM `acme-prod.D.two words`"
    assert shlex.split(str(query))[-1] == query.sql
    assert str(query.without("--location={location}")).startswith("bq query ")


def test_a_command_of_ours_says_which_connection_it_means() -> None:
    plan = Command("kbq-tui plan")
    named = plan.about("prod --config '/etc/{our} own.toml'")
    assert str(named) == "kbq-tui plan prod --config '/etc/{our} own.toml'"
    assert named.about("") == named
    assert str(plan.about("prod").about("--config x")) == "kbq-tui plan prod --config x"


def test_two_of_the_same_kind_are_alike_whatever_they_are_filled_with() -> None:
    assert GRANT.filled(KNOWN).is_like(GRANT)
    assert not GRANT.is_like(GRANT.undone_by[0])
    assert len({GRANT, GRANT.filled(KNOWN)}) == 2

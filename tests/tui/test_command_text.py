"""Commands are coloured, and broken between their arguments."""

import pytest

from kbq_tui.tui.command_text import command_text

GCLOUD = (
    "gcloud projects add-iam-policy-binding acme-analytics-prod --member=serviceAccount:klaviyo@acme.example "
    "--role=roles/bigquery.jobUser --condition=None"
)
BQ = "bq --location=EU query --use_legacy_sql=false 'GRANT `roles/bigquery.dataEditor` ON SCHEMA `acme.KLAVIYO_TMP`'"
SQL = 'SELECT object_name\nFROM `acme`.`region-eu`.INFORMATION_SCHEMA.OBJECT_PRIVILEGES\nWHERE grantee = "it\'s"'


@pytest.mark.parametrize("command", [GCLOUD, BQ, SQL, "", "echo 'not closed", "a\x1b[31mb"])
@pytest.mark.parametrize("width", [0, 36, 76])
def test_nothing_of_a_command_is_lost(command: str, width: int) -> None:
    shown = command_text(command, width).plain
    assert "\x1b" not in shown
    assert "".join(shown.split()) == "".join(command.replace("\x1b", "").split()) or "\x1b" in command


def test_it_is_broken_between_arguments_and_set_in() -> None:
    lines = command_text(GCLOUD, 60).plain.split("\n")
    assert lines[0] == "gcloud projects add-iam-policy-binding acme-analytics-prod"
    assert [line[:4] for line in lines[1:]] == ["  --"] * (len(lines) - 1)
    assert all(len(line) <= 60 for line in lines)


def test_what_is_quoted_stays_together() -> None:
    assert "'GRANT `roles/bigquery.dataEditor` ON SCHEMA `acme.KLAVIYO_TMP`'" in command_text(BQ, 70).plain


def test_program_options_and_values_have_different_styles() -> None:
    shown = command_text(GCLOUD)
    styles = {shown.plain[span.start : span.end]: str(span.style) for span in shown.spans}
    assert styles["gcloud"] == "bold $primary"
    assert styles["--role="] == "$secondary"
    assert styles["roles/bigquery.jobUser"] == "$primary"

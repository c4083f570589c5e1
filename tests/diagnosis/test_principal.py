"""The remedy is for the refused principal, and names what the text names."""

import pytest

from kbq_tui.diagnosis.recognise import recognise_text
from kbq_tui.model.problem import Context, Problem

HERE = Context("mine-123456", "own@mine-123456.iam.gserviceaccount.com", "KLAVIYO_TMP", "EU", "jo@mine.example")
LOADER = "loader@acme-prod-123.iam.gserviceaccount.com"
DATASET = "acme-prod-123:KLAVIYO_IMPORT_FROM_DWH"


def said(problem: Problem) -> str:
    return "\n".join((str(problem.title), str(problem.cause), *map(str, problem.remedy), str(problem.who)))


def refusal(principal: str, permission: str, what: str = f"dataset {DATASET}") -> str:
    return f"Access Denied: Dataset {DATASET}: The user {principal} does not have {permission} permission for {what}."


@pytest.mark.parametrize(
    ("permission", "role"),
    [
        ("bigquery.datasets.get", "roles/bigquery.dataViewer"),
        ("bigquery.tables.getData", "roles/bigquery.dataViewer"),
        ("bigquery.tables.updateData", "roles/bigquery.dataEditor"),
        ("bigquery.routines.get", "roles/bigquery.metadataViewer"),
    ],
)
def test_a_service_account_that_was_refused_gets_the_role_on_the_dataset(permission: str, role: str) -> None:
    text = said(recognise_text(refusal(LOADER, permission), HERE))
    assert role in text
    assert f"serviceAccount:{LOADER}" in text
    assert "YOUR_EMAIL" not in text
    assert "KLAVIYO_IMPORT_FROM_DWH" in text


def test_a_person_who_was_refused_is_named_as_a_person() -> None:
    text = said(recognise_text(refusal("ann@acme.example", "bigquery.datasets.get"), HERE))
    assert "user:ann@acme.example" in text
    assert HERE.operator not in text


@pytest.mark.parametrize(
    "text",
    [
        refusal(LOADER, "bigquery.datasets.get"),
        "Access Denied: Project acme-prod-123: User does not have bigquery.jobs.create permission in project "
        "acme-prod-123.",
        "Not found: Dataset acme-prod-123:crm was not found in location US",
        "Not found: Email loader@acme-prod-123.iam.gserviceaccount.com",
        "Your administrator requires that you specify an encryption key for queries in project acme-prod-123.",
    ],
)
def test_a_text_about_another_connection_takes_nothing_from_this_one(text: str) -> None:
    problem = recognise_text(text, HERE)
    shown = said(problem)
    assert problem.code != "KBQ-UNRECOGNISED"
    assert "acme-prod-123" in shown
    for own in (HERE.project, HERE.account, HERE.operator):
        assert own not in shown


def test_a_text_without_a_project_speaks_of_yours() -> None:
    problem = recognise_text("403 Permission 'bigquery.jobs.create' denied: User does not have permission", HERE)
    assert HERE.project not in said(problem)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ('{"error": {"code": 503, "message": "unavailable", "status": "UNAVAILABLE"}}', "KBQ-GOOGLE-UNAVAILABLE"),
        ('{"error": {"code": 400, "message": "bad", "status": "INVALID_ARGUMENT"}}', "KBQ-IMPERSONATION-INVALID"),
        ('{"error": {"code": 403, "message": "denied", "status": "PERMISSION_DENIED"}}', "KBQ-IMPERSONATION-DENIED"),
    ],
)
def test_the_status_inside_an_impersonation_error_decides(status: str, code: str) -> None:
    text = f"google.auth.exceptions.RefreshError: ('Unable to acquire impersonated credentials', '{status}')"
    assert recognise_text(text, HERE).code == code


@pytest.mark.parametrize(
    "agent",
    [
        "bq-123456789012@bigquery-encryption.iam.gserviceaccount.com",
        "service-123456789012@gcp-sa-bigquerydatatransfer.iam.gserviceaccount.com",
    ],
)
def test_an_account_of_googles_is_never_to_be_created(agent: str) -> None:
    problem = recognise_text(f"Service account {agent} does not exist.", HERE)
    assert "service-accounts create" not in said(problem)
    assert agent in said(problem)


def test_the_agent_of_a_refused_key_gets_the_key_and_not_the_operator() -> None:
    agent = "bq-123456789012@bigquery-encryption.iam.gserviceaccount.com"
    text = (
        "Access Denied: BigQuery BigQuery: Cloud KMS Error: Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' "
        "denied on resource 'projects/acme-sec-001/locations/us/keyRings/kr/cryptoKeys/k' (or it may not exist). "
        f"Please grant Cloud KMS CryptoKey Encrypter/Decrypter role to BigQuery service account: {agent}"
    )
    shown = said(recognise_text(text, HERE))
    for part in (f"serviceAccount:{agent}", "roles/cloudkms.cryptoKeyEncrypterDecrypter", "acme-sec-001", "kr"):
        assert part in shown
    assert "YOUR_EMAIL" not in shown

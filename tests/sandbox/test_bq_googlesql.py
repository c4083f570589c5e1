"""GoogleSQL's documented examples: the sandbox answers each as its page does, or says that it cannot."""

from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery
from google.oauth2 import service_account

from kbq_tui.sandbox.server import Sandbox
from tests.sandbox.googlesql_examples import ERROR, EXAMPLES, REFUSED


@pytest.fixture(scope="module")
def client():
    with Sandbox("fresh") as sandbox:
        credentials = service_account.Credentials.from_service_account_file(
            str(sandbox.key_file), scopes=["https://www.googleapis.com/auth/cloud-platform"]
        )
        yield bigquery.Client(sandbox.project, credentials, client_options={"api_endpoint": sandbox.url})


@pytest.mark.parametrize("page", EXAMPLES)
def test_an_example_is_answered_as_on_its_page_or_refused(client, page):
    wrong: list[tuple[str, Any, Any]] = []
    for expression, wanted in EXAMPLES[page]:
        try:
            job = client.query(f"SELECT {expression}", retry=None, job_retry=None)
            ((found,),) = [row.values() for row in job.result(retry=None)]
        except BadRequest as error:
            message = error.errors[0]["message"]
            if wanted not in (ERROR, REFUSED) or (wanted == REFUSED and REFUSED not in message):
                wrong.append((expression, wanted, message))
            continue
        if type(found) is not type(wanted) or found != wanted:
            wrong.append((expression, wanted, found))
    assert wrong == []


def test_there_are_enough_examples_and_most_are_answered():
    wanted = [answer for rows in EXAMPLES.values() for _, answer in rows]
    assert len(wanted) >= 400
    assert sum(answer == REFUSED for answer in wanted) <= len(wanted) / 8

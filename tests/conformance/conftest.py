"""Google's own client library against the sandbox: the unmodified client, and nothing of ours.

The calls and expectations are those of google-cloud-bigquery's system tests and samples, as far as the sandbox serves
them (CONTRIBUTING.md, "What a client may expect of the sandbox"), in our own words.
"""

import itertools
from collections.abc import Callable, Iterator

import pytest
from google.api_core.client_options import ClientOptions
from google.cloud import bigquery
from google.oauth2 import service_account

from kbq_tui.sandbox.server import Sandbox

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("fresh") as running:
        yield running


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Iterator[bigquery.Client]:
    """An unmodified client, signed in as the project's owner."""
    credentials = service_account.Credentials.from_service_account_file(str(sandbox.key_file))
    options = ClientOptions(api_endpoint=sandbox.url)
    with bigquery.Client(sandbox.project, credentials, client_options=options) as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def dataset(client: bigquery.Client) -> bigquery.Dataset:
    """A dataset that every module finds, whichever of its tests comes first: SQL names it without this fixture."""
    return client.create_dataset("conformance")


@pytest.fixture
def name() -> str:
    """A table name that no other test uses."""
    return f"t{next(_NUMBERS)}"


@pytest.fixture
def table_id(dataset: bigquery.Dataset, name: str) -> str:
    return f"{dataset.project}.{dataset.dataset_id}.{name}"


@pytest.fixture
def rows(client: bigquery.Client) -> Callable[..., list[tuple[object, ...]]]:
    """Run a query and return its rows."""

    def run(sql: str, *parameters: object, **options: object) -> list[tuple[object, ...]]:
        config = bigquery.QueryJobConfig(query_parameters=list(parameters), **options)
        return [row.values() for row in client.query(sql, job_config=config).result()]

    return run

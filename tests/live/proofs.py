"""How the proofs of beliefs call Google, and the list of them."""

import secrets
import time
from collections.abc import Callable
from typing import Any

import google.auth
import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

from kbq_tui.gcp.endpoints import Endpoints
from tests.live.conftest import LiveProject
from tests.support.polling import PATIENCE

JSON = dict[str, Any]
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class GoogleRest:
    """Plain REST as the operator, in a dataset and an account created for this."""

    def __init__(self, ground: LiveProject) -> None:
        self.ground, self.at = ground, Endpoints.from_env(ground.env)
        key = "" if ground.live else ground.env["GOOGLE_APPLICATION_CREDENTIALS"]
        found = (
            service_account.Credentials.from_service_account_file(key, scopes=[SCOPE])
            if key
            else google.auth.default(scopes=[SCOPE])[0]
        )
        self.session = AuthorizedSession(found)
        self.project = ground.spec.project
        self.datasets = f"{self.at.bigquery}/bigquery/v2/projects/{self.project}/datasets"
        self.dataset = f"{self.datasets}/{ground.spec.import_dataset}"
        self.accounts = f"{self.at.iam}/v1/projects/{self.project}/serviceAccounts"
        self.account = f"{self.accounts}/{ground.spec.account_email}"
        self.nobody = ground.spec.account_email.replace("kbq-live", "kbq-none")

    def ask(self, verb: str, url: str, body: Any = None, **more: Any) -> requests.Response:
        """Call once, or again while the dataset has been updated too often: five times in ten seconds."""
        until = time.monotonic() + PATIENCE
        while True:
            answer = self.once(verb, url, body, **more)
            if verb != "PATCH" or "rateLimitExceeded" not in answer.text or time.monotonic() > until:
                return answer
            time.sleep(1)

    def once(self, verb: str, url: str, body: Any = None, **more: Any) -> requests.Response:
        """Call once."""
        return self.session.request(verb, url, json=body, timeout=PATIENCE, **more)

    def get(self, url: str, **query: str) -> JSON:
        answer = self.ask("GET", url, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def query(self, sql: str, **more: Any) -> JSON:
        url = self.datasets.removesuffix("/datasets") + "/queries"
        answer = self.ask("POST", url, {"query": sql, "useLegacySql": False, **more})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refusal(self, verb: str, url: str, body: Any = None, **more: Any) -> JSON:
        answer = self.ask(verb, url, body, **more)
        assert answer.status_code >= 400, answer.text
        return dict(answer.json()["error"])

    def access(self) -> list[JSON]:
        return list(self.get(self.dataset)["access"])

    def patched(self, **body: Any) -> JSON:
        answer = self.ask("PATCH", self.dataset, body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


PROOFS: dict[str, Callable[[GoogleRest], None]] = {}


def eventually(ask: Callable[[], requests.Response], seconds: float) -> requests.Response:
    """Return the answer once it is not a 404: a new table accepts no rows at first."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer.status_code != 404 or time.monotonic() > deadline:
            return answer
        time.sleep(1)


def proves(belief: str) -> Callable[[Callable[[GoogleRest], None]], Callable[[GoogleRest], None]]:
    def note(proof: Callable[[GoogleRest], None]) -> Callable[[GoogleRest], None]:
        PROOFS[belief] = proof
        return proof

    return note


def with_table(there: GoogleRest, work: Callable[[str], None]) -> None:
    """Call `work` with a table of two INT64 columns and three rows, in the form ``DATASET.TABLE``."""
    name = f"{there.dataset.rpartition('/')[2]}.t{secrets.token_hex(4)}"
    there.query(f"CREATE TABLE `{name}` AS SELECT x, x AS y FROM UNNEST([1, 2, 3]) AS x")
    try:
        work(name)
    finally:
        there.query(f"DROP TABLE `{name}`")


def refused(there: GoogleRest, sql: str) -> bool:
    """Whether a dry run of a query is refused with 400 invalidQuery."""
    body = {"query": sql, "useLegacySql": False, "dryRun": True}
    answer = there.ask("POST", there.datasets.removesuffix("/datasets") + "/queries", body)
    return answer.status_code == 400 and answer.json()["error"]["errors"][0]["reason"] == "invalidQuery"


def value(there: GoogleRest, expression: str) -> str:
    """The value of an expression, as the API writes it."""
    (cell,) = there.query(f"SELECT {expression}")["rows"][0]["f"]
    return str(cell["v"])

"""What the checks of one verification share: the connection, the clouds to ask, and what is known so far."""

from dataclasses import replace
from typing import Any

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import Cloud, Ports
from kbq_tui.engine.waiting import Waits
from kbq_tui.model.checks import CheckResult
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import Judged
from kbq_tui.model.observed import DatasetInfo
from kbq_tui.model.problem import Context, Problem, ProblemError
from kbq_tui.model.refs import DatasetRef
from kbq_tui.model.spec import ConnectionSpec, RequiredDataset
from kbq_tui.planning.diff import context_of


class CheckContext:
    """The connection, the clouds to ask, and what is known so far.

    Args:
        spec: the connection.
        ports: the outside world; `ports.cloud` is Google as the operator sees it.
        waits: our own recent changes.
        wanted: the right location of the datasets; empty if not known.
        neighbours: the other connections of this machine.
        rotating: the ids of keys that a rotation is about to disable.

    Attributes:
        account_cloud: Google as the service account sees it; None until the key has been read.
        used_key: the id of the key that the checks sign in with; empty until it has been read.
        signed_in: whether the key has signed in.
        location: the location of queries that are about no particular dataset.
        locations: each dataset's location, as far as it is known.
        looked: each dataset as it was read; None if it does not exist, or why it could not be read.
        results: the checks that have ended, by id.
        inserted: the verdict on the last INSERT into the staging dataset; None before the first.
    """

    def __init__(
        self,
        spec: ConnectionSpec,
        ports: Ports,
        waits: Waits,
        *,
        wanted: str = "",
        neighbours: tuple[ConnectionSpec, ...] = (),
        rotating: tuple[str, ...] = (),
    ) -> None:
        self.spec = spec
        self.ports = ports
        self.waits = waits
        self.wanted = self.location = wanted
        self.neighbours = neighbours
        self.rotating = rotating
        self.account_cloud: Cloud | None = None
        self.used_key = ""
        self.signed_in = False
        self.locations: dict[str, str] = {}
        self.looked: dict[str, DatasetInfo | Problem | None] = {}
        self.results: dict[str, CheckResult] = {}
        self.inserted: Judged | None = None

    @property
    def cloud(self) -> Cloud:
        """Google as the service account sees it; available after the key has been read."""
        assert self.account_cloud is not None
        return self.account_cloud

    @property
    def facts(self) -> Context:
        """The values for problems: the connection, with the service account as the caller."""
        return replace(context_of(self.spec, self.location), acting_as="service-account")

    def ref(self, dataset: RequiredDataset) -> DatasetRef:
        """Return the reference to a dataset of the connection."""
        return DatasetRef(self.spec.project, dataset.name)

    def where(self, dataset: str) -> str:
        """Return the location of a dataset of the connection; if not known, that of the others."""
        return self.locations.get(dataset) or self.location

    def seen(self, dataset: RequiredDataset) -> DatasetInfo | None:
        """Return a dataset as it was read with all the others; None if it does not exist.

        Raises:
            ProblemError: why it could not be read.
        """
        info = self.looked[dataset.name]
        if isinstance(info, Problem):
            raise ProblemError(info)
        return info

    def problem(self, code: Code, **details: Any) -> Problem:
        """Return an entry of the catalogue, filled with the connection and with details such as `dataset`."""
        facts = replace(self.facts, location=self.where(str(details.get("dataset", ""))))
        return catalogue.problem(code, facts, **details)

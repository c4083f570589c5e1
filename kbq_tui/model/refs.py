"""References to resources: a project, one of its APIs, a service account, a dataset, a table."""

from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True, order=True)
class ProjectRef:
    """A project."""

    project: str

    @property
    def name(self) -> str:
        """The full name, as in plans and the journal."""
        return f"projects/{self.project}"

    @property
    def words(self) -> Message:
        """Its name in a sentence."""
        return message("project {project}", project=self.project)


@dataclass(frozen=True, slots=True, order=True)
class ServiceRef:
    """An API of a project, such as `bigquery.googleapis.com`."""

    project: str
    service: str

    @property
    def name(self) -> str:
        """The full name, as in plans and the journal."""
        return f"projects/{self.project}/services/{self.service}"


@dataclass(frozen=True, slots=True, order=True)
class AccountRef:
    """A service account, by its e-mail; also the reference for its keys."""

    project: str
    email: str

    @property
    def name(self) -> str:
        """The full name, as in plans and the journal."""
        return self.email


@dataclass(frozen=True, slots=True, order=True)
class DatasetRef:
    """A dataset."""

    project: str
    dataset: str

    @property
    def name(self) -> str:
        """The full name, as in plans and the journal."""
        return f"{self.project}:{self.dataset}"

    @property
    def words(self) -> Message:
        """Its name in a sentence."""
        return message("dataset {dataset}", dataset=self.dataset)


@dataclass(frozen=True, slots=True, order=True)
class TableRef:
    """A table or view."""

    project: str
    dataset: str
    table: str

    @property
    def name(self) -> str:
        """The full name, as in plans and the journal."""
        return f"{self.project}:{self.dataset}.{self.table}"

    @property
    def words(self) -> Message:
        """Its name in a sentence."""
        return message("table {table}", table=f"{self.dataset}.{self.table}")


Grantable = ProjectRef | DatasetRef | TableRef
"""Resources on which a role can be held."""

Ref = Grantable | ServiceRef | AccountRef
"""Resources that an action can change."""

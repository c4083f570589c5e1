"""What is changed, or a role is held on: a project, an API of it, a service account, a dataset, a table."""

from dataclasses import dataclass

from kbq_tui.i18n.messages import Message, message


@dataclass(frozen=True, slots=True, order=True)
class ProjectRef:
    """A project."""

    project: str

    @property
    def name(self) -> str:
        """The full name, as plans and the journal have it."""
        return f"projects/{self.project}"

    @property
    def words(self) -> Message:
        """What it is called in a sentence."""
        return message("project {project}", project=self.project)


@dataclass(frozen=True, slots=True, order=True)
class ServiceRef:
    """An API of a project, such as `bigquery.googleapis.com`."""

    project: str
    service: str

    @property
    def name(self) -> str:
        """The full name, as plans and the journal have it."""
        return f"projects/{self.project}/services/{self.service}"


@dataclass(frozen=True, slots=True, order=True)
class AccountRef:
    """A service account, by its e-mail; its keys are changed at it, too."""

    project: str
    email: str

    @property
    def name(self) -> str:
        """The full name, as plans and the journal have it."""
        return self.email


@dataclass(frozen=True, slots=True, order=True)
class DatasetRef:
    """A dataset."""

    project: str
    dataset: str

    @property
    def name(self) -> str:
        """The full name, as plans and the journal have it."""
        return f"{self.project}:{self.dataset}"

    @property
    def words(self) -> Message:
        """What it is called in a sentence."""
        return message("dataset {dataset}", dataset=self.dataset)


@dataclass(frozen=True, slots=True, order=True)
class TableRef:
    """A table or view."""

    project: str
    dataset: str
    table: str

    @property
    def name(self) -> str:
        """The full name, as plans and the journal have it."""
        return f"{self.project}:{self.dataset}.{self.table}"

    @property
    def words(self) -> Message:
        """What it is called in a sentence."""
        return message("table {table}", table=f"{self.dataset}.{self.table}")


Grantable = ProjectRef | DatasetRef | TableRef
"""What a role can be held on."""

Ref = Grantable | ServiceRef | AccountRef
"""What an action changes."""

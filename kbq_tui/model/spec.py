"""The operator's wish: one connection between Klaviyo and a BigQuery project, validated."""

import re
from dataclasses import replace
from enum import StrEnum
from typing import Final

from kbq_tui.i18n.messages import Message, grouped, message
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.secret import is_key_line, scrub, scrub_typed

IMPORT_DATASET: Final = "KLAVIYO_IMPORT_FROM_DWH"
STAGING_DATASET: Final = "KLAVIYO_TMP"
ACCOUNT_ID: Final = "klaviyo-data-transfer-user"
ACCOUNT_DISPLAY_NAME: Final = "KLAVIYO_DATA_TRANSFER_USER"
DEFAULT_LOCATION: Final = "US"
LABELS: Final = {"created-by": "kbq-tui"}
"""The label on what we create, so that teardown can tell it from what existed before."""

DATA_VIEWER: Final = "roles/bigquery.dataViewer"
DATA_EDITOR: Final = "roles/bigquery.dataEditor"
DATA_OWNER: Final = "roles/bigquery.dataOwner"
JOB_USER: Final = "roles/bigquery.jobUser"

REQUIRED_SERVICES: Final = (
    "bigquery.googleapis.com",
    "iam.googleapis.com",
    "cloudresourcemanager.googleapis.com",
)
"""APIs that the set-up or Klaviyo's connection needs."""

_PROJECT: Final = pattern(
    r"(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)+:)?[a-z](?:[-a-z0-9]*[a-z0-9])"
)
_DATASET: Final = pattern(r"[A-Za-z0-9_]{1,1024}")
_ACCOUNT: Final = pattern(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_ACTED_AS = pattern(r"[A-Za-z0-9][A-Za-z0-9.-]*@[A-Za-z0-9.-]+\.[a-z]+|\d{10,30}", re.ASCII)
_EMAIL: Final = pattern(r"[^\s@]+@[^\s@]+")
_LOCATION: Final = pattern(r"(?:US|EU|[a-z]+(?:-[a-z]+)+[0-9]{1,2})")
_NAME: Final = pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Direction(StrEnum):
    """The direction of the data; the roles follow from it."""

    IMPORT = "import"
    EXPORT = "export"
    BOTH = "both"

    @property
    def imports(self) -> bool:
        """Whether Klaviyo reads from BigQuery."""
        return self is not Direction.EXPORT

    @property
    def exports(self) -> bool:
        """Whether Klaviyo writes to BigQuery."""
        return self is not Direction.IMPORT


class InvalidValueError(ValueError):
    """A typed value that cannot be right.

    Attributes:
        field: the field's name as in `ConnectionSpec`.
        reason: one sentence that says what is wrong and what would be right.
    """

    def __init__(self, field: str, reason: Message) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def check_project(value: str) -> Message | None:
    """Return why `value` cannot be a project id, or None.

    Source: https://cloud.google.com/resource-manager/docs/creating-managing-projects (6-30 lower-case letters, digits,
    hyphens; old ids may be domain-scoped, `example.com:project`).
    """
    if not value:
        return message("Type the project ID.")
    if value.isascii() and value.isdigit():
        return message("This is a project number. Klaviyo asks for the project ID, such as my-company-prod.")
    own = value.rpartition(":")[2]
    if not _PROJECT.fullmatch(value):
        if value != value.lower() or " " in value:
            return message("A project ID has only lower-case letters, digits and hyphens. Is this the project's name?")
        return message(
            "A project ID has lower-case letters, digits and hyphens, starts with a letter and does not end in a "
            "hyphen."
        )
    if not 6 <= len(own) <= 30:
        return message("A project ID has 6 to 30 characters; this one has {n}.", n=len(own))
    return None


def check_dataset(value: str) -> Message | None:
    """Return why `value` cannot be a dataset id, or None.

    Source: https://cloud.google.com/bigquery/docs/datasets#dataset-naming (letters, digits, underscores; up to 1,024).
    """
    if not value:
        return message("Type the dataset's name.")
    if len(value) > 1024:
        return message("A dataset name has at most 1,024 characters; this one has {n}.", n=grouped(len(value)))
    if scrub_typed(value) != value:  # a line of a key may consist of a dataset name's characters
        return message("This looks like a secret. Name the file that holds it instead.")
    if not _DATASET.fullmatch(value):
        return message("A dataset name has only letters A-Z, digits and underscores (no hyphen, dot or space).")
    return None


def check_quota_project(value: str) -> Message | None:
    """Return why calls cannot be charged to the project `value`, an id or a number, or None.

    Source: https://cloud.google.com/apis/docs/system-parameters (`X-Goog-User-Project`).
    """
    return None if value.isascii() and value.isdigit() else check_project(value)


def check_impersonated(value: str) -> Message | None:
    """Return why `value` cannot be a service account to act as, its e-mail or its number, or None.

    Source: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
    """
    if _ACTED_AS.fullmatch(value):
        return None
    return message("It takes a service account's e-mail, such as name@my-company-prod.iam.gserviceaccount.com.")


def check_operator(value: str) -> Message | None:
    """Return why `value` cannot be the e-mail of a person or a service account, or None."""
    if _EMAIL.fullmatch(value):
        return None
    return message("It takes the e-mail of the login, such as olga@my-company.com.")


def check_account(value: str) -> Message | None:
    """Return why `value` cannot be a service account's id, or None.

    Source: https://cloud.google.com/iam/docs/service-accounts-create (6-30 characters, `[a-z]([-a-z0-9]*[a-z0-9])`).
    """
    if not value:
        return message("Type the service account's ID.")
    if "@" in value:
        return message("Type only the ID, the part before the @.")
    if not 6 <= len(value) <= 30:
        return message("A service account ID has 6 to 30 characters; this one has {n}.", n=len(value))
    if not _ACCOUNT.fullmatch(value):
        plain = value.lower().replace("_", "-")
        if plain != value and _ACCOUNT.fullmatch(plain):
            return message("Google refuses capitals and underscores here. Use {id}", id=plain)
        return message(
            "A service account ID has lower-case letters, digits and hyphens, starts with a letter and does not end in "
            "a hyphen."
        )
    return None


def check_location(value: str) -> Message | None:
    """Return why `value` cannot be a BigQuery location, or None. `US`, `EU` or a region such as `europe-west3`.

    Source: https://cloud.google.com/bigquery/docs/locations
    """
    if not _LOCATION.fullmatch(normal_location(value)):
        return message("A location is US, EU or a region such as europe-west3.")
    return None


def normal_location(value: str) -> str:
    """Return a location in BigQuery's spelling: `US` and `EU` in capitals, regions in lower case."""
    value = value.strip()
    return value.upper() if value.upper() in ("US", "EU") else value.lower()


def check_key_file(value: str) -> Message | None:
    """Return why `value` cannot be a key file's path, or None. It is stored, so it must not be the key itself."""
    # a long path looks like a part of a key; one line of a key in 64 begins with a slash
    path = value.startswith(("/", "~")) and not is_key_line(value)
    seen = scrub(value) if path else scrub_typed(value)
    if seen != value:
        return message("This looks like a secret. Name the file that holds it instead.")
    return check_path(value) or check_lengths(value)


NAME_MAX: Final = 255
"""The most bytes in a file's name on the usual file systems of Linux and macOS (limits.h); some take fewer."""
KEY_NAME_ADDED: Final = len("..shred")
"""Bytes by which the temporary names beside a key (`.NAME.part`, `.NAME.shred`) are longer than the key's."""
_PATH_MAX: Final = 4095


def check_lengths(value: str, most: int = NAME_MAX) -> Message | None:
    """Return why a key file's path is too long, or None.

    Args:
        value: the path.
        most: the most bytes in a name on its file system.
    """
    *folders, name = (len(part.encode()) for part in value.split("/"))
    if name > most - KEY_NAME_ADDED:
        return message(
            "The file's name has {n} bytes; {most} fit here, because kbq-tui adds {added} for temporary names.",
            n=name,
            most=most - KEY_NAME_ADDED,
            added=KEY_NAME_ADDED,
        )
    if len(value.encode()) > _PATH_MAX - KEY_NAME_ADDED or any(length > NAME_MAX for length in folders):
        return message("The path is too long for this system.")
    return None


def check_path(value: str) -> Message | None:
    """Return why `value` cannot be a path that a connection file names, or None."""
    if "\0" in value:
        return message("This is no file name.")
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes of a path that are not UTF-8, which Python keeps as surrogates
        return message("The name is not UTF-8, and a connection file could not hold it. Rename it, or take another.")
    return None


def check_name(value: str) -> Message | None:
    """Return why `value` cannot be a connection's name, or None. It becomes a file name, so few characters are
    allowed."""
    if scrub_typed(value) != value:
        return message("This looks like a secret. Name the file that holds it instead.")
    if not _NAME.fullmatch(value):
        return message("A connection's name has letters, digits, dot, hyphen and underscore, and at most 64 of them.")
    return None


@dataclass(frozen=True, slots=True)
class RequiredDataset:
    """One dataset that the connection needs.

    Attributes:
        name: the dataset's id.
        purpose: `import`, `staging` or `export`; if one dataset has two purposes, the first of them.
        role: the role that the service account needs on it.
    """

    name: str
    purpose: str
    role: str


@dataclass(frozen=True, slots=True)
class ConnectionSpec:
    """One connection as the operator wants it.

    Attributes:
        project: project id (never number or name).
        name: the connection's name on this machine, also of its file.
        location: BigQuery location for new datasets; None adopts that of existing ones, else `US`.
        direction: which way data flows.
        import_dataset: the dataset that Klaviyo reads.
        staging_dataset: Klaviyo's working space.
        export_dataset: the dataset that Klaviyo writes. None means the import dataset, because Klaviyo's form takes
            only one dataset.
        account_id: the service account's id, the part before the `@`.
        key_file: where the key is stored, or None for the default place.

    Raises:
        InvalidValueError: a value cannot be right.
    """

    project: str
    name: str = "default"
    location: str | None = None
    direction: Direction = Direction.IMPORT
    import_dataset: str = IMPORT_DATASET
    staging_dataset: str = STAGING_DATASET
    export_dataset: str | None = None
    account_id: str = ACCOUNT_ID
    key_file: str | None = None

    def __post_init__(self) -> None:
        checks = (
            ("name", check_name(self.name)),
            ("project", check_project(self.project)),
            ("location", check_location(self.location) if self.location is not None else None),
            ("import_dataset", check_dataset(self.import_dataset)),
            ("staging_dataset", check_dataset(self.staging_dataset)),
            (
                "export_dataset",
                check_dataset(self.export_dataset) if self.export_dataset is not None else None,
            ),
            ("account_id", check_account(self.account_id)),
            ("key_file", check_key_file(self.key_file) if self.key_file is not None else None),
        )
        for field, reason in checks:
            if reason:
                raise InvalidValueError(field, reason)
        if self.staging_dataset in (self.import_dataset, self.export_dataset):
            raise InvalidValueError(
                "staging_dataset", message("The staging dataset must be one that nothing else uses.")
            )
        if self.location is not None and self.location != normal_location(self.location):
            object.__setattr__(self, "location", normal_location(self.location))

    @property
    def account_email(self) -> str:
        """The service account's e-mail; a domain-scoped project `d.com:p` gives `…@p.d.com.iam.gserviceaccount.com`."""
        domain, _, own = self.project.rpartition(":")
        host = f"{own}.{domain}" if domain else own
        return f"{self.account_id}@{host}.iam.gserviceaccount.com"

    @property
    def member(self) -> str:
        """The service account as a principal of a role binding."""
        return f"serviceAccount:{self.account_email}"

    @property
    def klaviyo_dataset(self) -> str:
        """The dataset to type into Klaviyo."""
        return self.import_dataset if self.direction.imports else (self.export_dataset or self.import_dataset)

    def datasets(self) -> tuple[RequiredDataset, ...]:
        """Return the datasets that the direction needs, with the least role on each.

        Source: Klaviyo's article steps 1 and 3; a Viewer cannot write, so export needs Editor.
        """
        wishes: list[RequiredDataset] = []
        target = self.export_dataset or self.import_dataset
        if self.direction.imports:
            shared = self.direction.exports and target == self.import_dataset
            wishes.append(RequiredDataset(self.import_dataset, "import", DATA_EDITOR if shared else DATA_VIEWER))
        if self.direction.exports and all(w.name != target for w in wishes):
            wishes.append(RequiredDataset(target, "export", DATA_EDITOR))
        wishes.append(RequiredDataset(self.staging_dataset, "staging", DATA_EDITOR))
        return tuple(wishes)

    def with_location(self, location: str | None) -> "ConnectionSpec":
        """Return the same connection with another location."""
        return replace(self, location=location)

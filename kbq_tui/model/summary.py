"""The values that the operator enters in Klaviyo."""

from typing import Final

from kbq_tui.i18n.messages import EMPTY, Message, joined, message, row
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.spec import ConnectionSpec

KLAVIYO_MENU: Final = (
    message("Advanced"),
    message("Syncing"),
    message("Create sync"),
    message("Import or export data to your data warehouse"),
    message("BigQuery"),
    message("Connect to BigQuery"),
)
"""The path through Klaviyo's menus, which are in the person's language. Source: Klaviyo's article, step 5."""

KDP_MENU: Final = (message("Advanced KDP"), message("Data management"), message("Syncing"))
"""The first menu's name in other articles of Klaviyo. Source: its help centre uses both."""

_LABEL: Final = 27


@dataclass(frozen=True, slots=True)
class Summary:
    """The hand-over values; none of them is secret.

    Attributes:
        project_id: for Klaviyo's field "Project ID".
        dataset: for Klaviyo's field "Dataset".
        key_path: the file to upload in Klaviyo's field "Service Account Key (JSON)"; None if there is none yet.
        service_account: e-mail.
        location: where the datasets are; None if not known yet.
        handed_over: whether there is no file because it was shredded here after the hand-over.
    """

    project_id: str
    dataset: str
    key_path: str | None
    service_account: str
    location: str | None
    handed_over: bool = False

    @classmethod
    def of(
        cls, spec: ConnectionSpec, key_path: str | None, location: str | None, *, handed_over: bool = False
    ) -> "Summary":
        """Return the summary of a connection.

        Args:
            spec: the connection.
            key_path: where the key file is; None if there is none.
            location: where the datasets are; None if not known.
            handed_over: whether its file was shredded here after the hand-over.
        """
        return cls(spec.project, spec.klaviyo_dataset, key_path, spec.account_email, location, handed_over)

    def to_json(self) -> dict[str, object]:
        """Return the summary in its schema."""
        return {
            "schema": "kbq-tui/summary/v1",
            "project_id": self.project_id,
            "dataset": self.dataset,
            "key_path": self.key_path,
            "service_account": self.service_account,
            "location": self.location,
        }

    def lines(self) -> list[Message]:
        """Return the summary as lines of plain text, with the names of Klaviyo's fields."""
        no_file = message("handed over (shredded here)") if self.handed_over else message("no key yet")
        return [
            row(message("Project ID"), self.project_id, _LABEL),
            row(message("Dataset"), self.dataset, _LABEL),
            row(message("Service Account Key (JSON)"), self.key_path or no_file, _LABEL),
            EMPTY,
            row(message("Service account"), self.service_account, _LABEL),
            *([row(message("Location"), self.location, _LABEL)] if self.location else []),
            EMPTY,
            message("In Klaviyo: {menu}", menu=joined(" > ", *KLAVIYO_MENU)),
            message("or, in Advanced KDP: {menu}", menu=joined(" > ", *KDP_MENU)),
        ]

"""A change of settings at Google, as the Admin Activity audit log has it."""

from datetime import datetime
from enum import StrEnum

from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.lean_dataclass import dataclass

ADMIN_LOG_PERMISSION = "logging.logEntries.list"
"""The permission for the Admin Activity log; role Logs Viewer
(https://cloud.google.com/logging/docs/access-control)."""


@dataclass(frozen=True, slots=True)
class AdminChange:
    """One entry of the log. All texts are from outside.

    Attributes:
        at: when, aware UTC.
        who: the e-mail address of the caller; empty if the log leaves it out.
        method: such as `SetIamPolicy` or `google.cloud.bigquery.v2.DatasetService.PatchDataset`.
        roles: the roles that were given or taken, each with its member; None if the entry does not list them.
        key_id: the key of a service account that was changed; empty for anything else.
    """

    at: datetime
    who: str
    method: str
    roles: frozenset[tuple[str, str]] | None = None
    key_id: str = ""


class AuthorSource(StrEnum):
    """What is known about who made a change."""

    LOG = "audit_log"
    """The audit log names somebody."""
    NO_ENTRY = "no_entry"
    """The log has no entry of it; entries come some seconds to minutes late."""
    NOT_PERMITTED = "not_permitted"
    """The operator may not read the log."""
    UNREAD = "unread"
    """The log could not be read for another reason, or was not asked."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a change, as far as it is known.

    Attributes:
        source: what is known.
        who: addresses, from outside; several if the log does not say which of them made this change.
        at: when it was made, aware UTC; None if not known.
    """

    source: AuthorSource = AuthorSource.UNREAD
    who: tuple[str, ...] = ()
    at: datetime | None = None

    @property
    def text(self) -> Message:
        """Who made it and when; or that this is not known, and how to find out."""
        match self.source:
            case AuthorSource.LOG if self.at is not None:
                at = f"{self.at:%Y-%m-%d %H:%M}"
                if len(self.who) == 1:
                    return message("by {who}, {at} UTC", who=self.who[0], at=at)
                return message("by one of {who}, who changed it last at {at} UTC", who=", ".join(self.who), at=at)
            case AuthorSource.NOT_PERMITTED:
                return message(
                    "by whom is unknown: {permission}, role {role}, would show it",
                    permission=ADMIN_LOG_PERMISSION,
                    role="roles/logging.viewer",
                )
            case AuthorSource.NO_ENTRY:
                return message("by whom is unknown: the audit log has no entry of it")
            case _:
                return message("by whom is unknown: the audit log could not be read")

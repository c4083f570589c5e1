"""What can be said about a key file's JSON without showing it."""

import json
from typing import Final

from kbq_tui.i18n.messages import said
from kbq_tui.model.secret import Secret

FIELDS: Final = ("type", "project_id", "private_key_id", "private_key", "client_email", "token_uri")


class NotAKeyError(ValueError):
    """The bytes are not a service account key.

    Attributes:
        reason: why not, in a few words; never quotes them.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(secret: Secret) -> dict[str, str]:
    """Return a key's public fields (`project_id`, `private_key_id`, `client_email`, `token_uri`).

    Raises:
        NotAKeyError: it is not JSON, not of type `service_account`, or lacks a field.
    """
    try:
        data = json.loads(secret.reveal())
    except (ValueError, RecursionError):
        raise NotAKeyError(said("not JSON")) from None  # the cause would quote the text
    if not isinstance(data, dict) or data.get("type") != "service_account":
        raise NotAKeyError(said("not a service account key"))
    for field in FIELDS:
        if not isinstance(data.get(field), str) or not data[field]:
            raise NotAKeyError(said("the field {field} is missing", field=field))
    return {f: data[f] for f in FIELDS if f not in ("private_key", "type")}


def key_id_of(secret: Secret) -> str:
    """Return the key's id, or an empty string where the bytes are not a key."""
    try:
        return parse(secret)["private_key_id"]
    except NotAKeyError:
        return ""

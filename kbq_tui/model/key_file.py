"""Describes a key file's JSON without showing it."""

import codecs
import json
from collections.abc import Mapping
from typing import Final

from kbq_tui.i18n.messages import EMPTY, N_, Message, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.secret import Secret

FIELDS: Final = ("type", "project_id", "private_key_id", "private_key", "client_email", "token_uri")
_MARKS: Final = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""First bytes of files that an editor or shell saved in an encoding which not every JSON parser takes.

Source: https://www.rfc-editor.org/rfc/rfc8259#section-8.1
"""
_KINDS: Final[Mapping[str, str]] = {
    "authorized_user": N_("a person's own login (authorized_user)"),
    "external_account": N_("a configuration of workload identity federation (external_account)"),
    "external_account_authorized_user": N_(
        "a person's login of workforce identity federation (external_account_authorized_user)"
    ),
    "impersonated_service_account": N_(
        "a login that acts as a service account (impersonated_service_account), without its own key"
    ),
    "gdch_service_account": N_("a key for Google Distributed Cloud (gdch_service_account)"),
    "web": N_("the secret of an OAuth client (web)"),
    "installed": N_("the secret of an OAuth client (installed)"),
}
"""The kinds of Google's credential files by their `type`, or by the one field of an OAuth client's secret.

Source: https://google.aip.dev/auth/4110
"""
_OTHER: Final = N_("of no kind that is known here; it may be the secret of an OAuth client, or an API key")


def kind_of(name: str) -> Message:
    """Return the kind of a credential file, in words.

    Args:
        name: its `type`, or the name of its only field; empty if it has none.
    """
    return Message(_KINDS.get(name, _OTHER))


class NotAKeyError(ValueError):
    """The bytes are not a service account key.

    Attributes:
        reason: why not, in a few words, without quoting them.
        code: the problem's code.
    """

    def __init__(self, reason: Message, code: Code = Code.KEY_FILE_INVALID) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


def parse(secret: Secret) -> dict[str, str]:
    """Return a key's public fields (`project_id`, `private_key_id`, `client_email`, `token_uri`).

    Raises:
        NotAKeyError: it is not JSON, not of type `service_account`, or lacks a field.
    """
    content = secret.reveal()
    head = content[:4]  # JSON's first two characters are ASCII; a loss of power leaves zeros only
    if content.startswith(_MARKS) or (b"\0" in head and head.strip(b"\0")):
        raise NotAKeyError(message("it is not plain UTF-8"), Code.KEY_FILE_ENCODING)
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise NotAKeyError(message("not JSON")) from None  # the exception's cause would quote the text
    if not isinstance(data, dict):
        raise NotAKeyError(message("not a service account key"))
    if (kind := data.get("type")) != "service_account":
        kind = kind if isinstance(kind, str) else next((name for name in ("web", "installed") if name in data), "")
        raise NotAKeyError(message("it is {kind}", kind=kind_of(kind)))
    for field in FIELDS:
        if not isinstance(data.get(field), str) or not data[field]:
            raise NotAKeyError(message("the field {field} is missing", field=field))
        if field != "private_key" and data[field] != data[field].strip():
            raise NotAKeyError(message("the field {field} begins or ends with white space", field=field))
    if reason := _damage(data["private_key"]):
        raise NotAKeyError(reason)
    return {f: data[f] for f in FIELDS if f not in ("private_key", "type")}


def _damage(private_key: str) -> Message:
    """Return how copying has damaged a private key; empty if no damage is found. OpenSSL decides whether it is
    valid."""
    if "-----BEGIN" not in private_key:
        return EMPTY
    if "\\n" in private_key:
        return message("the line ends of its private_key are doubled: two backslashes before each n, where one belongs")
    if "-----END" not in private_key:
        return message("its private_key is cut off: the line that begins with -----END is missing")
    if "\n" not in private_key.strip():
        return message("the line ends of its private_key are gone: all of it stands on one line")
    if not private_key.lstrip("\ufeff\r\n").startswith("-----BEGIN"):
        return message("something stands before -----BEGIN in its private_key, such as a quotation mark or a space")
    return EMPTY


def key_id_of(secret: Secret) -> str:
    """Return the key's id, or an empty string if the bytes are not a key."""
    try:
        return parse(secret)["private_key_id"]
    except NotAKeyError:
        return ""

"""The file with the values for Klaviyo, at a path of the operator's choice."""

import os
from pathlib import Path
from typing import Final

from kbq_tui.i18n.messages import message
from kbq_tui.local.files import FileKind, write_atomic
from kbq_tui.local.os_errors import os_problem
from kbq_tui.model.codes import ProblemCode as Code

HEAD: Final = "# kbq-tui: values for Klaviyo"
"""The first line, the same in every language: by it the file is recognised."""

VALUES: Final = FileKind(message("the values for Klaviyo"), lambda data: data.startswith(HEAD.encode()))


def write_values(path: str, text: str) -> str:
    """Write the values into a new file, or into one of this kind.

    Args:
        path: as typed; `~` is the home folder, and a relative path is relative to the working folder.
        text: the lines under the first.

    Returns:
        The full path.

    Raises:
        ProblemError: the path is in use by something else, or the system refuses.
    """
    # Path's own method raises if there is no such user
    target = Path(os.path.expanduser(path)).absolute()  # noqa: PTH111
    try:
        write_atomic(target, f"{HEAD}\n\n{text}".encode(), VALUES)
    except OSError as error:
        raise os_problem(error, target, Code.STATE_UNWRITABLE) from error
    return str(target)

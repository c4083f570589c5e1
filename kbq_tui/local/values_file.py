"""The file that the values for Klaviyo are written to, where the operator says."""

import os
from pathlib import Path
from typing import Final

from kbq_tui.i18n.messages import message
from kbq_tui.local.files import FileKind, write_atomic
from kbq_tui.local.os_errors import os_problem
from kbq_tui.model.codes import ProblemCode as Code

HEAD: Final = "# kbq-tui: values for Klaviyo"
"""The first line, in every language: by it the file is recognised."""

VALUES: Final = FileKind(message("the values for Klaviyo"), lambda data: data.startswith(HEAD.encode()))


def write_values(path: str, text: str) -> str:
    """Write the values: into a file that is not there yet, or is one of these.

    Args:
        path: as typed; `~` is the home folder, and a relative path is seen from the working folder.
        text: the lines under the first.

    Returns:
        The whole path.

    Raises:
        ProblemError: something else is there, or the system refuses.
    """
    target = Path(os.path.expanduser(path)).absolute()  # noqa: PTH111  # Path's own raises where there is no such user
    try:
        write_atomic(target, f"{HEAD}\n\n{text}".encode(), VALUES)
    except OSError as error:
        raise os_problem(error, target, Code.STATE_UNWRITABLE) from error
    return str(target)

"""Turns errors of this machine into Problems."""

import errno
from pathlib import Path

from kbq_tui.i18n.messages import N_, Message, joined
from kbq_tui.local.files import NotOursError
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, ProblemError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_USUAL = (
    N_("Permission denied"),
    N_("Operation not permitted"),
    N_("No such file or directory"),
    N_("File exists"),
    N_("Is a directory"),
    N_("Not a directory"),
    N_("Input/output error"),
)
"""The most frequent texts of systems, always in English; Python does not ask for another language."""


def problem(code: Code, **details: object) -> ProblemError:
    """Return the exception for a Problem of the catalogue, which makes the details inert.

    Args:
        code: the catalogue's code, `KBQ-…`.
        details: values for the fields, such as `path` and `reason`.
    """
    from kbq_tui.diagnosis import catalogue  # a large module, and seldom needed

    return ProblemError(catalogue.problem(code, Context(), original="", **details))


def words_of(error: OSError) -> Message:
    """Return the system's text of an error, without a full stop."""
    reason: object = error.strerror
    return reason if isinstance(reason, Message) else Message(str(reason or error))


def os_problem(error: OSError, path: Path | str, code: Code) -> ProblemError:
    """Return the exception for an operating-system error.

    Args:
        error: the system's error.
        path: the file or folder it is about.
        code: the Problem for an error that is not a general one (disk full, read-only, a file that is not ours).
    """
    if isinstance(error, NotOursError):
        return problem(Code.FILE_NOT_OURS, path=error.filename, reason=joined("", words_of(error), "."))
    if error.errno in _FULL:
        return problem(Code.DISK_FULL, path=path)
    if error.errno == errno.EROFS:
        return problem(Code.READ_ONLY, path=path)
    return problem(code, path=path, reason=joined("", words_of(error), "."))

"""Codes of problems that are not in the catalogue: those that a test makes up."""

from typing import cast

from kbq_tui.model.codes import ProblemCode


def made_up(code: str) -> ProblemCode:
    """Return a text as the code of a Problem that only a test knows."""
    return cast("ProblemCode", code)

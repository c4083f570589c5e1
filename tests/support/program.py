"""The result of a call of the program."""

import re
from dataclasses import dataclass
from typing import Any

from tests.support.outputs import output, output_lines

_CODE = re.compile(r"KBQ-[A-Z-]+")


@dataclass(frozen=True)
class ProgramResult:
    """What a call of the program printed, and how it ended.

    Attributes:
        status: the exit status.
        out, err: its standard output and standard error.
    """

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object that it printed, checked against its schema."""
        return output(self.out)

    @property
    def lines(self) -> list[Any]:
        """The JSON objects that it printed, one on each line, checked against their schemas."""
        return output_lines(self.out)

    @property
    def codes(self) -> set[str]:
        """The codes of the problems that it reported."""
        return set(_CODE.findall(self.out + self.err))

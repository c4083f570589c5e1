"""Regular expressions that are compiled at their first use, because compiling would delay the first screen."""

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, AnyStr

if TYPE_CHECKING:

    def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
        """Return what `re.compile` returns."""

else:

    class pattern:  # used like `re.compile`
        """An object like the result of `re.compile(text, flags)`. An invalid expression fails at first use; a test
        compiles all of them.

        Args:
            text: the expression, `str` or `bytes`.
            flags: those of `re`.
        """

        def __init__(self, text: str | bytes, flags: int = 0) -> None:
            self._source = (text, flags)

        @cached_property
        def _compiled(self) -> re.Pattern:
            return re.compile(*self._source)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            return getattr(self._compiled, name)

"""The codes of problems for modules that every start imports.

Building an enumeration of 230 members takes 1.5 ms, and most starts need no code before the first screen.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kbq_tui.model.codes import ProblemCode as Code
else:

    class _Codes:
        """The members of `ProblemCode` as attributes; the enumeration is imported for the first one."""

        def __getattr__(self, name: str) -> Any:
            from kbq_tui.model.codes import ProblemCode

            return getattr(ProblemCode, name)

    Code = _Codes()

__all__ = ["Code"]

"""The plan for the exports is also the one for the commands."""

from tests.export.conftest import plan, spec

__all__ = ["plan", "spec"]

"""The plan that the exports are shown on is the one whose commands are shown."""

from tests.export.conftest import plan, spec

__all__ = ["plan", "spec"]

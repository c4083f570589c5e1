"""Where README.md is, and how long it may be: what can be listed is printed by the program itself."""

from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
LONGEST = 200
"""Lines."""

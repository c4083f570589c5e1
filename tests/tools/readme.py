"""The path of README.md, and its maximal length: what can be listed is printed by the program itself."""

from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
LONGEST = 200
"""Lines."""

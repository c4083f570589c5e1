"""What the source check does where nothing else is said. It is read by `--help`, so nothing is imported here."""

from typing import Final

MOST: Final = 300
"""How many tables are looked at."""
MAX_BYTES: Final = 1024**3
"""What counting one table may read."""

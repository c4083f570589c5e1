"""The source check's defaults. `--help` reads them, so nothing is imported here."""

from typing import Final

MOST: Final = 300
"""The most tables that are checked."""
MAX_BYTES: Final = 1024**3
"""The most bytes that counting one table may read."""

"""Where the terminal's own cursor belongs: screen readers and magnifiers follow that one."""

from textual.geometry import Offset
from textual.widget import Widget


class CursorWidget(Widget):
    """A widget that says where the cursor belongs while it has the focus."""

    def point(self) -> Offset:
        """Return the place within the widget's content."""
        return Offset(0, 0)

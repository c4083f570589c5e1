"""The layout of a full screen, and the titled frame."""

from typing import Final

from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.layout import ArrangeResult, WidgetPlacement
from textual.layouts.vertical import VerticalLayout
from textual.widget import Widget

from kbq_tui.tui.glyphs import RULE
from kbq_tui.tui.text import shortened

LOW: Final = 24
"""The most lines between title and message for a window to count as low."""
LEAST_BODY: Final = 6
"""The least lines of the panel, with its frame, before the text under it gets lower, too."""


class PageLayout(VerticalLayout):
    """Panel, buttons and other widgets, one right below the other; a side panel beside them.

    Each is as high as its content. If there is not enough room, the first, which scrolls, gets lower, then the text
    under it. In a low window the first takes all the room: its frame and the buttons stay in place from step to step,
    which saves a third of the data on a slow line.
    """

    name = "page"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """Return where the widgets are."""
        beside = [child for child in children if child.id == "side"]
        side = super().arrange(parent, beside, size, greedy) if beside else []
        width = size.width - sum(place.region.width for place in side)
        main = [child for child in children if child.id != "side"]
        placements = super().arrange(parent, main, Size(width, size.height), greedy)
        if not placements:
            return side
        last = placements[-1]
        over = last.region.bottom + last.margin.bottom - size.height
        if over > 0:
            placements = _lower(placements, over)
        elif size.height <= LOW:
            placements = _filling(placements, -over)
        return [*placements, *(_beside(place, placements[0].region.right, size.height) for place in side)]


def _lower(placements: list[WidgetPlacement], over: int) -> list[WidgetPlacement]:
    """Return the placements with so many fewer lines: as many as possible from the first, then from the highest."""
    heights = [place.region.height for place in placements]
    spare = [max(0, heights[0] - LEAST_BODY), *(height - 1 for height in heights[1:])]
    less = [0] * len(heights)
    for at in (0, *sorted(range(1, len(heights)), key=lambda n: -heights[n])):
        less[at] = min(over, spare[at])
        over -= less[at]
    lowered: list[WidgetPlacement] = []
    for at, place in enumerate(placements):
        x, y, width, height = place.region
        region = type(place.region)(x, y - sum(less[:at]), width, height - less[at])
        lowered.append(place._replace(region=region))
    return lowered


def _filling(placements: list[WidgetPlacement], spare: int) -> list[WidgetPlacement]:
    """Return the placements with a higher first one, and the others further down."""
    first, *others = placements
    x, y, width, height = first.region
    moved = [place._replace(region=place.region.translate((0, spare))) for place in others]
    return [first._replace(region=type(first.region)(x, y, width, height + spare)), *moved]


def _beside(place: WidgetPlacement, left: int, height: int) -> WidgetPlacement:
    """Return the side panel's placement: to the right of the rest, no higher than the available room."""
    region = place.region
    return place._replace(region=type(region)(left, 0, region.width, min(region.height, height)))


class Scroller(VerticalScroll, can_focus=False):
    """A part that scrolls. Room is kept for its scroll bar, so that texts have the same width with and without it."""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height of the content beside the scroll bar, whose place Textual 8.2.8 counts as available."""
        return super().get_content_height(container, viewport, width - self.scrollbar_size_vertical)


class Panel(Scroller, can_focus=False):
    """A frame that scrolls, with a title at the left of its upper edge and, optionally, a state at the right.

    Args:
        children: its content.
        title: what it shows, in a word or two.
        id, classes: as for every widget.
    """

    def __init__(self, *children: Widget, title: str = "", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(*children, id=id, classes=classes)
        self._title: tuple[Content, Content, int] | None = None
        if title:
            self.entitle(title)

    def entitle(self, title: str | Content, state: str | Content = "") -> None:
        """Show a title and a state. If both do not fit, the title is cut.

        Args:
            title: what the panel shows; our own words, or text made by `tui.text.plain`.
            state: the progress, or the state.
        """
        new = (_content(title), _content(state), self.outer_size.width or self.app.size.width)
        if new != self._title:
            self._title = new
            self.border_title = titled(*new)

    def on_resize(self) -> None:
        """Draw the title for the new width."""
        if self._title is not None:
            self.entitle(*self._title[:2])


def titled(title: Content, state: Content, width: int) -> Content:
    """Return the text in the upper edge of a frame.

    Args:
        title: at the left, bold.
        state: at the right; empty for none.
        width: cells of the whole edge, with its corners.
    """
    room = width - 6  # Textual draws a corner, a dash and a blank on each side
    if not state:
        return title.truncate(max(1, room), ellipsis=True).stylize_before("bold $foreground")
    most = max(1, room * 2 // 3, room - title.cell_length - 3)  # a short title leaves more room for the state
    state = shortened(state, most).stylize_before("$foreground")
    title = title.truncate(max(1, room - state.cell_length - 3), ellipsis=True).stylize_before("bold $foreground")
    dashes = RULE * max(1, room - title.cell_length - state.cell_length - 2)
    return Content.assemble(title, f" {dashes} ", state)


def _content(text: str | Content) -> Content:
    return Content(text) if isinstance(text, str) else text

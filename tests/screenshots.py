"""`make screenshots`: a picture of every screen in dark, light and mono at 80x24, and at 120x36; and what README shows.

The stories hold still: their clock stands, and nothing in them is of the machine that draws.
"""

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from kbq_tui.core.steps import Step
from kbq_tui.tui.look import Look
from kbq_tui.tui.stories.play import app_of
from kbq_tui.tui.stories.shelf import STORIES
from kbq_tui.tui.widgets.bars import MessageLine

FOLDER = Path(__file__).parent.parent / "screenshots"
SIZE = (80, 24)
WIDE = (120, 36)
THEMES = ("dark", "light", "mono")
KINDS = (*THEMES, "120x36")
"""What is drawn of each screen; the end of its picture's name."""
STATES = {
    "welcome": "ready",
    "project": "ready",
    "datasets": "ready",
    "account": "ready",
    "permissions": "ready",
    "verify": "done",
    "connect": "done",
    "dashboard": "done",
    "explain": "done",
    "problem": "ready",
    "pick": "ready",
    "confirm": "ready",
}
"""Which of its states shows a screen best."""
STRIPS = ("dark", "light")
GAP = 24
CELL = 12.2
"""Width of a cell in Rich's pictures."""
_BLANK = "&#160;"
_TEXT = re.compile(
    rf'(<text [^>]*?)x="([\d.]+)"([^>]*?)textLength="([\d.]+)"([^>]*)>((?:{_BLANK})*)(.*?)((?:{_BLANK})*)</text>'
)
_SVG = "{http://www.w3.org/2000/svg}"


def hold_still() -> None:
    """Let no line say how long something takes: that depends on the machine."""
    MessageLine.SHOW_AFTER = MessageLine.PERIOD = 3600.0
    os.environ.pop("NO_COLOR", None)


async def pictures(screen: str) -> dict[str, str]:
    """Return the pictures of a screen, by name."""
    drawn: dict[str, str] = {}
    story = STORIES[screen][STATES[screen]]
    for look, size, kinds in (
        (Look(), SIZE, THEMES[:2]),
        (Look(mono=True), SIZE, THEMES[2:]),
        (Look(), WIDE, KINDS[3:]),
    ):
        app = app_of(story.scene(), story, look)
        async with app.run_test(size=size) as pilot:
            if not await story.play(pilot, 60.0):
                raise AssertionError(f"{screen}: {story.shows} never came")
            await app.workers.wait_for_complete()
            for kind in kinds:
                app.theme = kind if kind in THEMES else THEMES[0]
                await pilot.pause()
                name = f"{screen}-{kind}"
                drawn[name] = _tidy(app.export_screenshot(title="kbq-tui"), name)
    return drawn


def _tidy(svg: str, name: str) -> str:
    """Call classes after the picture, not after a hash; fetch no font from anywhere; draw no blanks."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = _TEXT.sub(_bare, re.sub(r"terminal-\d+", name, svg))
    return re.sub(r"\s+\n", "\n", svg).strip() + "\n"


def _bare(found: re.Match[str]) -> str:
    """Return a text without the blanks around it, for which not every viewer leaves room."""
    begin, x, middle, length, end, before, text, after = found.groups()
    cells = [len(blanks) // len(_BLANK) for blanks in (before, after)]
    at, room = float(x) + cells[0] * CELL, float(length) - sum(cells) * CELL
    return f'{begin}x="{at:.1f}"{middle}textLength="{room:.1f}"{end}>{text}</text>' if text else ""


def strip(theme: str, drawn: dict[str, str]) -> str:
    """Return the six steps as one picture, three beside each other."""
    steps = [ElementTree.fromstring(drawn[f"{step.value}-{theme}"]) for step in Step]
    _, _, width, height = map(float, steps[0].attrib["viewBox"].split())
    ElementTree.register_namespace("", _SVG.strip("{}"))
    whole = ElementTree.Element(f"{_SVG}svg", viewBox=f"0 0 {3 * width + 2 * GAP:g} {2 * height + GAP:g}")
    for place, step in enumerate(steps):
        row, column = divmod(place, 3)
        step.attrib |= {
            "x": f"{column * (width + GAP):g}",
            "y": f"{row * (height + GAP):g}",
            "width": f"{width:g}",
            "height": f"{height:g}",
        }
        whole.append(step)
    return ElementTree.tostring(whole, encoding="unicode") + "\n"


def content(svg: str) -> list[tuple[str, ...]]:
    """Return what a picture shows, for comparing: each text and area with its place and style, by no class's name."""
    root = ElementTree.fromstring(svg)
    rules: dict[str, str] = {}
    for style in root.iter(f"{_SVG}style"):
        rules |= {
            name: " ".join(rule.split()) for name, rule in re.findall(r"\.([\w-]+)\s*\{([^}]*)\}", style.text or "")
        }
    return list(_content(root, rules))


def _content(root: ElementTree.Element, rules: dict[str, str]) -> Iterator[tuple[str, ...]]:
    for tag in ("text", "rect"):
        for element in root.iter(f"{_SVG}{tag}"):
            at = element.attrib
            style = rules.get(at.get("class", ""), at.get("fill", ""))
            yield (at.get("y", ""), at.get("x", ""), tag, at.get("width", ""), style, element.text or "")


def main() -> int:
    hold_still()
    FOLDER.mkdir(exist_ok=True)
    drawn: dict[str, str] = {}
    for screen in STATES:
        drawn |= asyncio.run(pictures(screen))
    drawn |= {f"steps-{theme}": strip(theme, drawn) for theme in STRIPS}
    for old in set(FOLDER.glob("*.svg")) - {FOLDER / f"{name}.svg" for name in drawn}:
        old.unlink()
    for name, svg in drawn.items():
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
    print(f"{len(drawn)} pictures in {FOLDER.name}/", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

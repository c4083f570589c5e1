"""`make screenshots`: a picture of every screen and box in dark, light and mono at 80x24, and at 120x36; a recording.

They are drawn on the sandbox, with the program's own adapter; only this machine is simulated in memory, with a clock
that stands still, so that no picture depends on the real machine. Key ids are generated from a seed, and times are
replaced.
"""

import asyncio
import json
import os
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from unittest.mock import patch
from xml.etree import ElementTree

from textual.widgets import TextArea

from kbq_tui.cli.bootstrap import build as wire
from kbq_tui.cli.command_options import CliOptions
from kbq_tui.engine.services import AppServices, ConnectionDraft
from kbq_tui.model.observed import LocalKey
from kbq_tui.model.secret import Secret
from kbq_tui.model.steps import Step
from kbq_tui.sandbox.server import Sandbox
from kbq_tui.tui._textual_compat import screen_text
from kbq_tui.tui.app import KbqApp, build
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.widgets.static import MessageLine
from tests.stories.scene import Scene
from tests.support.memory_machine import VirtualClock
from tests.support.polling import until
from tests.tools.recording import NAME as RECORDING
from tests.tools.recording import Recording

FOLDER = Path(__file__).parents[2] / "screenshots"
SIZE = (80, 24)
WIDE = (120, 36)
THEMES = ("dark", "light", "mono")
KINDS = (*THEMES, "120x36")
"""The variants of each screen; the end of its picture's name."""
LOOKS = {
    THEMES[:2]: (DisplayOptions(refresh=3600), SIZE),
    THEMES[2:]: (DisplayOptions(mono=True, refresh=3600), SIZE),
    KINDS[3:]: (DisplayOptions(refresh=3600), WIDE),
}
STRIPS = ("dark", "light")
RECORDED = "fresh"
"""The scenario that is recorded."""

RequestedAction = str | Callable[[KbqApp], object]
"""Keys to press, separated by spaces; or something done to the app."""


@dataclass(frozen=True)
class PictureStop:
    """A screen on the way.

    Attributes:
        shows: a text on it once it is complete.
        then: what is done there.
        name: of its picture; empty for none.
        working: whether something goes on there that nothing in the picture ends.
    """

    shows: str
    then: RequestedAction = "enter"
    name: str = ""
    working: bool = False


def _to(field: str) -> RequestedAction:
    return lambda app: app.screen.query_one(field).focus()


def _replace_key(app: KbqApp) -> None:
    """Make the new key, and let Klaviyo's call be waited for."""
    app.services.clock.hold()  # type: ignore[attr-defined]
    app.simulate_key("enter")


DENIED = "Access Denied: Project p: User does not have bigquery.jobs.create permission in project p."
_DONE = "[ Continue ]"
WALKS = {
    "fresh": (
        PictureStop("Credentials of", name="welcome"),
        PictureStop("nothing in the way", _to("#field-location LineInput"), "project"),
        PictureStop("nothing in the way", "f7"),
        PictureStop("Pick a location", "escape", "pick"),
        PictureStop("nothing in the way", _to("#primary")),
        PictureStop(_DONE),
        PictureStop("[ Create 2 datasets ]", "f1", "datasets"),
        PictureStop("Klaviyo wants two", "escape", "help"),
        PictureStop("[ Create 2 datasets ]"),
        PictureStop(_DONE),
        PictureStop("[ Create account and key ]", name="account"),
        PictureStop(_DONE),
        PictureStop("[ Grant 3 roles ]", "f3", "permissions"),
        PictureStop("add-iam-policy-binding", "escape", "commands"),
        PictureStop("[ Grant 3 roles ]"),
        PictureStop(_DONE),
        PictureStop("Verified:", _to("#checks"), "verify"),
        PictureStop("Verified:"),
        PictureStop("What was run", "escape", "details"),
        PictureStop("Verified:", _to("#primary")),
        PictureStop(_DONE),
        PictureStop("each check is ok", "p", "connect"),
        PictureStop("private key", "escape", "confirm"),
        PictureStop("each check is ok", _to("#connected")),
        PictureStop("[ Klaviyo is connected ]"),
        PictureStop("[ Keep it ]", name="shred"),
        PictureStop("Connected: yes", _to("#dashboard")),
        PictureStop("Connected: yes"),
        PictureStop("Looked at", "enter", "dashboard"),
        PictureStop("No job of Klaviyo", "e"),
        PictureStop("Paste an error", lambda app: app.screen.query_one("#paste", TextArea).insert(DENIED)),
        PictureStop("User does not have", "tab enter"),
        PictureStop("What to do", "escape", "explain"),
    ),
    "key-creation-blocked": (
        PictureStop("Credentials of"),
        PictureStop("1 in the way", "up enter"),
        PictureStop("What to do", "escape", "problem"),
    ),
    "sync-silent": (
        PictureStop("Credentials of"),
        PictureStop("nothing in the way", "f8"),
        PictureStop("Recent jobs", "enter"),
        PictureStop("which is more than twice", "u", "connection"),
        PictureStop("Look again", "escape", "activity"),
    ),
    "source-good": (
        PictureStop("Credentials of"),
        PictureStop("nothing in the way", "f8"),
        PictureStop("t Tables", "t"),
        PictureStop("tables are ready", "enter", "source"),
        PictureStop("Columns", "m", "table"),
        PictureStop("What each column is for", "escape", "mapping"),
        PictureStop("tables are ready", "down v"),
        PictureStop("[ Show it ]", "enter"),
        PictureStop("Make this view?", "escape", "view"),
    ),
    "klaviyo-never-changes": (
        PictureStop("Credentials of"),
        PictureStop("nothing in the way", "f8"),
        PictureStop("r Rotate", "r"),
        PictureStop("[ Make the new key ]", _replace_key),
        PictureStop("[ Waiting for Klaviyo ]", "escape", "rotation", working=True),
    ),
    "ten-keys": (
        PictureStop("Credentials of"),
        PictureStop("Preflight:", _to("#primary")),
        PictureStop(_DONE),
        PictureStop("[ Create 2 datasets ]"),
        PictureStop("Step 2 of 6: Datasets", lambda app: None),
        PictureStop(_DONE),
        PictureStop("10 of 10", "f7"),
        PictureStop("which one?", "escape", "leftovers"),
    ),
}
"""By scenario."""
NAMES = tuple(stop.name for walk in WALKS.values() for stop in walk if stop.name)
GAP = 24
CELL = 12.2
"""Width of a cell in Rich's pictures."""
_BLANK = "&#160;"
_TEXT = re.compile(
    rf'(<text [^>]*?)x="([\d.]+)"([^>]*?)textLength="([\d.]+)"([^>]*)>((?:{_BLANK})*)(.*?)((?:{_BLANK})*)</text>'
)
_SVG = "{http://www.w3.org/2000/svg}"
_TIME = re.compile(r"\b\d\d:\d\d:\d\d\b")
_MINUTE = re.compile(r"(?<![\d:])\d\d:\d\d(?=(?:&#160;| )UTC)")
_CREATED = re.compile(rf"((?:created|since){_BLANK})(20\d\d-\d\d-\d\d)")
_NEWEST = re.compile(rf"(?<=newest{_BLANK})20\d\d-\d\d-\d\d")
_DAYS = re.compile(r"[▁▂▃▄▅▆▇█–]{10,}")
"""Bars of days, which begin and end at the present hour."""
_TODAY = date(2026, 11, 24)


class StandingClock(VirtualClock):
    """The sandbox's clock, in which nothing takes any time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def hold_still() -> None:
    """Make no line say how long something takes, because that depends on the machine."""
    MessageLine.SHOW_AFTER = MessageLine.PERIOD = 3600.0
    os.environ.pop("NO_COLOR", None)


@contextmanager
def _desk(scenario: str) -> Iterator[AppServices]:
    """A machine in memory, signed in to a sandbox by application default credentials."""
    names = random.Random(scenario)  # of the keys: the same in every run
    with (
        patch("kbq_tui.sandbox.keys.secrets.token_hex", lambda size: names.randbytes(size).hex()),
        Sandbox(scenario) as sandbox,
        tempfile.TemporaryDirectory(prefix="kbq-pictures-") as home,
    ):
        env = {**sandbox.env(), "HOME": home, "CLOUDSDK_CONFIG": home, "KBQ_TUI_KEYRING": "off"}
        shutil.copy(env.pop("GOOGLE_APPLICATION_CREDENTIALS"), Path(home) / "application_default_credentials.json")
        google = wire(CliOptions(), env).services
        scene = Scene(clock=StandingClock(), draft=ConnectionDraft(project=sandbox.project))
        scene.store.now = scene.clock.now
        if "KBQ_TUI_SANDBOX_KEY" in env:
            _keep_key(scene, Path(env["KBQ_TUI_SANDBOX_KEY"]))
        yield replace(scene.services(), sign_in=google.sign_in, impersonate=google.impersonate)


def _keep_key(scene: Scene, path: Path) -> None:
    """Store a key of the sandbox on the machine in memory, so that tables can be read with it."""
    text = path.read_text(encoding="utf-8")
    key = json.loads(text)
    kept = f"/home/olga/.local/share/kbq-tui/keys/{key['project_id']}/{path.name}"
    scene.keys.secret = Secret(text)
    scene.keys.local = LocalKey(kept, key["private_key_id"], key["client_email"], key["project_id"])


def recording_of(scenario: str, kinds: tuple[str, ...]) -> Recording | None:
    """Return the recording that a walk belongs to: only the whole set-up, in dark, has one."""
    return Recording(*SIZE) if (scenario, kinds[0]) == (RECORDED, THEMES[0]) else None


async def pictures(scenario: str, kinds: tuple[str, ...], recording: Recording | None = None) -> dict[str, str]:
    """Return the pictures of a walk, by name; the recording ends with the set-up."""
    drawn: dict[str, str] = {}
    look, size = LOOKS[kinds]
    with _desk(scenario) as services:
        app = build(services, look)
        async with app.run_test(size=size) as pilot:
            for stop in WALKS[scenario]:
                await _seen(app, stop)
                await pilot.pause()
                if recording is not None:
                    app.theme = THEMES[0]
                    await pilot.pause()
                    recording.take(app)
                    recording = None if stop.name == Step.CONNECT.value else recording
                for kind in kinds if stop.name else ():
                    app.theme = kind if kind in THEMES else THEMES[0]
                    await pilot.pause()
                    name = f"{stop.name}-{kind}"
                    drawn[name] = _tidy(app.export_screenshot(title="kbq-tui"), name)
                if isinstance(stop.then, str):
                    await pilot.press(*stop.then.split())
                else:
                    stop.then(app)
                await pilot.pause()
    return drawn


async def _seen(app: KbqApp, stop: PictureStop) -> None:
    await until(
        lambda: stop.shows in screen_text(app) and app.wizard.busy is stop.working,
        lambda: f"{stop.shows} never came:\n{screen_text(app)}",
    )


def _tidy(svg: str, name: str) -> str:
    """Name classes after the picture, not after a hash; fetch no font; draw no blanks."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = _TEXT.sub(_bare, re.sub(r"terminal-\d+", name, svg))
    svg = _DAYS.sub(lambda found: "▅" * len(found[0]), _NEWEST.sub("2026-11-20", svg))
    svg = _CREATED.sub(_as_if_today, _MINUTE.sub("09:41", _TIME.sub("09:41:00", svg)))
    return re.sub(r"\s+\n", "\n", svg).strip() + "\n"


def _as_if_today(found: re.Match[str]) -> str:
    """Return a day as far from the pictures' today as it is from the real one."""
    ago = datetime.now(UTC).date() - date.fromisoformat(found[2])
    return f"{found[1]}{_TODAY - ago}"


def _bare(found: re.Match[str]) -> str:
    """Return a text without surrounding blanks, for which not every viewer leaves room."""
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
    """Return what a picture shows, for comparison: each text and area with its place and style, without class names."""
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
    for scenario in WALKS:
        for kinds in LOOKS:
            recording = recording_of(scenario, kinds)
            drawn |= asyncio.run(pictures(scenario, kinds, recording))
            if recording is not None:
                (FOLDER / RECORDING).write_text(recording.text(), encoding="utf-8")
    drawn |= {f"steps-{theme}": strip(theme, drawn) for theme in STRIPS}
    for old in set(FOLDER.glob("*.svg")) - {FOLDER / f"{name}.svg" for name in drawn}:
        old.unlink()
    for name, svg in drawn.items():
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
    print(f"{len(drawn)} pictures in {FOLDER.name}/", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Whole journeys in tmux, screen by screen, compared with screens that were reviewed.

The screens are in `screens/`, as text. After an intended change, `python -m tests.journeys.test_golden` walks all
journeys and writes them again (`… test_golden fresh-de` a single one): read the difference before you commit it.
"""

import difflib
import re
import secrets
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.tmux import Tmux

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not shutil.which("tmux"), reason="LEFT OUT: tmux is not installed, nothing was tried in it"),
]

SCREENS = Path(__file__).parent / "screens"
COUNTS_DOWN = re.compile(r"(next look|wieder) in \d+ s")
"""What the dashboard shows once it has read the connections."""
RESTS = 2.5
"""Seconds for which a screen must stay the same before it is written down."""

PASTED = """\
ERROR: (gcloud.iam) FAILED_PRECONDITION: Key creation is not allowed on this service account.
- '@type': type.googleapis.com/google.rpc.PreconditionFailure
  violations:
  - description: Key creation is not allowed on this service account.
    type: constraints/iam.disableServiceAccountKeyCreation
"""


@dataclass(frozen=True)
class Stop:
    """A screen to wait for, and what is pressed there.

    Attributes:
        name: of its file.
        keys: tmux's names of keys; empty at the last stop.
        paste: text that is pasted instead.
        looks: whether the dashboard is next: it is paused after its first reading, or a slow walk would show a second
            one.
    """

    name: str
    keys: Sequence[str] = ("Enter",)
    paste: str = ""
    looks: bool = False


def _stops(*names: str) -> tuple[Stop, ...]:
    return tuple(Stop(name) for name in names)


JOURNEYS = {
    "fresh": _stops(
        "welcome",
        "project",
        "datasets",
        "datasets-done",
        "account",
        "account-done",
        "permissions",
        "permissions-done",
        "verify",
        "connect",
    ),
    "partial": _stops(
        "welcome",
        "project",
        "datasets",
        "account",
        "account-done",
        "permissions",
        "permissions-done",
        "verify",
        "connect",
    ),
    "key-creation-blocked": (
        *_stops("welcome"),
        Stop("project", ("Up", "Enter")),
        Stop("project-problem", ("Escape",)),
        Stop("project-again", ("Tab", "Tab", "Enter")),
        *_stops("datasets", "datasets-done", "account"),
        Stop("account-blocked", ("Up", "Enter")),
        Stop("account-problem"),
    ),
    "existing": (
        *_stops("welcome"),
        Stop("project", ("F8",), looks=True),
        Stop("dashboard", ("r",)),
        Stop("rotation", ("Escape",)),
        Stop("connection", ("e",)),
        Stop("explain-empty", paste=PASTED),
        Stop("explain-pasted", ("Tab", "Enter")),
        Stop("explained"),
    ),
    "sync-silent": (
        *_stops("welcome"),
        Stop("project", ("F8",), looks=True),
        *_stops("dashboard"),
        Stop("connection", ("u",)),
        Stop("activity", ("Escape",)),
        Stop("connection-again", ("t",)),
        *_stops("tables", "table"),
    ),
}
"""By scenario. `existing` shows the dashboard, where a key is replaced, and an error explained there;
`sync-silent` syncs and tables."""
LANGUAGES = ("en", "de")
SIZES = ((80, 24), (120, 36), (200, 60))
"""The windows in which each screen is compared. The keys are pressed in the first, to which the window returns."""
WALKS = [(scenario, language) for scenario in JOURNEYS for language in LANGUAGES]


def still(text: str, token: str) -> str:
    """Return a screen without what differs from run to run, with each character in its place.

    Args:
        text: as captured.
        token: the random name of the run's folder; a path may be broken over two lines within it.
    """
    wrapped = r"(\s*)".join(re.escape(c) for c in token)
    text = re.sub(wrapped, lambda m: re.sub(r"\S", "X", m[0]), text)
    text = re.sub(r"(?<=/kbq-sandbox-)\w{8}(?=/)", "X" * 8, text)
    text = re.sub(r"(?<=/kbq-sandbox-)\w{1,7}(?=[│╭╰])", lambda m: "X" * len(m[0]), text)  # a box covers the rest
    text = re.sub(r"(?<=kbq-)[0-9a-f]+(?=…)", lambda m: "X" * len(m[0]), text)
    text = re.sub(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,40}\b", lambda m: "#" * len(m[0]), text)
    text = re.sub(r"\b[0-9a-f]{7}(?=│)", "#" * 7, text)  # a box covers the rest of a key's ID
    text = re.sub(r"\b\d+\.\d s\b", lambda m: re.sub(r"\d", "#", m[0]), text)
    text = re.sub(r"\b20\d\d-\d\d-\d\d\b", "YYYY-MM-DD", text)
    text = re.sub(r"\b\d\d:\d\d(:\d\d)?\b", lambda m: re.sub(r"\d", "0", m[0]), text)
    text = re.sub(r"[▁▂▃▄▅▆▇█–]{10,}", lambda m: "▁" * len(m[0]), text)  # days begin and end at the present hour
    text = re.sub(r"127\.0\.0\.1:\d+", lambda m: re.sub(r"\d", "#", m[0]), text)
    text = re.sub(r" *!{2,}(?= +│)", lambda m: "!".rjust(len(m[0])), text)  # the number of readings
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines()) + "\n"


def walk(scenario: str, language: str, *, write: bool = False) -> None:
    """Walk a journey, and compare each screen in each window, or write it."""
    token = secrets.token_hex(5)
    folder = Path("/tmp") / f"kbq-{token}"  # always of the same length, because it is in the screens
    command = f"{sys.executable} -m kbq_tui demo --scenario {scenario} --keep {folder}"
    more = {"KBQ_TUI_LANG": language, "KBQ_TUI_CLIPBOARD": "off"}
    tmux = Tmux(command, folder, *SIZES[0], more)
    try:
        for number, stop in enumerate(JOURNEYS[scenario], 1):
            paths = {size: _path(scenario, language, size, number) for size in SIZES}
            if write:
                _write(tmux, token, paths)
            else:
                _compare(tmux, token, paths[SIZES[0]])
                for size in (*SIZES[1:], SIZES[0]):
                    tmux.resize(*size)
                    _compare(tmux, token, paths[size])
            if stop.paste:
                tmux.paste(stop.paste)
            elif number < len(JOURNEYS[scenario]):
                tmux.move(*stop.keys)
            if stop.looks:
                tmux.when(lambda text: COUNTS_DOWN.search(text) is not None, lambda: "The dashboard has not looked.")
                tmux.keys("p")
    finally:
        tmux.end()
        shutil.rmtree(folder, ignore_errors=True)


def _path(scenario: str, language: str, size: tuple[int, int], number: int) -> Path:
    """Return the file of a journey's screen in a window."""
    name = JOURNEYS[scenario][number - 1].name
    return SCREENS / f"{language}-{size[0]}x{size[1]}" / scenario / f"{number:02}-{name}.txt"


def _write(tmux: Tmux, token: str, paths: Mapping[tuple[int, int], Path]) -> None:
    """Write a screen in each window; once more if something has come meanwhile."""
    before, now = "", _rested(tmux, token)
    while before != now:
        before = now
        for size, path in paths.items():
            tmux.resize(*size)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_rested(tmux, token), "utf-8")
        tmux.resize(*SIZES[0])
        now = _rested(tmux, token)


def _compare(tmux: Tmux, token: str, path: Path) -> None:
    wanted = path.read_text("utf-8")

    def difference() -> str:
        lines = difflib.unified_diff(wanted.splitlines(), still(tmux.text(), token).splitlines(), str(path), "seen")
        return "\n".join(lines)

    tmux.when(lambda text: still(text, token) == wanted, difference)


def _rested(tmux: Tmux, token: str) -> str:
    text, since = "", time.monotonic()
    while time.monotonic() - since < RESTS or not text.strip():
        time.sleep(0.1)
        if (now := still(tmux.text(), token)) != text:
            text, since = now, time.monotonic()
    return text


@pytest.mark.parametrize(("scenario", "language"), WALKS)
def test_every_screen_is_as_it_was_read(scenario: str, language: str) -> None:
    walk(scenario, language)


def test_no_screen_is_left_over() -> None:
    walked = {
        _path(scenario, language, size, number)
        for scenario, language in WALKS
        for size in SIZES
        for number in range(1, len(JOURNEYS[scenario]) + 1)
    }
    assert set(SCREENS.rglob("*.txt")) == walked


if __name__ == "__main__":
    for scenario, language in WALKS:
        if not sys.argv[1:] or {scenario, f"{scenario}-{language}"} & set(sys.argv[1:]):
            walk(scenario, language, write=True)
            print(f"{scenario} {language}", flush=True)

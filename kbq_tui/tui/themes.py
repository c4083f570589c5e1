"""Colours. Every text colour has a contrast of at least 4.5:1 on every background it is used on; a test computes it."""

from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

GROUNDS = ("background", "surface", "panel")
INKS = ("foreground", "primary", "secondary", "success", "warning", "error", "accent", "text-quiet")


def _theme(name: str, *, dark: bool, quiet: str, frame: str, cursor: str, on_cursor: str, **colours: str) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        variables={
            "text-quiet": quiet,
            "frame": frame,
            "cursor": cursor,
            "on-cursor": on_cursor,
            "input-cursor-background": colours["foreground"],
            "input-cursor-foreground": colours["background"],
            "input-selection-background": colours["primary"] + " 35%",
            "footer-key-foreground": colours["primary"],
        },
        **colours,  # type: ignore[arg-type]
    )


DARK = _theme(
    "dark",
    dark=True,
    quiet="#9aa7b8",
    frame="#46566a",
    cursor="#2b4a6f",
    on_cursor="#ffffff",
    primary="#7cc4ff",
    secondary="#c3b1ff",
    accent="#ffb86b",
    success="#6fdc95",
    warning="#f5c451",
    error="#ff8f87",
    foreground="#e8ecf2",
    background="#0f141b",
    surface="#18202a",
    panel="#1f2935",
)
LIGHT = _theme(
    "light",
    dark=False,
    quiet="#4d5866",
    frame="#9fb0c3",
    cursor="#cfe3ff",
    on_cursor="#0b1a2b",
    primary="#0b4fae",
    secondary="#5b3aa8",
    accent="#8a4300",
    success="#10602b",
    warning="#6f4700",
    error="#a3171f",
    foreground="#171c22",
    background="#fbfcfe",
    surface="#edf1f6",
    panel="#e4eaf1",
)
CONTRAST = _theme(
    "contrast",
    dark=True,
    quiet="#d8d8d8",
    frame="#d8d8d8",
    cursor="#ffff00",
    on_cursor="#000000",
    primary="#66d9ff",
    secondary="#e0c8ff",
    accent="#ffcc66",
    success="#7dff9b",
    warning="#ffe44d",
    error="#ff9d9d",
    foreground="#ffffff",
    background="#000000",
    surface="#0a0a0a",
    panel="#141414",
)
_ANSI = BUILTIN_THEMES["ansi-dark"]

MONO = replace(
    _ANSI,
    name="mono",
    variables=_ANSI.variables | dict.fromkeys(("text-quiet", "frame", "cursor", "on-cursor"), "ansi_default"),
)
"""With NO_COLOR, for which Textual leaves out every colour: only bold and reverse are left."""

THEMES = {t.name: t for t in (DARK, LIGHT, CONTRAST, MONO)}
CYCLE = ("dark", "light", "contrast")

"""The private key is given out only after a yes, and its file is destroyed after the hand-over if wanted."""

import io
import json
import os
import sys
from contextlib import nullcontext
from dataclasses import replace

import pytest

from kbq_tui.model.secret import Secret
from kbq_tui.model.steps import Step
from kbq_tui.tui import export_actions
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.plain_terminal import CLEAR
from kbq_tui.tui.widgets.button import Button
from tests.tui import fakes
from tests.tui.screens import app_for, button, on, text_of, until

SIZE = (80, 24)


def on_connect(*, copied: bool = False) -> tuple[fakes.Scene, KbqApp]:
    scene = fakes.complete()
    assert scene.keys.local is not None
    scene.keys.local = replace(scene.keys.local, in_keyring=copied)
    return scene, app_for(fakes.resumed(Step.CONNECT, scene))


def kept(scene: fakes.Scene) -> bool:
    return scene.keys.local is not None


async def test_the_key_is_printed_only_after_a_yes_and_cleared_after_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, app = on_connect()
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", terminal)
    read, write = os.pipe()
    os.write(write, b"\n")
    monkeypatch.setattr(sys, "stdin", os.fdopen(read))
    monkeypatch.setattr(app, "suspend", nullcontext)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.wizard.current)
        await pilot.press("p")
        shown = await until(pilot, button("print"))
        assert "scrolled away" in " ".join(shown.replace("│", "").split())
        assert isinstance(app.focused, Button)
        assert app.focused.id == "no"
        await pilot.press("enter")
        await until(pilot, on(Step.CONNECT))
        assert terminal.getvalue() == ""
        scene.clipboard.way = ""  # printing needs no clipboard
        await pilot.press("p")
        shown = await until(pilot, "Print the private key?")
        assert "[ Copy the key ]" not in shown
        await pilot.press("h", "enter")
        await until(pilot, "Once pasted, copy something else.")
    printed = terminal.getvalue()
    assert printed.endswith(CLEAR)
    assert scene.keys.secret is not None
    assert json.loads(printed[: printed.rindex("}") + 1]) == json.loads(scene.keys.secret.reveal())
    assert scene.clipboard.keys == []


def test_nothing_in_a_key_file_steers_the_terminal() -> None:
    text = export_actions._pasted(Secret('{"client_email": "\x9b2J\u202e", "b": 1}'.encode()))
    assert text.replace("\n", "").isprintable()
    assert text.isascii()
    assert json.loads(text)["client_email"] == "\x9b2J\u202e"


async def test_a_terminal_that_cannot_be_left_prints_no_key() -> None:
    _, app = on_connect()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.wizard.current)
        await pilot.press("p")
        await until(pilot, button("print"))
        await pilot.press("h", "h", "enter")
        await until(pilot, "This terminal cannot leave the screen. Upload the file instead.")


async def test_once_klaviyo_is_connected_the_file_can_be_shredded() -> None:
    scene, app = on_connect()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.wizard.current and not app.wizard.busy)
        app.screen.query_one("#connected").focus()
        await pilot.press("enter")
        shown = await until(pilot, "Shred the key file on this machine?")
        assert "no check can sign in" in " ".join(shown.replace("│", "").split())
        assert "[ File and copy ]" not in shown
        await pilot.press("enter")  # the answer that keeps it has the focus
        await until(pilot, button("connected", "Connected: yes"))
        assert kept(scene)
        await pilot.press("enter")
        await until(pilot, button("connected", "Klaviyo is connected"))
        await pilot.press("enter")
        await until(pilot, button("file"))
        await pilot.press("h", "enter")
        await until(pilot, "The key file is destroyed. What is left.")
        await until(pilot, "handed over (shredded here)")
    assert not kept(scene)
    assert scene.keys.forgotten == []


async def test_the_copy_in_the_keyring_goes_with_it_where_that_is_wanted() -> None:
    scene, app = on_connect(copied=True)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.wizard.current and not app.wizard.busy)
        app.screen.query_one("#connected").focus()
        await pilot.press("enter")
        await until(pilot, button("both"))
        await pilot.press("h", "enter")
        await until(pilot, "The copy in the system keyring is deleted, too")
    assert not kept(scene)
    assert scene.keys.forgotten == [fakes.SPEC.account_email]


async def test_in_production_the_name_is_typed_first() -> None:
    scene, app = on_connect()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.wizard.current and not app.wizard.busy)
        record = app.wizard.record
        assert record is not None
        assert record.saved is not None
        record.saved = replace(record.saved, production=True)
        app.screen.query_one("#connected").focus()
        await pilot.press("enter")
        await until(pilot, button("file"))
        await pilot.press("h", "enter")
        await until(pilot, "type its name")
        await pilot.press(*"shop", "enter")
        await until(pilot, "It is called default.")
        assert kept(scene)
        await pilot.press(*["backspace"] * 4, *"default", "enter")
        await until(pilot, "The key file is destroyed.")
        assert fakes.CANARY not in text_of(app)
    assert not kept(scene)

"""Sends texts from the screens to a clipboard, the plain terminal or a file; and the key, after consent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from kbq_tui.engine.threads import offload
from kbq_tui.i18n.messages import render, translate
from kbq_tui.model.observed import value_of
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.text import inert
from kbq_tui.tui import _textual_compat, keyboard
from kbq_tui.tui.host import Exporter, Host

if TYPE_CHECKING:
    from kbq_tui.model.secret import Secret

_VIEWS = ("view", "view-text")
_WRITES = ("write", "write-text")


class ExportActions(Exporter):
    """The export actions, for every screen.

    Args:
        app: the app whose screens they are for.
    """

    def __init__(self, app: Host) -> None:
        self._app = app

    def copy_text(self, text: str, what: str) -> None:
        """Copy a text to the clipboard and say which way it went; `what` names it in the message."""
        self._app.launch(self._copy(text, what), "copy")

    async def _copy(self, text: str, what: str) -> None:
        write = self._writer()
        sent = await offload(lambda: self._app.services.clipboard.copy(text, write))
        message = f"{what}: {render(sent.text)}"
        view, save = self._key_here(_VIEWS), self._key_here(_WRITES)
        if view and sent.ways:
            message += " " + translate("Not there? Press {key}.", key=view)
        elif view:
            message += " " + translate("{view} shows it, {save} saves it.", view=view, save=save)
        self._app.tell(message, bad=not sent.ways)

    def copy_key(self) -> None:
        """Copy the private key to the clipboard. To be called after the operator has agreed to it."""
        self._app.launch(self._copy_key(), "copy the key")

    async def _copy_key(self) -> None:
        write, key = self._writer(), await self._key()
        if key is None:
            return
        sent = await offload(lambda: self._app.services.clipboard.copy_key(key, write))
        message = render(sent.text)
        if sent.ways:
            message += " " + translate("Once pasted, copy something else.")
        self._app.tell(translate("Key: {said}", said=message), bad=not sent.ways)

    async def _key(self) -> Secret | None:
        """Return the private key; None if it cannot be read, which is shown."""
        spec = self._app.wizard.spec()
        if spec is None:
            return None
        seen = self._app.wizard.observed if self._app.wizard.current else None
        local = value_of(seen.for_klaviyo) if seen is not None else None
        path = (local.path if local is not None else "") or spec.key_file
        try:
            return await offload(partial(self._app.services.keys.load, path, spec.project, spec.account_email))
        except ProblemError as error:
            self._app.open_problem(error.problem)
            return None

    def print_key(self) -> None:
        """Print the private key on the plain terminal. To be called after the operator has agreed to it."""
        self._app.launch(self._print_key(), "print the key")

    async def _print_key(self) -> None:
        key = await self._key()
        if key is None:
            return
        from kbq_tui.tui.plain_terminal import show

        try:
            await show(self._app.suspend(), _pasted(key), secret=True)
        except SuspendNotSupported:
            self._app.tell(translate("This terminal cannot leave the screen. Upload the file instead."), bad=True)
        else:
            self._app.tell(translate("Once pasted, copy something else."), passing=True)

    def _writer(self) -> Callable[[str], None]:
        loop = asyncio.get_running_loop()

        def write(data: str) -> None:
            # Not as an argument: asyncio's debug mode logs arguments.
            loop.call_soon_threadsafe(lambda: _textual_compat.terminal_write(self._app, data))

        return write

    def _key_here(self, ids: tuple[str, ...]) -> str:
        """Return how the first of some keys that the present screen binds is written; empty if it binds none."""
        heeded = {active.binding.id for active in self._app.screen.active_bindings.values()}
        return next((keyboard.face(id_) for id_ in ids if id_ in heeded), "")

    def view_text(self, text: str) -> None:
        """Show a text on the plain terminal, where the terminal's own selection works."""
        self._app.launch(self._view(text), "plain view")

    async def _view(self, text: str) -> None:
        from kbq_tui.tui.plain_terminal import show

        try:
            await show(self._app.suspend(), inert(text, 20_000, keep_lines=True))
        except SuspendNotSupported:
            message = translate(
                "This terminal cannot leave the screen; {key} saves the text.", key=self._key_here(_WRITES)
            )
            self._app.tell(message, bad=True)

    def save_text(self, kind: str, texts: Mapping[str, str]) -> None:
        """Write files and say where they are.

        Args:
            kind: the beginning of the files' names.
            texts: a text for each suffix, such as `.txt`.
        """
        self._app.launch(self._save(kind, texts), "save a file")

    async def _save(self, kind: str, texts: Mapping[str, str]) -> None:
        name, store = self._app.wizard.draft.name, self._app.services.store
        path = ""
        try:
            for suffix, text in texts.items():
                path = await offload(partial(store.save_text, name, kind, suffix, text))
        except ProblemError as error:
            self._app.tell(f"{render(error.problem.title)}: {render(error.problem.cause)}", bad=True)
        else:
            await self._written(path)

    def write_values(self, path: str, text: str) -> None:
        """Write the values for Klaviyo to a file that the operator names, and say where it is.

        Args:
            path: as typed.
            text: the values.
        """
        self._app.launch(self._write_values(path, text), "write the values")

    async def _write_values(self, path: str, text: str) -> None:
        try:
            written = await offload(partial(self._app.services.store.write_values, path, text))
        except ProblemError as error:
            self._app.open_problem(error.problem)
        else:
            await self._written(written)

    async def _written(self, path: str) -> None:
        message = translate("Written to {path}", path=path)
        self._app.tell(message, done=True)
        if len(message) + 3 > self._app.size.width:
            from kbq_tui.tui.modals.details import PlainText

            await self._app.push_screen(PlainText(translate("Written to"), path))


def _pasted(key: Secret) -> str:
    """Return a key in the form for pasting into Klaviyo: JSON in ASCII, so that it contains no control characters."""
    return json.dumps(json.loads(key.reveal()), indent=2)

"""Step 6: the values for Klaviyo, each copied with one key. None of them is secret."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.i18n.messages import Message, message, render, translate
from kbq_tui.model.observed import value_of
from kbq_tui.model.steps import Step
from kbq_tui.model.summary import KDP_MENU, KLAVIYO_MENU, Summary
from kbq_tui.shell.hand_over import scp_line
from kbq_tui.tui import keyboard
from kbq_tui.tui.glyphs import ARROW, GLYPHS, Tone
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.step_help import STEP_HELP
from kbq_tui.tui.text import HANGING_INDENT, columns, plain, wrapped
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.rows import Row, Rows
from kbq_tui.tui.widgets.static import QuietStatic

DEFAULT_FILE: Final = "./klaviyo-values.txt"
"""The file for the values unless another is typed."""


class ConnectScreen(BaseScreen):
    """Step 6: where to click in Klaviyo and what to fill in there.

    Keys: 1, 2 and 3 copy a value, c the one under the cursor, p copies or prints the private key itself (it asks
    first), v shows the values on the plain terminal, w writes them to a file.
    """

    BINDINGS = keyboard.bindings("connect")
    scopes: ClassVar = ("connect",)
    step = Step.CONNECT
    tells_signed_out = True
    help_name = "connect"

    def fill(self) -> ComposeResult:
        """Lay out the verdict, the path through Klaviyo's menu, and the values to enter there."""
        yield QuietStatic(id="verdict")
        yield QuietStatic(translate("In Klaviyo, go to"), classes="intro gap")
        yield QuietStatic(id="menu")
        yield QuietStatic(translate("and fill in"), classes="intro")
        yield Rows(id="values")
        yield QuietStatic(id="more", classes="gap")

    def foot(self) -> ComposeResult:
        """Lay out the buttons: Klaviyo is connected, to the dashboard, quit."""
        with Horizontal(id="buttons"):
            yield Button(translate("Klaviyo is connected"), id="connected")
            yield Button(translate("To the dashboard"), id="dashboard")
            yield Button(translate("Quit"), id="quit")

    def on_mount(self) -> None:
        """Put the focus on the values; read the state if that has not been done."""
        super().on_mount()
        self.query_one("#values").focus()
        wizard = self.host.wizard
        if not wizard.current and not wizard.busy and wizard.spec() is not None:
            self.host.launch(wizard.look(), "look")

    def intro(self) -> str:
        """Return what the step does."""
        return translate(STEP_HELP[self.step].intro)

    def heading(self) -> str:
        """Return the title."""
        return translate("Step {n} of {all}: {title}", n=len(Step), all=len(Step), title=translate("Connect"))

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys of the screen, and what Enter does on a button."""
        enter = [] if isinstance(self.focused, Rows) else [("Enter", self.enter())]  # on a value it copies, as 1-3 do
        return [*enter, *keyboard.hints(*self.scopes, "app", without=frozenset({"commands", "refresh"}))]

    def draw_body(self) -> None:
        """Draw the verdict of the verification, and the values."""
        wizard = self.host.wizard
        summary = wizard.summary()
        if summary is None:
            self.query_one("#verdict", QuietStatic).show(
                translate("Something on an earlier screen cannot be right yet")
            )
            return
        self.query_one("#verdict", QuietStatic).show(self._verdict())
        self.query_one("#menu", QuietStatic).show(
            Content("\n").join(
                [_way(KLAVIYO_MENU), Content.assemble(translate("or"), " ", _way(KDP_MENU), f" {ARROW} …")]
            )
        )
        no_file = translate(
            "not known"
            if not wizard.current
            else "handed over (shredded here)"
            if summary.handed_over
            else "no key yet: step 3 makes one"
        )
        values = (
            ("project", translate("Project ID"), summary.project_id),
            ("dataset", translate("Dataset"), summary.dataset),
            ("key", translate("Service Account Key (JSON)"), self._key_file(summary) or no_file),
        )
        self.query_one("#values", Rows).show(
            [
                Row(
                    id_,
                    columns(
                        (Content.styled(f" {n} ", "bold $primary"), 4),
                        (Content(name), 28),
                        (plain(value, "bold", limit=1_000), 0),
                    ),
                    whole=32,
                )
                for n, (id_, name, value) in enumerate(values, 1)
            ]
        )
        quiet = "$text-quiet"
        host, path = self.host.look.host, summary.key_path
        fetch = (  # the browser is on another machine
            (
                Content.styled(translate("Fetch it to the machine with the browser:"), quiet),
                plain(f"  {scp_line(host, path)}", limit=1_000),
            )
            if host and path
            else ()
        )
        more = (
            *fetch,
            Content.styled(translate("It belongs to"), quiet),
            plain(f"  {summary.service_account}"),
            Content.assemble(
                (translate("Location of the datasets:") + " ", quiet), plain(summary.location or translate("not known"))
            ),
        )
        width = self.query_one("#more").size.width
        self.query_one("#more", QuietStatic).show(
            Content("\n").join(part for line in more for part in wrapped(line, width, HANGING_INDENT))
        )
        done = wizard.saved is not None and wizard.saved.connected
        self.query_one("#connected", Button).label = translate("Connected: yes" if done else "Klaviyo is connected")

    def _key_file(self, summary: Summary) -> str:
        """Return what the third value shows: the full path, or the name if the line below has the full path."""
        path = summary.key_path or ""
        return PurePath(path).name if self.host.look.host else path

    def _verdict(self) -> Content:
        wizard = self.host.wizard
        if wizard.healthy:
            return _verdict(Tone.OK, translate("Verified: each check is ok with this key."), "bold $success")
        if wizard.verified:
            return _verdict(Tone.WARN, translate("Not every check is ok; Esc goes back to them."), "bold $warning")
        return _verdict(Tone.UNKNOWN, translate("Not verified in this run; Esc goes back to the checks."), "$warning")

    def side(self) -> Content:
        """Return the side panel: how to treat the key file, and what comes afterwards."""
        return Content.assemble(
            (translate("The key file"), "bold"),
            "\n",
            translate(
                "It opens these datasets to whoever has it. Bring it to the browser's machine over an encrypted way,"
                " such as scp, and delete that copy once Klaviyo has it."
            ),
            "\n\n",
            (translate("Afterwards"), "bold"),
            "\n",
            translate(
                "Klaviyo checks the connection and lets you make the first sync. The dashboard keeps an eye on it;"
                " {command} says the same in one line.",
                command=self.host.services.command("status", self.host.wizard.draft.name),
            ),
            "\n\n",
            (translate("Nothing copied?"), "bold"),
            "\n",
            translate(
                "No terminal confirms a copy. {view} shows the values on the plain screen, {write} writes them to a"
                " file, and they are printed when you quit.",
                view=keyboard.face("view"),
                write=keyboard.face("write"),
            ),
        )

    # -- actions ----------------------------------------------------------------------------------------------------

    def _value(self, which: str) -> tuple[str, str]:
        summary = self.host.wizard.summary()
        assert summary is not None
        return {
            "project": (summary.project_id, translate("Project ID")),
            "dataset": (summary.dataset, translate("Dataset")),
            "key": (summary.key_path or "", translate("Path of the key file")),
        }[which]

    def action_copy(self, which: str) -> None:
        """1, 2, 3: copy a value; `which` is `project`, `dataset` or `key` (the key file's path)."""
        text, name = self._value(which)
        if text:
            self.host.exports.copy_text(text, name)
        else:
            self._say_no_key()

    def _say_no_key(self) -> None:
        wizard = self.host.wizard
        if wizard.current:
            wizard.say(translate("There is no key yet."), bad=True)
        elif wizard.busy:
            wizard.say(translate("Try again once the project has been looked at."), passing=True)
        else:
            wizard.say(
                translate("Whether there is a key is not known; {key} looks.", key=keyboard.face("refresh")), bad=True
            )

    def action_copy_row(self) -> None:
        """c: copy the value under the cursor."""
        row = self.query_one("#values", Rows).row
        if row is not None:
            self.action_copy(row.id)

    def action_copy_json(self) -> None:
        """p: copy or print the private key itself, after a question that says who may see it there."""
        from kbq_tui.tui.key_hand_over import offer_key

        observed, wizard = self.host.wizard.observed, self.host.wizard
        if observed is None or not wizard.current or value_of(observed.for_klaviyo) is None:
            self._say_no_key()
        else:
            offer_key(self.host)

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.action_copy(event.row.id)

    def action_write(self) -> None:
        """w: write the values to a file; ask where."""
        from kbq_tui.tui.modals.ask import Ask

        summary = self.host.wizard.summary()
        if summary is None:
            return
        text = "\n".join(map(render, summary.lines())) + "\n"

        def answered(path: str | None) -> None:
            if path is not None:
                self.host.exports.write_values(path, text)

        question = Ask(
            translate("Write the values to a file"),
            [translate("The private key is not among them. Nothing but such a file is written over.")],
            label=translate("File"),
            yes=translate("Write the file"),
            check=lambda typed: None if typed.strip() else message("It takes a name."),
            value=DEFAULT_FILE,
        )
        self.app.push_screen(question, answered)

    def action_view(self) -> None:
        """v: show the values on the plain terminal."""
        summary = self.host.wizard.summary()
        if summary is not None:
            self.host.exports.view_text("\n".join(map(render, summary.lines())))

    @on(Button.Pressed, "#connected")
    def _connected(self) -> None:
        wizard = self.host.wizard
        done = wizard.saved is not None and wizard.saved.connected
        wizard.confirm(finished=True, connected=not done)
        wizard.say(translate("Noted: not connected yet." if done else "Noted: Klaviyo is connected."), done=True)
        seen = wizard.observed if wizard.current else None
        local = value_of(seen.key) if seen is not None and seen.rotation is None else None
        if not done and local is not None and local.path:
            from kbq_tui.tui.key_hand_over import offer_shredding

            offer_shredding(self.host, local)

    @on(Button.Pressed, "#dashboard")
    def _dashboard(self) -> None:
        self.host.navigation.show_dashboard()

    @on(Button.Pressed, "#quit")
    async def _quit(self) -> None:
        await self.app.run_action("quit")


def _way(menu: Sequence[Message]) -> Content:
    """Return a path through Klaviyo's menus."""
    return Content(f" {ARROW} ").join([Content.styled(render(name), "bold") for name in menu])


def _verdict(tone: Tone, text: str, style: str) -> Content:
    return Content.styled(f"{GLYPHS[tone]} {text}", style)

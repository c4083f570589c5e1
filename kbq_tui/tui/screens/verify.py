"""Step 5: every check of the article, corrected, run with the key."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.engine.verify.checks import expected
from kbq_tui.i18n.messages import render, translate
from kbq_tui.model.age import ago
from kbq_tui.model.checks import Check
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import EventKind
from kbq_tui.model.observed import Present
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard
from kbq_tui.tui.check_table import check_rows, title_of, tone_of, verdicts
from kbq_tui.tui.command_text import command_text
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.screens.base import WIDE, BaseScreen
from kbq_tui.tui.step_help import STEP_HELP
from kbq_tui.tui.text import bar, block, headed, plain, status, step_lines, wrapped
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.rows import Rows
from kbq_tui.tui.widgets.static import QuietStatic

_MENDED_ON = {Code.KEY_UNHELD: Step.ACCOUNT, Code.OVER_GRANT: Step.PERMISSIONS}


DETAIL_LINES = 5
"""Lines that are kept free under the checks for the text about one of them."""
AROUND = 7
"""Lines of the screen around the checks: title, location, frame, buttons, message, hints."""


class VerifyScreen(BaseScreen):
    """Step 5: every check with its verdict, and at the side what was run and the answer.

    Keys: Enter opens the check under the cursor, r runs all again, s saves the report, t shows whether the tables are
    ready, F7 goes to the step that can remove what was found; while checks wait for Google, n continues without them.
    """

    BINDINGS = keyboard.bindings("verify")
    scopes: ClassVar = ("verify",)
    step = Step.VERIFY
    _checks: Mapping[str, tuple[Check, ...]] = MappingProxyType({})
    """The checks in each row."""
    tells_signed_out = True
    help_name = "verify"

    def fill(self) -> ComposeResult:
        """Lay out the list of checks."""
        yield Rows(id="checks")

    def foot(self) -> ComposeResult:
        """Lay out the text about the check under the cursor, and the buttons."""
        yield QuietStatic(id="detail")
        with Horizontal(id="buttons"):
            yield Button(translate("Run the checks"), id="primary")
            yield Button(translate("Save report"), id="report")
            yield Button(translate("Go on"), id="go")

    def on_mount(self) -> None:
        """Run the checks if the operator has asked for them; else show the last verdicts, which changes nothing."""
        super().on_mount()
        wizard = self.host.wizard
        due, wizard.checks_due = wizard.checks_due and not wizard.verified, False
        if due and not wizard.busy and wizard.spec() is not None:
            self.host.launch(self._verify(), "verify")
        else:
            wizard.recall_verification()
            self._say_when_checked()
        self.set_focus(self.query_one("#checks" if due or wizard.results else "#primary"))

    def _say_when_checked(self) -> None:
        """Say of when the verdicts are and which key runs the checks, if there is no other note."""
        wizard, key = self.host.wizard, keyboard.face("verify")
        if wizard.note or wizard.busy or wizard.verified or wizard.spec() is None:
            return
        if wizard.verified_at is not None:
            at = f"{wizard.verified_at:%Y-%m-%d %H:%M} UTC"
            wizard.say(translate("Last checked {at}; {key} runs the checks again.", at=at, key=key))
        elif wizard.results:
            wizard.say(translate("Not everything was checked; {key} runs the checks again.", key=key))
        else:
            wizard.say(translate("Nothing was checked yet; {key} runs the checks.", key=key))

    def intro(self) -> str:
        """Return what the step does."""
        return translate(STEP_HELP[self.step].intro)

    def heading(self) -> str:
        """Return the title."""
        return translate("Step {n} of {all}: {title}", n=5, all=len(Step), title=translate("Verify with the key"))

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys that have an effect now: while checks run, those to wait, stop or continue."""
        wizard = self.host.wizard
        without = frozenset(
            {"commands", "refresh"} | ({"verify", "save", "check-tables"} if wizard.busy else {"go-on"})
        )
        without |= frozenset() if wizard.verified else {"save"}
        without |= frozenset() if self._mended_on() else {"mend"}
        scopes = (*(("working",) if wizard.waiting else ()), *self.scopes, "app")
        on_row = isinstance(self.focused, Rows)
        first = self.query_one("#primary", Button)
        enter = first.label if self.focused is first and not wizard.results else self.enter()
        labels = {} if wizard.results else {"verify": translate("Run the checks")}  # nothing was run yet
        without |= frozenset({"verify"}) if enter == labels.get("verify") and not on_row else frozenset()
        keys = keyboard.hints(*scopes, without=without, labels=labels)
        return [("Enter", translate("Details") if on_row else enter), *keys]

    def state(self) -> Content:
        """Return the score, and how many of the checks are done."""
        wizard = self.host.wizard
        spec = wizard.spec()
        if spec is None:
            return Content.styled(translate("Something on an earlier screen cannot be right yet"), "$warning")
        total = len(expected(spec))
        tone = "bold $success" if wizard.healthy else "bold $error" if wizard.verified else "$foreground"
        score = Content.styled(verdicts(wizard.results, total), tone)
        if not wizard.verified and wizard.verified_at is not None:
            age = render(ago(wizard.verified_at, self.host.services.clock.now()))
            return Content.assemble(score, Content.styled(f", {age}", "$text-quiet"))
        going_on = wizard.results and (wizard.healthy or not wizard.verified)
        return Content.assemble(score, "  ", bar(len(wizard.results), total)) if going_on else score

    def draw_body(self) -> None:
        """Draw the buttons, and every check with its verdict."""
        wizard = self.host.wizard
        spec = wizard.spec()
        if spec is None:
            self.query("#buttons Button").set(display=False)
            return
        narrow = self._width < WIDE
        room = self.size.height - AROUND - (DETAIL_LINES if narrow else 0)
        width = self.query_one("#checks").size.width or 76
        rows = check_rows(wizard, spec, width, room)
        self._checks = {shown.row.id: shown.checks for shown in rows}
        self.query_one("#checks", Rows).show([shown.row for shown in rows])
        detail = self.query_one("#detail", QuietStatic)
        detail.display = narrow
        if narrow:
            taken = sum(len(shown.row.lines(width)) for shown in rows)
            detail.show(self._detail(max(DETAIL_LINES, self.size.height - AROUND - taken)))
        primary = self.query_one("#primary", Button)
        primary.label = translate(
            "Checking"
            if wizard.busy
            else "Continue"
            if wizard.healthy
            else "Run again"
            if wizard.results
            else "Run the checks"
        )
        primary.off = wizard.busy
        self.query_one("#report", Button).display = wizard.verified
        self.query_one("#go").display = not wizard.healthy
        if self.has_no_focus:
            self.query_one("#checks").focus()

    def _under_cursor(self) -> tuple[Check, ...]:
        """Return the checks in the row under the cursor."""
        row = self.query_one("#checks", Rows).row
        return self._checks.get(row.id, ()) if row is not None else ()

    def _check(self) -> Check | None:
        """Return the check under the cursor, if it has its own row."""
        found = self._under_cursor()
        return found[0] if len(found) == 1 else None

    def _waiting(self) -> Check | None:
        """Return the check that waits, if one does."""
        wizard = self.host.wizard
        spec = wizard.spec()
        if spec is None or not wizard.waiting:
            return None
        return next((check for check in expected(spec) if tone_of(wizard, check) is Tone.WAIT), None)

    def _mended_on(self) -> Step | None:
        """Return the step that can remove what the check under the cursor has found."""
        check = self._check()
        result = self.host.wizard.results.get(check.id) if check is not None else None
        code = result.problem.code if result is not None and result.problem is not None else None
        return _MENDED_ON.get(code) if code is not None else None

    def _detail(self, room: int) -> Content:
        """Return, for the check under the cursor: evidence, what was run, the problem and its remedy.

        If the row has several checks, the one that waits is described, because it delays the others.
        """
        check = self._check() or self._waiting()
        if check is None:
            return self._titles(room)
        result = self.host.wizard.results.get(check.id)
        event = self.host.wizard.running.get(check.id)
        quiet = "$text-quiet"
        heads = headed(
            translate("Found"),
            translate("Ran"),
            translate("Waits"),
            translate("Cause"),
            translate("Remedy"),
            translate("Article"),
        )
        found, ran, waits, cause, remedy, article = (Content.styled(head, quiet) for head in heads)
        lines: dict[str, Content] = {}
        if result is not None:
            lines["found"] = found + plain(result.evidence)
            if result.command:
                lines["ran"] = ran + plain(result.command, "$primary", limit=700)
        elif event is not None and event.kind is EventKind.WAITING:
            lines["waits"] = waits + plain(event.text)
        problem = result.problem if result else None  # while a change has not taken effect, there is nothing to repair
        if problem is not None:
            lines["cause"] = cause + plain(problem.cause)
            if problem.remedy:
                lines["remedy"] = remedy + plain(" ".join(step_lines(problem.remedy[0]).split()))
        lines["article"] = article + Content(render(check.why))
        return self._fitted(lines, len(heads[0]), room)

    def _titles(self, room: int | None) -> Content:
        """Return the checks that share the row under the cursor, each in a line, as many as there is room for."""
        found, wizard = self._under_cursor(), self.host.wizard
        lines = [Content.assemble(status(tone_of(wizard, c)), plain(title_of(wizard, c))) for c in found]
        if room is not None and len(lines) > room:
            more = translate("… {n} more: Enter", n=len(lines) - room + 1)
            lines = [*lines[: room - 1], Content.styled(more, "$text-quiet")]
        return Content("\n").join(lines)

    def _fitted(self, lines: dict[str, Content], head: int, room: int) -> Content:
        """Return lines that fit into the room under the checks; Enter shows all of them.

        For a problem, the article's part is left out first and what was run next, so that cause and remedy are
        complete.
        """
        width = max(20, self._width - 4)
        whole = {name: wrapped(line, width, head) for name, line in lines.items()}
        for spare in ("article", "ran") if "cause" in lines else ():
            if sum(map(len, whole.values())) > room:
                whole.pop(spare, None)
        more = max(0, room - len(whole))
        for name in sorted(whole, key=("cause", "remedy", "waits", "found", "article", "ran").index):
            shown = whole[name][: 1 + more]
            more -= len(shown) - 1
            if len(shown) < len(whole[name]):
                shown[-1] = shown[-1].truncate(width - 1).rstrip() + Content("…")
            whole[name] = shown
        return Content("\n").join(part for parts in whole.values() for part in parts)

    def side(self) -> Content:
        """Return the side panel: the check under the cursor, what was run and the answer."""
        check = self._check()
        if check is None:
            return self._titles(None)
        result = self.host.wizard.results.get(check.id)
        title = title_of(self.host.wizard, check)
        parts = [Content.styled(render(title), "bold"), Content("\n\n")]
        if result is not None:
            parts += [
                Content.styled(translate("What was run"), "bold"),
                Content("\n"),
                command_text(result.command, self.side_width),
                Content("\n\n"),
            ]
            parts += [
                Content.styled(translate("What came back"), "bold"),
                Content("\n"),
                block(result.evidence),
                Content("\n\n"),
            ]
        section = translate("section {n}", n=check.article) if check.article != "+" else translate("nothing")
        heading = translate("Klaviyo's article: {part}", part=section)
        parts += [Content.styled(heading, "bold"), Content("\n"), Content(render(check.why))]
        if result is not None and result.problem is not None:
            problem = result.problem
            parts += [
                Content("\n\n"),
                Content.styled(translate("Remedy"), "bold"),
                Content("\n"),
                block("\n".join(map(step_lines, problem.remedy))),
            ]
            if problem.who:
                parts += [Content("\n\n"), Content.styled(translate("Who"), "bold"), Content("\n"), block(problem.who)]
        return Content("").join(parts)

    # -- actions ----------------------------------------------------------------------------------------------------

    async def _verify(self) -> None:
        wizard = self.host.wizard
        if not wizard.current:
            await wizard.look()
        try:
            await wizard.verify()
        except ProblemError as error:
            self.host.open_problem(error.problem)  # a note has no room for the remedy
        if self.is_current and wizard.healthy:
            self.query_one("#primary").focus()

    @on(Button.Pressed, "#primary")
    def _primary(self) -> None:
        if self.host.wizard.healthy:
            self.action_go_on()
        else:
            self.action_verify()

    def action_verify(self) -> None:
        """r: run all checks again; while checks wait, try again now."""
        if not self.host.wizard.busy:
            self.host.launch(self._verify(), "verify")
        else:
            self.action_nudge()

    def action_mend(self) -> None:
        """F7: go to the step that can remove what the check has found, or say that none can."""
        wizard = self.host.wizard
        step = self._mended_on()
        if step is None:
            wizard.say(
                translate("What this check has found is not for kbq-tui to take away; Enter says who can fix it."),
                passing=True,
            )
        elif not wizard.busy:
            self.host.navigation.goto(step)

    def action_tables(self) -> None:
        """t: show whether the tables are ready for Klaviyo."""
        if not self.host.wizard.busy:
            self.host.navigation.open_source(self.host.wizard.draft.name)

    @on(Button.Pressed, "#go")
    def action_go_on(self) -> None:
        """n: continue while checks still wait."""
        self.host.navigation.goto(Step.CONNECT)

    @on(Button.Pressed, "#report")
    def action_save_report(self) -> None:
        """s: save the report as Markdown and JSON."""
        wizard = self.host.wizard
        spec = wizard.spec()
        if not wizard.results or spec is None:
            wizard.say(translate("Nothing has been checked yet."), bad=True)
            return
        if not wizard.verified and wizard.verified_at is not None:
            again = keyboard.face("verify")
            wizard.say(translate("A report needs checks of this run: {key} runs them.", key=again), bad=True)
            return
        from kbq_tui.export.report import About, to_json, to_markdown

        key = wizard.observed.key if wizard.observed is not None else None
        about = About(
            spec,
            wizard.verified_at or self.host.services.clock.now(),
            wizard.plan.location or "" if wizard.plan else "",
            wizard.identity.principal if wizard.identity else "",
            key.value.key_id if isinstance(key, Present) else "",
        )
        results = tuple(wizard.results[c.id] for c in expected(spec) if c.id in wizard.results)
        self.host.exports.save_text("report", {".json": to_json(results, about), ".md": to_markdown(results, about)})

    @on(Rows.Moved)
    def _moved(self) -> None:
        self.draw()

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        from kbq_tui.tui.modals.details import Details

        self.app.push_screen(Details([check.id for check in self._checks.get(event.row.id, ())]))
